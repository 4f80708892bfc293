//! Actions: what is done to a droplet or a volume, one at a time, and takes a while.

use std::time::Duration;

use machine_core::{Deadline, Effect, Error, ErrorKind, Result};
use serde::Serialize;

use crate::find::Sight;
use crate::kind::KIND;
use crate::provider::DigitalOceanProvider;
use crate::wire::{Action, ActionAnswer, Droplet};

impl DigitalOceanProvider {
    /// Does something to what is at `path`, and waits until it is done.
    ///
    /// # Errors
    /// `Busy` when something else was being done to it for too long, `Upstream` when the action failed, `Timeout` when it
    /// did not end within `limit`.
    pub(crate) async fn act(&self, path: &[&str], body: &(impl Serialize + Sync), limit: Duration) -> Result<()> {
        let action = self.begin(path, body).await?;
        self.finished(path, &action, limit).await
    }

    /// Begins an action, after what is being done already. That this is refused has no effect, so it may be asked again.
    pub(crate) async fn begin(&self, path: &[&str], body: &(impl Serialize + Sync)) -> Result<Action> {
        let ask = || async move {
            let request = self.api().post(path.iter().copied().chain(["actions"])).json(body);
            request.send::<ActionAnswer>().await.map(|answer| answer.action)
        };
        self.patiently(ask).await
    }

    /// Asks until it is not refused for what somebody else is doing.
    pub(crate) async fn patiently<T, F: Future<Output = Result<T>> + Send>(
        &self,
        ask: impl Fn() -> F + Send,
    ) -> Result<T> {
        let (deadline, longest) = (Deadline::after(self.pace().busy), self.pace().jittered());
        let mut pause = longest / 16;
        loop {
            match ask().await {
                Err(error)
                    if error.kind() == ErrorKind::Busy && error.effect() == Effect::None && !deadline.passed() =>
                {
                    tracing::debug!(%error, "something else is being done; asking again");
                }
                answer => return answer,
            }
            tokio::time::sleep(pause.min(deadline.remaining())).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Waits until the action is over.
    pub(crate) async fn finished(&self, path: &[&str], action: &Action, limit: Duration) -> Result<()> {
        let id = action.id.to_string();
        let place = path.join(" ");
        let failed = |kind, what: String| {
            Error::new(kind, what)
                .with_provider(KIND)
                .with_effect(Effect::Unknown)
                .with_context("action", action.id.to_string())
        };
        let over = |status: Option<&str>| match status {
            Some("completed") => Ok(Some(())),
            Some("errored") => {
                Err(failed(ErrorKind::Upstream, format!("DigitalOcean began to change {place} and failed"))
                    .with_retry(machine_core::Retry::Never))
            }
            _ => Ok(None),
        };
        if over(action.status.as_deref())?.is_some() {
            return Ok(());
        }
        let look = || async {
            let request = self.api().get(path.iter().copied().chain(["actions", &id]));
            let answer = request.send::<ActionAnswer>().await;
            // The action was accepted: what fails now is only the looking.
            let action = answer.map_err(|error| error.with_effect(Effect::Unknown))?.action;
            over(action.status.as_deref())
        };
        match self.pace().until(limit, look).await? {
            Some(()) => Ok(()),
            None => {
                Err(failed(ErrorKind::Timeout, format!("what is being done to {place} is not done after {limit:?}"))
                    .with_hint("it may still be; look again in a while"))
            }
        }
    }

    /// The droplet, once it is made and nobody works on it. What is not there is `NotFound`.
    ///
    /// # Errors
    /// `Busy` when it was not left alone for too long.
    pub(crate) async fn settled(&self, id: u64) -> Result<Droplet> {
        let look = || async {
            Ok(match self.sight(id).await? {
                Sight::Shown(droplet) if droplet.locked == Some(true) || droplet.status.as_deref() == Some("new") => {
                    None
                }
                Sight::Shown(droplet) => Some(Ok(*droplet)),
                Sight::Unseen(_) => None,
                Sight::Failed(_) => Some(Err(
                    Error::not_found("machine", id).with_hint("DigitalOcean accepted it and could not make it")
                )),
                Sight::Gone(error) => Some(Err(error)),
            })
        };
        match self.pace().until(self.pace().busy, look).await? {
            Some(outcome) => outcome,
            None => Err(busy(id)),
        }
    }
}

/// A droplet that is not left alone.
pub(crate) fn busy(id: u64) -> Error {
    Error::new(ErrorKind::Busy, format!("DigitalOcean has been working on machine {id} all the while"))
        .with_provider(KIND)
        .with_hint("try again in a minute")
}
