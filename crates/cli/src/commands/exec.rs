//! `machine exec`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use machine_core::{Exec as Command, OsText, ProviderExt as _};

use crate::app::App;
use crate::failure::Failure;
use crate::{machine_args, session, stdin};

const EXAMPLES: &str = "\
Examples:
  machine exec web-1 -- ls -l /var
  machine exec -it web-1 -- bash
  machine exec web-1 -- sh -c 'cat > /tmp/notes' < notes.txt";

/// Runs a command inside a running machine, and exits as it does.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Exec {
    /// Give it our input, also from a terminal; a pipe or file it gets in any case.
    #[arg(long, short)]
    interactive: bool,
    /// Give it a terminal.
    #[arg(long, short)]
    tty: bool,
    /// Set a variable; K alone takes its value from here.
    #[arg(long, short, value_name = "K[=V]")]
    env: Vec<OsString>,
    /// Set variables from a file of such lines.
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Where it starts.
    #[arg(long, short, value_name = "DIR")]
    workdir: Option<OsString>,
    /// Which machine, by name or id.
    name: String,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

impl Exec {
    /// Runs it.
    ///
    /// # Errors
    /// The provider's; the command's own failure is no error but the exit code.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        stdin::check_terminal(app.printer.streams(), self.tty)?;
        let asked = self.interactive || self.tty;
        let can = app.provider().capabilities();
        let takes = can.exec_stdin || can.exec_input_limit.is_some();
        let stdin = stdin::wanted(&app.printer, asked, takes);
        let command = Command {
            command: self.command.iter().map(|part| OsText::from(part.as_os_str())).collect(),
            env: machine_args::variables(app.environment(), &self.env, &self.env_file)?,
            workdir: self.workdir.as_deref().map(OsText::from),
            tty: self.tty.then(|| app.printer.streams().window_size()),
            stdin,
        };
        let program = self.command.first().map(OsString::as_os_str).unwrap_or_default();
        let machine = app.provider().resolve(&self.name).await?;
        let running = app.provider().exec(&machine.id, command).await?;
        match session::carry(running, self.tty, program, app).await {
            Err(Failure::Closed) => Ok(session::broken_pipe()),
            other => other,
        }
    }
}
