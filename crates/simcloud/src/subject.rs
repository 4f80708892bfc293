//! A provider before a simulated cloud, as what the conformance suite tests.

mod faults;

use std::io::{Read as _, Write as _};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use machine_conformance::Subject;
use machine_core::{CloudProvider, Error, ErrorKind, MachineId, ResourceKind, Result, Secret};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::builder::{Cloud, SimCloud};
use crate::handle::Handle;
use crate::quirks::Quirks;

/// How many times as fast as the world's the cloud's clock runs: what takes half a minute is over at the first look.
const SPEED: f64 = 120.0;

/// The token of the account that is tested.
const TOKEN: &str = "conformance-account";

/// A token that no simulated cloud accepts.
const BAD_TOKEN: &str = "bad-conformance-account";

/// How a provider is opened: where the cloud is, without a path, and the token of the account.
type Open = dyn Fn(&str, Secret) -> Result<Arc<dyn CloudProvider>> + Send + Sync;

/// A domain of the account.
const DOMAIN: &str = "conformance.example";

/// The app of the account at Fly, which is there: what the suite makes for somebody else comes into it.
const APP: &str = "conformance";

/// A project of the account.
const PROJECT: &str = "conformance";

/// A provider before a simulated cloud. The cloud runs on a thread of its own and ends with this.
pub struct SimSubject {
    open: Box<Open>,
    cloud: Cloud,
    machines: bool,
    /// From the first time on that somebody asks for it.
    played: OnceLock<Result<(Played, Thread), String>>,
}

/// The thread that the cloud runs on.
#[derive(Debug)]
struct Thread {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The cloud, and what the suite's words are in its own.
#[derive(Debug)]
struct Played {
    cloud: Cloud,
    handle: Handle,
}

impl SimSubject {
    /// What `open` opens, before `cloud`. Where no cloud can be played on this computer, every case says so.
    pub fn new(
        cloud: Cloud,
        open: impl Fn(&str, Secret) -> Result<Arc<dyn CloudProvider>> + Send + Sync + 'static,
    ) -> Self {
        Self { open: Box::new(open), cloud, machines: true, played: OnceLock::new() }
    }

    /// Whether something runs for every machine. It does unless told otherwise.
    #[must_use]
    pub fn machines(self, on: bool) -> Self {
        Self { machines: on, ..self }
    }

    fn played(&self) -> &Result<(Played, Thread), String> {
        self.played.get_or_init(|| Played::begin(self.cloud, self.machines))
    }

    fn opened(&self, token: &str) -> Result<Arc<dyn CloudProvider>> {
        let failed = |why: &String| Error::new(ErrorKind::System, format!("no cloud can be played here: {why}"));
        let (played, _) = self.played().as_ref().map_err(failed)?;
        (self.open)(&played.handle.url(), Secret::new(token))
    }
}

impl std::fmt::Debug for SimSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimSubject").field("played", &self.played).finish_non_exhaustive()
    }
}

impl Played {
    /// Starts to play.
    fn begin(cloud: Cloud, machines: bool) -> Result<(Self, Thread), String> {
        let stop = CancellationToken::new();
        let (tell, told) = std::sync::mpsc::channel();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("simcloud".into())
            .spawn(move || play(cloud, machines, &stopped, &tell))
            .map_err(|error| error.to_string())?;
        let thread = Thread { stop, thread: Some(thread) };
        let handle = told.recv().map_err(|error| error.to_string())??;
        let played = Self { cloud, handle };
        played.furnish()?;
        Ok((played, thread))
    }

    /// Makes the domain and the project to play with, which no provider makes, as a client of the cloud.
    fn furnish(&self) -> Result<(), String> {
        match self.cloud {
            Cloud::Fly => self.post("/v1/apps", &json!({ "name": APP, "org_slug": "personal" })),
            Cloud::DigitalOcean => {
                self.post("/v2/domains", &json!({ "name": DOMAIN }))?;
                self.post("/v2/projects", &json!({ "name": PROJECT, "purpose": "Testing" }))
            }
            Cloud::Vultr => self.post("/v2/domains", &json!({ "domain": DOMAIN })),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Result<(), String> {
        let failed = |error: std::io::Error| error.to_string();
        let body = body.to_string();
        let mut stream = std::net::TcpStream::connect(self.handle.0.address).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        if answer.starts_with("HTTP/1.1 2") { Ok(()) } else { Err(format!("{path}: {answer}")) }
    }
}

/// Plays the cloud until it is told to stop.
fn play(
    cloud: Cloud,
    machines: bool,
    stop: &CancellationToken,
    tell: &std::sync::mpsc::Sender<Result<Handle, String>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(tell.send(Err(error.to_string()))),
    };
    runtime.block_on(async {
        let builder = SimCloud::builder().cloud(cloud, 0).speed(SPEED).quirks(Quirks::default());
        let builder = builder.rate_limits(false).machines(machines).record(true);
        match builder.start().await {
            Err(error) => drop(tell.send(Err(error.to_string()))),
            Ok(running) => {
                let handle = running.handle(cloud).ok_or_else(|| "it does not listen".to_owned());
                drop(tell.send(handle));
                stop.cancelled().await;
                running.shutdown().await;
            }
        }
    });
}

/// The list of the truth that has things of that kind.
fn shelf(resource: ResourceKind) -> &'static str {
    match resource {
        ResourceKind::Volume => "volumes",
        ResourceKind::Snapshot => "snapshots",
        ResourceKind::SshKey => "ssh_keys",
        _ => "machines",
    }
}

