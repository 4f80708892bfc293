//! A cloud in memory that fails on demand. It keeps what it was asked, and what it was left with.

mod catalog;
mod parts;
mod provider;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use machine_core::*;
use tokio::sync::Semaphore;

use catalog::Menu;

/// How the next create goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CreateFault {
    /// Nothing is made, and the error says so.
    Refused,
    /// It is made, and nobody is told.
    LostAnswer,
    /// It is made twice, and nobody is told.
    LostAnswerTwice,
    /// Nothing is made, and nobody is told.
    LostRequest,
    /// Nobody is told; it shows after this many looks.
    Late(u32),
    /// It is made, its start fails, and the error says so.
    Applied,
    /// It is made and says so to the test, and the answer never comes.
    Hang,
    /// It waits at the gate first, and goes well.
    Gate,
}

/// How the next destroy goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum DestroyFault {
    /// Refused for good.
    Forbidden,
    /// Refused for now.
    Busy,
    /// The state of the thing does not allow it.
    Conflict,
    /// It happens, and nobody is told.
    LostAnswer,
    /// Accepted; still there for this many looks at it, and then in this many lists.
    Slow(u32, u32),
    /// It happens, and the answer never comes.
    Hang,
}

/// How the next list or look-up lies: it says that it is complete.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ListFault {
    /// There is nothing on it.
    Empty,
    /// It is as old as lists may be.
    Stale,
}

#[derive(Debug, Clone)]
struct Thing<T> {
    what: T,
    /// How many looks must pass before it shows.
    late: u32,
    /// Since destroy was accepted: how many looks and lists still show it.
    going: Option<(u32, u32)>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    machines: BTreeMap<String, Thing<Machine>>,
    volumes: BTreeMap<String, Thing<Volume>>,
    pub(crate) parts: parts::Parts,
    pub(crate) on_create: VecDeque<CreateFault>,
    pub(crate) on_destroy: VecDeque<DestroyFault>,
    pub(crate) on_list: VecDeque<ListFault>,
    /// Lists and finds leave this much out and say that they are partial.
    pub(crate) partial: bool,
    /// The next list waits at its gate before it is drawn up.
    pub(crate) hold_list: bool,
    /// Lists fail.
    pub(crate) list_fails: bool,
    /// Changes are refused for now.
    pub(crate) update_fails: bool,
    pub(crate) calls: Vec<&'static str>,
    next: u32,
    /// What was there once, and until when.
    gone: Vec<(Timestamp, Machine)>,
}

#[derive(Debug)]
pub(crate) struct Fake {
    world: Arc<Mutex<World>>,
    info: ProviderInfo,
    capabilities: Capabilities,
    menu: Menu,
    /// Where creates wait that were told to.
    pub(crate) gate: Semaphore,
    /// Where a list waits that was told to.
    pub(crate) list_gate: Arc<Semaphore>,
    /// One permit for everything that has come to a gate.
    pub(crate) arrived: Semaphore,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Self::lagging(Duration::ZERO)
    }

    /// One whose lists may lag by this much.
    pub(crate) fn lagging(list_lag: Duration) -> Arc<Self> {
        Arc::new(Self::with(capabilities(list_lag), Menu::default()))
    }

    /// One whose machines cost so much an hour, where it says so, and its volumes a dollar a GiB and month.
    pub(crate) fn priced(hourly: Option<Money>) -> Arc<Self> {
        let free = capabilities(Duration::ZERO);
        let billing = Billing { volume_gib_month: Some(Money::from_micros(1_000_000)), ..free.billing };
        let capabilities = Capabilities { price_source: PriceSource::Api, billing, ..free };
        let price = hourly.map(|hourly| Price { hourly, monthly_cap: None });
        Arc::new(Self::with(capabilities, Menu { price, broken: false }))
    }

    /// One that costs something and does not get to say how much.
    pub(crate) fn mute() -> Arc<Self> {
        let capabilities = Capabilities { price_source: PriceSource::Api, ..capabilities(Duration::ZERO) };
        Arc::new(Self::with(capabilities, Menu { price: None, broken: true }))
    }

    fn with(capabilities: Capabilities, menu: Menu) -> Self {
        let info = ProviderInfo { kind: "fake", title: "Fake", documentation: "" };
        let (gate, arrived) = (Semaphore::new(0), Semaphore::new(0));
        let list_gate = Arc::new(Semaphore::new(0));
        Self { world: Arc::default(), info, capabilities, menu, gate, list_gate, arrived }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn fail_create(&self, fault: CreateFault) {
        self.world().on_create.push_back(fault);
    }

    pub(crate) fn fail_destroy(&self, fault: DestroyFault) {
        self.world().on_destroy.push_back(fault);
    }

    /// What is there, whoever made it, seen or not: the bill.
    pub(crate) fn bill(&self) -> Vec<String> {
        let world = self.world();
        world.machines.keys().chain(world.volumes.keys()).cloned().chain(world.parts.ids()).collect()
    }

    pub(crate) fn count(&self, call: &str) -> usize {
        self.world().calls.iter().filter(|made| **made == call).count()
    }

    /// Puts a machine there by other means.
    pub(crate) fn put(&self, name: &str, markers: Option<Markers>) -> MachineId {
        self.world().add(name, markers, 0).id
    }

    /// Takes a machine away by other means.
    pub(crate) fn take(&self, id: &MachineId) {
        assert!(self.world().remove(id.as_str()));
    }

    pub(crate) fn edit(&self, id: &MachineId, edit: impl FnOnce(&mut Machine)) {
        edit(&mut self.world().machines.get_mut(id.as_str()).unwrap().what);
    }

    pub(crate) fn edit_volume(&self, id: &VolumeId, edit: impl FnOnce(&mut Volume)) {
        edit(&mut self.world().volumes.get_mut(id.as_str()).unwrap().what);
    }
}

