//! What is done on this computer for a machine of a cloud.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{
    CloudProvider as _, Deadline, EnvVar, Error, ErrorKind, ExitReason, ExitStatus, FileSpec, Goal, IntentDraft,
    Lifetime, LogOptions, Machine, MachineId, MachineName, MachineSpec, MachineState, Mount, Network, OsText, OwnerId,
    Port, Power, ProviderExt as _, RecordedIntent, ResourceKind, Result, Selector, Signal, SizeRequest, Until,
    VolatileIntents, VolumeId, VolumeMount, VolumeSpec,
};
use machine_local::{LocalConfig, LocalOptions, LocalProvider};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::machines::log::Logs;
use crate::machines::order::{Shape, Storage};
use crate::machines::sweeper::Sweeper;
use crate::machines::{Place, UnderWay};

/// Whose the machines are.
const OWNER: &str = "simcloud";

/// The label that says which machine of the cloud it is.
const ID: &str = "simcloud-id";

/// How many machines are made at a time; more wait.
const AT_A_TIME: usize = 4;

/// How long a machine is waited for that may run for ever.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// How often another try is made at a thing that somebody else is changing.
const TRIES: u32 = 50;

/// What passes: somebody else is changing it.
const BUSY: &[ErrorKind] = &[ErrorKind::Busy];

/// What passes for a volume: a machine has it that is on its way out.
const HELD: &[ErrorKind] = &[ErrorKind::Busy, ErrorKind::Conflict];

/// The pause between two tries.
const BREATH: Duration = Duration::from_millis(50);

/// How long the last lines of a machine may take after its end.
const LAST_LINES: Duration = Duration::from_secs(5);

/// Why a machine does not run.
pub(super) enum NotBooted {
    /// Its command cannot be executed; what a shell would say: 126 or 127.
    Command(i32),
    /// This computer could not make it.
    Host(String),
}

/// The machines of this computer that belong to one cloud.
pub(super) struct Host {
    pub(super) local: LocalProvider,
    pub(super) logs: Logs,
    intents: VolatileIntents,
    /// Which machine of this computer it is, by the cloud's id.
    known: Mutex<HashMap<String, MachineId>>,
    places: Semaphore,
    making: AtomicUsize,
    /// Held while volumes are looked for and made.
    volumes: tokio::sync::Mutex<()>,
    helper: Option<PathBuf>,
    /// The state goes with it, where it is not to be kept.
    passing: Option<TempDir>,
    /// From the first machine on: who ends them all where this process is killed, and the state is not to be kept.
    sweeper: Mutex<Option<Sweeper>>,
}

