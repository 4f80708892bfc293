//! The guest's one loop: it waits for the start, runs the job within its limits, and tells how it ended.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use machine_core::{ExitReason, ExitStatus};
use machine_sys::signals::SignalFd;

use super::door::{Door, Heard};
use super::input::Input;
use super::output::Output;
use super::plan::Plan;
use super::repos::{self, Trouble};
use super::running::Running;
use super::tree::libc_signal::{HUP, INT, KILL, TERM};
use super::{Failure, turn};
use crate::attach::SOCKET;
use crate::control::{ToClient, ToGuest};
use crate::frame::{Evidence, Final, Kind};
use crate::git::Interrupt;
use crate::orders::{Orders, private_path, workspace};

/// How long a client that was promised may take to come before output is no longer held back for it.
const CLIENT_WITHIN: Duration = Duration::from_secs(15);
/// How long the log may take to accept the very last frames.
const LOG_WITHIN: Duration = Duration::from_secs(30);

/// The guest.
#[derive(Debug)]
pub(super) struct Supervisor {
    pub(super) orders: Orders,
    pub(super) signals: SignalFd,
    pub(super) door: Door,
    pub(super) output: Output,
    pub(super) input: Input,
    pub(super) evidence: Evidence,
    /// Somebody asked for the end.
    pub(super) stop: bool,
    /// The client wants the job to start.
    pub(super) start: bool,
    /// The client wants nothing more.
    pub(super) release: bool,
    /// Whether a client has come at all.
    pub(super) met_client: bool,
    began: Instant,
    ran: Option<(Instant, Instant)>,
}

/// Why there is no job to speak of.
enum Early {
    Failure(Failure),
    Stopped,
    Deadline,
}

impl From<Failure> for Early {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Supervisor {
    pub(super) fn new(orders: Orders) -> Result<Self, String> {
        let signals = SignalFd::new(&[TERM, INT, HUP]).map_err(|error| format!("signals: {error}"))?;
        let door = Door::open(&private_path(SOCKET), orders.key.control_token())
            .map_err(|error| format!("the control socket: {error}"))?;
        let mut output = Output::new(orders.key.clone()).map_err(|error| format!("standard output: {error}"))?;
        output.hold_back(orders.client);
        let isolated = std::env::var_os("MACHINE_ISOLATION").is_some_and(|kind| kind == "namespaces");
        Ok(Self {
            input: Input::new(orders.tty.is_some()),
            signals,
            door,
            output,
            evidence: Evidence { isolated, ..Evidence::default() },
            stop: false,
            start: false,
            release: false,
            met_client: false,
            began: Instant::now(),
            ran: None,
            orders,
        })
    }

    /// Does all of it. Returns what the guest exits with.
    pub(super) fn run(mut self) -> u8 {
        let status = match self.work() {
            Ok(status) => status,
            Err(Early::Failure(failure)) => ExitStatus {
                reason: ExitReason::SetupFailed,
                message: Some(failure.message),
                ..ExitStatus::exited(failure.code)
            },
            Err(Early::Stopped) => ExitStatus {
                message: Some("the job was stopped before it started".to_owned()),
                ..ExitStatus::unknown(ExitReason::Stopped)
            },
            Err(Early::Deadline) => ExitStatus {
                message: Some("the machine's deadline passed before the job started".to_owned()),
                ..ExitStatus::unknown(ExitReason::Deadline)
            },
        };
        let code = status.shell_code().unwrap_or(125);
        self.last_word(status);
        self.linger();
        code
    }

    fn work(&mut self) -> Result<ExitStatus, Early> {
        let plan = Plan::new(&self.orders, self.evidence.isolated)?;
        self.await_start()?;
        for repo in std::mem::take(&mut self.orders.repos) {
            repos::provide(&repo, self).map_err(|trouble| match trouble {
                Trouble::Failure(failure) => Early::Failure(failure),
                Trouble::Stopped => self.interruption(),
            })?;
        }
        for directory in std::mem::take(&mut self.orders.baselines) {
            let done = crate::patch::baseline(&workspace().join(directory), self);
            done.map_err(
                |message| if self.interrupted() { self.interruption() } else { Failure::ours(message).into() },
            )?;
        }
        if self.interrupted() {
            return Err(self.interruption());
        }
        let (running, stdin) = Running::fork(&plan, self.orders.stdin, self.orders.tty)?;
        if let Some(stdin) = stdin {
            self.input.connect(stdin);
        }
        let ran_from = Instant::now();
        let status = turn::supervise(self, running);
        self.ran = Some((ran_from, Instant::now()));
        Ok(status)
    }

