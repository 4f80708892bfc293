//! Waiting for a machine that was created.

use std::time::Duration;

use clap::{Args, ValueEnum};
use futures::StreamExt as _;
use machine_core::{Deadline, Effect, Error, ErrorKind, Exec, ExecEvent, ExitStatus, Goal, Machine, Transport, Until};

use crate::addresses;
use crate::app::App;
use crate::failure::Failure;
use crate::{show, values};

/// How long a machine that was accepted may take before we stop watching: some clouds install for minutes.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long to wait before looking for an address again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How much of what cloud-init says is kept for its failure, in bytes.
const WORDS: usize = 4096;
/// cloud-init's exit code where it is done and something went wrong that did not stop it.
const RECOVERED: i32 = 2;

/// What to wait for, and how long.
#[derive(Debug, Args)]
pub(super) struct Waiting {
    /// Wait until it is `ready` (it runs and has an address; so does `--wait` alone), is `running`, has a public `ip`, or
    /// `cloud-init` has set it up [default: running].
    #[arg(
        long,
        value_name = "ready|running|ip|cloud-init",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "ready",
        hide_possible_values = true
    )]
    wait: Option<WaitFor>,
    /// Do not wait: return as soon as the machine is accepted.
    #[arg(long, conflicts_with_all = ["wait", "wait_for_ip", "timeout"])]
    no_wait: bool,
    /// Give up waiting after this time, with exit code 8; the machine stays [default: 10m].
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    timeout: Option<Duration>,
    /// Wait until it has a public address.
    #[arg(long, overrides_with = "no_wait_for_ip")]
    wait_for_ip: bool,
    /// Do not wait for a public address.
    #[arg(long, hide = true)]
    no_wait_for_ip: bool,
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WaitFor {
    /// It runs and has an address.
    Ready,
    /// It runs.
    Running,
    /// It has a public address.
    Ip,
    /// cloud-init is done with it.
    CloudInit,
}

impl Waiting {
    /// Refuses to wait for what never comes, before anything is made.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`].
    pub(super) fn possible(&self, app: &App) -> Result<(), Failure> {
        let can = app.provider().capabilities();
        let never = match self.wait {
            Some(WaitFor::CloudInit) if !can.user_data => "nothing in its machines runs cloud-init",
            Some(WaitFor::CloudInit) if can.exec == Transport::None => "nobody can ask cloud-init in its machines",
            Some(WaitFor::Ip) if !can.remote => "its machines have no address of their own",
            _ => return Ok(()),
        };
        Err(Error::unsupported(app.provider().info().kind, format_args!("{never}, which `--wait` could wait for"))
            .with_hint("`--wait=running` waits until it runs")
            .into())
    }

    /// Waits, and shows what is to be known of the machine. Waits for its public address as well `with_ip`.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] where it is not there in time; else the provider's. The machine is there all the same.
    pub(super) async fn wait(&self, app: &App, machine: Machine, with_ip: bool) -> Result<Machine, Failure> {
        if self.no_wait {
            return Ok(machine);
        }
        let patience = Patience::new(self.timeout.unwrap_or(PATIENCE));
        let goal = self.wait.unwrap_or(WaitFor::Running);
        let mut machine = machine;
        if goal != WaitFor::Ip {
            machine = running(app, machine, patience).await?;
        }
        if with_ip || self.wait_for_ip || goal == WaitFor::Ip {
            machine = addressed(app, machine, patience, |machine| show::public_ip(machine).is_some()).await?;
            if let Some(ip) = show::public_ip(&machine) {
                if app.printer.is_quiet() {
                    app.printer.word(ip);
                } else {
                    app.printer.note(format_args!("IP Address: {ip}"));
                }
            }
        } else if goal == WaitFor::Ready && app.provider().capabilities().remote {
            let any = |machine: &Machine| show::public_ip(machine).or_else(|| addresses::private(machine)).is_some();
            machine = addressed(app, machine, patience, any).await?;
        }
        if goal == WaitFor::CloudInit {
            set_up(app, &machine, patience).await?;
        }
        Ok(machine)
    }
}

/// How long all of the waiting may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    span: Duration,
    deadline: Deadline,
}

impl Patience {
    fn new(span: Duration) -> Self {
        Self { span, deadline: Deadline::after(span) }
    }

