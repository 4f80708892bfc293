//! Ending what runs, and clearing up after what ended without a word.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, ExitReason, ExitStatus, OsText, Result};
use machine_sys::Process;
use rustix::fs::AtFlags;

use crate::control::Connection;
use crate::layout::{CTL, SHIM_LOCK};
use crate::memory;
use crate::record::{ExitRecord, ProcessRecord, StateRecord};
use crate::status::Status;
use crate::store::{MachineDir, Observed, OpLock};
use crate::wire::Request;
use crate::work::blocking;

/// How much longer than its grace a machine may take to end before it is killed from outside.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a shim may take to write down an end that it has seen, and to go.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long killed processes may take to be gone.
const DYING: Duration = Duration::from_secs(3);
/// The signal that cannot be refused.
const SIGKILL: i32 = 9;

/// Ends the machine in `dir`: by its own init with `signal` (`SIGTERM` otherwise), within `grace`; where that fails, by force.
/// Returns when nothing of it lives.
///
/// # Errors
/// [`ErrorKind::System`] when even force does not help.
pub(super) async fn end(dir: MachineDir, signal: Option<i32>, grace: Duration) -> Result<MachineDir> {
    if let Some(connection) = Connection::open(&dir).await? {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        let asked = async {
            connection.send(&Request::Stop { signal, grace_ms }, &[]).await?;
            connection.ended().await
        };
        // What went wrong does not matter: what follows looks for itself, and kills.
        tokio::time::timeout(grace.saturating_add(PATIENCE), asked).await.ok();
    }
    blocking(move || {
        if !dir.wait_until_dead(LAST_WORDS)? {
            kill(&dir)?;
        }
        Ok(dir)
    })
    .await
}

/// Kills the machine in `dir` from outside.
fn kill(dir: &MachineDir) -> Result<()> {
    let state = dir.observe()?.state;
    // Init first: then its shim sees the end and can still write it down.
    for process in state.as_ref().map(|state| [state.init, state.shim]).into_iter().flatten() {
        signal(process);
        if dir.wait_until_dead(DYING)? {
            return Ok(());
        }
    }
    // A shim that has not come as far as saying who it is: the kernel knows who holds the lock.
    for process in lock_holders(dir) {
        signal(process);
    }
    if dir.wait_until_dead(DYING)? {
        return Ok(());
    }
    let name = dir.name_for_people();
    Err(Error::new(ErrorKind::System, format!("machine `{name}` does not end although it was killed"))
        .with_hint("a process of it may hang in the kernel; look for it with `ps`, and try again"))
}

fn signal(process: ProcessRecord) {
    // One that is gone, or whose pid another has by now, needs no signal.
    if let Ok(Some(process)) = Process::open(process.pid, process.start) {
        process.signal(SIGKILL).ok();
    }
}

/// Who holds `shim.lock`, as `/proc/locks` tells it.
fn lock_holders(dir: &MachineDir) -> Vec<ProcessRecord> {
    let Ok(stat) = rustix::fs::statat(dir, SHIM_LOCK, AtFlags::SYMLINK_NOFOLLOW) else { return Vec::new() };
    let inode = format!(":{}", stat.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let holder = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1).filter(|field| *field != "->");
        let (kind, pid) = (fields.next()?, fields.nth(2)?);
        let pid: i32 = pid.parse().ok().filter(|pid| *pid > 1)?;
        let is_it = kind == "FLOCK" && fields.next()?.ends_with(&inode);
        is_it.then(|| Some(ProcessRecord { pid, start: machine_sys::process_start(pid)? }))?
    };
    locks.lines().filter_map(holder).collect()
}

/// Clears up after a machine that ended without a word, and writes down what is known of its end. Says where it stands then.
///
/// # Errors
/// [`ErrorKind::System`] when that cannot be written.
pub(super) fn settle(dir: &MachineDir, lock: &OpLock, observed: &Observed) -> Result<Status> {
    let (Status::Lost | Status::Rebooted, Some(state)) = (&observed.status, &observed.state) else {
        return Ok(observed.status.clone());
    };
    if observed.status == Status::Lost {
        signal(state.init);
        remove_cgroups(state);
    }
    rustix::fs::unlinkat(dir, CTL, AtFlags::empty()).ok();
    memory::remove_shown(dir.id());
    let known = observed.status.exit().unwrap_or_else(|| ExitStatus::unknown(ExitReason::SupervisorDied));
    let status = ExitStatus { at: Some(Timestamp::now()), ..known };
    dir.write_exit(lock, &ExitRecord { generation: observed.generation, status: status.clone() })?;
    Ok(Status::Stopped(status))
}

/// Removes the cgroups that were made for a machine, and whatever still lives in them.
pub(super) fn remove_cgroups(state: &StateRecord) {
    use std::os::unix::ffi::OsStrExt as _;
    let path = |text: &OsText| Path::new(std::ffi::OsStr::from_bytes(text.as_bytes())).to_owned();
    for cgroup in state.cgroups.iter().map(path) {
        remove_cgroup(&cgroup);
    }
}

/// Removes one cgroup, and whatever still lives in it.
pub(crate) fn remove_cgroup(cgroup: &Path) -> bool {
    // Nothing outside the tree of cgroups is ever removed on the word of a file.
    if !cgroup.starts_with("/sys/fs/cgroup") || !cgroup.is_dir() {
        return true;
    }
    let deadline = machine_core::Deadline::after(LAST_WORDS);
    while std::fs::remove_dir(cgroup).is_err() && cgroup.is_dir() {
        if deadline.passed() {
            return false;
        }
        if std::fs::write(cgroup.join("cgroup.kill"), "1").is_err() {
            let members = std::fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
            let processes = members.lines().filter_map(|pid| pid.parse().ok()).filter(|pid: &i32| *pid > 1);
            for pid in processes {
                if let Some(start) = machine_sys::process_start(pid) {
                    signal(ProcessRecord { pid, start });
                }
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}
