//! What this provider finds on the computer, and what it clears up there.

use std::path::Path;

use async_trait::async_trait;
use machine_core::{Housekeeping, Report, Result};

use super::LocalProvider;
use crate::isolation::Isolation;

#[async_trait]
impl Housekeeping for LocalProvider {
    fn report(&self) -> Report {
        let local = &self.local;
        let (computer, limits) = (local.computer, limits());
        let forbidden = crate::chore::namespaces_forbidden(&local.helper);
        let isolation = match (&forbidden, local.isolation) {
            (_, Isolation::Process) => "process (as configured): nothing is hidden from a machine".to_owned(),
            (Some(why), _) => format!("process: nothing is hidden from a machine, because {why}"),
            (None, _) => "namespaces".to_owned(),
        };
        let enforced = match limits.as_slice() {
            [] => "none can be enforced here; they are recorded only".to_owned(),
            limits => limits.join(", "),
        };
        Report {
            facts: vec![
                ("computer", format!("{} processors, {} MiB of memory", computer.cpus, computer.memory_mib)),
                ("isolation", isolation),
                ("limits", enforced),
            ],
            problems: forbidden
                .iter()
                .filter(|_| local.isolation != Isolation::Process)
                .map(|why| format!("machines are not kept apart from this computer, because {why}"))
                .collect(),
            details: serde_json::json!({
                "state_directory": local.store.root().display().to_string(),
                "helper": local.helper.display().to_string(),
                "isolation": local.isolation,
                "namespaces_forbidden": forbidden,
                "limits": limits,
                "cpus": computer.cpus,
                "memory_mib": computer.memory_mib,
            }),
        }
    }

    async fn tidy(&self, dry_run: bool) -> Result<Vec<String>> {
        self.collect_garbage(dry_run).await
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
