//! The app that the machines belong to. It costs nothing and is made on demand.

use machine_core::{Account, AccountId, Effect, Error, ErrorKind, Result};
use machine_http::Request;

use crate::fly::{ACTION, Fly};
use crate::wire::answers::{CurrentTokens, TokenInfo};
use crate::wire::requests::CreateApp;

/// The longest name that an app can have.
const LONGEST: usize = 62;

/// Refuses a name that no app can have.
///
/// # Errors
/// [`ErrorKind::Invalid`].
pub(crate) fn check_name(name: &str) -> Result<()> {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if (1..=LONGEST).contains(&name.len()) && name.chars().all(letter) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, format!("no app can be called `{name}`"))
        .with_hint(format!("an app's name is made of lower-case letters, digits and `-`, at most {LONGEST}")))
}

impl Fly {
    /// The app's name. Names of apps are everybody's, so that one of ours needs the owner in it.
    ///
    /// # Errors
    /// Whatever keeps the owner from being known.
    pub(crate) async fn app(&self) -> Result<&str> {
        let name = self.app.get_or_try_init(|| async {
            match &self.configured_app {
                Some(app) => Ok(app.clone()),
                None => {
                    let owner = self.owner.get().await?;
                    let name = format!("machine-{}", owner.as_str().to_ascii_lowercase());
                    check_name(&name).map(|()| name)
                }
            }
        });
        name.await.map(String::as_str)
    }

    /// The app's name, where there is such an app or one could be made.
    ///
    /// # Errors
    /// What the cloud says, without effect: an app alone costs nothing.
    pub(crate) async fn ready_app(&self) -> Result<&str> {
        let app = self.app().await?;
        let seen = self.app_seen.get_or_try_init(|| async {
            match self.look_at_app(app).await {
                Err(error) if error.kind() == ErrorKind::NotFound => self.make_app(app).await,
                other => other,
            }
        });
        seen.await.map_err(|error: Error| error.with_effect(Effect::None))?;
        Ok(app)
    }

    async fn look_at_app(&self, app: &str) -> Result<()> {
        self.api.get(["apps", app]).bucket(ACTION, format!("app {app}")).done().await
    }

    /// Whether the app is there. Makes none.
    ///
    /// # Errors
    /// What the cloud says.
    pub(crate) async fn has_app(&self) -> Result<bool> {
        if self.app_seen.initialized() {
            return Ok(true);
        }
        match self.look_at_app(self.app().await?).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The request that makes the app.
    pub(crate) fn app_request(&self, app: &str) -> Request {
        let body = CreateApp { name: app, org_slug: &self.org };
        // The name makes a second one impossible, so that it may be asked for again.
        self.api.post(["apps"]).json(&body).idempotent().bucket(ACTION, format!("create app {app}"))
    }

    async fn make_app(&self, app: &str) -> Result<()> {
        match self.app_request(app).done().await {
            // Somebody was faster, perhaps an attempt of ours whose answer was lost.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.look_at_app(app).await.map_err(|_| {
                Error::new(ErrorKind::AlreadyExists, format!("the app `{app}` belongs to somebody else"))
                    .with_hint("write another name as `app:` in the section `fly:`")
            }),
            other => other,
        }
    }

    /// Whose token this is. The app is part of the account: a list says nothing of machines in another app.
    ///
    /// # Errors
    /// What the cloud says.
    pub(crate) async fn account(&self) -> Result<Account> {
        let current = self.api.get(["tokens", "current"]).bucket(ACTION, "account").send::<CurrentTokens>().await?;
        let app = self.app().await?;
        let told = current.tokens.into_iter().next().map(|token| person(token, &self.org));
        let who = told.unwrap_or_else(|| self.org.clone());
        Ok(Account { id: AccountId::new(format!("{}/{app}", self.org)), name: format!("{who}, app {app}") })
    }
}

/// How a person would recognise whose token it is.
fn person(token: TokenInfo, org: &str) -> String {
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    let org = said(token.organization).or_else(|| said(token.org_slug)).unwrap_or_else(|| org.to_owned());
    match said(token.user) {
        Some(user) => format!("{user} ({org})"),
        None => org,
    }
}
