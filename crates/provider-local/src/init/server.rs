//! What pid 1 does all the time: reap, serve clients, end.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use machine_core::{ExitReason, ExitStatus};
use machine_sys::signals::SignalFd;
use machine_sys::{Child, Ended};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;

use super::client::{Client, Wish};
use super::environment::Surroundings;
use super::launch::timeout;
use super::{status_of, would_block};

/// The most connections at a time: each has up to three descriptors here, of the 1024 that a process usually may have.
const MAX_CLIENTS: usize = 256;
/// How long nothing is accepted when that failed.
const BREATH: Duration = Duration::from_millis(10);
/// How long the command may take after a `SIGTERM` to init itself, which comes from a computer that shuts down.
const USUAL_GRACE: Duration = Duration::from_secs(10);

/// Pid 1 at work.
#[derive(Debug)]
pub(super) struct Server {
    listener: UnixListener,
    signals: SignalFd,
    channel: OwnedFd,
    surroundings: Surroundings,
    workload: Option<Child>,
    /// There was a command, and this is how it ended.
    ended: Option<ExitStatus>,
    clients: Vec<Client>,
    stop: Option<Stop>,
    oom: Option<File>,
    oom_kills: u64,
}

/// Somebody wants the machine to end.
#[derive(Debug, Clone, Copy)]
struct Stop {
    deadline: Instant,
    killed: bool,
}

impl Server {
    pub(super) fn new(
        listener: UnixListener,
        signals: SignalFd,
        channel: OwnedFd,
        surroundings: Surroundings,
        workload: Option<Child>,
        oom: Option<File>,
    ) -> Self {
        let clients = Vec::new();
        Self { listener, signals, channel, surroundings, workload, ended: None, clients, stop: None, oom, oom_kills: 0 }
    }

    /// Serves until the machine has ended, and says how.
    pub(super) fn serve(&mut self) -> io::Result<ExitStatus> {
        self.listener.set_nonblocking(true)?;
        loop {
            if let Some(status) = self.ended.take() {
                return Ok(status);
            }
            if let (Some(_), None) = (self.stop, &self.workload) {
                // It idled: nothing has an exit code.
                return Ok(ExitStatus { at: Some(jiff::Timestamp::now()), ..ExitStatus::unknown(ExitReason::Stopped) });
            }
            self.kill_when_due()?;
            self.wait_and_serve()?;
        }
    }

    fn wait_and_serve(&mut self) -> io::Result<()> {
        let accepts = self.clients.len() < MAX_CLIENTS;
        let next = self.next_deadline().map(|at| timeout(at.saturating_duration_since(Instant::now())));
        let mut fds = vec![
            PollFd::new(&self.signals, PollFlags::IN),
            PollFd::new(&self.channel, PollFlags::empty()),
            PollFd::new(&self.listener, if accepts { PollFlags::IN } else { PollFlags::empty() }),
        ];
        let mut whose = Vec::new();
        for (index, client) in self.clients.iter().enumerate() {
            for (order, (fd, flags)) in client.interests().enumerate() {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                whose.push((index, order));
            }
        }
        match poll(&mut fds, next.as_ref()) {
            Err(rustix::io::Errno::INTR) => return Ok(()),
            other => other?,
        };
        let [signals, channel, listener, clients @ ..] = fds.as_slice() else { return Ok(()) };
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let (signalled, shim_died, asked) = (ready(signals), ready(channel), ready(listener));
        let served: Vec<(usize, usize)> =
            clients.iter().zip(whose).filter(|(fd, _)| ready(fd)).map(|(_, whose)| whose).collect();
        if shim_died {
            return Err(io::Error::other("the shim has died"));
        }
        for (index, order) in served {
            self.serve_client(index, order);
        }
        if signalled {
            self.take_signals()?;
        }
        if asked {
            self.accept()?;
        }
        self.clients.retain(|client| !client.is_done());
        Ok(())
    }

    fn next_deadline(&self) -> Option<Instant> {
        let stop = self.stop.filter(|stop| !stop.killed).map(|stop| stop.deadline);
        self.clients.iter().filter_map(Client::deadline).chain(stop).min()
    }

    fn serve_client(&mut self, index: usize, order: usize) {
        let Some(client) = self.clients.get_mut(index) else { return };
        if order > 0 {
            client.hear_verdict();
            return;
        }
        match client.serve(&self.surroundings) {
            Wish::None => {}
            Wish::Stop(signal, grace) => self.begin_stop(signal, grace),
            Wish::Tell(signal) => {
                // One that has ended needs no signal, and a number that is none does nothing.
                let _ = self.workload.as_ref().map(|workload| workload.signal(signal));
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.clients.push(Client::new(stream)?),
                Err(error) if would_block(&error) => return Ok(()),
                // The client has gone already; or descriptors are short, and somebody has to let go of some first.
                Err(_) => {
                    std::thread::sleep(BREATH);
                    return Ok(());
                }
            }
            if self.clients.len() >= MAX_CLIENTS {
                return Ok(());
            }
        }
    }

    fn take_signals(&mut self) -> io::Result<()> {
        while let Some(signal) = self.signals.read()? {
            if signal != Signal::CHILD.as_raw() {
                self.begin_stop(None, USUAL_GRACE);
            }
        }
        self.reap()
    }

    fn reap(&mut self) -> io::Result<()> {
        while let Some((pid, ended)) = machine_sys::wait_any()? {
            let mut status = status_of(ended);
            status.oom = is_a_kill(ended) && self.was_for_memory();
            if self.workload.as_ref().is_some_and(|child| child.pid == pid) {
                if self.stop.is_some() {
                    status = ExitStatus { reason: ExitReason::Stopped, oom: false, ..status };
                }
                self.workload = None;
                self.ended = Some(status);
            } else if let Some(client) = self.clients.iter_mut().find(|client| client.pid() == Some(pid)) {
                client.ended(status);
            }
        }
        Ok(())
    }

    /// Whether the kernel has killed something for want of memory since the last time that somebody asked.
    fn was_for_memory(&mut self) -> bool {
        let Some(file) = &self.oom else { return false };
        let mut text = [0; 1024];
        let Ok(read) = file.read_at(&mut text, 0) else { return false };
        let kills = crate::shim::oom_kills(&text[..read]);
        std::mem::replace(&mut self.oom_kills, kills) < kills
    }

    fn begin_stop(&mut self, signal: Option<i32>, grace: Duration) {
        let deadline = Instant::now().checked_add(grace).unwrap_or_else(|| Instant::now() + Duration::from_hours(24));
        // A second one may shorten the time that is left, and never prolong it.
        let deadline = self.stop.map_or(deadline, |stop| stop.deadline.min(deadline));
        let killed = self.stop.is_some_and(|stop| stop.killed);
        if let (None, Some(workload)) = (self.stop, &self.workload) {
            let _ = workload.signal(signal.unwrap_or(Signal::TERM.as_raw()));
        }
        self.stop = Some(Stop { deadline, killed });
    }

    fn kill_when_due(&mut self) -> io::Result<()> {
        if let (Some(stop), Some(workload)) = (&mut self.stop, &self.workload)
            && !stop.killed
            && Instant::now() >= stop.deadline
        {
            stop.killed = true;
            workload.signal(Signal::KILL.as_raw())?;
        }
        Ok(())
    }
}

/// Whether a kill is what ended it, or what it passes on with its own exit: so do shells, and the supervisor of a job.
fn is_a_kill(ended: Ended) -> bool {
    let kill = Signal::KILL.as_raw();
    ended == Ended::Signaled(kill) || ended == Ended::Exited(128 + kill)
}
