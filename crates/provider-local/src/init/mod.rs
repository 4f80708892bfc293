//! Pid 1 of a machine: puts the file system together, runs the machine's command, runs what clients ask for, reaps.
//!
//! It is a fork of the shim, so that it starts at once and holds the shim's lock, and it never executes another program
//! itself. Without namespaces it is an ordinary process that collects its orphaned descendants.

mod client;
mod command;
mod environment;
mod launch;
mod server;
mod terminal;
mod tree;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use machine_core::{ExitStatus, Network};
use machine_sys::Process;
use machine_sys::signals::SignalFd;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use self::environment::Surroundings;
pub(crate) use self::launch::timeout;
use self::launch::{Launch, Outcome, Stdio};
pub(crate) use self::tree::kill_descendants;
use crate::fault::{During as _, Step};
use crate::isolation::Isolation;
use crate::order::{Stage, StartFailure, StartOrder};
use crate::rootfs;

/// How long a program's execution may take to succeed or fail: it may lie on a slow disk.
const LAUNCH: Duration = Duration::from_secs(30);

/// What init gets from the shim.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// What to run.
    pub(crate) order: StartOrder,
    /// [`Isolation::Namespaces`] or [`Isolation::Process`]: what the shim has made.
    pub(crate) isolation: Isolation,
    /// Which ids exist.
    pub(crate) ids: rootfs::Ids,
    /// To the shim: one [`Report`] per packet. From the shim: one byte, the permission to begin.
    pub(crate) channel: OwnedFd,
    /// Where clients connect.
    pub(crate) listener: UnixListener,
    /// The machine's standard output and standard error.
    pub(crate) output: [OwnedFd; 2],
    /// The shim.
    pub(crate) parent: Process,
    /// Where the kernel counts what it killed for want of memory, where memory is limited.
    pub(crate) oom: Option<File>,
}

/// From init to the shim.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Report {
    /// It cannot start.
    Failed(StartFailure),
    /// The command runs; what a person should know.
    Running(Vec<String>),
    /// The command, and with it the machine, has ended.
    Ended(ExitStatus),
}

/// Longer than any report.
pub(crate) const MAX_REPORT: usize = 64 * 1024;

/// The life of pid 1. When it returns, the process ends, and the kernel ends the rest of the machine.
pub(crate) fn main(inheritance: Inheritance) -> ExitCode {
    let Ok(channel) = inheritance.channel.try_clone() else { return ExitCode::FAILURE };
    let alone = inheritance.isolation == Isolation::Process;
    let last = match live(inheritance) {
        Ok(status) => Report::Ended(status),
        Err(failure) => Report::Failed(failure),
    };
    if alone {
        // With a pid namespace the kernel does this when pid 1 ends.
        kill_descendants();
    }
    report(&channel, &last);
    ExitCode::SUCCESS
}

/// Tells the shim. One that has died cannot be told, and its death ends this process anyway.
fn report(channel: impl AsFd, report: &Report) {
    if let Ok(json) = serde_json::to_vec(report) {
        let _ = machine_sys::fd::send(channel, &json, &[]);
    }
}

