//! From an order to a running machine, or to a failure that leaves nothing behind.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use machine_core::Network;
use machine_sys::id_map::{self, IdMap};
use machine_sys::{Child, Fork, Namespaces, Process, clone_into, fork};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::CWD;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::limits::Limits;
use super::supervise::Supervisor;
use super::{answer, complain, finish, hints, let_go_of_starter, lock, publish, refuse};
use crate::fault::{During as _, Step};
use crate::init::{self, Inheritance, MAX_REPORT, Report, timeout};
use crate::isolation::Isolation;
use crate::layout::{CTL, STATE};
use crate::order::{Ready, Stage, StartFailure, StartOrder};
use crate::record::{ProcessRecord, StateRecord};
use crate::rootfs::Ids;
use crate::store::{Durability, write_json};

/// How long pid 1 may take from its first step to the execution of the command.
const READY: Duration = Duration::from_mins(1);
/// What pipes for output are enlarged to, where the system allows it: so much less often do programs wait for us.
const PIPE: usize = 1024 * 1024;

/// Pid 1 as the shim sees it.
struct Forked {
    child: Child,
    channel: OwnedFd,
    output: [OwnedFd; 2],
}

/// Which process this is, and what came of trying.
enum Tried {
    /// This is pid 1.
    Init(Box<Inheritance>),
    /// This is the shim; pid 1 runs, and has said what a person should know.
    Running(Forked, Vec<String>),
    /// The system does not allow namespaces. Nothing is left of the attempt.
    Barred(StartFailure, Box<StartOrder>),
}

/// Starts the machine and stays with it. Pid 1, a fork, comes out of here as well.
pub(super) fn run(order: StartOrder) -> ExitCode {
    let generation = order.generation;
    let (lock, ports) =
        match lock::take().and_then(|lock| Ok((lock, publish::bind(order.spec.address, &order.spec.ports)?))) {
            Ok(held) => held,
            // Another shim has the machine: nothing of it is ours to write.
            Err(failure) if failure.stage == Stage::Lock => return refuse(failure),
            Err(failure) => return finish::failed(generation, failure, None),
        };
    let mut limits = Limits::prepare(&order.spec.id, &order.spec.limits);
    let id = order.spec.id.clone();
    let (tried, isolation, mut notes) = match attempt(order, &mut limits) {
        Ok(tried) => tried,
        Err(failure) => return finish::failed(generation, failure, Some(&limits)),
    };
    match tried {
        Tried::Init(inheritance) => {
            drop((ports, limits));
            let code = init::main(*inheritance);
            // Held to here, and by no program that runs inside.
            drop(lock);
            code
        }
        Tried::Running(Forked { child, channel, output }, more) => {
            notes.extend(more);
            notes.extend(limits.note());
            let supervisor = Supervisor { generation, id, child, channel, output, limits, isolation };
            go_on(supervisor, ports, notes)
        }
        Tried::Barred(failure, _) => finish::failed(generation, failure, Some(&limits)),
    }
}

/// Tells the starter, and stays until the machine has ended.
fn go_on(supervisor: Supervisor, ports: publish::Ports, notes: Vec<String>) -> ExitCode {
    let told = record_state(&supervisor, notes).and_then(|()| {
        answer(&Ready::Running).during(Stage::Internal, || "the starter went away before the machine ran".to_owned())
    });
    if let Err(failure) = told {
        return supervisor.abandon(failure);
    }
    if let Err(error) = let_go_of_starter() {
        complain(&format!("cannot let go of the starter: {}", crate::fault::reason(&error)));
    }
    let served = ports.serve();
    machine_sys::return_memory();
    let code = supervisor.supervise();
    // Before the lock: whoever sees that free may start the machine again.
    served.end();
    code
}

fn record_state(supervisor: &Supervisor, notes: Vec<String>) -> Step<()> {
    let own = std::process::id().cast_signed();
    let process = |pid| ProcessRecord { pid, start: machine_sys::process_start(pid).unwrap_or_default() };
    let state = StateRecord {
        generation: supervisor.generation,
        started_at: Timestamp::now(),
        boot_id: machine_sys::boot_id().during(Stage::Internal, || "cannot tell the computer's boot".to_owned())?,
        shim: process(own),
        init: process(supervisor.init_pid()),
        isolation: supervisor.isolation,
        cgroups: supervisor.limits.directories(),
        notes,
    };
    write_json(CWD, STATE, &state, Durability::ThisBoot).during(Stage::Internal, || format!("cannot write `{STATE}`"))
}

/// Tries namespaces where they are wanted, and a plain process where that is allowed and they are not.
fn attempt(order: StartOrder, limits: &mut Limits) -> Step<(Tried, Isolation, Vec<String>)> {
    let wanted = order.spec.isolation;
    if wanted == Isolation::Process {
        let note = "it is not kept apart from the computer, as the isolation `process` asks".to_owned();
        return Ok((try_once(Box::new(order), wanted, limits)?, wanted, vec![note]));
    }
    match try_once(Box::new(order), Isolation::Namespaces, limits)? {
        Tried::Barred(failure, _) if wanted == Isolation::Namespaces => Err(hints::explain(failure)),
        Tried::Barred(failure, order) => {
            let why = hints::explain(failure).message;
            let note = format!("it is not kept apart from the computer, because {why}");
            Ok((try_once(order, Isolation::Process, limits)?, Isolation::Process, vec![note]))
        }
        done => Ok((done, Isolation::Namespaces, Vec::new())),
    }
}

