//! job-init: the process between the guest and the job. It makes the job's surroundings, starts it, hears of its end, and
//! by ending itself has the kernel end whatever the job left behind.

use machine_sys::signals::SignalFd;
use machine_sys::{Ended, Fork, Pid, Process};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::Signal;

use super::Failure;
use super::link::{Link, Order, Received, Report};
use super::plan::Plan;
use super::process::{Stdio, become_job, see_off};
use super::surroundings;
use super::tree::{end_descendants, libc_signal};

/// Runs job-init in the process that was made for it. Whatever happens is reported over `link`; when this returns the
/// process has to exit.
pub(super) fn run(plan: &Plan, stdio: Stdio, link: &Link, guest: &Process) {
    if let Err(failure) = start_and_watch(plan, stdio, link, guest) {
        link.send(&Report::Failed(failure));
    }
    if !plan.isolated {
        end_descendants();
    }
}

fn start_and_watch(plan: &Plan, stdio: Stdio, link: &Link, guest: &Process) -> Result<(), Failure> {
    let ours =
        |what: &str, error: std::io::Error| Failure::ours(format!("the job cannot be started ({what}): {error}"));
    let _ = machine_sys::set_name("job-init");
    if plan.isolated {
        // When the guest is killed nothing of the job may stay. Without namespaces that is seen by the link's end instead,
        // because then there is still a tree to be ended by hand.
        machine_sys::die_with_parent(guest).map_err(|error| ours("its supervisor", error))?;
        surroundings::arrange()?;
    } else {
        machine_sys::reap_descendants().map_err(|error| ours("its descendants", error))?;
    }
    let children = SignalFd::new(&[libc_signal::CHILD]).map_err(|error| ours("its signals", error))?;
    let pid = start(plan, stdio, &ours)?;
    link.send(&Report::Started);
    watch(pid, &children, link);
    Ok(())
}

fn start(plan: &Plan, stdio: Stdio, ours: &dyn Fn(&str, std::io::Error) -> Failure) -> Result<Pid, Failure> {
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|errno| ours("a pipe", errno.into()));
    let (from_job, to_init) = pipe()?;
    let (from_init, to_job) = pipe()?;
    match machine_sys::fork().map_err(|error| ours("its process", error))? {
        Fork::Child => {
            drop((from_job, to_job));
            become_job(plan, &stdio, to_init, from_init);
            // The job did not start. What is above belongs to job-init and must not run a second time.
            exit()
        }
        Fork::Parent(child) => {
            drop((to_init, from_init, stdio));
            let pid = child.pid;
            see_off(plan, pid, from_job, to_job).inspect_err(|_| drop(machine_sys::wait(pid)))?;
            // Not before: the kernel lets only a process that can be read write the id map of its child.
            let _ = machine_sys::not_dumpable();
            Ok(pid)
        }
    }
}

/// Reports the end of `job`, and until then does what the guest wants. Returns when the job has ended or the guest has.
fn watch(job: Pid, children: &SignalFd, link: &Link) {
    loop {
        let mut fds = [PollFd::new(children, PollFlags::IN), PollFd::new(link, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        while let Ok(Some(_)) = children.read() {}
        while let Ok(Some((pid, ended))) = machine_sys::wait_any() {
            if pid == job {
                return link.send(&match ended {
                    Ended::Exited(code) => Report::Exited(code),
                    Ended::Signaled(signal) => Report::Signaled(signal),
                });
            }
        }
        match link.receive() {
            Received::Message(Order::Signal(signal)) => send_signal(job, signal),
            Received::Message(Order::Kill) => {
                let _ = rustix::process::kill_process(job, Signal::KILL);
            }
            Received::Nothing => {}
            Received::Gone => return,
        }
    }
}

/// Sends the job's process group a signal: a shell that waits for its child passes nothing on.
fn send_signal(job: Pid, signal: i32) {
    if let Some(signal) = Signal::from_named_raw(signal) {
        // It is still ours to wait for, so neither the pid nor the group can have become another's.
        let _ = rustix::process::kill_process_group(job, signal);
    }
}

/// Ends this process, a copy whose callers belong to the original.
#[expect(clippy::exit, reason = "in a forked copy, returning would run the original's code a second time")]
pub(super) fn exit() -> ! {
    std::process::exit(125)
}
