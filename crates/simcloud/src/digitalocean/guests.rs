//! The machines behind droplets: when they are booted, and what is heard of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digitalocean::world::{Moment, World};
use crate::guests::Guest;
use crate::inside;
use crate::machines::{Happened, Report, Storage};

/// The machine of a new droplet; none where nothing runs.
pub(super) fn new(name: &str, keys: Vec<String>, user_data: &str, moment: &Moment<'_>) -> Option<Guest> {
    moment.sim.machines.as_ref()?;
    Guest::new("DataSourceDigitalOcean", name, keys, STANDARD.encode(user_data))
}

/// What is done to the machine when an action of that kind begins.
pub(super) fn act(world: &mut World, id: u64, kind: &str, moment: &Moment<'_>) {
    let volumes = volumes(world, id);
    let Some(machines) = &moment.sim.machines else { return };
    let Some(guest) = world.droplets.get_mut(&id).and_then(|droplet| droplet.guest.as_mut()) else { return };
    let id = id.to_string();
    match kind {
        "create" | "power_on" | "power_cycle" => guest.boot(machines, &id, volumes, true),
        "rebuild" | "restore" => guest.boot(machines, &id, volumes, false),
        "reboot" => {
            guest.stop(machines, &id);
            guest.boot(machines, &id, volumes, true);
        }
        "shutdown" => guest.stop(machines, &id),
        "power_off" => guest.cut(machines, &id),
        "destroy" => guest.forget(machines, &id),
        _ => {}
    }
}

fn volumes(world: &World, id: u64) -> Vec<Storage> {
    let own = world.volumes.iter().filter(|(_, volume)| volume.droplet == Some(id));
    own.map(|(id, volume)| Storage { id: id.clone(), path: format!("/mnt/{}", volume.name), size_gib: volume.size })
        .collect()
}

/// Takes in what has become of a machine; `None` if it is none of this account's.
pub(super) fn report(world: &mut World, report: &Report, moment: &Moment<'_>) -> Option<()> {
    let id: u64 = report.id.parse().ok()?;
    let droplet = world.droplets.get_mut(&id)?;
    if !droplet.guest.as_ref().is_some_and(|guest| guest.is_of(report.life)) || !droplet.is_there() {
        return Some(());
    }
    match &report.what {
        Happened::Up => {}
        Happened::Ended { code: Some(inside::REBOOT), .. } => act(world, id, "power_on", moment),
        // It has powered itself off; what it was ordered, the clock says.
        Happened::Ended { .. } if droplet.status == "active" && droplet.pending.is_none() => {
            "off".clone_into(&mut droplet.status);
        }
        Happened::Ended { code, .. } => tracing::debug!(id, code, "the machine of a droplet has ended"),
        Happened::Failed(why) => tracing::error!(id, why, "the machine of a droplet does not run"),
    }
    Some(())
}
