//! What one cloud's fake and the frame around it share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use crate::bill::Bill;
use crate::clock::Clock;
use crate::fault::Faults;
use crate::gate::Gate;
use crate::machines::Machines;
use crate::quirks::Quirks;
use crate::traffic::Traffic;

/// The clock, the bill, the faults and the traffic of one cloud.
#[derive(Debug)]
pub(crate) struct Sim {
    /// The clock, the same for all clouds.
    pub(crate) clock: Arc<Clock>,
    /// What it all costs.
    pub(crate) bill: Bill,
    /// What is to go wrong.
    pub(crate) faults: Faults,
    /// Where answers are held back.
    pub(crate) gate: Gate,
    /// What went over the wire.
    pub(crate) traffic: Traffic,
    /// How late the cloud is.
    pub(crate) quirks: Quirks,
    /// What runs for its machines; nothing where a machine is its record.
    pub(crate) machines: Option<Arc<Machines>>,
    /// Whether the cloud refuses those who ask too often.
    pub(crate) rate_limits: bool,
    /// Whether anything has changed since the state was last written.
    changed: AtomicBool,
}

impl Sim {
    /// A cloud that has not been asked anything yet.
    pub(crate) fn new(
        clock: Arc<Clock>,
        bill: Bill,
        quirks: Quirks,
        machines: Option<Arc<Machines>>,
        rate_limits: bool,
        recording: bool,
    ) -> Self {
        let (faults, traffic, changed) = (Faults::default(), Traffic::new(recording), AtomicBool::new(false));
        Self { clock, bill, faults, gate: Gate::default(), traffic, quirks, machines, rate_limits, changed }
    }

    /// What its clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Forgets every fault that has not happened, and lets go what is held back.
    pub(crate) fn calm(&self) {
        self.faults.calm();
        self.gate.open();
    }

    /// Something has changed that should outlive a restart.
    pub(crate) fn touch(&self) {
        self.changed.store(true, Ordering::Release);
    }

    /// Whether something has changed since this was last asked.
    pub(crate) fn take_change(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }
}