    /// What is said of a machine that is not there yet.
    fn late(self, machine: &Machine, what: &str) -> Failure {
        let (name, id) = (&machine.name, &machine.id);
        let what = format!("the machine `{name}` ({id}) {what} after {:?}; it is still there", self.span);
        Error::new(ErrorKind::Timeout, what)
            .with_effect(Effect::Applied)
            .with_context("id", id.to_string())
            .with_hint(format!("`machine wait {name} --for running` goes on waiting, `machine destroy {name}` ends it"))
            .into()
    }
}

/// The machine once it runs.
async fn running(app: &App, made: Machine, patience: Patience) -> Result<Machine, Failure> {
    let until = Until { goal: Goal::Running, deadline: patience.deadline };
    // A provider looks whether it is over when it has been answered, which may take longer than somebody wants to wait.
    let waited = tokio::time::timeout(patience.deadline.remaining(), app.provider().wait(&made.id, &until)).await;
    let Ok(waited) = waited else { return Err(patience.late(&made, "does not run yet")) };
    match waited {
        Ok(machine) => {
            for note in &machine.notes {
                app.printer.note(format_args!("{}: {note}", machine.name));
            }
            Ok(machine)
        }
        // A short command may be over before anybody looks; that is its business, not a failure of ours.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let machine = app.provider().get(&made.id).await?;
            app.printer.note(format_args!("{}: {}", machine.name, show::state(&machine)));
            if let Some(message) = machine.exit.as_ref().and_then(|exit| exit.message.as_ref()) {
                app.printer.note(message);
            }
            Ok(machine)
        }
        Err(error) if error.kind() == ErrorKind::Timeout && patience.deadline.passed() => {
            Err(patience.late(&made, "does not run yet"))
        }
        Err(error) => Err(error.with_context("id", made.id.to_string()).into()),
    }
}

/// The machine once it has the address.
async fn addressed(
    app: &App,
    mut machine: Machine,
    patience: Patience,
    has: impl Fn(&Machine) -> bool,
) -> Result<Machine, Failure> {
    loop {
        if has(&machine) {
            return Ok(machine);
        }
        if !app.provider().capabilities().remote || patience.deadline.passed() {
            return Err(patience.late(&machine, "has no address yet"));
        }
        tokio::time::sleep(BETWEEN_LOOKS.min(patience.deadline.remaining())).await;
        let look = tokio::time::timeout(patience.deadline.remaining(), app.provider().get(&machine.id)).await;
        let Ok(found) = look else { return Err(patience.late(&machine, "has no address yet")) };
        machine = found?;
    }
}

/// Waits until cloud-init is done.
async fn set_up(app: &App, machine: &Machine, patience: Patience) -> Result<(), Failure> {
    let asked = tokio::time::timeout(patience.deadline.remaining(), ask_cloud_init(app, machine)).await;
    let Ok(asked) = asked else { return Err(patience.late(machine, "is not set up by cloud-init yet")) };
    let (status, words) = asked.map_err(|error| error.with_context("id", machine.id.to_string()))?;
    let (name, id) = (&machine.name, &machine.id);
    match status.and_then(|status| status.code) {
        Some(0) => Ok(()),
        Some(RECOVERED) => {
            app.printer.warn(format_args!("{name}: cloud-init is done, and not everything went well: {words}"));
            Ok(())
        }
        _ => Err(Error::new(ErrorKind::Upstream, format!("cloud-init failed in machine `{name}` ({id}): {words}"))
            .with_effect(Effect::Applied)
            .with_hint(format!(
                "the machine is there; `machine ssh {name} cat /var/log/cloud-init-output.log` says more"
            ))
            .into()),
    }
}

/// How `cloud-init status --wait` ends, and its last line.
async fn ask_cloud_init(app: &App, machine: &Machine) -> Result<(Option<ExitStatus>, String), Error> {
    let mut session = app.provider().exec(&machine.id, Exec::of(["cloud-init", "status", "--wait"])).await?;
    let (mut said, mut status) = (Vec::new(), None);
    while let Some(event) = session.events.next().await {
        match event? {
            ExecEvent::Exited(ended) => status = Some(ended),
            ExecEvent::Stdout(bytes) | ExecEvent::Stderr(bytes) => {
                said.extend_from_slice(&bytes);
                let excess = said.len().saturating_sub(WORDS);
                said.drain(..excess);
            }
            _ => {}
        }
    }
    let said = String::from_utf8_lossy(&said);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
    Ok((status, show::clean(last)))
}
