//! Small jobs that need a process of their own with a single thread: the helper program, started for a moment.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use machine_core::Deadline;
use machine_sys::id_map::{self, IdMap};
use machine_sys::{Ended, Fork, Namespaces, clone_into};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::MountFlags;
use rustix::pipe::{PipeFlags, pipe_with};

/// The argument by which the helper program knows that it is to do one of these.
pub(crate) const CHORE_ARG: &str = "__chore";
/// Says whether namespaces can be had: nothing, or one sentence on standard output.
const PROBE: &str = "probe";
/// Deletes something in the working directory as the root of a user namespace that has all ids which machines have.
const REMOVE: &str = "remove";
/// How long a probe may take.
const PROBE_TIME: Duration = Duration::from_secs(2);
/// How long a removal may take.
const REMOVE_TIME: Duration = Duration::from_mins(2);

/// Does the chore that `arguments` name. This process must have one thread.
pub(crate) fn main(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let (chore, object) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let done = match chore.to_str() {
        Some(PROBE) => inside(Namespaces::USER | Namespaces::PID | Namespaces::MOUNT, mount_something),
        Some(REMOVE) => inside(Namespaces::USER, || remove(&object)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no such chore")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever asked may have gone; then nobody wants to know.
            let _ = io::stdout().write_all(error.to_string().as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Does `work` in a child in new `namespaces`, as their root. Both processes come out of here; the child says what failed.
fn inside(namespaces: Namespaces, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let (go, set_going) = pipe_with(PipeFlags::CLOEXEC)?;
    match clone_into(namespaces)? {
        Fork::Child => {
            drop(set_going);
            told_to_go(go)?;
            work()
        }
        Fork::Parent(child) => {
            drop(go);
            let mapped = id_map::write(child.pid, &IdMap::widest());
            if mapped.is_ok() {
                File::from(set_going).write_all(b"g")?;
            } else {
                // The end of the pipe tells the child that there is nothing to do.
                drop(set_going);
            }
            let ended = machine_sys::wait(child.pid)?;
            mapped?;
            if ended == Ended::Exited(0) { Ok(()) } else { Err(io::Error::other("")) }
        }
    }
}

fn told_to_go(go: OwnedFd) -> io::Result<()> {
    match File::from(go).read(&mut [0])? {
        0 => Err(io::Error::other("")),
        _ => Ok(()),
    }
}

/// What the root of a machine's file system is made with.
fn mount_something() -> io::Result<()> {
    rustix::mount::mount("tmpfs", "/tmp", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, None)?;
    rustix::fs::mkdir("/tmp/proc", Mode::RWXU)?;
    Ok(rustix::mount::mount(
        "proc",
        "/tmp/proc",
        "proc",
        MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
        None,
    )?)
}

fn remove(name: &std::ffi::OsStr) -> io::Result<()> {
    let name = name.to_str().filter(|name| !name.is_empty() && !name.contains('/') && !name.starts_with('.'));
    let name =
        name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "that is no name of a thing in the trash"))?;
    let here = rustix::fs::openat(CWD, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    crate::store::remove_tree(here.as_fd(), name)
}

/// What keeps machines from having namespaces; nothing where they can have them.
pub(crate) fn namespaces_forbidden(helper: &Path) -> Option<String> {
    run(Command::new(helper).args([CHORE_ARG, PROBE]), PROBE_TIME).err().map(|error| error.to_string())
}

/// Deletes `name` in the directory `trash` although some of it belongs to users that only machines have.
pub(crate) fn remove_as_root(helper: &Path, trash: &Path, name: &str) -> io::Result<()> {
    run(Command::new(helper).args([CHORE_ARG, REMOVE, name]).current_dir(trash), REMOVE_TIME)
}

fn run(command: &mut Command, time: Duration) -> io::Result<()> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let deadline = Deadline::after(time);
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if deadline.passed() => {
                child.kill()?;
                child.wait()?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(1000).read_to_string(&mut text)?;
    }
    Err(io::Error::other(if text.is_empty() { format!("the helper program ended with {status}") } else { text }))
}
