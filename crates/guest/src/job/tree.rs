//! Ending a tree of processes where there is no pid namespace that would do it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use machine_sys::{Process, process_start};

/// How long the processes may take to be gone; only the kernel can make it take longer than a moment.
const PATIENCE: Duration = Duration::from_secs(2);

/// Kills every descendant of this process and waits until none is left. It must be the one to which orphans are given.
pub(super) fn end_descendants() {
    let until = Instant::now() + PATIENCE;
    loop {
        while let Ok(Some(_)) = machine_sys::wait_any() {}
        let found = descendants();
        if found.is_empty() || Instant::now() > until {
            return;
        }
        for pid in found {
            // The start time makes sure that the pid still names the process that was found.
            if let Some(start) = process_start(pid)
                && let Ok(Some(process)) = Process::open(pid, start)
            {
                let _ = process.signal(libc_signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Signal numbers, the same on every Linux.
pub(super) mod libc_signal {
    pub(in crate::job) const HUP: i32 = 1;
    pub(in crate::job) const INT: i32 = 2;
    pub(in crate::job) const KILL: i32 = 9;
    pub(in crate::job) const TERM: i32 = 15;
    pub(in crate::job) const CHILD: i32 = 17;
}

/// The pids of all living processes whose line of parents leads to this one.
fn descendants() -> BTreeSet<i32> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeSet::new() };
    let parents: Vec<(i32, i32)> = entries
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            process_start(pid)?;
            let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
            let rest = stat.get(stat.iter().rposition(|&byte| byte == b')')? + 1..)?;
            Some((pid, std::str::from_utf8(rest).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for &(pid, parent) in &parents {
            if parent == own || found.contains(&parent) {
                found.insert(pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