impl World {
    fn id(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}-{:03}", self.next)
    }

    fn add(&mut self, name: &str, markers: Option<Markers>, late: u32) -> Machine {
        let machine = machine(self.id('m'), name, markers);
        self.machines.insert(machine.id.as_str().to_owned(), Thing { what: machine.clone(), late, going: None });
        machine
    }

    /// What a look at everything shows; each look brings late things nearer and takes going things further. Lists may be `lag` old.
    fn look(&mut self, lag: Duration) -> Vec<Machine> {
        let mut shown: Vec<_> = self.machines.values_mut().filter_map(Thing::listed).collect();
        let over: Vec<_> =
            self.machines.iter().filter(|(_, thing)| thing.going == Some((0, 0))).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.remove(&id);
        }
        match self.on_list.pop_front() {
            None => {}
            Some(ListFault::Empty) => shown.clear(),
            Some(ListFault::Stale) => {
                let then = Timestamp::now() - lag;
                shown.retain(|machine| machine.created_at.is_some_and(|made| made <= then));
                let still =
                    self.gone.iter().filter(|(until, machine)| *until > then && machine.created_at <= Some(then));
                shown.extend(still.map(|(_, machine)| machine.clone()));
            }
        }
        shown
    }

    /// Takes a machine away, which a stale list may still show. Whether there was one.
    fn remove(&mut self, id: &str) -> bool {
        let removed = self.machines.remove(id);
        let known = removed.is_some();
        self.gone.extend(removed.map(|thing| (Timestamp::now(), thing.what)));
        known
    }
}

impl<T: Clone> Thing<T> {
    fn listed(&mut self) -> Option<T> {
        if self.late > 0 {
            self.late -= 1;
            return None;
        }
        if let Some((0, lists)) = &mut self.going {
            *lists = lists.saturating_sub(1);
        }
        Some(self.what.clone())
    }

    fn looked_at(&mut self) -> Option<T> {
        match &mut self.going {
            Some((0, _)) => return None,
            Some((looks, _)) => *looks -= 1,
            None => {}
        }
        (self.late == 0).then(|| self.what.clone())
    }
}

fn machine(id: String, name: &str, markers: Option<Markers>) -> Machine {
    Machine { created_at: Some(Timestamp::now()), markers, ..Machine::new(id, name, "fake", "running") }
}

fn capabilities(list_lag: Duration) -> Capabilities {
    let minimal = Capabilities::minimal();
    let limits = Limits { volumes_per_machine: None, ..minimal.limits };
    Capabilities {
        list_lag,
        adopt: true,
        attach_live: true,
        attach_stopped: true,
        price_source: PriceSource::Free,
        limits,
        ..minimal
    }
}
