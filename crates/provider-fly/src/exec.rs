//! Commands inside a machine, through the API: one request, whose answer is the whole of what the command did.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use machine_core::{
    Error, ErrorKind, Exec, ExecControl, ExecEvent, ExecSession, ExecStdin, ExitStatus, MachineId, MachineState,
    OsText, Result, Shell, Signal, WindowSize,
};
use tokio::io::{AsyncReadExt as _, DuplexStream};

use crate::convert::wrapped;
use crate::find::missing;
use crate::fly::{ACTION, Fly, LONG_POLL};
use crate::wire::answers::Ran;
use crate::wire::requests::RunCommand;

/// The longest that the cloud lets a command run.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The most input that is sent along with a command. The cloud names no bound; it is one request, and has to stay one.
pub(crate) const INPUT: usize = 4 << 20;

/// The bytes of input that wait to be collected.
const PIPE: usize = 64 * 1024;

/// A command that runs in the cloud's hands, and whether its end was told.
struct NoControl(Arc<AtomicBool>);

#[async_trait]
impl ExecControl for NoControl {
    async fn resize(&self, _: WindowSize) -> Result<()> {
        Err(Error::unsupported(crate::KIND, "a command run through the API has no terminal"))
    }

    async fn signal(&self, _: Signal) -> Result<()> {
        if self.0.load(Ordering::Acquire) {
            return Ok(());
        }
        let what =
            "a command run through the API cannot be sent a signal; it goes on for as long as it takes, at most 60 s";
        Err(Error::unsupported(crate::KIND, what))
    }
}

impl Fly {
    /// Runs a command. The machine is looked at first, so that one that does not run is told before anything is sent.
    ///
    /// # Errors
    /// As [`CloudProvider::exec`](machine_core::CloudProvider::exec) has it.
    pub(crate) async fn exec(self: &Arc<Self>, id: &MachineId, command: Exec) -> Result<ExecSession> {
        let words = wrapped(&command.command, command.workdir.as_ref(), &command.env)?;
        if command.command.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "there is no command to run"));
        }
        let machine = self.look(id).await?.machine;
        if machine.state != MachineState::Running {
            return Err(not_running(id, &machine.raw_state));
        }
        let (fly, id) = (Arc::clone(self), id.clone());
        let (stdin, input) = command.stdin.then(|| tokio::io::duplex(PIPE)).unzip();
        let ended = Arc::new(AtomicBool::new(false));
        let tells = Arc::clone(&ended);
        let events = stream::once(async move {
            let input = match input {
                Some(input) => Some(collect(input).await?),
                None => None,
            };
            let ran = fly.run(&id, words, input).await;
            tells.store(true, Ordering::Release);
            ran
        });
        let events = events.flat_map(|ran| stream::iter(ran.map_or_else(|error| vec![Err(error)], events_of)));
        let stdin = stdin.map(|stdin| Box::pin(stdin) as ExecStdin);
        Ok(ExecSession { events: events.boxed(), stdin, control: Arc::new(NoControl(ended)) })
    }

    /// What opens a shell, which Fly's own program does over a way that the API does not have.
    ///
    /// # Errors
    /// As [`CloudProvider::shell`](machine_core::CloudProvider::shell) has it.
    pub(crate) async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        let machine = self.look(id).await?.machine;
        if machine.state != MachineState::Running {
            return Err(not_running(id, &machine.raw_state));
        }
        let app = self.app().await?;
        let mut program = vec!["flyctl", "ssh", "console", "--app", app, "--machine", id.as_str()];
        if let Some(line) = line {
            program.extend(["--command", line]);
        }
        Ok(Shell::Program(program.into_iter().map(OsText::from).collect()))
    }

    async fn run(&self, id: &MachineId, command: Vec<String>, stdin: Option<String>) -> Result<Ran> {
        let app = self.app().await?;
        let request = self.api.post(["apps", app, "machines", id.as_str(), "exec"]);
        let body = RunCommand { command, stdin, timeout: LIMIT.as_secs() };
        let request = request.json(&body).patience(LONG_POLL).bucket(ACTION, format!("exec {id}"));
        let error = match request.send::<Ran>().await {
            Ok(ran) => return Ok(ran),
            Err(error) => missing(error, "machine", id.as_str()),
        };
        if ran_too_long(&error) {
            let limit = LIMIT.as_secs();
            let what = format!(
                "the command was not done after {limit} s, the longest that Fly lets one run; how it goes on is not known"
            );
            return Err(Error::new(ErrorKind::Timeout, what)
                .with_effect(machine_core::Effect::Unknown)
                .with_provider(crate::KIND)
                .with_hint("start it in the background, or make it the machine's own command: `machine run`"));
        }
        // It may have ended since it was looked at.
        match self.look(id).await {
            Ok(seen) if seen.machine.state != MachineState::Running => Err(not_running(id, &seen.machine.raw_state)
                .with_effect(error.effect())
                .with_context("answer", error.to_string())),
            _ => Err(error),
        }
    }
}

