//! A command inside a machine that exists, with our streams and our terminal.

use std::ffi::OsStr;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use machine_core::{Error, ErrorKind, ExecEvent, ExecSession, ExitReason, ExitStatus, Signal};

use crate::app::App;
use crate::failure::{Failure, code, signal_code};
use crate::interrupt::{Interrupts, Resizes};
use crate::pump::Pump;
use crate::stdin;
use crate::streams::{Streams, Target};
use crate::terminal::RawMode;

/// What a shell exits with where there is no such program.
const NOT_FOUND: i32 = 127;

/// Carries input, output, terminal size and signals until the command has ended, and returns its exit code.
///
/// The first signal that asks us to stop is passed on to the command; the second makes us leave, which hangs up.
///
/// # Errors
/// Any failure of ours or the provider's, and a command whose end nobody knows.
pub(crate) async fn carry(session: ExecSession, tty: bool, program: &OsStr, app: &App) -> Result<u8, Failure> {
    let streams = app.printer.streams();
    let ExecSession { events, stdin: input, control } = session;
    let mut interrupts = Interrupts::listen()?;
    let mut resizes = Resizes::listen()?;
    let raw = if tty { Some(RawMode::enter(streams)?) } else { None };
    let output = output(events, streams);
    let input = async {
        match input {
            Some(job) => stdin::forward(streams, job).await,
            None => Ok(()),
        }
    };
    tokio::pin!(output, input);
    let (mut feeding, mut asked) = (true, false);
    let status = loop {
        tokio::select! {
            ended = &mut output => break ended,
            done = &mut input, if feeding => {
                feeding = false;
                done?;
            }
            number = interrupts.next() => {
                if asked {
                    return Err(Failure::Interrupted(number));
                }
                asked = true;
                control.signal(Signal(number)).await?;
            }
            () = resizes.next(), if tty => control.resize(streams.window_size()).await?,
        }
    };
    drop(raw);
    exit_code(&status?, program, app)
}

/// Writes all output; the command's end.
async fn output(
    mut events: BoxStream<'static, machine_core::Result<ExecEvent>>,
    streams: &Streams,
) -> Result<ExitStatus, Failure> {
    let mut pump = Pump::start(streams);
    while let Some(event) = events.next().await {
        match event? {
            ExecEvent::Stdout(bytes) => pump.write(Target::Stdout, bytes).await?,
            ExecEvent::Stderr(bytes) => pump.write(Target::Stderr, bytes).await?,
            ExecEvent::Exited(status) => return pump.finish().await.map(|()| status),
            _ => {}
        }
    }
    Err(Error::new(ErrorKind::Protocol, "the machine hung up before the command's end was known").into())
}

/// The exit code that stands for a command's end, with what there is to say about it.
fn exit_code(status: &ExitStatus, program: &OsStr, app: &App) -> Result<u8, Failure> {
    match (status.reason, &status.message) {
        (ExitReason::SetupFailed, _) => app.printer.error(&never_started(app, status, program)),
        (_, Some(message)) => app.printer.note(message),
        (_, None) => {}
    }
    match (status.reason, status.shell_code()) {
        (ExitReason::TimedOut, _) => Ok(code::JOB_TIMEOUT),
        (_, Some(code)) => Ok(code),
        (_, None) => Err(unknown_end("its machine stopped or its supervisor died").into()),
    }
}

/// What to say about a command that never started.
pub(crate) fn never_started(app: &App, status: &ExitStatus, program: &OsStr) -> Error {
    let what = status.message.clone().unwrap_or_else(|| "the command could not be started".to_owned());
    let error = Error::new(ErrorKind::Invalid, what);
    // That this computer has it helps only a machine that could show it.
    if status.code != Some(NOT_FOUND) || !app.provider().capabilities().mounts {
        return error;
    }
    let path = app.environment().get("PATH").unwrap_or_default();
    match machine_local::missing_program_hint(program, std::env::split_paths(path)) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// What to say about a command of which nobody knows how it ended.
pub(crate) fn unknown_end(why: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("it is not known how the command ended: {why}"))
}

/// The exit code of a program that a broken pipe ended.
pub(crate) fn broken_pipe() -> u8 {
    signal_code(13)
}
