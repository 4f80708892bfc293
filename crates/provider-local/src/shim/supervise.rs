//! What the shim does while the machine runs, and at its end.

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
use std::time::Instant;

use machine_core::{ExitReason, ExitStatus, Stream};
use machine_sys::signals::SignalFd;
use machine_sys::{Child, Ended};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;

use super::limits::{Limits, oom_kills};
use super::log_store::LogStore;
use super::log_writer::Source;
use super::{complain, finish, refuse, spawn};
use crate::init::{Report, kill_descendants, status_of, timeout};
use crate::isolation::Isolation;
use crate::order::StartFailure;

/// At the end, this many reads at most of what is still in a pipe.
const LAST_READS: usize = 1024;

/// A running machine, as its shim sees it.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) generation: u64,
    pub(super) id: String,
    pub(super) child: Child,
    pub(super) channel: OwnedFd,
    pub(super) output: [OwnedFd; 2],
    pub(super) limits: Limits,
    pub(super) isolation: Isolation,
}

impl Supervisor {
    /// The pid of pid 1, as the computer sees it.
    pub(super) fn init_pid(&self) -> i32 {
        self.child.pid.as_raw_nonzero().get()
    }

    /// Ends a machine that nobody will hear about.
    pub(super) fn abandon(self, failure: StartFailure) -> ExitCode {
        spawn::end(&self.child);
        finish::clean_up(&self.id, &self.limits);
        let message = Some(failure.message.clone());
        finish::record(self.generation, ExitStatus { message, ..ExitStatus::unknown(ExitReason::SetupFailed) });
        refuse(failure)
    }

    /// Stays until the machine has ended, and writes down how.
    pub(super) fn supervise(self) -> ExitCode {
        let Self { generation, id, child, channel, output: [out, err], limits, isolation } = self;
        let mut log = match LogStore::open() {
            Ok(log) => log,
            Err(error) => {
                // Without a place for its output the machine would block on its first full pipe.
                let message = format!("cannot open the log: {}", crate::fault::reason(&error));
                complain(&message);
                spawn::end(&child);
                finish::clean_up(&id, &limits);
                let message = Some(message);
                finish::record(generation, ExitStatus { message, ..ExitStatus::unknown(ExitReason::SetupFailed) });
                return ExitCode::FAILURE;
            }
        };
        let mut sources = [Source::new(Stream::Stdout, out), Source::new(Stream::Stderr, err)];
        if let Err(error) = watch(&child, &mut sources, &mut log) {
            complain(&format!("cannot go on: {}", crate::fault::reason(&error)));
            let _ = child.signal(Signal::KILL.as_raw());
        }
        let ended = machine_sys::wait(child.pid);
        if isolation == Isolation::Process && !kill_descendants() {
            complain("some processes of the machine cannot be killed");
        }
        drain(&mut sources, &mut log);
        let status = verdict(&channel, ended, &limits);
        finish::clean_up(&id, &limits);
        finish::record(generation, status);
        ExitCode::SUCCESS
    }
}

/// Stores output until pid 1 has ended.
fn watch(child: &Child, sources: &mut [Source; 2], log: &mut LogStore) -> io::Result<()> {
    // A computer that shuts down tells everybody; a terminal that closes is none of our business.
    let signals = SignalFd::new(&[Signal::TERM.as_raw(), Signal::INT.as_raw(), Signal::HUP.as_raw()])?;
    // A limit on the size of files is an error of a write, as a full disk is, and no reason to die.
    machine_sys::signals::block(&[Signal::XFSZ.as_raw()])?;
    loop {
        let next = sources.iter().filter_map(Source::deadline).min();
        let next = next.map(|at| timeout(at.saturating_duration_since(Instant::now())));
        let (ended, signalled, ready) = {
            let mut fds = vec![PollFd::new(&child.pidfd, PollFlags::IN), PollFd::new(&signals, PollFlags::IN)];
            fds.extend(sources.iter().filter_map(Source::pipe).map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            match poll(&mut fds, next.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
            let mut ready = fds.iter().skip(2).map(is_ready);
            let mut of = |source: &Source| source.pipe().is_some() && ready.next().unwrap_or(false);
            let [first, second] = &*sources;
            (fds.first().is_some_and(is_ready), fds.get(1).is_some_and(is_ready), [of(first), of(second)])
        };
        for (source, is_ready) in sources.iter_mut().zip(ready) {
            if is_ready {
                source.read(log)?;
            } else if source.deadline().is_some_and(|at| Instant::now() >= at) {
                source.flush(log);
            }
        }
        if signalled {
            while let Some(signal) = signals.read()? {
                if signal != Signal::HUP.as_raw() {
                    child.signal(Signal::TERM.as_raw())?;
                }
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// Stores what was printed before the end. Everybody who could still print is dead.
fn drain(sources: &mut [Source; 2], log: &mut LogStore) {
    for source in sources {
        for _ in 0..LAST_READS {
            match source.read(log) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    complain(&format!("cannot read the last output: {}", crate::fault::reason(&error)));
                    break;
                }
            }
        }
        source.flush(log);
    }
}

/// How the machine ended: what pid 1 said last, or how pid 1 itself ended where it could not say anything.
fn verdict(channel: &OwnedFd, ended: io::Result<Ended>, limits: &Limits) -> ExitStatus {
    match spawn::receive(channel) {
        Ok(Some(Report::Ended(status))) => return status,
        Ok(Some(Report::Failed(failure))) => complain(&failure.message),
        Ok(Some(Report::Running(_)) | None) => {}
        Err(error) => complain(&format!("cannot hear pid 1: {}", crate::fault::reason(&error))),
    }
    match ended {
        Ok(Ended::Signaled(signal)) => {
            let oom = signal == Signal::KILL.as_raw() && was_for_memory(limits);
            let message = Some("pid 1 of the machine was killed".to_owned());
            ExitStatus { oom, message, ..status_of(Ended::Signaled(signal)) }
        }
        // Whatever it exited with, it was not the command's code.
        Ok(Ended::Exited(_)) | Err(_) => {
            let message = Some("pid 1 of the machine failed; see shim.log".to_owned());
            ExitStatus { message, ..ExitStatus::unknown(ExitReason::SupervisorDied) }
        }
    }
}

fn was_for_memory(limits: &Limits) -> bool {
    let events = limits.oom_events().and_then(|mut file| {
        let mut text = Vec::new();
        io::Read::read_to_end(&mut file, &mut text).ok().map(|_| text)
    });
    events.is_some_and(|events| oom_kills(&events) > 0)
}