/// The whole of a command's input, which the request carries.
async fn collect(input: DuplexStream) -> Result<String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(INPUT).unwrap_or(u64::MAX);
    let read = input.take(most + 1).read_to_end(&mut bytes).await;
    read.map_err(|error| Error::io("the command's input cannot be read", error))?;
    let refused = |what: String, hint: &'static str| {
        Err(Error::new(ErrorKind::Invalid, what).with_provider(crate::KIND).with_hint(hint))
    };
    if bytes.len() > INPUT {
        let what = format!("the command's input is larger than {} MiB, and Fly takes it in one request", INPUT >> 20);
        return refused(what, "`flyctl ssh sftp shell` carries larger files");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(_) => refused(
            "the command's input is not UTF-8, and Fly takes nothing else".to_owned(),
            "encode it, say with `base64`",
        ),
    }
}

/// Whether the cloud, or the proxy before it, stopped waiting for the command.
fn ran_too_long(error: &Error) -> bool {
    let by_proxy = error.context().contains(&("status", "504".to_owned()));
    error.kind() == ErrorKind::Timeout || by_proxy || error.to_string().to_lowercase().contains("deadline exceeded")
}

fn not_running(id: &MachineId, raw_state: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!("machine `{id}` is {raw_state}, and commands run only in one that is started"),
    )
    .with_provider(crate::KIND)
    .with_hint(format!("`machine start {id}` starts it"))
}

/// What the command did: its output, its errors, its end.
fn events_of(ran: Ran) -> Vec<Result<ExecEvent>> {
    let bytes = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Bytes::from);
    let status = status(ran.exit_code, ran.exit_signal);
    let output = bytes(ran.stdout).map(ExecEvent::Stdout).into_iter();
    let errors = bytes(ran.stderr).map(ExecEvent::Stderr);
    output.chain(errors).chain([ExecEvent::Exited(status)]).map(Ok).collect()
}

/// How it ended. The cloud leaves out what is zero, so that a code which is not told is 0.
fn status(code: Option<i32>, signal: Option<i32>) -> ExitStatus {
    match (code.unwrap_or_default(), signal.unwrap_or_default()) {
        (_, signal) if signal > 0 => ExitStatus::signaled(signal),
        (code, _) => ExitStatus::exited(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_row_by_row() {
        for (code, signal, expected) in [
            (None, None, ExitStatus::exited(0)),
            (Some(3), None, ExitStatus::exited(3)),
            (Some(127), Some(0), ExitStatus::exited(127)),
            (Some(137), Some(9), ExitStatus::signaled(9)),
            (Some(1), Some(-1), ExitStatus::exited(1)),
        ] {
            assert_eq!(status(code, signal), expected, "{code:?} {signal:?}");
        }
    }

    #[test]
    fn output_comes_before_the_end() {
        let ran = Ran { stdout: Some("out".to_owned()), stderr: Some("err".to_owned()), ..Ran::default() };
        let events: Vec<ExecEvent> = events_of(ran).into_iter().map(Result::unwrap).collect();
        let expected = [
            ExecEvent::Stdout("out".into()),
            ExecEvent::Stderr("err".into()),
            ExecEvent::Exited(ExitStatus::exited(0)),
        ];
        assert_eq!(events, expected);
        assert_eq!(events_of(Ran::default()).len(), 1);
    }
}
