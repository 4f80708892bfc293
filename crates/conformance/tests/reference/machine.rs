//! A machine in the cloud's own records, and as it is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use machine_core::{
    Addresses, Error, ErrorKind, ExitStatus, LogLine, Machine, MachineId, MachineSpec, MachineState, Markers, Result,
    SizeRequest, VolumeMount,
};

use crate::breakage::Breakage;
use crate::parts;
use crate::provider::KIND;
use crate::world::World;

/// A machine in the cloud's own records.
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) raw: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) tags: Vec<String>,
    pub(crate) markers: Option<Markers>,
    pub(crate) volumes: Vec<VolumeMount>,
    pub(crate) spec: Option<MachineSpec>,
    pub(crate) exit: Option<ExitStatus>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    /// When it shows in lists.
    shows_at: Instant,
    /// The process groups of all that runs in it.
    pub(crate) groups: BTreeSet<i32>,
    /// Whether its own command runs, or what it wrote is still being read.
    pub(crate) busy: bool,
    /// Whether somebody asked it to end.
    pub(crate) stopping: bool,
}

impl Held {
    pub(crate) fn new(id: String, name: &str, late: Duration) -> Self {
        Self {
            id,
            name: name.to_owned(),
            raw: "stopped".to_owned(),
            labels: BTreeMap::new(),
            tags: Vec::new(),
            markers: None,
            volumes: Vec::new(),
            spec: None,
            exit: None,
            log: Vec::new(),
            created_at: Timestamp::now(),
            started_at: None,
            shows_at: Instant::now() + late,
            groups: BTreeSet::new(),
            busy: false,
            stopping: false,
        }
    }

    pub(crate) fn shows(&self) -> bool {
        self.shows_at <= Instant::now()
    }

    pub(crate) fn runs(&self) -> bool {
        self.raw == "running"
    }

    /// The size that it was made in.
    fn size(&self) -> Option<machine_core::Size> {
        let request = self.spec.as_ref().map_or(&SizeRequest::Default, |spec| &spec.size);
        parts::size(request)
    }

    /// The machine in the words of every provider.
    pub(crate) fn show(&self, world: &World) -> Result<Machine> {
        let state = MachineState::from(self.raw.as_str());
        if world.breaks(Breakage::UnknownStateIsAnError) && matches!(state, MachineState::Other(_)) {
            return Err(Error::new(ErrorKind::Protocol, format!("there is no state `{}`", self.raw)));
        }
        let mut labels = self.labels.clone();
        if let (true, Some(markers)) = (world.breaks(Breakage::MarkersLeakIntoLabels), &self.markers) {
            labels.insert("machine-owner".to_owned(), markers.owner.to_string());
        }
        let size = self.size();
        Ok(Machine {
            id: MachineId::new(self.id.clone()),
            name: self.name.clone(),
            provider: KIND.to_owned(),
            state,
            raw_state: self.raw.clone(),
            region: Some("here".to_owned()),
            price: size.as_ref().and_then(|size| size.price),
            size: size.map(|size| size.id),
            image: Some("debian-12-x64".to_owned()),
            created_at: Some(self.created_at),
            started_at: self.started_at,
            addresses: Addresses::default(),
            labels,
            tags: self.tags.clone(),
            markers: self.markers.clone(),
            volumes: self.volumes.clone(),
            exit: self.exit.clone(),
            notes: Vec::new(),
            details: serde_json::Value::Null,
        })
    }
}
