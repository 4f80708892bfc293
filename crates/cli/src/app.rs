//! What the commands work with: the provider, and the fleet where something is created or destroyed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, Deadline, Error, ErrorKind, Result, nearest};
use machine_fleet::{Fleet, SqliteLedger, StateDir, SweepOptions};
use machine_local::{ConfigMount, LocalConfig, LocalProvider};
use tokio::sync::OnceCell;

use crate::cli::Globals;
use crate::config::Config;
use crate::printer::Printer;

/// The providers that there are.
const PROVIDERS: &[&str] = &["local"];

/// The longest that a command waits for what clients before it left open.
const SETTLE_AT_MOST: Duration = Duration::from_secs(5);

/// The longest that a destroy is watched until it is proved done.
const DESTROY_WITHIN: Duration = Duration::from_mins(1);

/// What the commands work with. The ledger is opened by the first command that needs it.
pub(crate) struct App {
    /// Where to say things.
    pub(crate) printer: Printer,
    globals: Globals,
    state: PathBuf,
    local: Arc<LocalProvider>,
    provider: Arc<dyn CloudProvider>,
    fleet: OnceCell<Fleet>,
}

impl App {
    /// Reads the configuration and opens the provider that it, or the command line, names. Makes nothing.
    ///
    /// # Errors
    /// A configuration that cannot be read; a provider that there is none of.
    pub(crate) fn open(globals: Globals, printer: Printer) -> Result<Self> {
        let config = Config::load(globals.config_file.as_deref().filter(|file| !file.as_os_str().is_empty()))?;
        let asked = globals.provider.as_deref().filter(|name| !name.is_empty()).or(config.provider.as_deref());
        check_provider(asked.unwrap_or("local"))?;
        let state = StateDir::resolve()?;
        let mounts = config.local.mounts()?.into_iter().map(config_mount).collect();
        let local = Arc::new(LocalProvider::open(LocalConfig {
            state: Some(state.join("local")),
            isolation: config.local.isolation,
            mounts,
            ..LocalConfig::default()
        })?);
        let provider: Arc<dyn CloudProvider> = Arc::<LocalProvider>::clone(&local);
        Ok(Self { printer, globals, state, local, provider, fleet: OnceCell::new() })
    }

    /// The provider.
    pub(crate) fn provider(&self) -> &dyn CloudProvider {
        &*self.provider
    }

    /// The provider, to be shared.
    pub(crate) fn shared_provider(&self) -> &Arc<dyn CloudProvider> {
        &self.provider
    }

    /// The provider of machines on this computer.
    pub(crate) fn local(&self) -> &LocalProvider {
        &self.local
    }

    /// The flags that every command takes.
    pub(crate) fn globals(&self) -> &Globals {
        &self.globals
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
                let ledger = SqliteLedger::open(&StateDir::open(&self.state)?).await?;
                Ok(Fleet::builder(Arc::clone(&self.provider), Arc::new(ledger)).build())
            })
            .await
    }

    /// When a destroy that begins now is given up; the ledger keeps it for the next sweep then.
    pub(crate) fn destroy_deadline(&self) -> Deadline {
        Deadline::after(DESTROY_WITHIN)
    }

    /// Ends what clients that are dead by now left open. Quiet and bounded: it is not what was asked for, and `gc` does
    /// it again.
    pub(crate) async fn settle_dead_clients(&self) {
        let settled = tokio::time::timeout(SETTLE_AT_MOST, async {
            let fleet = self.fleet().await?;
            if fleet.needs_sweep().await? {
                fleet.sweep(SweepOptions::default()).await?;
            }
            Ok::<_, Error>(())
        })
        .await;
        match settled {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what dead clients left open was not settled"),
            Err(_) => tracing::warn!("settling what dead clients left open takes long; left to `machine gc`"),
        }
    }
}

fn check_provider(name: &str) -> Result<()> {
    if PROVIDERS.contains(&name) {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Config, format!("there is no provider `{name}`"));
    Err(match nearest(name, PROVIDERS.iter().copied()).first() {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(format!("there is: {}", PROVIDERS.join(", "))),
    })
}

fn config_mount(mount: machine_core::Mount) -> ConfigMount {
    ConfigMount {
        source: crate::os_string(&mount.source).into(),
        target: Some(crate::os_string(&mount.target).into()),
        writable: mount.writable,
    }
}
