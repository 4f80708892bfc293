//! The reference as what is tested.

use std::sync::Arc;
use std::time::Duration;

use machine_conformance::{Cloud, Subject};
use machine_core::{
    Capabilities, CloudProvider, CreateOnce, GuestProgram, Limits, PriceSource, Result, StopsBill, Transport,
};

use crate::breakage::Breakage;
use crate::parts::{DOMAIN, PROJECT, USER_DATA};
use crate::provider::{Reference, TOKEN};
use crate::world::World;

/// How long a machine may be missing from a list.
const LAG: Duration = Duration::from_millis(200);

/// The reference as what is tested.
pub(crate) struct ReferenceSubject {
    world: Arc<World>,
    patience: Duration,
}

impl ReferenceSubject {
    /// An account whose clients break this promise.
    pub(crate) fn new(broken: Option<Breakage>, patience: Duration) -> Self {
        Self { world: World::new(broken), patience }
    }

    fn client(&self, token: &str) -> Arc<dyn CloudProvider> {
        let world = Arc::clone(&self.world);
        Arc::new(Reference { world, token: token.to_owned(), capabilities: capabilities() })
    }
}

impl Subject for ReferenceSubject {
    fn open(&self) -> Result<Arc<dyn CloudProvider>> {
        Ok(self.client(TOKEN))
    }

    fn open_with_bad_credential(&self) -> Option<Result<Arc<dyn CloudProvider>>> {
        Some(Ok(self.client("nobodys")))
    }

    fn cloud(&self) -> Option<&dyn Cloud> {
        Some(&*self.world)
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn domain(&self) -> Option<String> {
        Some(DOMAIN.to_owned())
    }

    fn project(&self) -> Option<String> {
        Some(PROJECT.to_owned())
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    fn deadline(&self) -> Duration {
        self.patience * 2
    }
}

/// What a process of this computer can do, and no more: it has no file system, no network and no terminal of its own.
fn capabilities() -> Capabilities {
    Capabilities {
        remote: true,
        create_once: CreateOnce::Lookup,
        stops_bill: StopsBill::Destroy,
        guest_end_ends_bill: false,
        list_lag: LAG,
        exec: Transport::Native,
        exec_limit: None,
        exec_stdin: true,
        exec_input_limit: None,
        exec_tty: false,
        exec_live: true,
        exact_output: true,
        logs: Transport::Native,
        suspend: true,
        attach_live: true,
        attach_stopped: true,
        volume_paths: false,
        network_none: false,
        ports: false,
        mounts: false,
        files: false,
        user_data: true,
        rename: true,
        adopt: true,
        tags: true,
        images: true,
        sizes: true,
        regions: true,
        command: true,
        guest: GuestProgram::Brought,
        limits: Limits {
            name_len: 63,
            label_len: 255,
            user_data_bytes: Some(USER_DATA),
            volumes_per_machine: None,
            smallest_volume_gib: 1,
        },
        price_source: PriceSource::Table,
        billing: Capabilities::minimal().billing,
    }
}
