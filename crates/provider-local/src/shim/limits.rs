//! What a machine may use at most.

use std::fs::File;

use machine_core::OsText;
use machine_sys::Pid;

use rustix::process::{Resource, Rlimit, prlimit};

use super::cgroup::{self, Group, PROCESSES, Refused};
use crate::record::LimitsRecord;

/// The limits of one machine, as far as the computer can enforce them.
#[derive(Debug)]
pub(super) struct Limits {
    id: String,
    groups: Vec<Group>,
    refused: Vec<Refused>,
    pids: Option<u64>,
}

impl Limits {
    /// Makes what is needed to enforce the limits, where the computer lets us.
    pub(super) fn prepare(id: &str, wanted: &LimitsRecord) -> Self {
        let (groups, refused) = cgroup::prepare(id, wanted);
        Self { id: id.to_owned(), groups, refused, pids: wanted.pids }
    }

    /// Puts the process under them; `has_own_ids` says whether it is in a user namespace of its own.
    pub(super) fn apply(&mut self, pid: Pid, has_own_ids: bool) {
        let refused = &mut self.refused;
        self.groups.retain(|group| match group.join(pid) {
            Ok(()) => true,
            Err(error) => {
                refused.extend(group.refused(&error));
                let _ = group.remove();
                false
            }
        });
        if has_own_ids && counts_by_namespace() {
            let pids = self.pids;
            self.refused.retain(|refused| !(refused.what == PROCESSES && limit_processes(pid, pids)));
        }
    }

    /// What is not enforced, in one sentence for a person.
    pub(super) fn note(&self) -> Option<String> {
        let refused: Vec<String> =
            self.refused.iter().map(|refused| format!("{} ({})", refused.what, refused.why)).collect();
        (!refused.is_empty()).then(|| format!("limits not enforced: {}", refused.join(", ")))
    }

    /// The machine.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The directories that were made.
    pub(super) fn directories(&self) -> Vec<OsText> {
        self.groups.iter().map(|group| group.directory().as_os_str().into()).collect()
    }

    /// Where the kernel counts what it killed for want of memory.
    pub(super) fn oom_events(&self) -> Option<File> {
        self.groups.iter().find_map(Group::oom_events)
    }

    /// Removes the directories. Returns a sentence for each that does not go.
    pub(super) fn remove(&self) -> Vec<String> {
        let complain = |group: &Group| {
            let error = group.remove().err()?;
            Some(format!("cannot remove `{}`: {}", group.directory().display(), crate::fault::reason(&error)))
        };
        self.groups.iter().filter_map(complain).collect()
    }
}

/// The next best thing to a group: the kernel's limit of processes per user.
fn limit_processes(pid: Pid, limit: Option<u64>) -> bool {
    prlimit(Some(pid), Resource::Nproc, Rlimit { current: limit, maximum: limit }).is_ok()
}

/// Whether the processes of a user are counted in each user namespace by themselves, as since Linux 5.14. Before, those of
/// all his machines and his own were counted together. Those of root are never limited.
fn counts_by_namespace() -> bool {
    let system = rustix::system::uname();
    let release = system.release().to_string_lossy();
    let mut numbers = release.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (5, 14) && !rustix::process::geteuid().is_root(),
        _ => false,
    }
}

/// How many processes the kernel has killed for want of memory, by `memory.oom_control` (v1) or `memory.events` (v2).
pub(crate) fn oom_kills(events: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(events);
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_counters_are_read() {
        assert_eq!(oom_kills(b"oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"), 3);
        assert_eq!(oom_kills(b"low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n"), 1);
        assert_eq!(oom_kills(b""), 0);
    }
}
