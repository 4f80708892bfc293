//! Starting a job.

use std::ffi::OsString;
use std::sync::Arc;

use machine_core::{Deadline, Error, ErrorKind, Goal, GuestProgram, Lifetime, MachineState, Result, Until};
use machine_fleet::Fleet;
use machine_guest::control::ToGuest;
use machine_guest::frame::Decoder;
use tokio::sync::{mpsc, watch};

use crate::follow::Follower;
use crate::guard::Guard;
use crate::guest::Inside;
use crate::job::{self, EVENTS, INPUT, Job, RUNNING_WITHIN, Tally, WISHES};
use crate::line::{Line, Wishes};
use crate::plan::{Plan, WORK};
use crate::repo::Source;
use crate::{JobEvent, JobSpec, RepoSpec, bare, carry, clone, line, sync};

/// Makes a machine for a job, brings in what it needs, and starts it.
///
/// Repositories of this computer are cloned before the machine is made, so that what cannot be had costs nothing. A machine
/// that was made is destroyed again when anything after that fails, or when this future is dropped.
///
/// # Errors
/// `Invalid` and `Unsupported` before anything is made; else what the provider, git or a file says.
pub async fn start(fleet: &Fleet, spec: JobSpec) -> Result<Job> {
    if fleet.provider().capabilities().guest == GuestProgram::Brought {
        return bare::start(fleet, spec).await;
    }
    let plan = Plan::new(&**fleet.provider(), &spec)?;
    let clones = clone_all(&here(&spec)).await?;
    let lifetime = if spec.keep { Lifetime::Deadline } else { Lifetime::Client };
    let machine = fleet.create(&plan.machine, lifetime, spec.deadline).await?;
    let guard = Guard::new(fleet, machine.id.clone());
    let inside = Arc::new(Inside::new(fleet.provider(), machine.id.clone())?);

    let mut notes = machine.notes.clone();
    let mut line = None;
    if plan.waits {
        if machine.state != MachineState::Running {
            let until = Until { goal: Goal::Running, deadline: Deadline::after(RUNNING_WITHIN) };
            fleet.provider().wait(&machine.id, &until).await?;
        }
        if let Some(from) = &spec.sync {
            notes.extend(sync::sync(&inside, from, &spec.leave_out, WORK).await?.1);
        }
        for repo in here(&spec) {
            let Some(clones) = &clones else { break };
            let name = OsString::from(repo.name());
            notes.extend(carry::send_tree(&inside, clones.path().join(&name), name, WORK).await?.1);
        }
        let mut opened = Line::open(&inside, &plan.key).await?;
        opened.say(&ToGuest::Start).await?;
        line = Some(opened);
    }

    let (events, receiver) = mpsc::channel(EVENTS);
    let (say, heard) = mpsc::channel(WISHES);
    let (acknowledged, seen) = watch::channel(0);
    let (tally, counted) = watch::channel(Tally::default());
    let (input, job_input) = if plan.input {
        let (ours, theirs) = tokio::io::duplex(INPUT);
        (Some(ours), Some(theirs))
    } else {
        (None, None)
    };
    for note in notes {
        // There is room: nobody has sent anything yet, and what does not fit is not worth waiting for.
        let _ = events.try_send(JobEvent::Note(note));
    }
    let follower = Follower {
        inside: Arc::clone(&inside),
        decoder: Decoder::new(plan.key.clone()),
        events,
        acknowledged,
        tally,
        machine_ends: spec.fetch.is_empty() && spec.patch.is_none(),
    };
    let wishes = Wishes { say: heard, acknowledged: seen, input: job_input };
    #[expect(clippy::disallowed_methods, reason = "the job holds both, and they end with it")]
    let tasks = vec![
        tokio::spawn(follower.run()),
        tokio::spawn(line::keep(Arc::clone(&inside), plan.key, line, wishes, spec.grace)),
    ];
    Ok(Job::new(job::Parts {
        guard,
        machine,
        provider: Arc::clone(fleet.provider()),
        inside: Some(inside),
        events: receiver,
        input,
        say,
        tally: counted,
        tasks,
        workdir: plan.workdir,
        patched: plan.patched,
        spec,
    }))
}

/// The repositories that are cloned here.
fn here(spec: &JobSpec) -> Vec<&RepoSpec> {
    spec.repos.iter().filter(|repo| repo.source() == Source::ThisComputer).collect()
}

/// Clones here what the machine does not clone itself. The directory goes when it is dropped.
pub(crate) async fn clone_all(repos: &[&RepoSpec]) -> Result<Option<tempfile::TempDir>> {
    if repos.is_empty() {
        return Ok(None);
    }
    let directory = tempfile::Builder::new().prefix("machine-clone-").tempdir().map_err(|error| {
        Error::new(ErrorKind::System, format!("no directory for clones: {error}")).with_source(error)
    })?;
    for repo in repos {
        clone::clone_here(repo, &directory.path().join(repo.name())).await?;
    }
    Ok(Some(directory))
}
