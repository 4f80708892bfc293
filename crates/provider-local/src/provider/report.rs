//! What `machine info` shows of this provider.

use std::path::Path;

use serde::Serialize;

use super::LocalProvider;
use crate::isolation::Isolation;

/// What this computer lets machines have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LocalReport {
    /// The state directory.
    pub state_directory: String,
    /// The helper program.
    pub helper: String,
    /// How far machines are kept apart, as configured.
    pub isolation: Isolation,
    /// What keeps machines from having namespaces; nothing where they can have them, as far as can be seen.
    pub namespaces_forbidden: Option<String>,
    /// What can be limited: some of `memory`, `processes`, `processors`.
    pub limits: Vec<&'static str>,
    /// Processors of this computer.
    pub cpus: usize,
    /// Memory of this computer in MiB.
    pub memory_mib: u64,
}

impl LocalProvider {
    /// What this computer lets machines have. Blocks for a few file operations.
    pub fn report(&self) -> LocalReport {
        let local = &self.local;
        LocalReport {
            state_directory: local.store.root().display().to_string(),
            helper: local.helper.display().to_string(),
            isolation: local.isolation,
            namespaces_forbidden: crate::chore::namespaces_forbidden(&local.helper),
            limits: limits(),
            cpus: local.computer.cpus,
            memory_mib: local.computer.memory_mib,
        }
    }
}

/// What can be limited: where a control group of ours could be made.
fn limits() -> Vec<&'static str> {
    let mount = Path::new("/sys/fs/cgroup");
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    let kinds = [("memory", "memory"), ("processes", "pids"), ("processors", "cpu")];
    if mount.join("cgroup.controllers").is_file() {
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let divisible = Path::new(own)
            .ancestors()
            .map(|path| mount.join(path))
            .find(|path| writable(&path.join("cgroup.subtree_control")) && writable(path));
        let offered = divisible
            .and_then(|path| std::fs::read_to_string(path.join("cgroup.controllers")).ok())
            .unwrap_or_default();
        let offers = |controller: &str| offered.split_ascii_whitespace().any(|other| other == controller);
        return kinds.into_iter().filter(|(_, controller)| offers(controller)).map(|(name, _)| name).collect();
    }
    kinds.into_iter().filter(|(_, controller)| writable(&mount.join(controller))).map(|(name, _)| name).collect()
}
