//! A state directory, a local provider in it, a fleet, and helpers to run jobs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use machine_agent::{Finished, Job, JobEvent, JobSpec, Outcome};
use machine_core::{CloudProvider, MachineSpec, ProviderExt as _, Selector};
use machine_fleet::{Fleet, SqliteLedger, StateDir};
use machine_local::{Isolation, LocalConfig, LocalProvider};
use tempfile::TempDir;

use crate::guestless::Guestless;

/// A case: it gets a world and must not panic.
pub(crate) type Case = fn(&World) -> Pin<Box<dyn Future<Output = ()> + '_>>;

pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) directory: TempDir,
}

/// A list of cases.
macro_rules! cases {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), |world| Box::pin($name(world)))),+] };
}
pub(crate) use cases;

/// What kind of machines a case gets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Those of this computer, with our guest in them.
    Guest(Isolation),
    /// Without it: the job is their own command.
    Own,
    /// Without it and without a command: the job runs over their exec.
    Session,
}

/// Runs a case in a world of its own, and looks at what it left behind.
pub(crate) fn run(case: Case, kind: Kind) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new(kind).await;
        tokio::time::timeout(Duration::from_mins(1), case(&world)).await.expect("a case takes less than a minute");
        assert!(world.fleet.finish(machine_core::Deadline::after(Duration::from_secs(20))).await);
        world.is_empty().await;
    });
}

impl World {
    pub(crate) async fn new(kind: Kind) -> Self {
        let isolation = if let Kind::Guest(isolation) = kind { isolation } else { Isolation::Namespaces };
        let directory = tempfile::Builder::new().prefix("machine-agent-").tempdir().unwrap();
        let config = LocalConfig {
            state: Some(directory.path().join("local")),
            helper: Some(std::env::current_exe().unwrap()),
            isolation,
            mounts: Vec::new(),
        };
        let provider: Arc<dyn CloudProvider> = Arc::new(LocalProvider::open(config).unwrap());
        let provider = match kind {
            Kind::Guest(_) => provider,
            Kind::Own | Kind::Session => Guestless::around(provider, matches!(kind, Kind::Own)),
        };
        let state = StateDir::open(directory.path().join("ledger")).unwrap();
        let ledger = Arc::new(SqliteLedger::open(&state).await.unwrap());
        Self { fleet: Fleet::builder(provider, ledger).build(), directory }
    }

    /// Nothing is left: no machine, no open intent.
    async fn is_empty(&self) {
        let (machines, _, _) = self.fleet.provider().list_all(Selector::all()).await.unwrap();
        assert!(machines.is_empty(), "{machines:?}");
        assert!(self.fleet.open_intents().await.unwrap().is_empty());
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) async fn run(&self, spec: JobSpec) -> Told {
        let job = machine_agent::start(&self.fleet, spec).await.unwrap();
        follow(job).await
    }
}

pub(crate) fn shell(script: &str) -> JobSpec {
    let machine = MachineSpec::new("job-1".parse().unwrap());
    JobSpec::new(machine, ["sh", "-c", script].map(Into::into).to_vec())
}

#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) notes: Vec<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) finished: Option<Finished>,
}

impl Told {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn code(&self) -> u8 {
        self.outcome.as_ref().unwrap().exit_code()
    }

    pub(crate) fn finished(&self) -> &Finished {
        self.finished.as_ref().unwrap()
    }

    fn take(&mut self, event: JobEvent) {
        match event {
            JobEvent::Stdout(bytes) => self.stdout.extend_from_slice(&bytes),
            JobEvent::Stderr(bytes) => self.stderr.extend_from_slice(&bytes),
            JobEvent::Note(note) => self.notes.push(note),
            JobEvent::Ended(outcome) => self.outcome = Some(outcome),
            other => panic!("{other:?}"),
        }
    }

    /// Takes events until `enough`, or the end.
    pub(crate) async fn until(&mut self, job: &mut Job, enough: impl Fn(&Self) -> bool) {
        while !enough(self) {
            match job.next().await {
                Some(event) => self.take(event),
                None => return,
            }
        }
    }
}

/// Takes everything that a job tells and finishes it.
pub(crate) async fn follow(mut job: Job) -> Told {
    let mut told = Told::default();
    told.until(&mut job, |_| false).await;
    told.finished = Some(job.finish().await.unwrap());
    told
}
