//! That no job's machine outlives the code that made it.

use std::time::Duration;

use futures::FutureExt as _;
use machine_core::{Deadline, MachineId, Result};
use machine_fleet::Fleet;

/// How long a machine may take to be gone.
const DESTROY_WITHIN: Duration = Duration::from_mins(2);

/// Sees to it that a machine is destroyed, whatever becomes of the code that made it.
#[derive(Debug)]
pub(crate) struct Guard {
    fleet: Fleet,
    machine: MachineId,
    runtime: tokio::runtime::Handle,
    armed: bool,
}

impl Guard {
    /// Must be called on a runtime, as everything here.
    pub(crate) fn new(fleet: &Fleet, machine: MachineId) -> Self {
        Self { fleet: fleet.clone(), machine, runtime: tokio::runtime::Handle::current(), armed: true }
    }

    /// Destroys the machine and waits for its end.
    pub(crate) async fn destroy(&mut self) -> Result<()> {
        let destroyed = self.fleet.destroy(&self.machine, Deadline::after(DESTROY_WITHIN)).await;
        // Also when it failed: the ledger has it, and a second try from here would be no better.
        self.armed = false;
        destroyed.map(drop)
    }

    /// The machine stays.
    pub(crate) fn release(&mut self) {
        self.armed = false;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed {
            let _entered = self.runtime.enter();
            // Its first step hands the work to the fleet, which goes on with it (and waits for it in `Fleet::finish`).
            let _ = self.fleet.destroy(&self.machine, Deadline::after(DESTROY_WITHIN)).now_or_never();
        }
    }
}
