//! The other side: what there is in truth, and what is to go wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use machine_conformance::Fault;
use machine_core::{DnsRecord, Effect, Error, ErrorKind, ResourceKind, Result, Snapshot, SshKey, Volume};
use tokio::sync::watch;

use crate::breakage::Breakage;
use crate::machine::Held;

/// One account in a cloud that is played.
pub(crate) struct World {
    /// What its clients do wrong.
    pub(crate) broken: Option<Breakage>,
    state: Mutex<State>,
    /// Tells when anything has changed.
    pub(crate) changed: watch::Sender<()>,
}

/// What there is.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) machines: BTreeMap<String, Held>,
    pub(crate) volumes: Vec<(Volume, Arc<tempfile::TempDir>)>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) keys: Vec<SshKey>,
    pub(crate) records: Vec<DnsRecord>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: HashMap<ResourceKind, usize>,
    pub(crate) last_create: Option<serde_json::Value>,
    ids: u64,
}

impl World {
    pub(crate) fn new(broken: Option<Breakage>) -> Arc<Self> {
        Arc::new(Self { broken, state: Mutex::default(), changed: watch::Sender::new(()) })
    }

    /// Whether this promise is the one that is broken.
    pub(crate) fn breaks(&self, promise: Breakage) -> bool {
        self.broken == Some(promise)
    }

    /// Looks at what there is.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap())
    }

    /// Changes what there is.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let told = change(&mut self.state.lock().unwrap());
        self.changed.send_replace(());
        told
    }

    /// Looks at one machine.
    pub(crate) fn machine<T>(&self, id: &str, look: impl FnOnce(&Held) -> T) -> Result<T> {
        self.look(|state| state.machines.get(id).map(look)).ok_or_else(|| self.not_found("machine", id))
    }

    /// Changes one machine.
    pub(crate) fn change_machine<T>(&self, id: &str, change: impl FnOnce(&mut Held) -> T) -> Result<T> {
        self.change(|state| state.machines.get_mut(id).map(change)).ok_or_else(|| self.not_found("machine", id))
    }

    pub(crate) fn not_found(&self, what: &str, id: &str) -> Error {
        if self.breaks(Breakage::UnknownIdIsProtocolError) {
            return Error::new(ErrorKind::Protocol, "nobody can read this");
        }
        Error::not_found(what, id)
    }

    /// Takes the fault out of what is to happen, where it is there.
    pub(crate) fn happens(&self, which: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.change(|state| {
            let place = state.faults.iter().position(which)?;
            Some(state.faults.remove(place))
        })
    }

    /// A request to create something that is not a machine: `make` puts it there.
    pub(crate) fn create<T>(&self, resource: ResourceKind, make: impl FnOnce(&mut State, String) -> T) -> Result<T> {
        self.change(|state| *state.requests.entry(resource).or_default() += 1);
        if self.happens(|fault| *fault == Fault::RefuseCreate(resource)).is_some() {
            return Err(Error::new(ErrorKind::Quota, "the account has too many of these"));
        }
        let made = self.change(|state| {
            let id = state.new_id();
            make(state, id)
        });
        match self.happens(|fault| *fault == Fault::LoseCreateAnswer(resource)) {
            Some(_) => Err(self.lost()),
            None => Ok(made),
        }
    }

    /// A list of things that are no machines.
    pub(crate) fn list<T>(&self, resource: ResourceKind, look: impl FnOnce(&State) -> Vec<T>) -> Result<Vec<T>> {
        match self.happens(|fault| *fault == Fault::FailList(resource)) {
            Some(_) if self.breaks(Breakage::ListCutShort) => Ok(Vec::new()),
            Some(_) => Err(Error::new(ErrorKind::Upstream, "part of the list cannot be had")),
            None => Ok(self.look(look)),
        }
    }

    /// What is said of an answer that was lost.
    pub(crate) fn lost(&self) -> Error {
        let effect = if self.breaks(Breakage::EffectNotTold) { Effect::None } else { Effect::Unknown };
        Error::new(ErrorKind::Network, "the connection was lost").with_effect(effect)
    }
}

impl State {
    pub(crate) fn new_id(&mut self) -> String {
        self.ids += 1;
        format!("{:012x}", self.ids)
    }
}
