//! A machine as it is, and as an answer shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::clock::after;
use crate::fly::answer::time;
use crate::fly::catalog::{self, Guest};
use crate::fly::event::{Event, Exit};
use crate::fly::lease::Lease;
use crate::fly::world::Moment;
use crate::life::{Step, lasts};

/// The metadata that says whose a machine is.
const OWNER: &str = "machine_owner";

/// The metadata that says what it was meant for.
const INTENT: &str = "machine_intent";

/// How many events an answer shows unless the caller says otherwise.
pub(super) const EVENTS: usize = 20;

/// A machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) id: String,
    pub(super) app: String,
    pub(super) name: String,
    pub(super) region: String,
    /// `created`, `starting`, `started`, and so on, or whatever it was set to.
    pub(super) state: String,
    /// As it was ordered, with a guest that says all.
    pub(super) config: Value,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    /// Since when it is in lists.
    pub(super) listed_at: Timestamp,
    /// Since when it is destroyed.
    pub(super) gone_at: Option<Timestamp>,
    /// Where it is on its way to.
    pub(super) course: Option<Course>,
    /// Oldest first.
    pub(super) events: Vec<Event>,
    /// Its versions and their configurations, oldest first; the last is the one that it has.
    pub(super) versions: Vec<(String, Value)>,
    pub(super) lease: Option<Lease>,
    /// Whether the proxy leaves it alone.
    pub(super) cordoned: bool,
    /// How often it was started again by itself.
    pub(super) restarts: u32,
    /// Which boot it is that what runs belongs to.
    #[serde(default)]
    pub(super) life: u64,
    /// How its main process has ended; nothing while it runs or has never run.
    pub(super) exit: Option<Exit>,
}

/// Where a machine is on its way to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Course {
    /// When it arrives.
    pub(super) at: Timestamp,
    /// What happens then.
    pub(super) turn: Turn,
}

/// What happens to a machine when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Turn {
    /// It begins to start.
    Start,
    /// It is up.
    Up,
    /// It is down, its main process having ended so.
    Down(Exit),
    /// It is suspended.
    Asleep,
    /// It is destroyed.
    Gone,
}

impl Course {
    /// On the way from `now`, for as long as `step` lasts.
    pub(super) fn new(step: Step, turn: Turn, now: Timestamp) -> Self {
        Self { at: after(now, lasts(step)), turn }
    }
}

impl Machine {
    /// The id of its version.
    pub(super) fn version(&self) -> &str {
        self.versions.last().map_or("", |(version, _)| version)
    }

    /// Whether nothing will ever become of it.
    pub(super) fn is_over(&self) -> bool {
        self.gone_at.is_some() || self.state == "destroying"
    }

    /// Its lease, while that holds.
    pub(super) fn lease(&self, now: Timestamp) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.holds(now))
    }

    /// The guest that it has.
    pub(super) fn guest(&self) -> Option<Guest> {
        Guest::of(&self.config["guest"]).ok()
    }

    /// Whether the list that `call` asks for has it, which it came into at `since`.
    pub(super) fn is_listed(&self, since: Timestamp, deleted: bool, moment: &Moment<'_>, call: &Call) -> bool {
        let as_of = moment.now.checked_sub(call.veil.stale.unwrap_or_default()).unwrap_or(Timestamp::MIN);
        let lingers = |gone| as_of < after(gone, moment.sim.quirks.lingering);
        since <= as_of && (deleted || self.gone_at.is_none_or(lingers))
    }

    /// Notes what has happened.
    pub(super) fn note(&mut self, event: Event, now: Timestamp) {
        self.events.push(event);
        self.updated_at = now;
    }

    /// What is written on it and says whose it is.
    pub(super) fn markers(&self) -> Vec<String> {
        self.config["metadata"][OWNER].as_str().map(str::to_owned).into_iter().collect()
    }

    /// What it costs in an hour, as it is now: all while it runs, its root file system while it does not.
    pub(super) fn hourly(&self) -> f64 {
        match &*self.state {
            // Nothing is ever written to the root file system: a gibibyte is what an image has.
            "stopped" | "suspended" | "failed" => catalog::disk_hourly(1),
            _ => self.guest().map_or(0.0, Guest::hourly),
        }
    }

    /// What it costs from now on.
    pub(super) fn charge(&self, now: Timestamp) -> Charge {
        Charge {
            kind: "machine".to_owned(),
            id: self.id.clone(),
            name: self.name.clone(),
            markers: self.markers(),
            hourly: self.hourly(),
            from: now,
            until: None,
        }
    }

    /// As it is in truth.
    pub(super) fn truth(&self) -> Value {
        let mut truth = json!(self);
        truth["owner"] = self.config["metadata"][OWNER].clone();
        truth["intent"] = self.config["metadata"][INTENT].clone();
        truth
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> Value {
        let mut shown = self.summary();
        shown["config"] = self.config.clone();
        shown["events"] = self.events.iter().rev().take(EVENTS).map(Event::show).collect();
        shown["checks"] = json!([]);
        shown["host_status"] = "ok".into();
        shown
    }

    /// As a list shows it that is to be short.
    pub(super) fn summary(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "region": self.region,
            "instance_id": self.version(),
            "private_ip": self.address(),
            "image_ref": image(self.config["image"].as_str().unwrap_or_default()),
            "created_at": time(self.created_at),
            "updated_at": time(self.updated_at),
        })
    }

    /// As the list of a whole organization shows it.
    pub(super) fn overview(&self) -> Value {
        let (guest, image) = (&self.config["guest"], &self.config["image"]);
        let metadata = self.config["metadata"].as_object().cloned().unwrap_or_default();
        json!({
            "id": self.id,
            "app_name": self.app,
            "name": self.name,
            "state": self.state,
            "region": self.region,
            "instance_id": self.version(),
            "version": self.version(),
            "private_ip": self.address(),
            "config": {"guest": guest, "image": image, "metadata": metadata},
            "created_at": time(self.created_at),
            "updated_at": time(self.updated_at),
        })
    }

    /// Its address in the organization's own network, which it has from the beginning.
    pub(super) fn address(&self) -> String {
        let part = |from: usize, to: usize| self.id.get(from..to).unwrap_or("0");
        format!("fdaa:0:1:a7b:{}:{}:{}:2", part(2, 6), part(6, 10), part(10, 14))
    }
}

/// What a reference to an image comes to.
fn image(reference: &str) -> Value {
    let (rest, pinned) = reference.split_once('@').map_or((reference, None), |(rest, digest)| (rest, Some(digest)));
    let tagged = rest.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
    let (path, tag) = tagged.unwrap_or((rest, "latest"));
    let host = path.split_once('/').filter(|(host, _)| host.contains(['.', ':']) || *host == "localhost");
    let (registry, repository) = host.unwrap_or(("registry-1.docker.io", path));
    let library = if repository.contains('/') || host.is_some() { "" } else { "library/" };
    let digest = || format!("sha256:{}", blake3::hash(rest.as_bytes()).to_hex());
    json!({
        "registry": registry,
        "repository": format!("{library}{repository}"),
        "tag": tag,
        "digest": pinned.map_or_else(digest, str::to_owned),
        "labels": {},
    })
}
