//! `machine ssh`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use clap::Args;
use machine_core::{Error, ErrorKind, Exec, OsText, ProviderExt as _, Shell};
use tokio::process::Command;

use crate::app::App;
use crate::failure::{Failure, code, signal_code};
use crate::interrupt::Interrupts;
use crate::streams::{Streams, Target};
use crate::{session, stdin};

const EXAMPLES: &str = "\
Examples:
  machine ssh web-1
  machine ssh web-1 -- 'df -h | head -3'
  machine ssh --print web-1";

/// Opens a shell in a running machine, and exits as it does.
///
/// On DigitalOcean and Vultr this is the `ssh` of this computer, told by which host key the machine proves itself; on Fly.io it is
/// `flyctl ssh console`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Ssh {
    /// Print the command line that opens the shell, and do not run it.
    #[arg(long)]
    print: bool,
    /// Which machine, by name or id.
    name: String,
    /// What the shell is to run instead of waiting for a person; the words become one line, as with `ssh`.
    #[arg(trailing_var_arg = true, value_name = "LINE")]
    line: Vec<String>,
}

impl Ssh {
    /// Opens it.
    ///
    /// # Errors
    /// The provider's; the shell's own failure is no error but the exit code.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let line = (!self.line.is_empty()).then(|| self.line.join(" "));
        let machine = app.provider().resolve(&self.name).await?;
        match app.provider().shell(&machine.id, line.as_deref()).await? {
            Shell::Program(words) if self.print => print(app, &words),
            Shell::Program(words) => program(app, &words).await,
            Shell::Exec(command) if self.print => {
                let terminal = if line.is_none() { "-it " } else { "" };
                let name = joined(&[self.name.as_str().into()]);
                let line = joined(&command.command);
                app.printer.line(format_args!("machine exec {terminal}{name} -- {line}"))?;
                Ok(code::OK)
            }
            Shell::Exec(command) => exec(app, &machine.id, command).await,
            other => {
                let what = format!("this program does not know how to open {other:?}");
                Err(Error::new(ErrorKind::Unsupported, what).into())
            }
        }
    }
}

fn print(app: &App, words: &[OsText]) -> Result<u8, Failure> {
    app.printer.line(format_args!("{}", joined(words)))?;
    Ok(code::OK)
}

/// Runs a program of this computer with our streams, for as long as it takes.
async fn program(app: &App, words: &[OsText]) -> Result<u8, Failure> {
    let word = |word: &OsText| OsString::from(OsStr::from_bytes(word.as_bytes()));
    let [program, arguments @ ..] = words else {
        return Err(Error::new(ErrorKind::Protocol, "the provider names no program that opens a shell").into());
    };
    let streams = app.printer.streams();
    let ours = |descriptor: std::os::fd::BorrowedFd<'_>| {
        let copy = descriptor.try_clone_to_owned();
        copy.map(Stdio::from).map_err(|error| Error::io("cannot hand our streams to a shell", error))
    };
    let mut command = Command::new(word(program));
    command
        .args(arguments.iter().map(word))
        .stdin(ours(streams.stdin())?)
        .stdout(ours(streams.descriptor(Target::Stdout))?)
        .stderr(ours(streams.descriptor(Target::Stderr))?);
    // What a terminal sends to everybody is for the shell to hear, which ends or does not.
    let mut interrupts = Interrupts::listen()?;
    let mut running = match command.spawn() {
        Ok(running) => running,
        Err(error) => {
            let line = joined(words);
            let what = format!("`{}` does not start", program.to_string_lossy());
            return Err(Error::io(what, error)
                .with_hint(format!("where it is installed, this opens the shell: {line}"))
                .into());
        }
    };
    let ended = loop {
        tokio::select! {
            ended = running.wait() => break ended,
            _ = interrupts.next() => {}
        }
    };
    let ended = ended.map_err(|error| Error::io("how a shell ended is not known", error))?;
    let signal = || ended.signal().map_or(code::FAILED, signal_code);
    Ok(ended.code().map_or_else(signal, |code| u8::try_from(code).unwrap_or(code::FAILED)))
}

async fn exec(app: &App, machine: &machine_core::MachineId, command: Exec) -> Result<u8, Failure> {
    let streams: &Streams = app.printer.streams();
    let tty = streams.reads_terminal() && streams.writes_terminal(Target::Stdout);
    let can = app.provider().capabilities();
    if tty && !can.exec_tty {
        let what = "open a shell on a terminal";
        return Err(Error::unsupported(app.provider().info().kind, what).with_hint("machine exec").into());
    }
    let takes = can.exec_stdin || can.exec_input_limit.is_some();
    let command =
        Exec { tty: tty.then(|| streams.window_size()), stdin: stdin::wanted(&app.printer, tty, takes), ..command };
    let running = app.provider().exec(machine, command).await?;
    match session::carry(running, tty, OsStr::new("sh"), app).await {
        Err(Failure::Closed) => Ok(session::broken_pipe()),
        other => other,
    }
}

/// The words as a line for a shell.
fn joined(words: &[OsText]) -> String {
    let joined = shlex::bytes::try_join(words.iter().map(OsText::as_bytes));
    // None of them can hold the zero byte that cannot be written.
    String::from_utf8_lossy(&joined.unwrap_or_default()).into_owned()
}
