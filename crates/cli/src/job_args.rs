//! The flags that say what a job is, for `run` and for the turns of a session alike.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use machine_agent::{Conversation, JobSpec};
use machine_core::{EnvVar, Error, ErrorKind, GuestProgram, IntentId, MachineName, OsText, Result};

use crate::agent_args::{AgentArgs, AgentName};
use crate::app::App;
use crate::machine_args::MachineArgs;
use crate::ttl::{self, Ttl};
use crate::{credentials, job, stdin, values};

/// What a job is.
#[derive(Debug, Args)]
pub(crate) struct JobArgs {
    /// Copy a directory into the workspace first; `.gitignore` is respected.
    #[arg(long, value_name = "DIR")]
    sync: Option<PathBuf>,
    /// Clone a repository into the workspace first.
    #[arg(long, value_name = "URL[#REF[:DIR]]")]
    repo: Vec<String>,
    /// Bring files back when it has ended, to where --sync took them from, else to the current directory. Write `--`
    /// before the command.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    fetch: Vec<OsString>,
    /// Write what it changed in the workspace to FILE, for `git apply`.
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
    /// Give it our input, also from a terminal; a pipe or file it gets in any case.
    #[arg(long, short)]
    interactive: bool,
    /// Give it a terminal.
    #[arg(long, short)]
    pub(crate) tty: bool,
    /// End it after this time, with exit code 124 (90s, 10m, 2h).
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    timeout: Option<Duration>,
    /// Keep the machine when it has ended, and say its name.
    #[arg(long)]
    pub(crate) keep: bool,
    /// What to call the machine [default: run- and some random characters].
    #[arg(long, short, value_name = "NAME")]
    name: Option<String>,
    /// Be root inside; it is an ordinary user without privileges otherwise.
    #[arg(long)]
    root: bool,
    /// Let it go on without us, and say its id, by which `machine jobs` knows it.
    #[arg(long, conflicts_with_all = ["interactive", "tty", "json"])]
    pub(crate) detach: bool,
    /// Tell everything that happens as lines of JSON: `started`, `stdout`, `stderr`, `note`, `lost`, `ended`.
    #[arg(long, conflicts_with = "tty")]
    pub(crate) json: bool,
    /// Give it a variable of ours, by its name, that holds a secret: it stands in no command line and no configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) secret: Vec<String>,
    /// An agent in place of a command.
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// The program and its arguments.
    #[arg(
        required_unless_present = "prompt",
        conflicts_with_all = ["prompt", "agent", "output_format", "permission_mode", "agent_arg"],
        trailing_var_arg = true,
        value_name = "COMMAND"
    )]
    pub(crate) command: Vec<OsString>,
    /// What kind of machine.
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

/// What a job has from those before it, where it is the turn of a session.
#[derive(Debug, Default)]
pub(crate) struct CarriedOn {
    /// What its prompt belongs to.
    pub(crate) conversation: Option<Conversation>,
    /// Who is given the prompt, where nobody else is named.
    pub(crate) agent: Option<AgentName>,
    /// Variables, before its own.
    pub(crate) env: Vec<EnvVar>,
    /// The names of secrets, beside its own.
    pub(crate) secrets: Vec<String>,
}

impl JobArgs {
    /// When its machine must be gone, whatever becomes of us: what nobody knows of any more is found by that.
    /// One that is kept is somebody's.
    fn deadline(&self, app: &App) -> Result<Option<Timestamp>> {
        let asked = if self.keep { ttl::effective(app, self.machine.ttl, None)? } else { self.machine.ttl };
        match asked {
            Some(Ttl::None) if !self.keep => {
                let what = "a job always has a deadline: `--ttl none` is for a machine that stays";
                return Err(Error::new(ErrorKind::Invalid, what).with_hint("say --keep, or how long: --ttl 7d"));
            }
            Some(ttl) => return ttl.deadline(app.clock()),
            None if self.keep => return Ok(None),
            None => {}
        }
        Ok(Some(job::latest(app.clock(), self.timeout)))
    }

    /// The job that these flags ask for, with what it carries on where they say nothing of it.
    ///
    /// # Errors
    /// The flag that cannot be fulfilled; nothing has been made then.
    pub(crate) async fn spec(&self, app: &App, carried_on: &CarriedOn) -> Result<JobSpec> {
        let name: MachineName = match &self.name {
            Some(name) => name.parse()?,
            None => random_name()?,
        };
        let mut env = carried_on.env.clone();
        env.extend(self.machine.env(app)?);
        let names: Vec<String> = carried_on.secrets.iter().chain(&self.secret).cloned().collect();
        let mut secrets = credentials::secrets(app.environment(), &names)?;
        let (command, reads_prompt) = match self.agent.called(app.printer.streams(), carried_on)? {
            Some(called) => {
                if called.from_stdin && self.detach {
                    let what = "a job that goes on without us does not get its prompt from our input";
                    return Err(Error::new(ErrorKind::Invalid, what).with_hint("say -p \"$(cat FILE)\""));
                }
                env.splice(..0, called.invocation.env);
                secrets.extend(credentials::of_agent(app, called.agent, &env, &secrets)?);
                (called.invocation.command, called.from_stdin)
            }
            None => (self.command.iter().map(|part| OsText::from(part.as_os_str())).collect(), false),
        };
        let repos = credentials::repositories(app, &self.repo)?;
        let machine = self.machine.spec(app, name).await?;
        let asked = self.interactive || self.tty;
        let can = app.provider().capabilities();
        let takes = can.exec_stdin || can.guest != GuestProgram::Brought;
        let sync = self.sync.as_deref().map(directory).transpose()?;
        Ok(JobSpec {
            env,
            secrets,
            workdir: self.machine.workdir.as_deref().map(OsText::from),
            stdin: !reads_prompt && !self.detach && stdin::wanted(&app.printer, asked, takes),
            tty: self.tty.then(|| app.printer.streams().window_size()),
            timeout: self.timeout,
            root: self.root,
            sync,
            // Our own state, wherever it is: a machine has no business with the others.
            leave_out: vec![app.state().to_owned()],
            repos,
            fetch: self.fetch.iter().map(|path| OsText::from(path.as_os_str())).collect(),
            patch: self.patch.clone(),
            keep: self.keep,
            deadline: self.deadline(app)?,
            ..JobSpec::new(machine, command)
        })
    }
}

/// `run-` and eight characters of an intent's random part.
fn random_name() -> Result<MachineName> {
    let random = IntentId::mint().to_string();
    Ok(format!("run-{}", &random[random.len() - 8..]).parse()?)
}

fn directory(dir: &Path) -> Result<PathBuf> {
    let refuse = |why: &str| Error::new(ErrorKind::Invalid, format!("`--sync {}`: {why}", dir.display()));
    let found = dir.canonicalize().map_err(|error| refuse(&error.to_string()))?;
    if found.is_dir() { Ok(found) } else { Err(refuse("this is not a directory")) }
}
