//! At which account it is created: the usual one, the cheapest of several, or that of a plan.

use machine_core::{Effect, Error, ErrorKind, MachineSpec, Result, SizeRequest};

use super::Create;
use crate::accounts::Account;
use crate::app::App;
use crate::failure::Failure;
use crate::planning::{self, Choice, Document, PLANNED};
use crate::setup::Setup;
use crate::several;
use crate::wish::Wish;

impl Create {
    /// Creates it at the account that is meant.
    ///
    /// # Errors
    /// A plan that does not hold any more, an account that there is none of; else as [`run`](Self::run).
    pub(crate) async fn at_its_place(&self, setup: Setup) -> Result<u8, Failure> {
        if let Some(file) = &self.plan {
            let choice = Document::read(file)?.choice(self.choice)?;
            let section = setup.config.section(&choice.provider).map_err(|error| gone(&error))?;
            let app = Account::of(setup.tuned(section), true).open(&setup)?;
            self.hold_to(&app, &choice).await?;
            return self.run(&app, Some(&choice)).await;
        }
        let Some(accounts) = several::accounts(&setup)? else {
            return self.run(&App::open(setup)?, None).await;
        };
        if !self.machine.says_need() {
            let what = "to choose between several accounts it has to be said what the machine needs";
            return Err(Error::new(ErrorKind::Invalid, what)
                .with_hint("add --cpus or --memory, or name one account: sizes have other names elsewhere")
                .into());
        }
        let (base, first) = self.called();
        let names = super::count::names(&base, self.count)?;
        let Some(name) = names.first() else { return Ok(crate::failure::code::OK) };
        let app = planning::cheapest(&setup, accounts, name, &self.asked(first)).await?;
        self.run(&app, None).await
    }

    /// Refuses the choice where it is not what would be made now.
    async fn hold_to(&self, app: &App, choice: &Choice) -> Result<(), Failure> {
        let (_, first) = self.called();
        // Under the name that the plan was made with.
        let mut wish = Wish::of(app, PLANNED.parse()?, &self.asked(first)).await?;
        chosen(&mut wish.spec, choice);
        wish.spec.max_price = None;
        let now = app
            .provider()
            .preview(&wish.spec)
            .await
            .map_err(|error| if planning::refuses(&error) { gone(&error) } else { error })?;
        Ok(choice.still_holds(&now)?)
    }
}

/// Puts into the wish what the plan says.
pub(super) fn chosen(spec: &mut MachineSpec, choice: &Choice) {
    spec.regions = choice.region.iter().cloned().collect();
    spec.size = choice.size.clone().map_or(SizeRequest::Default, SizeRequest::Named);
}

/// What the plan needs is not there any more.
fn gone(error: &Error) -> Error {
    Error::new(ErrorKind::Conflict, format!("the plan does not hold any more: {error}"))
        .with_effect(Effect::None)
        .with_hint("`machine plan` makes another")
}
