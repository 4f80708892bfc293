//! [`LocalProvider`]: machines on this computer, behind the trait of every provider.

mod create;
mod describe;
mod destroy;
mod end;
mod exec;
mod garbage;
mod housekeeping;
mod list;
mod power;
mod preview;
mod start;
#[cfg(test)]
mod tests;
mod traits;
mod update;
mod volumes;
mod wait;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use machine_core::{
    Billing, Capabilities, CreateOnce, Environment, GuestProgram, Limits, Money, Mount, PriceSource, Result, StopsBill,
    Transport,
};

use crate::GUEST_PATH;
use crate::catalog::LocalCatalog;
use crate::config::LocalConfig;
use crate::isolation::Isolation;
use crate::plan::{Computer, CreatorEnv, MAX_LABEL, MAX_VOLUMES};
use crate::store::Store;
use volumes::LocalVolumes;

/// Machines on this computer.
#[derive(Debug)]
pub struct LocalProvider {
    local: Arc<Local>,
    capabilities: Capabilities,
    catalog: LocalCatalog,
    volumes: LocalVolumes,
}

/// What all of the provider's parts share.
#[derive(Debug)]
pub(crate) struct Local {
    store: Store,
    helper: PathBuf,
    isolation: Isolation,
    mounts: Vec<Mount>,
    creator: CreatorEnv,
    computer: Computer,
}

impl LocalProvider {
    /// Opens the state directory that `config` and the environment lead to, making it where it is missing. Blocks for a few
    /// file operations.
    ///
    /// # Errors
    /// [`Config`](machine_core::ErrorKind::Config) when `config` is wrong or the directory is somebody else's;
    /// [`System`](machine_core::ErrorKind::System) when it cannot be made or written.
    pub fn open(config: LocalConfig) -> Result<Self> {
        Self::open_in(config, Environment::of_this_process())
    }

    /// As [`open`](Self::open), for a creator whose environment is another than this process's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in(config: LocalConfig, environment: Environment) -> Result<Self> {
        let name = |error: machine_core::Error| error.with_provider(crate::KIND).with_operation("open");
        let root = config.state_dir(|name| environment.get(name).map(PathBuf::from)).map_err(name)?;
        let local = Arc::new(Local {
            store: Store::open(&root).map_err(name)?,
            helper: config.helper_program().map_err(name)?,
            isolation: config.isolation,
            mounts: config.mounts.iter().map(crate::config::ConfigMount::to_mount).collect(),
            creator: CreatorEnv::from(environment),
            computer: Computer::this(),
        });
        Ok(Self {
            capabilities: capabilities(),
            catalog: LocalCatalog(local.computer),
            volumes: LocalVolumes(Arc::clone(&local)),
            local,
        })
    }
}

fn capabilities() -> Capabilities {
    Capabilities {
        remote: false,
        create_once: CreateOnce::IdFromIntent,
        stops_bill: StopsBill::Free,
        guest_end_ends_bill: true,
        list_lag: Duration::ZERO,
        exec: Transport::Native,
        exec_limit: None,
        exec_stdin: true,
        exec_input_limit: None,
        exec_tty: true,
        exec_live: true,
        exact_output: true,
        logs: Transport::Native,
        suspend: false,
        attach_live: false,
        attach_stopped: true,
        volume_paths: true,
        network_none: true,
        ports: true,
        mounts: true,
        files: true,
        user_data: false,
        rename: true,
        adopt: false,
        tags: true,
        images: false,
        sizes: true,
        regions: true,
        command: true,
        guest: GuestProgram::Present(vec![GUEST_PATH.to_owned(), "__guest".to_owned()]),
        limits: Limits {
            name_len: 63,
            label_len: MAX_LABEL,
            user_data_bytes: None,
            volumes_per_machine: Some(MAX_VOLUMES),
            smallest_volume_gib: 1,
        },
        price_source: PriceSource::Free,
        billing: Billing { step: Duration::ZERO, minimum: Duration::ZERO, volume_gib_month: Some(Money::ZERO) },
    }
}