impl Host {
    pub(super) fn open(place: Place, logs: Logs) -> Result<Self> {
        let failed = |error| Error::io("no directory for the machines of a simulated cloud", error);
        let passing = match &place.state {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("simcloud-").tempdir().map_err(failed)?),
        };
        let dir = match (&place.state, &passing) {
            (Some(dir), _) => dir.clone(),
            (None, Some(passing)) => passing.path().to_owned(),
            (None, None) => PathBuf::new(),
        };
        std::fs::create_dir_all(&dir).map_err(failed)?;
        let state = dir.canonicalize().map_err(failed)?.join("machines");
        let config = LocalConfig { state: Some(state), helper: place.helper.clone(), ..LocalConfig::default() };
        // Nothing of whoever plays the cloud shows in its machines.
        let environment = ["PATH"].iter().filter_map(|name| Some((*name, std::env::var_os(name)?))).collect();
        Ok(Self {
            local: LocalProvider::open_in(config, environment)?,
            logs,
            intents: VolatileIntents::new(OwnerId::new(OWNER)),
            known: Mutex::default(),
            places: Semaphore::new(AT_A_TIME),
            making: AtomicUsize::new(0),
            volumes: tokio::sync::Mutex::default(),
            helper: place.helper,
            passing,
            sweeper: Mutex::default(),
        })
    }

    /// Whether what there is outlives the cloud.
    pub(super) fn is_kept(&self) -> bool {
        self.passing.is_none()
    }

    /// Which machine of this computer is that of the cloud.
    pub(super) fn local_of(&self, id: &str) -> Option<MachineId> {
        self.known().get(id).cloned()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, MachineId>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the machine run. One that is there is started again where its disk is kept, and made anew otherwise.
    pub(super) async fn boot(&self, id: &str, shape: Shape) -> Result<MachineId, NotBooted> {
        let _place = self.places.acquire().await;
        let _making = UnderWay::new(&self.making);
        let there = self.local_of(id);
        match there {
            Some(local) if shape.keeps_disk => self.again(&local, &shape).await.map(|()| local),
            Some(_) => {
                self.forget(id).await;
                self.make(id, shape).await
            }
            None => self.make(id, shape).await,
        }
        .map_err(not_booted)
    }

    async fn make(&self, id: &str, shape: Shape) -> Result<MachineId> {
        let mut volumes = Vec::with_capacity(shape.volumes.len());
        for storage in &shape.volumes {
            volumes.push(VolumeMount { volume: self.volume(storage).await?, path: storage.path.clone() });
        }
        let spec = spec(id, shape, volumes, self.memory().await)?;
        let draft = IntentDraft::machine(&spec, "local", Lifetime::Deadline);
        let intent = RecordedIntent::record(&self.intents, draft).await?;
        // A volume may have to be let go of first by a machine that is on its way out.
        let passing = if spec.volumes.is_empty() { BUSY } else { HELD };
        self.be_swept();
        let machine = patiently(passing, || self.local.create(&intent, &spec)).await?;
        self.known().insert(id.to_owned(), machine.id.clone());
        Ok(machine.id)
    }

    /// Sees to it that nothing is left where this process is killed.
    fn be_swept(&self) {
        let Some(passing) = &self.passing else { return };
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.is_none() {
            match Sweeper::begin(self.helper.as_deref(), passing.path()) {
                Ok(begun) => *sweeper = Some(begun),
                Err(error) => tracing::warn!(%error, "nobody ends the machines of a cloud that is killed"),
            }
        }
    }

    /// Starts a machine that is there, with the volumes that it is to have now.
    async fn again(&self, local: &MachineId, shape: &Shape) -> Result<()> {
        patiently(BUSY, || self.local.power(local, Power::Stop { grace: Duration::ZERO })).await?;
        let Some(shelf) = machine_core::CloudProvider::volumes(&self.local) else { return Ok(()) };
        let has = self.local.get(local).await?.volumes;
        let mut wanted = Vec::with_capacity(shape.volumes.len());
        for storage in &shape.volumes {
            wanted.push(VolumeMount { volume: self.volume(storage).await?, path: storage.path.clone() });
        }
        for mount in has.iter().filter(|mount| !wanted.contains(mount)) {
            shelf.detach(&mount.volume).await?;
        }
        for mount in wanted.iter().filter(|mount| !has.contains(mount)) {
            shelf.attach(local, mount).await?;
        }
        patiently(BUSY, || self.local.power(local, Power::Start)).await
    }

    /// The memory of this computer, in mebibytes.
    async fn memory(&self) -> u64 {
        let sizes = self.local.catalog().sizes().await.unwrap_or_default();
        sizes.iter().map(|size| size.memory_mib).max().unwrap_or(u64::MAX)
    }

    /// The volume of this computer that is that of the cloud; made where it is missing.
    async fn volume(&self, storage: &Storage) -> Result<VolumeId> {
        let _one = self.volumes.lock().await;
        let Some(shelf) = machine_core::CloudProvider::volumes(&self.local) else {
            return Err(Error::new(ErrorKind::Unsupported, "there are no volumes on this computer"));
        };
        let name = name("v", &storage.id)?;
        if let Some(there) = shelf.list().await?.into_iter().find(|volume| volume.name == name.as_str()) {
            return Ok(there.id);
        }
        let draft = IntentDraft {
            resource: ResourceKind::Volume,
            name: name.to_string(),
            provider: "local".to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: None,
        };
        let intent = RecordedIntent::record(&self.intents, draft).await?;
        let spec = VolumeSpec { name, size_gib: storage.size_gib.max(1), region: None };
        Ok(shelf.create(&intent, &spec).await?.id)
    }

    pub(super) async fn drop_volume(&self, id: &str) {
        let (Some(shelf), Ok(name)) = (machine_core::CloudProvider::volumes(&self.local), name("v", id)) else {
            return;
        };
        let _one = self.volumes.lock().await;
        let there = shelf.list().await.unwrap_or_default().into_iter().find(|volume| volume.name == name.as_str());
        if let Some(volume) = there
            && let Err(error) = patiently(HELD, || shelf.destroy(&volume.id)).await
        {
            tracing::warn!(volume = id, %error, "a volume stays");
        }
    }

    /// Waits for the machine's end, and for the last of what it wrote since `since`.
    pub(super) async fn ends(self: Arc<Self>, id: String, local: MachineId, since: Timestamp) -> ExitStatus {
        let how = LogOptions { follow: true, since: Some(since), ..LogOptions::default() };
        let lines = self.logs.follow(&id, self.local.logs(local.clone(), how));
        let until = Until { goal: Goal::Ended, deadline: Deadline::after(FOR_EVER) };
        let ends = self.local.wait(&local, &until);
        tokio::pin!(lines, ends);
        let ended = tokio::select! {
            ended = &mut ends => {
                if tokio::time::timeout(LAST_LINES, &mut lines).await.is_err() {
                    tracing::warn!(machine = id, "the last lines of a machine are lost");
                }
                ended
            }
            () = &mut lines => ends.await,
        };
        match ended {
            Ok(machine) => machine.exit.unwrap_or_else(|| ExitStatus::unknown(ExitReason::Unknown)),
            Err(error) => {
                tracing::debug!(%error, "the end of a machine was not seen");
                ExitStatus::unknown(ExitReason::Unknown)
            }
        }
    }

    pub(super) async fn stop(&self, local: &MachineId, signal: i32, grace: Duration) {
        if let Err(error) = patiently(BUSY, || self.local.stop_by(local, Signal(signal), grace)).await {
            tracing::warn!(machine = %local, %error, "a machine was not stopped");
        }
    }

    pub(super) async fn signal(&self, local: &MachineId, signal: i32) {
        if let Err(error) = self.local.signal(local, Signal(signal)).await {
            tracing::debug!(machine = %local, %error, "a signal was not sent");
        }
    }

    /// Destroys the machine of that id, where there is one.
    pub(super) async fn forget(&self, id: &str) {
        let Some(local) = self.known().remove(id) else { return };
        self.destroy(&local).await;
    }

    async fn destroy(&self, local: &MachineId) {
        if let Err(error) = patiently(BUSY, || self.local.destroy(local)).await {
            tracing::warn!(machine = %local, %error, "a machine was not destroyed");
        }
    }

    pub(super) async fn clear_up(&self, kept: &BTreeSet<String>) -> Result<()> {
        let (machines, _, problems) = self.local.list_all(Selector::all()).await?;
        for problem in problems {
            tracing::warn!(problem, "a machine of an earlier run cannot be read");
        }
        for machine in machines {
            let id = machine.labels.get(ID).cloned().unwrap_or_default();
            let written = self.local.logs(machine.id.clone(), LogOptions::default());
            if kept.contains(&id) {
                self.stop(&machine.id, 9, Duration::ZERO).await;
                self.logs.recall(&id, written).await;
                self.known().insert(id, machine.id);
            } else {
                if machine.state == MachineState::Running {
                    self.stop(&machine.id, 9, Duration::ZERO).await;
                }
                self.logs.recall(&id, written).await;
                self.destroy(&machine.id).await;
            }
        }
        Ok(())
    }

    /// Ends whatever runs, and destroys it unless it is `kept`, also what was only just being made: it looks until twice
    /// there was nothing to end.
    pub(super) async fn sweep(&self, kept: bool) {
        let mut quiet = 0;
        while quiet < 2 {
            let making = self.making.load(Ordering::Acquire) > 0;
            let (machines, ..) = self.local.list_all(Selector::all()).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the machines cannot be listed");
                (Vec::new(), machine_core::Completeness::Partial, Vec::new())
            });
            let ends = machines.iter().filter(|machine| !kept || machine.state == MachineState::Running);
            let ends: Vec<&Machine> = ends.collect();
            for machine in &ends {
                if kept {
                    self.stop(&machine.id, 9, Duration::ZERO).await;
                } else {
                    self.destroy(&machine.id).await;
                }
            }
            quiet = if making || !ends.is_empty() { 0 } else { quiet + 1 };
            tokio::time::sleep(BREATH).await;
        }
    }
}

