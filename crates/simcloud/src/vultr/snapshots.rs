//! `/v2/snapshots`: copies of instances, and of what is somewhere else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::clock::after;
use crate::ids;
use crate::life::{Step, lasts};
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, page, refuse, text, time};
use crate::vultr::catalog;
use crate::vultr::instances::locked;
use crate::vultr::lifecycle::Change;
use crate::vultr::world::{Moment, World};

/// What a gigabyte costs in an hour, in dollars: five cents in a month of 672 hours.
const GIGABYTE: f64 = 0.05 / 672.0;

/// A snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    id: String,
    description: String,
    /// Gigabytes.
    size: u32,
    /// `pending` or `complete`.
    pub(super) status: String,
    os_id: u64,
    created_at: Timestamp,
}

impl Snapshot {
    fn show(&self) -> Value {
        json!({
            "id": self.id,
            "date_created": time(self.created_at),
            "description": self.description,
            "size": u64::from(self.size) << 30,
            "compressed_size": u64::from(self.size) << 28,
            "status": self.status,
            "os_id": self.os_id,
            "app_id": 0,
        })
    }
}

/// `GET /v2/snapshots`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let meant = |snapshot: &&Snapshot| call.query("description").is_none_or(|wanted| wanted == snapshot.description);
    let snapshots = world.snapshots.values().filter(meant);
    page(call, "snapshots", &snapshots.map(|snapshot| (snapshot.id.clone(), snapshot.show())).collect::<Vec<_>>())
}

/// `POST /v2/snapshots`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let instance = world.instances.get_mut(text(&body, "instance_id")?).filter(|instance| instance.gone_at.is_none());
    let instance = instance.ok_or_else(|| invalid("Invalid instance_id."))?;
    if instance.is_locked() {
        return Err(locked("Unable to create snapshot"));
    }
    // Nothing else is done to an instance while its disk is read.
    "locked".clone_into(&mut instance.server);
    let (os_id, id) = (instance.os_id, instance.id.clone());
    let size = catalog::plan_of(&instance.plan).map_or(0, |plan| plan.disk);
    world.plan(after(moment.now, lasts(Step::Snapshot)), &id, Change::Ready);
    Ok(Reply::json(201, &json!({"snapshot": take(world, moment, &body, size, os_id)})))
}

/// `POST /v2/snapshots/create-from-url`
pub(super) fn create_from_url(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    if url::Url::parse(text(&body, "url")?).is_err() {
        return Err(invalid("Invalid url."));
    }
    Ok(Reply::json(202, &json!({"snapshot": take(world, moment, &body, 10, 159)})))
}

/// `GET /v2/snapshots/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"snapshot": found(world, call)?.show()})))
}

/// `PUT /v2/snapshots/{id}`
pub(super) fn update(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let snapshot = found(world, call)?;
    text(&body, "description")?.clone_into(&mut snapshot.description);
    moment.sim.bill.mark("snapshot", &snapshot.id, vec![snapshot.description.clone()]);
    Ok(Reply::nothing())
}

/// `DELETE /v2/snapshots/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    if found(world, call)?.status == "pending" {
        return Err(invalid("Unable to delete a snapshot that is not complete"));
    }
    world.snapshots.remove(call.param("id"));
    moment.sim.bill.close("snapshot", call.param("id"), moment.now);
    Ok(Reply::nothing())
}

fn take(world: &mut World, moment: &Moment<'_>, body: &Value, size: u32, os_id: u64) -> Value {
    let description = body["description"].as_str().unwrap_or_default().to_owned();
    let id = ids::uuid();
    moment.sim.bill.open(Charge {
        kind: "snapshot".to_owned(),
        id: id.clone(),
        name: description.clone(),
        markers: vec![description.clone()],
        hourly: f64::from(size) * GIGABYTE,
        from: moment.now,
        until: None,
    });
    world.plan(after(moment.now, lasts(Step::Snapshot)), &id, Change::SnapshotReady);
    let status = "pending".to_owned();
    let snapshot = Snapshot { id: id.clone(), description, size, status, os_id, created_at: moment.now };
    let shown = snapshot.show();
    world.snapshots.insert(id, snapshot);
    shown
}

fn found<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Snapshot, Refusal> {
    world.snapshots.get_mut(call.param("id")).ok_or_else(|| refuse(404, "Snapshot not found"))
}