    fn await_start(&mut self) -> Result<(), Early> {
        let Some(within) = self.orders.start_within_ms else { return Ok(()) };
        let until = self.began + Duration::from_millis(within);
        while !self.start {
            if self.stop || self.past_deadline() {
                return Err(self.interruption());
            }
            if self.release {
                return Err(Failure::ours("the client that made the job gave it up before it started").into());
            }
            if Instant::now() >= until {
                let message = format!("no client came to start the job within {} s", within / 1000);
                return Err(Failure::ours(message).into());
            }
            let wake = self.deadline().map_or(until, |left| until.min(Instant::now() + left));
            let messages = turn::turn(self, None, Some(wake));
            self.hear_early(&messages);
        }
        Ok(())
    }

    /// Why there will be no job, where somebody or the deadline wants it so.
    fn interruption(&self) -> Early {
        if self.stop { Early::Stopped } else { Early::Deadline }
    }

    /// A signal that would end the job ends what comes before the job.
    fn hear_early(&mut self, messages: &[ToGuest]) {
        self.stop |= messages
            .iter()
            .any(|message| matches!(message, ToGuest::Signal(signal) if [HUP, INT, KILL, TERM].contains(&signal.0)));
    }

    /// Whether the orders' deadline has passed.
    pub(super) fn past_deadline(&self) -> bool {
        self.deadline().is_some_and(|left| left.is_zero())
    }

    /// What is left until the orders' deadline, by the wall clock, which is what a deadline is about.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let left = self.orders.deadline?.duration_since(Timestamp::now());
        // Looked at again at least once a minute: the clock may be set, the computer may sleep.
        Some(Duration::try_from(left).unwrap_or(Duration::ZERO).min(Duration::from_mins(1)))
    }

    /// Until when output is held back for a client that was promised and has not come.
    pub(super) fn client_due(&self) -> Option<Instant> {
        (self.orders.client && !self.met_client).then(|| self.began + CLIENT_WITHIN)
    }

    /// Reads what signals and clients say, and gives the client credit for more input.
    pub(super) fn listen(&mut self) -> Vec<ToGuest> {
        while let Ok(Some(_)) = self.signals.read() {
            self.stop = true;
        }
        let mut for_job = Vec::new();
        for heard in self.door.listen() {
            match heard {
                Heard::Arrived { acknowledges } => {
                    self.met_client = true;
                    self.output.hold_back(acknowledges);
                    self.input.forget_credit();
                }
                // Nobody is there to acknowledge: the job runs free.
                Heard::Left => self.output.hold_back(false),
                Heard::Message(ToGuest::Start) => self.start = true,
                Heard::Message(ToGuest::Stop) => self.stop = true,
                Heard::Message(ToGuest::Release) => self.release = true,
                Heard::Message(ToGuest::Ack(number)) => self.output.acknowledge(number),
                Heard::Message(ToGuest::EndOfInput) => self.input.end(),
                Heard::Message(ToGuest::Input(bytes)) => {
                    if !self.input.push(&bytes) {
                        self.door.show_out("more input was sent than there was credit for");
                    }
                }
                Heard::Message(ToGuest::Hello { .. }) => self.door.show_out("one greeting is enough"),
                Heard::Message(message @ (ToGuest::Resize(_) | ToGuest::Signal(_))) => for_job.push(message),
            }
        }
        let has_input = self.orders.stdin || self.orders.tty.is_some();
        if has_input
            && self.door.has_client()
            && let Some(bytes) = self.input.grant()
        {
            self.door.tell(&ToClient::Credit(bytes));
        }
        for_job
    }

    /// Sends the final frame and waits until the log has it.
    fn last_word(&mut self, mut status: ExitStatus) {
        status.at = Some(Timestamp::now());
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let setup = self.ran.map_or_else(|| self.began.elapsed(), |(from, _)| from - self.began);
        let run = self.ran.map(|(from, to)| millis(to - from));
        let last = Final::new(status, millis(setup), run, self.evidence);
        self.output.say(Kind::Final, &last.to_bytes());
        let until = Instant::now() + LOG_WITHIN;
        while self.output.waits_for_log() > 0 && Instant::now() < until {
            turn::turn(self, None, Some(until));
        }
    }

    /// Stays for a client that still wants something of the machine.
    fn linger(&mut self) {
        let Some(linger) = self.orders.linger_ms else { return };
        let until = Instant::now() + Duration::from_millis(linger);
        // A request to end the job has been met; only one that comes now is about the guest.
        self.stop = false;
        while !self.release && !self.stop && Instant::now() < until {
            turn::turn(self, None, Some(until));
        }
    }
}

impl Interrupt for Supervisor {
    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        std::iter::once(self.signals.as_fd()).chain(self.door.watched()).collect()
    }

    fn interrupted(&mut self) -> bool {
        let messages = self.listen();
        self.hear_early(&messages);
        self.stop || self.past_deadline()
    }

    fn left(&self) -> Option<Duration> {
        self.deadline()
    }
}