#[async_trait]
impl machine_conformance::Cloud for Played {
    async fn fault(&self, fault: machine_conformance::Fault) {
        self.handle.plan(&[self.fault_of(fault)]);
    }

    async fn calm(&self) {
        self.handle.calm();
    }

    async fn set_raw_state(&self, id: &MachineId, word: &str) {
        self.handle.set_state(id.as_str(), word);
    }

    async fn seed(&self, count: usize) -> Vec<MachineId> {
        self.handle.seed(count, TOKEN).unwrap_or_default().into_iter().map(MachineId::new).collect()
    }

    fn tells_failed_starts(&self) -> bool {
        // By the action of the creation, which Vultr has not.
        self.cloud == Cloud::DigitalOcean
    }

    fn page_size(&self) -> usize {
        match self.cloud {
            // One page has them all.
            Cloud::Fly => 100,
            Cloud::DigitalOcean => 200,
            Cloud::Vultr => 500,
        }
    }

    async fn made(&self, resource: ResourceKind, name: &str) -> usize {
        if resource == ResourceKind::Snapshot {
            // What was accepted is made a little later.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let truth = self.handle.truth();
        if resource == ResourceKind::DnsRecord {
            return called(&truth["domains"], name);
        }
        let things = truth[shelf(resource)].as_array().map(Vec::as_slice).unwrap_or_default();
        // At Fly the name of a volume has no dashes, and more behind it.
        let other = match (self.cloud, resource) {
            (Cloud::Fly, ResourceKind::Volume) => Some(name.replace('-', "_")),
            _ => None,
        };
        let begins = |thing: &Value| {
            let own = thing["is"]["name"].as_str();
            own.zip(other.as_deref()).is_some_and(|(own, other)| own.starts_with(other))
        };
        things.iter().filter(|thing| holds(thing, name) || begins(thing)).count()
    }

    async fn create_requests(&self, resource: ResourceKind) -> usize {
        let requests = self.handle.requests();
        requests.get(self.create(resource)).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX))
    }

    async fn last_create(&self) -> Option<Value> {
        let operation = self.create(ResourceKind::Machine);
        let last = self.handle.traffic().into_iter().rev().find(|exchange| exchange.operation == operation)?;
        serde_json::from_slice(&last.request).ok()
    }
}

/// How many things below have that name: records are part of their domains.
fn called(value: &Value, name: &str) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| called(item, name)).sum(),
        Value::Object(fields) => {
            let own = usize::from(fields.get("name").is_some_and(|own| own == name));
            own + fields.values().map(|field| called(field, name)).sum::<usize>()
        }
        _ => 0,
    }
}

/// Whether the thing, or anything of it, has that text: clouds call a name by many names.
fn holds(thing: &Value, text: &str) -> bool {
    match thing {
        Value::String(own) => own == text || own.starts_with(&format!("{text} ")),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields.values().any(|field| holds(field, text)),
        _ => false,
    }
}

impl Subject for SimSubject {
    fn open(&self) -> Result<Arc<dyn CloudProvider>> {
        self.opened(TOKEN)
    }

    fn open_with_bad_credential(&self) -> Option<Result<Arc<dyn CloudProvider>>> {
        Some(self.opened(BAD_TOKEN))
    }

    fn cloud(&self) -> Option<&dyn machine_conformance::Cloud> {
        self.played().as_ref().ok().map(|(played, _)| played as &dyn machine_conformance::Cloud)
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn domain(&self) -> Option<String> {
        let (played, _) = self.played().as_ref().ok()?;
        (played.cloud != Cloud::Fly).then(|| DOMAIN.to_owned())
    }

    fn project(&self) -> Option<String> {
        let (played, _) = self.played().as_ref().ok()?;
        (played.cloud == Cloud::DigitalOcean).then(|| PROJECT.to_owned())
    }

    fn now(&self) -> jiff::Timestamp {
        self.played().as_ref().map_or_else(|_| jiff::Timestamp::now(), |(played, _)| played.handle.now())
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(40)
    }
}
