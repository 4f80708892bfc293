//! What a machine may use at most.

use std::fs::File;

use machine_core::OsText;
use machine_sys::Pid;

use super::cgroup::{self, Group};
use crate::fault::Step;
use crate::record::LimitsRecord;

/// The limits of one machine, as far as the computer can enforce them.
#[derive(Debug)]
pub(super) struct Limits {
    id: String,
    groups: Vec<Group>,
    /// What is not enforced, one sentence each.
    pub(super) notes: Vec<String>,
}

impl Limits {
    /// Makes what is needed to enforce the limits. What the computer does not let us enforce becomes a note.
    pub(super) fn prepare(id: &str, wanted: &LimitsRecord) -> Step<Self> {
        let (groups, refused) = cgroup::prepare(id, wanted);
        let mut limits = Self { id: id.to_owned(), groups, notes: Vec::new() };
        limits.refuse(&refused);
        Ok(limits)
    }

    /// Puts the process under them.
    pub(super) fn apply(&mut self, pid: Pid) {
        let mut refused = Vec::new();
        self.groups.retain(|group| match group.join(pid) {
            Ok(()) => true,
            Err(error) => {
                refused.push(format!("{} ({})", group.limits(), crate::fault::reason(&error)));
                let _ = group.remove();
                false
            }
        });
        self.refuse(&refused);
    }

    fn refuse(&mut self, refused: &[String]) {
        if !refused.is_empty() {
            self.notes.push(format!("limits not enforced: {}", refused.join(", ")));
        }
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
