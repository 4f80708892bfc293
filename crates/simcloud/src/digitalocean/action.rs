//! Actions: what was begun and is over at some time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{missing, page, time};
use crate::digitalocean::catalog;
use crate::digitalocean::effect::Effect;
use crate::digitalocean::world::{Moment, World};
use crate::life::{Step, lasts};
use crate::reply::Reply;

/// Something that was begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Action {
    status: String,
    kind: String,
    started_at: Timestamp,
    /// When it is over.
    pub(super) due: Timestamp,
    /// The droplet that it is about, which is locked meanwhile.
    pub(super) droplet: Option<u64>,
    /// The volume that it is about.
    pub(super) volume: Option<String>,
    region: String,
    /// What it comes to.
    pub(super) effect: Effect,
}

impl Action {
    /// `kind` begins now, and is about a droplet.
    pub(super) fn new(kind: &str, droplet: u64, region: &str, step: Step, effect: Effect, moment: &Moment<'_>) -> Self {
        Self {
            status: "in-progress".to_owned(),
            kind: kind.to_owned(),
            started_at: moment.now,
            due: after(moment.now, lasts(step)),
            droplet: Some(droplet),
            volume: None,
            region: region.to_owned(),
            effect,
        }
    }

    /// The same, about a volume, and perhaps about a droplet that is locked meanwhile.
    pub(super) fn of_volume(
        kind: &str,
        volume: &str,
        droplet: Option<u64>,
        region: &str,
        effect: Effect,
        moment: &Moment<'_>,
    ) -> Self {
        let volume = Some(volume.to_owned());
        Self { droplet, volume, ..Self::new(kind, 0, region, Step::Volume, effect, moment) }
    }

    /// It is over.
    pub(super) fn complete(&mut self, at: Timestamp) {
        let fails = matches!(self.effect, Effect::Fail);
        if fails { "errored" } else { "completed" }.clone_into(&mut self.status);
        self.due = at;
    }

    /// As an answer shows it.
    pub(super) fn show(&self, id: u64) -> Value {
        let over = self.status != "in-progress";
        json!({
            "id": id,
            "status": self.status,
            "type": self.kind,
            "started_at": time(self.started_at),
            "completed_at": over.then(|| time(self.due)),
            "resource_id": if self.volume.is_some() { None } else { self.droplet },
            "resource_type": if self.volume.is_some() { "volume" } else { "droplet" },
            "region": catalog::region(&self.region).map(catalog::Region::show),
            "region_slug": self.region,
        })
    }
}

/// `GET /v2/actions`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(listed(world, call, |_| true))
}

/// `GET /v2/droplets/{id}/actions`
pub(super) fn list_of_droplet(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let droplet = call.param("id").parse().map_err(|_| missing())?;
    Ok(listed(world, call, |action| action.volume.is_none() && action.droplet == Some(droplet)))
}

/// `GET /v2/volumes/{id}/actions`
pub(super) fn list_of_volume(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let volume = Some(call.param("id").to_owned());
    Ok(listed(world, call, |action| action.volume == volume))
}

/// `GET /v2/actions/{action}`, and the same below a droplet or a volume.
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("action").parse().map_err(|_| missing())?;
    let action = world.actions.get(&id).ok_or_else(missing)?;
    let of = call.param("id");
    let fits = of.is_empty()
        || action.volume.as_deref() == Some(of)
        || action.droplet.map(|id| id.to_string()).as_deref() == Some(of);
    if fits { Ok(Reply::json(200, &json!({"action": action.show(id)}))) } else { Err(missing()) }
}

fn listed(world: &World, call: &Call, which: impl Fn(&Action) -> bool) -> Reply {
    let actions: Vec<_> = world.actions.iter().rev().filter(|(_, action)| which(action)).collect();
    page(call, "actions", &actions, |(id, action)| action.show(**id))
}
