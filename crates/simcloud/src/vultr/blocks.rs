//! `/v2/blocks`: block storage.

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
use crate::vultr::answer::{Refusal, body, invalid, page, text, time};
use crate::vultr::catalog;
use crate::vultr::instance::Instance;
use crate::vultr::instances::locked;
use crate::vultr::lifecycle::{Change, reborn};
use crate::vultr::world::{Moment, World};

/// Kind, smallest and largest in gigabytes, and what one costs a month in dollars.
const KINDS: &[(&str, u32, u32, f64)] = &[("high_perf", 10, 10_000, 0.10), ("storage_opt", 40, 40_000, 0.025)];

/// A block.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) id: String,
    label: String,
    region: String,
    kind: String,
    pub(super) size: u32,
    /// `pending` or `active`.
    pub(super) status: String,
    /// The id of an instance, or empty.
    pub(super) attached_to: String,
    mount: String,
    created_at: Timestamp,
}

impl Block {
    /// Where it shows in a machine: by its label where that can be a name.
    pub(super) fn place(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let named = !self.label.is_empty() && !self.label.starts_with('.') && self.label.bytes().all(plain);
        format!("/mnt/{}", if named { &self.label } else { &self.id })
    }

    fn monthly(&self) -> f64 {
        let price = KINDS.iter().find(|(kind, ..)| *kind == self.kind).map_or(0.0, |(.., price)| *price);
        f64::from(self.size) * price
    }

    fn charge(&self, now: Timestamp) -> Charge {
        Charge {
            kind: "volume".to_owned(),
            id: self.id.clone(),
            name: self.label.clone(),
            markers: vec![self.label.clone()],
            hourly: self.monthly() / 672.0,
            from: now,
            until: None,
        }
    }

    fn show(&self) -> Value {
        let monthly = self.monthly();
        // Whole dollars are written without a fraction.
        let cost = if monthly.fract() == 0.0 { json!(monthly.to_string().parse::<u64>().ok()) } else { json!(monthly) };
        json!({
            "id": self.id,
            "cost": cost,
            "status": self.status,
            "label": self.label,
            "size_gb": self.size,
            "region": self.region,
            "attached_to_instance": self.attached_to,
            "date_created": time(self.created_at),
            "mount_id": self.mount,
            "block_type": self.kind,
            "pending_charges": 0,
        })
    }
}

/// `GET /v2/blocks`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "blocks", &world.blocks.iter().map(|(id, block)| (id.clone(), block.show())).collect::<Vec<_>>())
}

/// `POST /v2/blocks`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let region = catalog::region(text(&body, "region")?).ok_or_else(|| invalid("Invalid region."))?;
    let kind = body["block_type"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("high_perf");
    let size = size(&body, kind)?;
    let id = ids::uuid();
    let block = Block {
        id: id.clone(),
        label: body["label"].as_str().unwrap_or_default().to_owned(),
        region: region.to_owned(),
        kind: kind.to_owned(),
        size,
        status: "pending".to_owned(),
        attached_to: String::new(),
        mount: format!("{region}-{}", ids::hex(&ids::random::<7>())),
        created_at: moment.now,
    };
    moment.sim.bill.open(block.charge(moment.now));
    world.plan(after(moment.now, lasts(Step::Volume)), &id, Change::BlockReady);
    let shown = block.show();
    world.blocks.insert(id, block);
    Ok(Reply::json(202, &json!({"block": shown})))
}

/// `GET /v2/blocks/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"block": found(world, call)?.show()})))
}

/// `PATCH /v2/blocks/{id}`: another label, or more room.
pub(super) fn patch(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let block = found(world, call)?;
    if !body["size_gb"].is_null() {
        let size = size(&body, &block.kind.clone())?;
        if size <= block.size {
            return Err(invalid("Invalid size_gb. Block storage can only be increased in size."));
        }
        block.size = size;
        moment.sim.bill.reprice("volume", &block.id, block.monthly() / 672.0, moment.now);
    }
    if let Some(label) = body["label"].as_str() {
        label.clone_into(&mut block.label);
        moment.sim.bill.mark("volume", &block.id, vec![label.to_owned()]);
    }
    Ok(Reply::nothing())
}

/// `DELETE /v2/blocks/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    if !found(world, call)?.attached_to.is_empty() {
        return Err(invalid("Unable to delete block storage: it is attached to a server"));
    }
    world.blocks.remove(call.param("id"));
    moment.sim.bill.close("volume", call.param("id"), moment.now);
    if let Some(machines) = &moment.sim.machines {
        machines.drop_volume(call.param("id"));
    }
    Ok(Reply::nothing())
}

/// `POST /v2/blocks/{id}/attach`
pub(super) fn attach(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let block = found(world, call)?.clone();
    let instance = text(&body, "instance_id")?;
    let instance = world.instances.get(instance).filter(|instance| instance.gone_at.is_none());
    let instance = instance.ok_or_else(|| invalid("Invalid instance_id."))?;
    if block.attached_to == instance.id {
        return Err(invalid("Nothing to change"));
    }
    if !block.attached_to.is_empty() {
        return Err(invalid("Block storage volume is already attached to a server"));
    }
    if block.status != "active" {
        return Err(invalid("Block storage volume is not active"));
    }
    if block.region != instance.region {
        return Err(invalid("Block storage volume and server must be in the same region"));
    }
    if instance.is_locked() {
        return Err(locked("Unable to attach block storage"));
    }
    let to = instance.id.clone();
    found(world, call)?.attached_to.clone_from(&to);
    unless_live(world, &body, &to, moment);
    Ok(Reply::nothing())
}

/// `POST /v2/blocks/{id}/detach`
pub(super) fn detach(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let from = found(world, call)?.attached_to.clone();
    if from.is_empty() {
        return Err(invalid("Unable to detach block storage: it is not attached"));
    }
    if world.instances.get(&from).is_some_and(Instance::is_locked) {
        return Err(locked("Unable to detach block storage"));
    }
    found(world, call)?.attached_to.clear();
    unless_live(world, &body, &from, moment);
    Ok(Reply::nothing())
}

/// The instance is restarted, unless the caller has asked that it is not.
fn unless_live(world: &mut World, body: &Value, instance: &str, moment: &Moment<'_>) {
    if body["live"] != true {
        reborn(world, instance, moment);
    }
}

fn size(body: &Value, kind: &str) -> Result<u32, Refusal> {
    let (_, smallest, largest, _) =
        KINDS.iter().find(|(known, ..)| *known == kind).ok_or_else(|| invalid("Invalid block_type."))?;
    let size = body["size_gb"].as_u64().and_then(|size| u32::try_from(size).ok());
    let fits = size.filter(|size| (*smallest..=*largest).contains(size));
    fits.ok_or_else(|| invalid(format!("Invalid size_gb. Size must be between {smallest} and {largest} GB.")))
}

/// The block that the path names. One that is not there is a bad request, and not a 404.
fn found<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Block, Refusal> {
    world.blocks.get_mut(call.param("id")).ok_or_else(|| invalid("Invalid block storage ID"))
}
