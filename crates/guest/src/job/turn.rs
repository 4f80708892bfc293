//! One turn of the guest's loop, and the loop around a running job.

use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use machine_core::{ExitReason, ExitStatus};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::link::{Order, Received, Report};
use super::running::Running;
use super::supervisor::Supervisor;
use super::tree::end_descendants;
use super::tree::libc_signal::{KILL, TERM};
use crate::control::{ToClient, ToGuest};
use crate::frame::{Kind, Started};

/// How long job-init may take to obey before it is killed itself.
const OBEY_WITHIN: Duration = Duration::from_secs(5);
/// How long output may still come after everything that belongs to the job has ended.
const DRAIN_WITHIN: Duration = Duration::from_millis(500);

/// Waits until something happens or `until` comes, and deals with it. What is for the job is returned.
pub(super) fn turn(supervisor: &mut Supervisor, job: Option<&Running>, until: Option<Instant>) -> Vec<ToGuest> {
    let now = Instant::now();
    let reads = job.is_some() && supervisor.output.wants_more();
    let until = [until, supervisor.output.due(), supervisor.client_due()].into_iter().flatten().min();
    let mut fds: Vec<PollFd<'_>> = Vec::with_capacity(10);
    fds.push(PollFd::new(&supervisor.signals, PollFlags::IN));
    fds.extend(supervisor.door.watched().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
    if supervisor.output.waits_for_log() > 0 {
        fds.push(PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::OUT));
    }
    fds.extend(supervisor.input.watched().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::OUT)));
    if let Some(job) = job {
        fds.push(PollFd::new(&job.link, PollFlags::IN));
        fds.push(PollFd::new(&job.init.pidfd, PollFlags::IN));
        if reads {
            let outputs = job.stdout.iter().chain(&job.stderr);
            fds.extend(outputs.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
        }
    }
    let timeout = until.map(|until| {
        let left = until.saturating_duration_since(now);
        Timespec { tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() }
    });
    // An error can only be an interruption or a want of memory; either way the next turn looks again.
    if poll(&mut fds, timeout.as_ref()).is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
    if supervisor.client_due().is_some_and(|due| Instant::now() >= due) {
        supervisor.output.hold_back(false);
        supervisor.met_client = true;
    }
    supervisor.output.flush_due();
    supervisor.output.write();
    if supervisor.input.write() {
        supervisor.door.tell(&ToClient::InputClosed);
    }
    supervisor.listen()
}

/// How the job is being ended by us.
struct Ending {
    reason: ExitReason,
    kill_at: Instant,
    killed: Option<Instant>,
}

/// Sees a job to its end.
pub(super) fn supervise(supervisor: &mut Supervisor, mut job: Running) -> ExitStatus {
    let started = Instant::now();
    let limit = supervisor.orders.timeout_ms.map(|ms| started + Duration::from_millis(ms));
    let mut ending: Option<Ending> = None;
    let mut report = None;
    loop {
        let now = Instant::now();
        let deadline = supervisor.deadline();
        if ending.is_none() {
            let reason = match () {
                () if supervisor.stop => Some(ExitReason::Stopped),
                () if limit.is_some_and(|limit| now >= limit) => Some(ExitReason::TimedOut),
                () if supervisor.past_deadline() => Some(ExitReason::Deadline),
                () => None,
            };
            ending = reason.map(|reason| {
                job.link.send(&Order::Signal(TERM));
                let kill_at = now + Duration::from_millis(supervisor.orders.grace_ms);
                Ending { reason, kill_at, killed: None }
            });
        }
        if let Some(ending) = &mut ending {
            match ending.killed {
                None if now >= ending.kill_at => {
                    job.link.send(&Order::Kill);
                    ending.killed = Some(now);
                }
                Some(killed) if now >= killed + OBEY_WITHIN => drop(job.init.signal(KILL)),
                _ => {}
            }
        }
        let until = match &ending {
            None => [limit, deadline.map(|left| now + left)].into_iter().flatten().min(),
            Some(Ending { killed: Some(_), .. }) => Some(now + Duration::from_millis(100)),
            Some(Ending { kill_at, .. }) => Some(*kill_at),
        };
        for message in turn(supervisor, Some(&job), until) {
            match message {
                ToGuest::Resize(size) => job.resize(size),
                ToGuest::Signal(signal) => job.link.send(&Order::Signal(signal.0)),
                _ => {}
            }
        }
        while let Received::Message(message) = job.link.receive::<Report>() {
            match message {
                Report::Started => say_started(supervisor),
                other => report = Some(other),
            }
        }
        if supervisor.output.wants_more() {
            read_output(supervisor, &mut job);
        }
        if machine_sys::has_ended(&job.init.pidfd).unwrap_or(true) {
            break;
        }
    }
    // What was said last may have come between the last look and the end.
    while let Received::Message(message) = job.link.receive::<Report>() {
        match message {
            Report::Started => say_started(supervisor),
            other => report = Some(other),
        }
    }
    drop(machine_sys::wait(job.init.pid));
    if !supervisor.evidence.isolated && report.is_none() {
        // job-init was killed and could not clean up; its children are ours now.
        end_descendants();
    }
    drain(supervisor, &mut job);
    status(supervisor, report, ending)
}

