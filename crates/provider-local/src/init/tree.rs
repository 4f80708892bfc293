//! Ending everything that a process has started, without a pid namespace whose end would do it.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use machine_sys::{Process, process_start};

/// How long killed processes may take to go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills all descendants of this process until none is left, and reaps them. Those that were orphaned are among them,
/// because this process collects orphans. Says whether all are gone.
pub(crate) fn kill_descendants() -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        while matches!(machine_sys::wait_any(), Ok(Some(_))) {}
        let descendants = descendants(std::process::id().cast_signed());
        if descendants.is_empty() {
            return true;
        }
        for pid in descendants {
            let Some(start) = process_start(pid) else { continue };
            if let Ok(Some(process)) = Process::open(pid, start) {
                let _ = process.signal(9);
            }
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The processes that descend from `ancestor`, dead ones excluded.
fn descendants(ancestor: i32) -> Vec<i32> {
    let parents = parents();
    let descends = |mut pid: i32| {
        // A process cannot be its own ancestor, but the table was not read at one instant.
        for _ in 0..parents.len() {
            match parents.get(&pid) {
                Some(&parent) if parent == ancestor => return true,
                Some(&parent) => pid = parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(|&pid| descends(pid)).collect()
}

/// The parent of each process.
fn parents() -> HashMap<i32, i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let parent = |pid: i32| {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let rest = stat.get(stat.iter().rposition(|&byte| byte == b')')? + 1..)?;
        let mut fields = std::str::from_utf8(rest).ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        (!matches!(state, "Z" | "X")).then(|| fields.next()?.parse().ok()).flatten()
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect()
}
