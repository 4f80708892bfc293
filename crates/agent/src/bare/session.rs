//! A job that is a command over a machine's exec: the machine itself idles.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{
    CloudProvider, Deadline, Effect, ErrorKind, Exec, ExecControl, ExecEvent, ExecSession, ExecStdin, MachineId,
    Result, Signal,
};
use machine_guest::control::ToGuest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;

use super::{Told, limit};
use crate::job::RUNNING_WITHIN;
use crate::{JobEvent, JobSpec, Outcome};

/// How long nothing is tried after the machine did not answer.
const BREATH: Duration = Duration::from_secs(1);
/// How long a command may take to end once it was killed.
const KILLED_WITHIN: Duration = Duration::from_secs(5);
/// What is read of the input at once.
const PIECE: usize = 32 * 1024;

/// Starts the job's command.
///
/// # Errors
/// What the machine says at last.
pub(super) async fn open(provider: &dyn CloudProvider, machine: &MachineId, spec: &JobSpec) -> Result<ExecSession> {
    let command = Exec {
        command: spec.command.clone(),
        env: spec.variables(),
        workdir: super::bring::place(spec),
        tty: spec.tty,
        stdin: spec.stdin || spec.tty.is_some(),
    };
    patiently(provider, machine, command).await
}

/// Starts a command. A machine that runs may not take commands yet, so that what had no effect is tried again.
///
/// # Errors
/// What the machine says at last.
pub(super) async fn patiently(provider: &dyn CloudProvider, machine: &MachineId, command: Exec) -> Result<ExecSession> {
    let deadline = Deadline::after(RUNNING_WITHIN);
    loop {
        let error = match provider.exec(machine, command.clone()).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let silent = matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Busy);
        if !silent || error.effect() != Effect::None || deadline.passed() {
            return Err(error);
        }
        tracing::debug!(%error, "the machine takes no commands yet");
        tokio::time::sleep(BREATH).await;
    }
}

/// A command that runs.
pub(super) struct Session {
    pub(super) opened: ExecSession,
    pub(super) say: mpsc::Receiver<ToGuest>,
    pub(super) input: Option<DuplexStream>,
}

impl Session {
    /// Tells everything until the job has ended.
    pub(super) async fn run(mut self, told: Told, timeout: Option<Duration>, grace: Duration) {
        let control = Arc::clone(&self.opened.control);
        let feeding = feed(self.opened.stdin.take(), self.input.take());
        let time_is_up = limit(timeout);
        let killing = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(feeding, time_is_up, killing);
        let (mut ended_by, mut ending, mut killed) = (None, false, false);
        let (mut fed, mut timing, mut listening) = (false, true, true);
        let outcome = loop {
            tokio::select! {
                event = self.opened.events.next() => match event {
                    Some(Ok(ExecEvent::Stdout(bytes))) => told.emit(JobEvent::Stdout(bytes)).await,
                    Some(Ok(ExecEvent::Stderr(bytes))) => told.emit(JobEvent::Stderr(bytes)).await,
                    Some(Ok(ExecEvent::Exited(status))) => break Outcome::from_status(status),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => break Outcome::Unknown { why: error.to_string() },
                    None => break Outcome::Unknown { why: "the connection to its machine ended before it did".to_owned() },
                },
                () = &mut feeding, if !fed => fed = true,
                () = &mut time_is_up, if timing => {
                    timing = false;
                    ended_by = ended_by.or(Some(Outcome::TimedOut));
                    send(&*control, Signal::TERMINATE).await;
                    ending = true;
                    killing.as_mut().reset(tokio::time::Instant::now() + grace);
                }
                () = &mut killing, if ending => {
                    if killed {
                        // It is over for us: its machine ends with it.
                        break Outcome::Unknown { why: "it did not end although it was killed".to_owned() };
                    }
                    killed = true;
                    send(&*control, Signal::KILL).await;
                    killing.as_mut().reset(tokio::time::Instant::now() + KILLED_WITHIN);
                }
                said = self.say.recv(), if listening => match said {
                    Some(ToGuest::Stop) => {
                        ended_by = ended_by.or(Some(Outcome::Cancelled));
                        send(&*control, Signal::TERMINATE).await;
                        ending = true;
                    killing.as_mut().reset(tokio::time::Instant::now() + grace);
                    }
                    Some(ToGuest::Signal(signal)) => send(&*control, signal).await,
                    Some(ToGuest::Resize(size)) => {
                        if let Err(error) = control.resize(size).await {
                            tracing::debug!(%error, "resizing the job's terminal");
                        }
                    }
                    Some(_) => {}
                    None => listening = false,
                },
            }
        };
        told.end(ended_by.unwrap_or(outcome)).await;
    }
}

async fn send(control: &dyn ExecControl, signal: Signal) {
    if let Err(error) = control.signal(signal).await {
        tracing::debug!(%error, signal = signal.0, "sending the job a signal");
    }
}

/// Carries the input until it ends, or until the command takes no more.
async fn feed(stdin: Option<ExecStdin>, input: Option<DuplexStream>) {
    let Some(mut stdin) = stdin else { return };
    if let Some(mut input) = input {
        let mut buffer = vec![0; PIECE];
        while let Ok(read @ 1..) = input.read(&mut buffer).await {
            if stdin.write_all(&buffer[..read]).await.is_err() || stdin.flush().await.is_err() {
                return;
            }
        }
    }
    // A command that is gone has no use for an end-of-file.
    let _ = stdin.shutdown().await;
}
