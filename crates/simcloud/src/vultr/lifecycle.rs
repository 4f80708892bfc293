//! What happens to things by itself, and when.

use serde::{Deserialize, Serialize};

use crate::clock::after;
use crate::life::{Step, lasts};
use crate::vultr::catalog;
use crate::vultr::guests;
use crate::vultr::world::{Moment, World};

/// Something that happens to a thing at some time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Change {
    /// The instance has its address and begins to be installed.
    Placed,
    /// The instance is powered on, and its system comes up.
    Booting,
    /// The instance is up, or as it was before it was locked.
    Ready,
    /// The instance is running.
    Running,
    /// The instance is stopped.
    Stopped,
    /// The instance has another plan.
    Resized(String),
    /// The block can be attached.
    BlockReady,
    /// The snapshot is complete.
    SnapshotReady,
}

impl Change {
    /// Whether it is the end of an order to start or to stop.
    pub(super) fn is_of_power(&self) -> bool {
        matches!(self, Self::Running | Self::Stopped)
    }

    /// Lets it happen.
    pub(super) fn happen(self, world: &mut World, id: &str, moment: &Moment<'_>) {
        match self {
            Self::BlockReady => {
                if let Some(block) = world.blocks.get_mut(id) {
                    "active".clone_into(&mut block.status);
                }
            }
            Self::SnapshotReady => {
                if let Some(snapshot) = world.snapshots.get_mut(id) {
                    "complete".clone_into(&mut snapshot.status);
                }
            }
            of_instance => of_instance.happen_to_instance(world, id, moment),
        }
    }

    fn happen_to_instance(self, world: &mut World, id: &str, moment: &Moment<'_>) {
        let Some(instance) = world.instances.get_mut(id).filter(|instance| instance.gone_at.is_none()) else { return };
        match self {
            Self::Placed => {
                instance.has_address = true;
                instance.set("active", "stopped", "locked");
            }
            Self::Booting => instance.set("active", "running", "installingbooting"),
            Self::Ready => "ok".clone_into(&mut instance.server),
            Self::Running => "running".clone_into(&mut instance.power),
            Self::Stopped => "stopped".clone_into(&mut instance.power),
            Self::Resized(plan) => {
                "active".clone_into(&mut instance.status);
                if let Some(sold) = catalog::plan_of(&plan) {
                    moment.sim.bill.reprice("machine", id, sold.hourly(), moment.now);
                    instance.plan = plan;
                }
            }
            Self::BlockReady | Self::SnapshotReady => {}
        }
    }
}

/// The life of a new instance: first nowhere, then being installed, then coming up, then up.
pub(super) fn born(world: &mut World, id: &str, moment: &Moment<'_>) {
    let placed = after(moment.now, lasts(Step::Create));
    world.plan(placed, id, Change::Placed);
    world.plan(after(placed, lasts(Step::PowerOff)), id, Change::Booting);
    world.plan(after(placed, lasts(Step::Install)), id, Change::Ready);
}

/// The life of an instance whose disk is written anew: it has its address already.
pub(super) fn reborn(world: &mut World, id: &str, moment: &Moment<'_>) {
    if let Some(instance) = world.instances.get_mut(id) {
        instance.set("active", "stopped", "locked");
    }
    guests::act(world, id, guests::Deed::Anew, moment);
    world.plan(after(moment.now, lasts(Step::PowerOff)), id, Change::Booting);
    world.plan(after(moment.now, lasts(Step::Rebuild)), id, Change::Ready);
}
