//! What the commands work with: the provider, and the fleet where something is created or destroyed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use machine_config::Section;
use machine_core::{AccountId, Clock, CloudProvider, Deadline, Environment, ErrorKind, Housekeeping, Layers, Result};
use machine_fleet::{Fleet, FleetBuilder, SqliteLedger, StateDir};
use tokio::sync::OnceCell;

use crate::dry_run;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::setup::Setup;

/// The longest that one operation of a provider may take.
const OPERATION_WITHIN: Duration = Duration::from_secs(100);

/// The same for what copies a whole disk before it answers.
const COPY_WITHIN: Duration = Duration::from_hours(1);

/// How much longer than one operation a create may take before its outcome counts as unknown.
const CREATE_BEYOND: Duration = Duration::from_secs(20);

/// The longest that a destroy is watched until it is proved done.
const DESTROY_WITHIN: Duration = Duration::from_mins(1);

/// What the commands work with. The ledger is opened by the first command that needs it.
pub(crate) struct App {
    /// Where to say things.
    pub(crate) printer: Printer,
    setup: Setup,
    /// The account's section.
    section: Section,
    state: PathBuf,
    /// The longest that one operation of the provider may take.
    within: Duration,
    provider: Arc<dyn CloudProvider>,
    housekeeping: Option<Arc<dyn Housekeeping>>,
    fleet: OnceCell<Fleet>,
}

impl App {
    /// Opens the provider that the configuration, or the command line, names. Makes nothing.
    ///
    /// # Errors
    /// A provider that there is none of; settings that cannot be used, unknown keys among them where the command line is
    /// strict.
    pub(crate) fn open(setup: Setup) -> Result<Self> {
        let section = setup.choose()?.section;
        setup.tolerate(setup.flaws(&section)?)?;
        Self::of(setup, section)
    }

    /// Opens the provider of that account. Makes nothing.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub(crate) fn of(setup: Setup, section: Section) -> Result<Self> {
        Self::within(setup, section, OPERATION_WITHIN)
    }

    /// The same account, for what copies a whole disk before it answers.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub(crate) fn patient(&self) -> Result<Self> {
        Self::within(self.setup.clone(), self.section.clone(), COPY_WITHIN)
    }

    fn within(setup: Setup, section: Section, within: Duration) -> Result<Self> {
        let opened = setup.open(&section)?;
        Ok(Self {
            printer: setup.printer.clone(),
            section,
            state: setup.state()?,
            within,
            provider: Layers::default().operation(within).around(opened.provider),
            housekeeping: opened.housekeeping,
            fleet: OnceCell::new(),
            setup,
        })
    }

    /// The provider.
    pub(crate) fn provider(&self) -> &dyn CloudProvider {
        &*self.provider
    }

    /// The provider, to be shared.
    pub(crate) fn shared_provider(&self) -> &Arc<dyn CloudProvider> {
        &self.provider
    }

    /// What the provider keeps on this computer.
    pub(crate) fn housekeeping(&self) -> Option<&dyn Housekeeping> {
        self.housekeeping.as_deref()
    }

    /// What we were set up with.
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Whether a change is only to be told, with `--dry-run`, and is told now: `what` follows on `would`.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub(crate) fn only_tells(&self, what: impl std::fmt::Display) -> Result<bool, Failure> {
        dry_run::told(&self.setup.globals, &self.printer, what)
    }

    /// The environment variables.
    pub(crate) fn environment(&self) -> &Environment {
        &self.setup.surroundings.environment
    }

    /// What time it is.
    pub(crate) fn clock(&self) -> &Clock {
        &self.setup.surroundings.clock
    }

    /// The name of the account's section in the configuration.
    pub(crate) fn section(&self) -> &str {
        self.section.name()
    }

    /// The account's own settings.
    pub(crate) fn settings(&self) -> &Section {
        &self.section
    }

    /// The state directory, which may not be there yet.
    pub(crate) fn state(&self) -> &std::path::Path {
        &self.state
    }

    /// The fleet, through which everything is created and destroyed. Opens the ledger, and makes it where there is none.
    ///
    /// # Errors
    /// A state directory or ledger that cannot be used; nothing has been made then.
    pub(crate) async fn fleet(&self) -> Result<&Fleet> {
        self.fleet
            .get_or_try_init(|| async {
                let dir = StateDir::open(&self.state)?;
                let ledger = SqliteLedger::open(&dir).await?;
                let account = self.account(&dir).await?;
                let printer = self.printer.clone();
                let fleet = Fleet::builder(Arc::clone(&self.provider), Arc::new(ledger))
                    .clock(self.clock().clone())
                    .create_within(self.within + CREATE_BEYOND)
                    .budget(self.setup.config.budget()?)
                    .announce(move |quote| printer.note(quote));
                let fleet = account.into_iter().fold(fleet, FleetBuilder::account);
                #[cfg(debug_assertions)]
                let fleet = fleet.speed(crate::failpoint::speed(self.environment()));
                Ok(fleet.build())
            })
            .await
    }

    /// Whose bill the credential is on: asked once, and remembered. None on this computer, which has one account; and where
    /// the credential may not ask, so that the ledger's lines say nothing of it.
    async fn account(&self, dir: &StateDir) -> Result<Option<AccountId>> {
        if !self.provider.capabilities().remote {
            return Ok(None);
        }
        let credential = self.section.digest(dir.owner().await?.as_str())?;
        if let Some(known) = dir.account_of(&credential) {
            return Ok(Some(known));
        }
        match self.provider.account().await {
            Ok(account) => {
                dir.remember_account(&credential, &account.id).await?;
                Ok(Some(account.id))
            }
            // What is asked next would not be answered either.
            Err(error)
                if matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Network | ErrorKind::Timeout) =>
            {
                Err(error)
            }
            Err(error) => {
                tracing::debug!(%error, "the cloud does not say whose credential this is");
                Ok(None)
            }
        }
    }

    /// When a destroy that begins now is given up; the ledger keeps it for the next sweep then.
    pub(crate) fn destroy_deadline(&self) -> Deadline {
        Deadline::after(DESTROY_WITHIN)
    }

    /// Removes what the provider left on this computer and nothing speaks of any more; says what, a sentence each.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn tidy(&self, dry_run: bool) -> Result<Vec<String>> {
        match self.housekeeping() {
            Some(housekeeping) => housekeeping.tidy(dry_run).await,
            None => Ok(Vec::new()),
        }
    }
}
