//! A job from its start to its end, with our streams and our terminal.

use std::ffi::OsStr;
use std::time::Duration;

use jiff::Timestamp;
use machine_agent::{Finished, Job, JobEvent, JobSpec, Outcome};
use machine_core::{Clock, Error, ExitReason, Machine, ResourceKind};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::interrupt::{Interrupts, Resizes, signal_name};
use crate::jobs::Narrator;
use crate::printer::Printer;
use crate::pump::Pump;
use crate::terminal::RawMode;
use crate::{session, stdin};

/// How long an interrupted job may take to end by itself before it is killed. A person is waiting.
const INTERRUPTED_GRACE: Duration = Duration::from_secs(3);

/// How long an interrupted job's last output may take to be written.
const INTERRUPTED_PATIENCE: Duration = Duration::from_secs(5);

/// The longest that the machine of a job may live where nothing else is said.
const LONGEST: Duration = Duration::from_hours(24);
/// How much longer it may live than its job where that may take longer.
const SLACK: Duration = Duration::from_hours(1);

/// When the machine of a job with that limit must be gone where nobody says otherwise: what nobody knows of any more is found
/// by that.
pub(crate) fn latest(clock: &Clock, timeout: Option<Duration>) -> Timestamp {
    let span = timeout.map_or(LONGEST, |timeout| LONGEST.max(timeout.saturating_add(SLACK)));
    clock.now().checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Runs the job, has it told, and returns its exit code. Its machine is gone then, unless it was to be kept.
///
/// The first signal that asks us to stop ends the job; the second makes us leave at once, and the reaper does the rest.
///
/// # Errors
/// What kept the job from being run, or its end from being known.
pub(crate) async fn carry(app: &App, spec: JobSpec, narrator: &mut Narrator) -> Result<u8, Failure> {
    let carried = perform(app, spec, narrator).await;
    if let Err(failure) = &carried {
        let why = match failure {
            Failure::Error(error) => error.to_string(),
            Failure::Interrupted(number) => signal_name(*number),
            Failure::Closed | Failure::Said(_) => "nobody looked after it any more".to_owned(),
        };
        narrator.fail(&why, failure.code())?;
    }
    carried
}

async fn perform(app: &App, mut spec: JobSpec, narrator: &mut Narrator) -> Result<u8, Failure> {
    let printer = &app.printer;
    let tty = spec.tty.is_some();
    let program = spec.command.first().map(crate::os_string).unwrap_or_default();
    spec.grace = spec.grace.min(INTERRUPTED_GRACE);
    let mut interrupts = Interrupts::listen()?;
    let fleet = app.fleet().await?;
    let starting = async {
        let started = machine_agent::start(fleet, spec).await;
        if started.is_err() {
            // What was made for the job is being ended in the background, which ends with us.
            fleet.finish(app.destroy_deadline()).await;
        }
        started
    };
    let mut job = tokio::select! {
        job = starting => job?,
        number = interrupts.next() => {
            printer.note(format_args!("{}; ending the machine", signal_name(number)));
            // What was begun for the job is ended in the background now that nobody waits for it.
            tokio::select! {
                _ = fleet.finish(app.destroy_deadline()) => return Err(Failure::Interrupted(number)),
                number = interrupts.next() => return Err(leave(number, printer)),
            }
        }
    };
    let Machine { name, id, provider: kind, .. } = job.machine().clone();
    let id = id.to_string();
    narrator.start(job.machine())?;
    let raw = if tty { Some(RawMode::enter(printer.streams())?) } else { None };
    let shown = show(&mut job, tty, printer, narrator, &mut interrupts).await;
    drop(raw);
    if let Err(Failure::Interrupted(_)) = shown {
        return shown.map(|_| code::FAILED);
    }
    let finishing = job.finish();
    tokio::pin!(finishing);
    let finished = tokio::select! {
        finished = &mut finishing => finished,
        number = interrupts.next() => {
            printer.note(format_args!("{}; ending the machine", signal_name(number)));
            tokio::select! {
                _ = &mut finishing => return Err(Failure::Interrupted(number)),
                number = interrupts.next() => return Err(leave(number, printer)),
            }
        }
    };
    match &finished {
        Ok(Finished { kept: true, .. }) => printer.kept(&name),
        Ok(_) => {
            if let Some(entry) = fleet.ledger().find(&kind, ResourceKind::Machine, &id).await? {
                narrator.settle(&entry)?;
            }
        }
        Err(_) => {}
    }
    conclude(shown, finished, &program, app)
}

/// Why the stream of events was left.
enum Shown {
    /// The job has ended.
    Ended,
    /// A signal asked us to stop, and the job was told to end.
    Interrupted(i32),
    /// Nobody reads our output any more, and the job was told to end.
    Closed,
}

/// Carries everything between the job and us until it has ended.
async fn show(
    job: &mut Job,
    tty: bool,
    printer: &Printer,
    narrator: &mut Narrator,
    interrupts: &mut Interrupts,
) -> Result<Shown, Failure> {
    let mut resizes = Resizes::listen()?;
    let control = job.control();
    let input = job.take_input();
    let input = async {
        match input {
            Some(input) => stdin::forward(printer.streams(), input).await,
            None => Ok(()),
        }
    };
    let output = output(job, printer, narrator);
    // Runs only once a signal has come: whoever does not read our output may be the reason for the signal.
    let patience = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(input, output, patience);
    let (mut feeding, mut interrupted) = (true, None);
    let carried = loop {
        tokio::select! {
            carried = &mut output => break carried,
            fed = &mut input, if feeding => {
                feeding = false;
                if let Err(error) = fed {
                    printer.error(&error);
                    control.cancel().await;
                }
            }
            number = interrupts.next() => {
                if interrupted.is_some() {
                    return Err(leave(number, printer));
                }
                interrupted = Some(number);
                patience.as_mut().reset(tokio::time::Instant::now() + INTERRUPTED_PATIENCE);
                printer.note(format_args!("{}; ending the job and its machine", signal_name(number)));
                control.cancel().await;
            }
            () = &mut patience, if interrupted.is_some() => break Ok(()),
            () = resizes.next(), if tty => control.resize(printer.streams().window_size()).await,
        }
    };
    match (interrupted, carried) {
        (Some(number), _) => Ok(Shown::Interrupted(number)),
        (None, Ok(())) => Ok(Shown::Ended),
        (None, Err(failure)) => {
            control.cancel().await;
            match failure {
                Failure::Closed => Ok(Shown::Closed),
                failure => Err(failure),
            }
        }
    }
}

/// Writes all output until the job has ended.
async fn output(job: &mut Job, printer: &Printer, narrator: &mut Narrator) -> Result<(), Failure> {
    let mut pump = Pump::start(printer.streams());
    while let Some(event) = job.next().await {
        let is_last = matches!(event, JobEvent::Ended(_));
        narrator.tell(event, &mut pump).await?;
        if is_last {
            break;
        }
    }
    pump.finish().await
}

/// The exit code for what happened, with what there is to say about it.
fn conclude(
    shown: Result<Shown, Failure>,
    finished: Result<Finished, Error>,
    program: &OsStr,
    app: &App,
) -> Result<u8, Failure> {
    let printer = &app.printer;
    let finished = match (shown, finished) {
        // Said first, because the machine may still be there.
        (Ok(Shown::Interrupted(number)), Err(error)) => {
            printer.error(&error);
            return Err(Failure::Interrupted(number));
        }
        (Ok(Shown::Interrupted(number)), Ok(_)) => return Err(Failure::Interrupted(number)),
        (Err(failure), Err(error)) => {
            printer.error(&error);
            return Err(failure);
        }
        (Err(failure), Ok(_)) => return Err(failure),
        (Ok(Shown::Closed), Ok(_)) => return Ok(session::broken_pipe()),
        (Ok(_), Err(error)) => return Err(error.into()),
        (Ok(Shown::Ended), Ok(finished)) => finished,
    };
    match &finished.outcome {
        Outcome::Succeeded => {}
        Outcome::Failed(status) if status.reason == ExitReason::SetupFailed => {
            printer.error(&session::never_started(app, status, program));
        }
        Outcome::Failed(status) if !status.oom => {}
        Outcome::Unknown { why } => printer.error(&session::unknown_end(why)),
        outcome => printer.warn(outcome),
    }
    if finished.foreign_lines > 0 {
        printer.warn(format_args!(
            "{} lines among the output were not written by the supervisor and are left out: something in the machine \
             wrote to its log",
            finished.foreign_lines
        ));
    }
    if let Some(0) = finished.patch {
        printer.note("the job changed nothing: the patch is empty");
    }
    Ok(finished.outcome.exit_code())
}

/// Leaving at once. The reaper notices that we are gone.
fn leave(number: i32, printer: &Printer) -> Failure {
    printer.note("leaving at once; the machine is ended in the background");
    Failure::Interrupted(number)
}
