//! The machines behind instances: when they are booted, and what is heard of them.

use crate::guests::Guest;
use crate::inside;
use crate::machines::{Happened, Report, Storage};
use crate::vultr::world::{Moment, World};

/// What is done to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is up from now on.
    Boot,
    /// It begins anew, with an empty disk.
    Anew,
    /// It ends and is up again.
    Reboot,
    /// Its power is cut.
    Cut,
    /// It is destroyed.
    Forget,
}

/// The machine of a new instance; none where nothing runs.
pub(super) fn new(hostname: &str, keys: Vec<String>, user_data: &str, moment: &Moment<'_>) -> Option<Guest> {
    moment.sim.machines.as_ref()?;
    Guest::new("DataSourceVultr", hostname, keys, user_data.to_owned())
}

/// Orders it.
pub(super) fn act(world: &mut World, id: &str, deed: Deed, moment: &Moment<'_>) {
    let own = world.blocks.values().filter(|block| block.attached_to == id);
    let volumes = own
        .map(|block| Storage { id: block.id.clone(), path: block.place(), size_gib: u64::from(block.size) })
        .collect();
    let Some(machines) = &moment.sim.machines else { return };
    let Some(guest) = world.instances.get_mut(id).and_then(|instance| instance.guest.as_mut()) else { return };
    match deed {
        Deed::Boot => guest.boot(machines, id, volumes, true),
        Deed::Anew => guest.boot(machines, id, volumes, false),
        Deed::Reboot => {
            guest.stop(machines, id);
            guest.boot(machines, id, volumes, true);
        }
        Deed::Cut => guest.cut(machines, id),
        Deed::Forget => guest.forget(machines, id),
    }
}

/// Takes in what has become of a machine; `None` if it is none of this account's.
pub(super) fn report(world: &mut World, report: &Report, moment: &Moment<'_>) -> Option<()> {
    let id = &report.id;
    let instance = world.instances.get_mut(id)?;
    if !instance.guest.as_ref().is_some_and(|guest| guest.is_of(report.life)) || instance.gone_at.is_some() {
        return Some(());
    }
    match &report.what {
        Happened::Up => {}
        Happened::Ended { code: Some(inside::REBOOT), .. } => act(world, id, Deed::Boot, moment),
        // It has powered itself off, where it was not ordered to.
        Happened::Ended { .. } if instance.server == "ok" => "stopped".clone_into(&mut instance.power),
        Happened::Ended { code, .. } => tracing::debug!(id, code, "the machine of an instance has ended"),
        Happened::Failed(why) => tracing::error!(id, why, "the machine of an instance does not run"),
    }
    Some(())
}
