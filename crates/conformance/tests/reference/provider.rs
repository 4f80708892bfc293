//! The reference: a client that keeps every promise, or all but one.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use machine_conformance::Fault;
use machine_core::{
    Account, AccountId, Capabilities, Catalog, CloudProvider, Completeness, Destroyed, Dns, Error, ErrorKind, Exec,
    ExecSession, Found, IntentId, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, MachineState,
    Page, PlannedRequest, Power, Preview, Projects, ProviderInfo, RecordedIntent, ResourceKind, Result, Selector,
    Shell, Snapshots, SshKeys, Until, Volumes,
};
use rustix::process::Signal;

use crate::breakage::Breakage;
use crate::world::World;
use crate::{create, exec, lists, parts, process, volumes};

pub(crate) const KIND: &str = "reference";
/// The credential that is accepted.
pub(crate) const TOKEN: &str = "token-of-the-reference-8d1f";

static INFO: ProviderInfo =
    ProviderInfo { kind: KIND, title: "the reference", documentation: "https://example.org/reference" };

/// A client of one account.
pub(crate) struct Reference {
    pub(crate) world: Arc<World>,
    pub(crate) token: String,
    pub(crate) capabilities: Capabilities,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = if self.world.breaks(Breakage::SecretInDebug) { self.token.as_str() } else { ".." };
        f.debug_struct("Reference").field("token", &token).finish_non_exhaustive()
    }
}

impl Reference {
    /// The machine of that id.
    fn show(&self, id: &MachineId) -> Result<Machine> {
        self.world.machine(id.as_str(), |held| held.show(&self.world))?
    }
}

#[async_trait]
impl CloudProvider for Reference {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        if self.token != TOKEN {
            return Err(Error::new(ErrorKind::Unauthenticated, "the token is not accepted"));
        }
        Ok(Account { id: AccountId::new("1"), name: "the reference's only account".to_owned() })
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        parts::check(&self.world, spec)?;
        match self.send(intent, spec).await {
            Err(_) if self.world.breaks(Breakage::CreateRepeatsItself) => self.send(intent, spec).await,
            answer => answer,
        }
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        if !self.world.breaks(Breakage::PreviewRefusesNothing) {
            parts::check(&self.world, spec)?;
        }
        if self.world.breaks(Breakage::PreviewCreates) {
            self.world.change(|state| *state.requests.entry(ResourceKind::Machine).or_default() += 1);
        }
        let mut body = create::body(spec);
        if self.world.breaks(Breakage::PreviewLies) {
            body["name"] = "another".into();
        }
        if self.world.breaks(Breakage::PreviewShowsSecrets) {
            body["env"] = spec.env.iter().map(|variable| variable.value.to_string_lossy().into_owned()).collect();
        }
        let request = PlannedRequest { method: "POST".to_owned(), path: "/machines".to_owned(), body };
        Ok(Preview { requests: vec![request], ..Preview::default() })
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        let as_of = jiff::Timestamp::now();
        let mut machines = Vec::new();
        let mut pages = lists::pages(Arc::clone(&self.world), Selector::all());
        while let Some(page) = pages.next().await {
            machines.extend(page?.machines);
        }
        machines.retain(|it| it.markers.as_ref().is_some_and(|markers| markers.intent == intent));
        if self.world.breaks(Breakage::FindForgets) {
            machines.clear();
        }
        Ok(Found { machines, completeness: Completeness::Complete, as_of })
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.show(id)
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        lists::pages(Arc::clone(&self.world), which)
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        let world = &self.world;
        world.machine(id.as_str(), |_| ())?;
        for mount in &change.attach {
            volumes::attach(world, id.as_str(), mount)?;
        }
        for volume in &change.detach {
            volumes::detach(world, volume)?;
        }
        world.change_machine(id.as_str(), |held| {
            if world.breaks(Breakage::UpdateClearsLabels) {
                held.labels.clear();
            }
            for (key, value) in &change.labels {
                match value {
                    Some(value) => held.labels.insert(key.clone(), value.clone()),
                    None => held.labels.remove(key),
                };
            }
            held.name = change.name.as_ref().map_or(held.name.clone(), ToString::to_string);
            if let (Some(deadline), Some(markers)) = (change.deadline, &mut held.markers) {
                markers.deadline = deadline;
            }
            if let Some(markers) = &change.markers {
                held.markers = Some(markers.clone());
            }
        })?;
        self.show(id)
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        let mut changed = self.world.changed.subscribe();
        let mut last: Option<Machine> = None;
        loop {
            let machine = match (self.show(id), last.take()) {
                (Ok(machine), _) => machine,
                (Err(error), Some(seen)) if error.kind() == ErrorKind::NotFound => {
                    Machine { state: MachineState::Destroyed, raw_state: "destroyed".to_owned(), ..seen }
                }
                (Err(error), _) => return Err(error),
            };
            if until.goal.reached(&machine) {
                return Ok(machine);
            }
            if until.goal.unreachable(&machine) {
                return Err(Error::new(ErrorKind::Conflict, format!("it is {}", machine.raw_state)));
            }
            last = Some(machine);
            if self.world.breaks(Breakage::WaitIgnoresDeadline) {
                changed.changed().await.ok();
            } else if until.deadline.passed() {
                return Err(Error::new(ErrorKind::Timeout, "the deadline has passed"));
            } else {
                tokio::time::timeout(until.deadline.remaining(), changed.changed()).await.ok();
            }
        }
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        let (world, id) = (&self.world, id.as_str());
        let raw = world.machine(id, |held| held.raw.clone())?;
        match to {
            Power::Start if raw == "suspended" => {
                process::kill_all(world, id, Signal::CONT)?;
                world.change_machine(id, |held| "running".clone_into(&mut held.raw))
            }
            Power::Start if raw == "running" => Ok(()),
            Power::Start => process::start(world, id),
            Power::Stop { .. } if raw == "stopped" => Ok(()),
            Power::Stop { grace } => process::stop(world, id, grace).await,
            Power::Reboot { grace } => {
                process::stop(world, id, grace).await?;
                process::start(world, id)
            }
            _ => {
                process::kill_all(world, id, Signal::STOP)?;
                world.change_machine(id, |held| "suspended".clone_into(&mut held.raw))
            }
        }
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        let gone = self.world.change(|state| {
            volumes::release(state, id.as_str());
            state.machines.remove(id.as_str())
        });
        let Some(held) = gone else {
            if self.world.breaks(Breakage::DestroyNotIdempotent) {
                return Err(Error::not_found("machine", id));
            }
            return Ok(Destroyed::AlreadyGone);
        };
        held.groups.into_iter().for_each(|group| process::kill(group, Signal::KILL));
        match self.world.happens(|fault| *fault == Fault::LoseDestroyAnswer) {
            Some(_) => Err(self.world.lost()),
            None => Ok(Destroyed::Accepted),
        }
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        lists::lines(Arc::clone(&self.world), id.to_string(), how)
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        exec::run(&self.world, id.as_str(), &command)
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        exec::running(&self.world, id.as_str())?;
        Ok(Shell::by_exec(line))
    }

    fn catalog(&self) -> &dyn Catalog {
        self
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn dns(&self) -> Option<&dyn Dns> {
        Some(self)
    }

    fn projects(&self) -> Option<&dyn Projects> {
        Some(self)
    }
}
