//! Starting, halting, rebooting, and writing the disk anew.

use serde_json::json;

use crate::call::Call;
use crate::clock::after;
use crate::life::{Step, lasts};
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{body, invalid, text, texts};
use crate::vultr::catalog;
use crate::vultr::guests::{self, Deed};
use crate::vultr::instances::{locked, ready};
use crate::vultr::lifecycle::{Change, reborn};
use crate::vultr::world::{Moment, World};

/// `POST /v2/instances/{id}/start`
pub(super) fn start(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    one(world, moment, call, (Step::Start, Change::Running, Deed::Boot))
}

/// `POST /v2/instances/{id}/halt`: the power is cut.
pub(super) fn halt(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    one(world, moment, call, (Step::PowerOff, Change::Stopped, Deed::Cut))
}

/// `POST /v2/instances/{id}/reboot`
pub(super) fn reboot(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    one(world, moment, call, (Step::Reboot, Change::Running, Deed::Reboot))
}

/// `POST /v2/instances/start`
pub(super) fn start_all(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    all(world, moment, call, (Step::Start, Change::Running, Deed::Boot))
}

/// `POST /v2/instances/halt`
pub(super) fn halt_all(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    all(world, moment, call, (Step::PowerOff, Change::Stopped, Deed::Cut))
}

/// `POST /v2/instances/reboot`
pub(super) fn reboot_all(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    all(world, moment, call, (Step::Reboot, Change::Running, Deed::Reboot))
}

/// `POST /v2/instances/{id}/reinstall`
pub(super) fn reinstall(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = ready(world, moment, call, "Unable to reinstall server")?.id.clone();
    if let (Some(instance), Some(name)) = (world.instances.get_mut(&id), body["hostname"].as_str()) {
        name.clone_into(&mut instance.hostname);
    }
    reborn(world, &id, moment);
    Ok(Reply::json(202, &json!({"instance": world.instances.get(&id).map(|instance| instance.show(moment))})))
}

/// `POST /v2/instances/{id}/restore`
pub(super) fn restore(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = ready(world, moment, call, "Unable to restore server")?.id.clone();
    let snapshot = text(&body, "snapshot_id")?;
    if world.snapshots.get(snapshot).is_none_or(|snapshot| snapshot.status != "complete") {
        return Err(invalid("Invalid snapshot_id."));
    }
    if let Some(instance) = world.instances.get_mut(&id) {
        instance.os_id = catalog::OF_SNAPSHOT;
    }
    reborn(world, &id, moment);
    let status = json!({"restore_type": "snapshot", "restore_id": snapshot, "status": "complete"});
    Ok(Reply::json(202, &json!({"status": status})))
}

fn one(world: &mut World, moment: &Moment<'_>, call: &Call, (step, change, deed): (Step, Change, Deed)) -> Answer {
    let id = ready(world, moment, call, "Unable to change the power state")?.id.clone();
    world.plan(after(moment.now, lasts(step)), &id, change);
    order(world, &id, deed, moment);
    Ok(Reply::nothing())
}

fn all(world: &mut World, moment: &Moment<'_>, call: &Call, (step, change, deed): (Step, Change, Deed)) -> Answer {
    let ids = texts(&body(call)?, "instance_ids")?;
    for id in &ids {
        let instance = world.instances.get(id).filter(|instance| instance.gone_at.is_none());
        if instance.ok_or_else(|| invalid("Invalid instance_ids."))?.is_locked() {
            return Err(locked("Unable to change the power state"));
        }
    }
    for id in &ids {
        world.plan(after(moment.now, lasts(step)), id, change.clone());
        order(world, id, deed, moment);
    }
    Ok(Reply::nothing())
}

/// Orders it for the machine. Starting one that runs is nothing.
fn order(world: &mut World, id: &str, deed: Deed, moment: &Moment<'_>) {
    let runs = world.instances.get(id).is_some_and(|instance| instance.power == "running");
    if deed != Deed::Boot || !runs {
        guests::act(world, id, deed, moment);
    }
}