fn say_started(supervisor: &mut Supervisor) {
    let started = Started { at: Timestamp::now(), isolated: supervisor.evidence.isolated };
    supervisor.output.say(Kind::Started, &serde_json::to_vec(&started).unwrap_or_default());
}

fn status(supervisor: &mut Supervisor, report: Option<Report>, ending: Option<Ending>) -> ExitStatus {
    let mut status = match report {
        Some(Report::Exited(code)) => ExitStatus::exited(code),
        Some(Report::Signaled(signal)) => ExitStatus::signaled(signal),
        Some(Report::Failed(failure)) => ExitStatus {
            reason: ExitReason::SetupFailed,
            message: Some(failure.message),
            ..ExitStatus::exited(failure.code)
        },
        Some(Report::Started) | None => {
            supervisor.evidence.init_died = true;
            let ours = ending.as_ref().is_some_and(|ending| ending.killed.is_some());
            if ours {
                ExitStatus::signaled(KILL)
            } else {
                ExitStatus {
                    message: Some("the process that held the job was killed, so its end was not seen".to_owned()),
                    ..ExitStatus::unknown(ExitReason::SupervisorDied)
                }
            }
        }
    };
    if let Some(ending) = ending
        && status.reason != ExitReason::SetupFailed
        && status.reason != ExitReason::SupervisorDied
    {
        status.reason = ending.reason;
    }
    status
}

/// Takes what the job has written, at most a frame of each stream, so that nobody else has to wait.
fn read_output(supervisor: &mut Supervisor, job: &mut Running) -> bool {
    let mut read_any = false;
    for (kind, end) in [(Kind::Stdout, &mut job.stdout), (Kind::Stderr, &mut job.stderr)] {
        let Some(fd) = &*end else { continue };
        let mut buffer = [0; crate::frame::MAX_PAYLOAD];
        let room = supervisor.output.room(kind);
        match rustix::io::read(fd, &mut buffer[..room]) {
            Ok(0) => *end = None,
            Ok(read) => {
                read_any = true;
                supervisor.output.push(kind, buffer.get(..read).unwrap_or_default());
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => *end = None,
        }
    }
    read_any
}

/// Takes what is left of the output. Whoever wrote it is gone, so its end comes at once; unless somebody got away with it.
fn drain(supervisor: &mut Supervisor, job: &mut Running) {
    let until = Instant::now() + DRAIN_WITHIN;
    while job.stdout.is_some() || job.stderr.is_some() {
        if read_output(supervisor, job) {
            while supervisor.output.waits_for_log() > 0 {
                turn(supervisor, None, Some(Instant::now() + Duration::from_secs(1)));
            }
            continue;
        }
        // A terminal stays open on our side and has no end; nothing to read is all there was.
        if job.has_terminal() {
            break;
        }
        if Instant::now() >= until {
            supervisor.evidence.output_cut = true;
            break;
        }
        if job.stdout.is_some() || job.stderr.is_some() {
            turn(supervisor, Some(job), Some(until));
        }
    }
    supervisor.output.flush();
}
