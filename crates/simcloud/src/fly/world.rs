//! The things of one account, which is one organization.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::clock::after;
use crate::fly::answer::{Refusal, refuse};
use crate::fly::apps::App;
use crate::fly::machine::{Course, Machine};
use crate::fly::volume::Volume;
use crate::machines::Order;
use crate::sim::Sim;

/// The organization that every account has, and the only one.
pub(super) const ORGANIZATION: &str = "personal";

/// How long a destroyed machine still answers by its id.
const ANSWERS: SignedDuration = SignedDuration::from_mins(1);

/// How long it is remembered, for lists that are stale or want what is deleted.
const MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// How long a deleted volume is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Now, and what there is beside the account.
pub(super) struct Moment<'a> {
    /// What the clock shows.
    pub(super) now: Timestamp,
    /// The cloud's bill and quirks.
    pub(super) sim: &'a Sim,
}

/// All that an account has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) apps: BTreeMap<String, App>,
    pub(super) machines: BTreeMap<String, Machine>,
    pub(super) volumes: BTreeMap<String, Volume>,
    /// The machine of every name, by the app and the name.
    names: BTreeMap<String, String>,
    /// Machines that are on their way to another state, by when they will be there.
    due: BTreeSet<(Timestamp, String)>,
    /// Destroyed machines, by when they were.
    gone: BTreeSet<(Timestamp, String)>,
}

impl World {
    /// Lets everything happen that was to happen by now.
    pub(super) fn settle(&mut self, moment: &Moment<'_>) {
        while let Some((at, id)) = pop(&mut self.due, moment.now) {
            // A machine that was sent elsewhere meanwhile has another time of arrival.
            let arrives =
                self.machines.get_mut(&id).and_then(|machine| machine.course.take_if(|course| course.at == at));
            if let Some(course) = arrives {
                self.arrive(&id, course.turn, &Moment { now: at, sim: moment.sim });
            }
        }
        let forgotten = moment.now.checked_sub(MEMORY).unwrap_or(Timestamp::MIN);
        while let Some((_, id)) = pop(&mut self.gone, forgotten) {
            self.machines.remove(&id);
            if let Some(machines) = &moment.sim.machines {
                machines.drop_log(&id);
            }
        }
        self.volumes.retain(|_, volume| volume.deleted_at.is_none_or(|at| moment.now < after(at, KEPT)));
    }

    /// There is a machine more.
    pub(super) fn add(&mut self, machine: Machine) {
        self.names.insert(name_key(&machine.app, &machine.name), machine.id.clone());
        self.machines.insert(machine.id.clone(), machine);
    }

    /// The id of the machine of that name.
    pub(super) fn named(&self, app: &str, name: &str) -> Option<&str> {
        self.names.get(&name_key(app, name)).map(String::as_str)
    }

    /// A machine has another name.
    pub(super) fn rename(&mut self, id: &str, name: &str) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        self.names.remove(&name_key(&machine.app, &machine.name));
        self.names.insert(name_key(&machine.app, name), id.to_owned());
        name.clone_into(&mut machine.name);
    }

    /// Sends a machine on its way.
    pub(super) fn send(&mut self, id: &str, course: Course) {
        if let Some(machine) = self.machines.get_mut(id) {
            self.due.insert((course.at, id.to_owned()));
            machine.course = Some(course);
        }
    }

    /// The machine is destroyed: its volume stays, and what was to become of it does not happen.
    pub(super) fn bury(&mut self, id: &str, moment: &Moment<'_>) {
        let Some(machine) = self.machines.get_mut(id) else { return };
        machine.gone_at = Some(moment.now);
        machine.course = None;
        machine.lease = None;
        machine.order(Order::Forget, moment);
        self.gone.insert((moment.now, id.to_owned()));
        self.names.remove(&name_key(&machine.app, &machine.name));
        let volume = machine.config["mounts"][0]["volume"].as_str().and_then(|volume| self.volumes.get_mut(volume));
        if let Some(volume) = volume.filter(|volume| volume.machine.as_deref() == Some(id)) {
            volume.machine = None;
        }
        moment.sim.bill.close("machine", id, moment.now);
    }

    /// The app that the path names.
    pub(super) fn app(&self, call: &Call) -> Result<&App, Refusal> {
        let name = call.param("app");
        self.apps.get(name).ok_or_else(|| refuse(404, format!("app not found: {name}")))
    }

    /// The machine that the path names, if it answers.
    pub(super) fn machine(&self, moment: &Moment<'_>, call: &Call) -> Result<&Machine, Refusal> {
        self.app(call)?;
        let machine = self.machines.get(call.param("machine"));
        machine.filter(|machine| answers(machine, moment, call)).ok_or_else(no_machine)
    }

    /// The same, to be changed.
    pub(super) fn machine_mut(&mut self, moment: &Moment<'_>, call: &Call) -> Result<&mut Machine, Refusal> {
        self.app(call)?;
        let machine = self.machines.get_mut(call.param("machine"));
        machine.filter(|machine| answers(machine, moment, call)).ok_or_else(no_machine)
    }
}

/// The machine is not there.
pub(super) fn no_machine() -> Refusal {
    refuse(404, "machine not found")
}

/// An app and a name as one text: the name of an app has no slash.
fn name_key(app: &str, name: &str) -> String {
    format!("{app}/{name}")
}

fn answers(machine: &Machine, moment: &Moment<'_>, call: &Call) -> bool {
    machine.app == call.param("app") && machine.gone_at.is_none_or(|gone| moment.now < after(gone, ANSWERS))
}

/// The first that is not later than `until`.
fn pop(times: &mut BTreeSet<(Timestamp, String)>, until: Timestamp) -> Option<(Timestamp, String)> {
    if times.first()?.0 > until { None } else { times.pop_first() }
}