fn live(inheritance: Inheritance) -> Step<ExitStatus> {
    let Inheritance { order, isolation, ids, channel, listener, output, parent, oom } = inheritance;
    machine_sys::set_name("machine-init").during(Stage::Internal, || "cannot take a name".to_owned())?;
    machine_sys::die_with_parent(&parent).during(Stage::Internal, || "cannot follow the shim".to_owned())?;
    drop(parent);
    // Only the shim speaks to the starter, who sees its end-of-file when the shim has spoken.
    crate::shim::let_go_of_starter().during(Stage::Internal, || "cannot let go of the starter".to_owned())?;
    wait_for_permission(&channel)?;
    let signals = SignalFd::new(&[Signal::CHILD.as_raw(), Signal::TERM.as_raw(), Signal::INT.as_raw()])
        .during(Stage::Internal, || "cannot receive signals".to_owned())?;
    // What programs of the machine make is readable as on any computer; the directories above are private.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let (surroundings, notes) = match isolation {
        Isolation::Process => outside_namespaces(&order)?,
        Isolation::Auto | Isolation::Namespaces => inside_namespaces(&order, ids)?,
    };
    // From here on nothing of the order is needed but what the surroundings have kept.
    let (command, workdir) = (order.spec.command, order.spec.workdir);
    drop((order.files, order.volumes, order.spec.env, order.spec.toolchains));
    let workload = if command.is_empty() {
        None
    } else {
        let launch = Launch { command, env: Vec::new(), workdir, stdio: Stdio::Machine(output), tty: None };
        Some(start_workload(launch, &surroundings)?)
    };
    report(&channel, &Report::Running(notes));
    machine_sys::return_memory();
    let mut server = server::Server::new(listener, signals, channel, surroundings, workload, oom);
    server.serve().during(Stage::Internal, || "pid 1 of the machine cannot go on".to_owned())
}

/// The shim writes the id map and the limits before anything of the machine runs.
fn wait_for_permission(channel: &OwnedFd) -> Step<()> {
    let mut byte = [0];
    match machine_sys::fd::recv(channel, &mut byte) {
        Ok((1, _)) => Ok(()),
        Ok(_) => Err(StartFailure::new(Stage::Internal, "the shim has died")),
        Err(error) => Err(StartFailure::because(Stage::Internal, "cannot hear the shim", &error)),
    }
}

fn inside_namespaces(order: &StartOrder, ids: rootfs::Ids) -> Step<(Surroundings, Vec<String>)> {
    let name = order.spec.hostname();
    let root = rootfs::Root::create()?;
    rustix::system::sethostname(name.as_bytes())
        .during(Stage::Namespaces, || format!("cannot set the host name `{name}`"))?;
    if order.spec.network == Network::None {
        machine_sys::raise_loopback().during(Stage::Namespaces, || "cannot turn on the loopback network".to_owned())?;
    }
    let notes = rootfs::build(&root, order, ids)?;
    root.enter()?;
    Ok((Surroundings::inside(&order.spec), notes))
}

fn outside_namespaces(order: &StartOrder) -> Step<(Surroundings, Vec<String>)> {
    machine_sys::reap_descendants().during(Stage::Internal, || "cannot collect orphans".to_owned())?;
    let plain = rootfs::prepare_plain(order)?;
    let mut notes = Vec::new();
    if order.spec.network == Network::None {
        notes.push("it has the computer's network: without namespaces there is no other".to_owned());
    }
    if !order.volumes.is_empty() || !order.spec.mounts.is_empty() {
        notes.push(
            "volumes and mounts are where they are on the computer: without namespaces nothing can be mounted"
                .to_owned(),
        );
    }
    Ok((Surroundings::outside(order, plain), notes))
}

fn start_workload(launch: Launch, surroundings: &Surroundings) -> Step<machine_sys::Child> {
    let started =
        launch.begin(surroundings).during(Stage::Command, || "cannot make a process for the command".to_owned())?;
    match started.wait(Instant::now() + LAUNCH) {
        Ok(Outcome::Runs(child)) => Ok(child),
        Ok(Outcome::Refused { message, code }) => {
            Err(StartFailure { stage: Stage::Command, message, errno: None, code })
        }
        Err(error) => Err(StartFailure::because(Stage::Command, "cannot tell whether the command runs", &error)),
    }
}

/// What the wire calls the end of a process.
pub(crate) fn status_of(ended: machine_sys::Ended) -> ExitStatus {
    let status = match ended {
        machine_sys::Ended::Exited(code) => ExitStatus::exited(code),
        machine_sys::Ended::Signaled(signal) => ExitStatus::signaled(signal),
    };
    ExitStatus { at: Some(jiff::Timestamp::now()), ..status }
}

/// Whether an error means "later".
fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
