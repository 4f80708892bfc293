//! Jobs on machines that have no guest of ours. The job is the machine's own command where the cloud takes one, and a
//! command over its exec where that is as good as a terminal. Either way the supervisor is the cloud's (or the machine's
//! ssh server), so that its word, and never a text, decides how the job ended; what only a guest can do is refused.

mod bring;
mod own;
mod session;

use std::time::Duration;

use jiff::Timestamp;
use machine_core::{Capabilities, CloudProvider, Error, Lifetime, OsText, Result, Transport};
use machine_fleet::Fleet;
use tokio::sync::{mpsc, watch};

use crate::guard::Guard;
use crate::job::{EVENTS, INPUT, Job, Parts, Tally, WISHES};
use crate::plan::check_command;
use crate::start::clone_all;
use crate::{JobEvent, JobSpec, Outcome};

/// Who runs the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The machine: the job is its own command.
    Own,
    /// Whoever runs commands in it for us.
    Session,
}

/// Makes a machine for a job that will have no guest, and starts it.
///
/// # Errors
/// As [`start`](crate::start) has it.
pub(crate) async fn start(fleet: &Fleet, spec: JobSpec) -> Result<Job> {
    let way = choose(&**fleet.provider(), &spec)?;
    let clones = clone_all(&spec.repos.iter().collect::<Vec<_>>()).await?;
    let mut machine = spec.machine.clone();
    let mut notes = Vec::new();
    // Whether the machine's own command waits until it is told what the job needs.
    let waits = way == Way::Own
        && bring::possible(fleet.provider().capabilities())
        && (bring::has_files(&spec) || !spec.secrets.is_empty());
    if waits {
        bring::orders(&spec.variables(), None)?;
        machine.command = bring::waiting(&spec.command);
    } else if way == Way::Own {
        machine.command.clone_from(&spec.command);
        machine.workdir.clone_from(&spec.workdir);
        machine.env.extend(spec.variables());
        if !machine.env.is_empty() {
            notes.push(
                "the job's variables stand in the machine's configuration: whoever may see the account's machines can read them"
                    .to_owned(),
            );
        }
    }
    let lifetime = if spec.keep { Lifetime::Deadline } else { Lifetime::Client };
    let machine = fleet.create(&machine, lifetime, spec.deadline).await?;
    let guard = Guard::new(fleet, machine.id.clone());
    let provider = std::sync::Arc::clone(fleet.provider());
    notes.extend(machine.notes.iter().cloned());
    if waits || bring::has_files(&spec) {
        bring::ready(&*provider, &machine).await?;
        let clones = clones.as_ref().map(tempfile::TempDir::path);
        notes.extend(bring::files(&provider, &machine, &spec, clones).await?);
    }
    if waits {
        bring::tell(&provider, &machine, &spec).await?;
    }

    let (events, receiver) = mpsc::channel(EVENTS);
    let (say, heard) = mpsc::channel(WISHES);
    let (tally, counted) = watch::channel(Tally::default());
    for note in notes {
        // There is room: nobody has sent anything yet, and what does not fit is not worth waiting for.
        let _ = events.try_send(JobEvent::Note(note));
    }
    let told = Told { events, tally };
    let mut input = None;
    let task = match way {
        Way::Own => {
            let own = own::Own { provider: std::sync::Arc::clone(&provider), machine: machine.id.clone(), say: heard };
            spawn(own.run(told, limit_of(&spec), spec.grace))
        }
        Way::Session => {
            bring::running(&*provider, &machine).await?;
            let opened = session::open(&*provider, &machine.id, &spec).await?;
            let job_input = (spec.stdin || spec.tty.is_some()).then(|| {
                let (ours, theirs) = tokio::io::duplex(INPUT);
                input = Some(ours);
                theirs
            });
            let session = session::Session { opened, say: heard, input: job_input };
            spawn(session.run(told, limit_of(&spec), spec.grace))
        }
    };
    Ok(Job::new(Parts {
        guard,
        machine,
        provider,
        inside: None,
        events: receiver,
        input,
        say,
        tally: counted,
        tasks: vec![task],
        workdir: bring::place(&spec).unwrap_or_else(|| OsText::from(".")),
        patched: Vec::new(),
        spec,
    }))
}

#[expect(clippy::disallowed_methods, reason = "the job holds it, and it ends with the job")]
fn spawn(task: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
    tokio::spawn(task)
}

/// How the job can be run.
///
/// # Errors
/// `Invalid` for no command, `Unsupported` for what only a guest can do and for clouds that can run nothing.
fn choose(provider: &dyn CloudProvider, spec: &JobSpec) -> Result<Way> {
    check_command(spec)?;
    let kind = provider.info().kind;
    let by_guest = [
        (!spec.fetch.is_empty(), "bring files back after a job"),
        (spec.patch.is_some(), "write a job's changes as a patch"),
    ];
    if let Some((_, what)) = by_guest.into_iter().find(|(wanted, _)| *wanted) {
        return Err(Error::unsupported(kind, what).with_hint(
            "its machines do not have our guest, which does that; create a machine, and use `machine cp` and `machine exec`",
        ));
    }
    let Capabilities { command, exec, exec_limit, exec_stdin, exec_tty, logs, .. } = provider.capabilities();
    if bring::has_files(spec) && !bring::possible(provider.capabilities()) {
        return Err(Error::unsupported(kind, "bring files to a machine before its job"));
    }
    let session = *exec != Transport::None && exec_limit.is_none();
    let own = *command && *logs != Transport::None;
    match (own, session) {
        (true, _) if !spec.stdin && spec.tty.is_none() => Ok(Way::Own),
        (_, true) if (*exec_stdin || !spec.stdin) && (*exec_tty || spec.tty.is_none()) => Ok(Way::Session),
        (true, _) | (_, true) => {
            let what = if spec.tty.is_some() { "give a job a terminal" } else { "give a job our input" };
            Err(Error::unsupported(kind, what))
        }
        (false, false) => Err(Error::unsupported(kind, "run a job")),
    }
}

/// Where a job's events go, and what is known of it in the end.
struct Told {
    events: mpsc::Sender<JobEvent>,
    tally: watch::Sender<Tally>,
}

impl Told {
    async fn emit(&self, event: JobEvent) {
        // Nobody may be listening any more: then what is left of the job still has to be seen to its end.
        let _ = self.events.send(event).await;
    }

    async fn end(self, outcome: Outcome) {
        self.tally.send_replace(Tally { outcome: Some(outcome.clone()), lost: 0, foreign: 0 });
        self.emit(JobEvent::Ended(outcome)).await;
    }
}

/// How long the job may run from now on: its own limit, or what is left until its machine must be gone. No guest sees to that
/// here.
fn limit_of(spec: &JobSpec) -> Option<Duration> {
    let left = spec.deadline.map(|deadline| deadline.duration_since(Timestamp::now()));
    let left = left.map(|left| Duration::try_from(left).unwrap_or(Duration::ZERO));
    [spec.timeout, left].into_iter().flatten().min()
}

/// Sleeps until the limit of a job that has one.
async fn limit(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}