impl Drop for Host {
    /// The state goes before the sweeper looks at it.
    fn drop(&mut self) {
        self.passing.take();
    }
}

/// Does it again while it fails in a way that passes.
async fn patiently<T, F: Future<Output = Result<T>>>(passing: &[ErrorKind], act: impl Fn() -> F) -> Result<T> {
    let mut tries = 0;
    loop {
        match act().await {
            Err(error) if passing.contains(&error.kind()) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(BREATH).await;
            }
            done => return done,
        }
    }
}

/// What is asked of the provider of this computer.
fn spec(id: &str, shape: Shape, volumes: Vec<VolumeMount>, memory: u64) -> Result<MachineSpec> {
    let mut spec = MachineSpec::new(name("m", id)?);
    spec.command = shape.command.into_iter().map(OsText::from).collect();
    spec.env = shape.env.into_iter().map(|(name, value)| EnvVar::new(name, value)).collect();
    spec.workdir = shape.workdir.map(OsText::from);
    let file =
        |file: crate::machines::File| FileSpec { path: file.path, contents: file.contents.into(), mode: file.mode };
    spec.files = shape.files.into_iter().map(file).collect();
    spec.network = if shape.own_network { Network::None } else { Network::Default };
    spec.ports = shape.ports.into_iter().map(|(host, guest)| Port { host, guest }).collect();
    let mount = |(source, target, writable): (PathBuf, String, bool)| Mount {
        source: OsText::from(source.into_os_string()),
        target: OsText::from(target),
        writable,
    };
    spec.mounts = shape.mounts.into_iter().map(mount).collect();
    spec.volumes = volumes;
    // A size that this computer has not is not missed: the machine has what the computer has.
    if let Some(memory_mib) = shape.memory_mib.filter(|wish| *wish < memory) {
        spec.size = SizeRequest::Need { cpus: None, memory_mib: Some(memory_mib) };
    }
    spec.labels = BTreeMap::from([(ID.to_owned(), id.to_owned())]);
    let hostname = (!shape.hostname.is_empty()).then_some(shape.hostname);
    spec.options.set(&LocalOptions { hostname, address: shape.address, ..LocalOptions::default() })?;
    Ok(spec)
}

/// The name on this computer of what the cloud calls `id`.
fn name(kind: &str, id: &str) -> Result<MachineName> {
    let plain = |letter: char| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_lowercase() || letter.is_ascii_digit() { letter } else { '-' }
    };
    let name = format!("{kind}-{}", id.chars().map(plain).collect::<String>());
    name.parse().map_err(|error| Error::new(ErrorKind::Invalid, format!("{error}")))
}

fn not_booted(error: Error) -> NotBooted {
    let code = error.context().iter().find(|(key, _)| *key == "exit_code").and_then(|(_, code)| code.parse().ok());
    match code {
        Some(code) if error.kind() == ErrorKind::Invalid => NotBooted::Command(code),
        _ => NotBooted::Host(error.to_string()),
    }
}