/// Forks pid 1 and sees it to the point where the command runs. What fails leaves nothing behind.
fn try_once(order: Box<StartOrder>, isolation: Isolation, limits: &mut Limits) -> Step<Tried> {
    let internal = |what: &'static str| move || what.to_owned();
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
        .during(Stage::Internal, internal("cannot make a channel to pid 1"))?;
    let (out, out_end) = pipe().during(Stage::Internal, internal("cannot make a pipe for the output"))?;
    let (err, err_end) = pipe().during(Stage::Internal, internal("cannot make a pipe for the output"))?;
    let listener = listen().during(Stage::Internal, || format!("cannot listen on `{CTL}`"))?;
    let parent = Process::current().during(Stage::Internal, internal("cannot refer to itself"))?;
    let oom = limits.oom_events();
    let map = IdMap::widest();
    let ids = Ids { real_root: rustix::process::geteuid().is_root(), tty_group: map.has_group(5) };
    let forked = match isolation {
        Isolation::Process => {
            machine_sys::reap_descendants().during(Stage::Internal, internal("cannot collect orphans"))?;
            fork().during(Stage::Internal, internal("cannot fork"))?
        }
        Isolation::Auto | Isolation::Namespaces => match clone_into(namespaces(order.spec.network)) {
            Ok(forked) => forked,
            Err(error) => {
                let what = "the system does not make namespaces";
                return Ok(Tried::Barred(StartFailure::because(Stage::Namespaces, what, &error), order));
            }
        },
    };
    let child = match forked {
        Fork::Parent(child) => child,
        Fork::Child => {
            drop((ours, out, err));
            return Ok(Tried::Init(Box::new(Inheritance {
                order: *order,
                isolation,
                ids,
                channel: theirs,
                listener,
                output: [out_end, err_end],
                parent,
                oom,
            })));
        }
    };
    drop((theirs, out_end, err_end, listener, oom));
    let verdict = release(&child, isolation, &map, limits, &ours).and_then(|()| hear(&ours));
    match verdict {
        Ok(notes) => Ok(Tried::Running(Forked { child, channel: ours, output: [out, err] }, notes)),
        Err(failure) => {
            end(&child);
            if failure.stage == Stage::Namespaces { Ok(Tried::Barred(failure, order)) } else { Err(failure) }
        }
    }
}

fn namespaces(network: Network) -> Namespaces {
    let usual = Namespaces::USER | Namespaces::PID | Namespaces::MOUNT | Namespaces::UTS | Namespaces::IPC;
    if network == Network::None { usual | Namespaces::NET } else { usual }
}

/// A pipe that is as large as the system allows, up to [`PIPE`].
fn pipe() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    // A smaller one does as well.
    let _ = fcntl_setpipe_size(&read, PIPE);
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

fn listen() -> std::io::Result<UnixListener> {
    match fs::remove_file(CTL) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(CTL)
}

/// Gives pid 1 its ids and its limits, and then the permission to begin.
fn release(child: &Child, isolation: Isolation, map: &IdMap, limits: &mut Limits, channel: &OwnedFd) -> Step<()> {
    if isolation == Isolation::Namespaces {
        let what = || "the system does not let the machine have user ids".to_owned();
        id_map::write(child.pid, map).during(Stage::Namespaces, what)?;
    }
    limits.apply(child.pid, isolation == Isolation::Namespaces);
    machine_sys::fd::send(channel, &[1], &[]).during(Stage::Internal, || "pid 1 of the machine has died".to_owned())?;
    Ok(())
}

/// Waits until pid 1 says that the command runs, or why not.
fn hear(channel: &OwnedFd) -> Step<Vec<String>> {
    let what = || "cannot hear pid 1 of the machine".to_owned();
    let deadline = Instant::now() + READY;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let message = format!("the machine was not ready after {} seconds", READY.as_secs());
            return Err(StartFailure::new(Stage::Internal, message));
        }
        let mut fds = [PollFd::new(channel, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout(left))) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            other => other.during(Stage::Internal, what)?,
        };
        return match receive(channel).during(Stage::Internal, what)? {
            Some(Report::Running(notes)) => Ok(notes),
            Some(Report::Failed(failure)) => Err(failure),
            Some(Report::Ended(_)) | None => {
                Err(StartFailure::new(Stage::Internal, "pid 1 of the machine died before the command ran"))
            }
        };
    }
}

/// The next report; none when pid 1 is gone.
pub(super) fn receive(channel: &OwnedFd) -> std::io::Result<Option<Report>> {
    let mut packet = vec![0; MAX_REPORT];
    match machine_sys::fd::recv(channel, &mut packet) {
        Ok((0, _)) => Ok(None),
        Ok((read, _)) => Ok(Some(serde_json::from_slice(&packet[..read])?)),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends an attempt that has failed, and everything that it may have started.
pub(super) fn end(child: &Child) {
    let _ = child.signal(9);
    let _ = machine_sys::wait(child.pid);
    // Without a pid namespace, orphans have come to this process.
    init::kill_descendants();
}
