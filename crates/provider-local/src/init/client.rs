//! One connection of a client.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use machine_core::ExitStatus;
use machine_sys::{Child, Pid};
use rustix::event::PollFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::environment::Surroundings;
use super::launch::{Launch, Outcome, Started, Stdio};
use crate::framing::{Inbox, Received, send};
use crate::wire::{ExecRequest, Reply, Request};

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: UnixStream,
    inbox: Inbox,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Has not said what it wants; is let go at this time.
    Silent(Instant),
    /// Its command is on its way; or has ended already, before anybody has heard whether it was executed.
    Starting(Started, Option<ExitStatus>),
    /// Its command runs.
    Running(Child),
    /// Only wants to see the machine end.
    Watching,
    /// Is to be let go.
    Done,
}

/// What a client wants of the machine as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing (any more).
    None,
    /// That its own command gets a signal.
    Tell(i32),
    /// That it ends, by that signal to begin with.
    Stop(Option<i32>, Duration),
}

impl Client {
    /// A connection that was just accepted.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, inbox: Inbox::default(), state: State::Silent(Instant::now() + PATIENCE) })
    }

    /// What to wait for: the connection, and the verdict on its command.
    pub(super) fn interests(&self) -> impl Iterator<Item = (BorrowedFd<'_>, PollFlags)> {
        let verdict = match &self.state {
            State::Starting(started, _) => Some(started.verdict()),
            _ => None,
        };
        [Some(self.stream.as_fd()), verdict].into_iter().flatten().map(|fd| (fd, PollFlags::IN))
    }

    /// When it has to have spoken.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Silent(deadline) => Some(deadline),
            _ => None,
        }
    }

    /// Whether it can be let go.
    pub(super) fn is_done(&self) -> bool {
        match self.state {
            State::Done => true,
            State::Silent(deadline) => Instant::now() >= deadline,
            _ => false,
        }
    }

    /// Reads what has come and does it.
    pub(super) fn serve(&mut self, surroundings: &Surroundings) -> Wish {
        match self.try_serve(surroundings) {
            Ok(wish) => wish,
            Err(error) => {
                // Whatever it was about, the conversation has lost its thread.
                self.fail(format!("the machine does not understand: {}", crate::fault::reason(&error)), None);
                self.hang_up();
                Wish::None
            }
        }
    }

    fn try_serve(&mut self, surroundings: &Surroundings) -> io::Result<Wish> {
        let mut wish = Wish::None;
        loop {
            match self.inbox.receive(&self.stream)? {
                Received::Bytes => {}
                Received::Nothing => return Ok(wish),
                Received::End => {
                    self.hang_up();
                    return Ok(wish);
                }
            }
            while let Some((request, fds)) = self.inbox.next()? {
                match self.meet(request, fds, surroundings)? {
                    Wish::None => {}
                    wished => wish = wished,
                }
            }
        }
    }

    fn meet(&mut self, request: Request, fds: Vec<OwnedFd>, surroundings: &Surroundings) -> io::Result<Wish> {
        match (request, &self.state) {
            (Request::Exec(request), State::Silent(_)) => self.exec(request, fds, surroundings),
            (Request::Signal(signal), State::Starting(started, _)) => signal_group(started.child(), signal),
            (Request::Signal(signal), State::Running(child)) => signal_group(child, signal),
            // Its command has ended; the signal and the news have crossed.
            (Request::Signal(_), State::Done) => {}
            (Request::Watch, State::Silent(_)) => self.state = State::Watching,
            (Request::Socket, State::Silent(_)) => {
                let kind = SocketFlags::CLOEXEC;
                let socket = socket_with(AddressFamily::INET, SocketType::STREAM, kind, None)?;
                send(&self.stream, &Reply::Socket, &[socket.as_fd()])?;
                self.state = State::Done;
            }
            (Request::Tell(signal), State::Silent(_)) => {
                self.state = State::Done;
                return Ok(Wish::Tell(signal));
            }
            (Request::Stop { signal, grace_ms }, State::Silent(_)) => {
                self.state = State::Watching;
                return Ok(Wish::Stop(signal, Duration::from_millis(grace_ms)));
            }
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "one request per connection")),
        }
        Ok(Wish::None)
    }

    fn exec(&mut self, request: ExecRequest, fds: Vec<OwnedFd>, surroundings: &Surroundings) {
        let stdio = match (request.tty, <[OwnedFd; 3]>::try_from(fds)) {
            (Some(_), Err(fds)) if fds.is_empty() => Stdio::Terminal,
            (None, Ok(fds)) => Stdio::Given(fds),
            _ => return self.fail("a command comes with three descriptors or with a terminal".to_owned(), None),
        };
        let ExecRequest { command, env, workdir, tty } = request;
        match (Launch { command, env, workdir, stdio, tty }).begin(surroundings) {
            Ok(started) => self.state = State::Starting(started, None),
            Err(error) => self.fail(format!("cannot make a process: {}", crate::fault::reason(&error)), None),
        }
    }

    /// Hears whether its command runs.
    pub(super) fn hear_verdict(&mut self) {
        let State::Starting(mut started, ended) = std::mem::replace(&mut self.state, State::Done) else { return };
        let master = started.master.take();
        match started.finish() {
            Ok(Outcome::Runs(child)) => {
                let fds: Vec<BorrowedFd<'_>> = master.iter().map(|master| master.as_fd()).collect();
                let told = send(&self.stream, &Reply::Started, &fds);
                self.state = State::Running(child);
                match ended {
                    Some(status) => self.ended(status),
                    None if told.is_err() => self.hang_up(),
                    None => {}
                }
            }
            Ok(Outcome::Refused { message, code }) => self.fail(message, code),
            Err(error) => self.fail(format!("cannot start the command: {}", crate::fault::reason(&error)), None),
        }
    }

    /// The pid of its command.
    pub(super) fn pid(&self) -> Option<Pid> {
        match &self.state {
            State::Starting(started, None) => Some(started.child().pid),
            State::Running(child) => Some(child.pid),
            _ => None,
        }
    }

    /// Its command has ended.
    pub(super) fn ended(&mut self, status: ExitStatus) {
        if let State::Starting(_, ended) = &mut self.state {
            *ended = Some(status);
            return;
        }
        self.state = State::Done;
        // A client that has gone meanwhile does not want to know.
        let _ = send(&self.stream, &Reply::Exited(status), &[]);
    }

    /// The client went away: so does the terminal, or what stands for one, of its command.
    fn hang_up(&mut self) {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Running(child) => signal_group(&child, rustix::process::Signal::HUP.as_raw()),
            State::Starting(started, None) => signal_group(started.child(), rustix::process::Signal::HUP.as_raw()),
            _ => {}
        }
    }

    fn fail(&mut self, message: String, code: Option<i32>) {
        let _ = send(&self.stream, &Reply::Failed { message, code }, &[]);
        if matches!(self.state, State::Silent(_)) {
            self.state = State::Done;
        }
    }
}

/// Signals a command and what it has started: the process group that it leads. A wrong number or a dead process is not an
/// error to anybody.
fn signal_group(child: &Child, signal: i32) {
    let group = rustix::process::Signal::from_named_raw(signal)
        .map(|signal| rustix::process::kill_process_group(child.pid, signal));
    if !matches!(group, Some(Ok(()))) {
        // It does not lead a group yet, or the signal is one of the real-time ones.
        let _ = child.signal(signal);
    }
}
