//! Limits by control groups, of the old kind (v1: one tree per controller) and of the new (v2: one tree).

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use machine_sys::Pid;

use crate::record::LimitsRecord;

/// Where control groups are mounted.
const MOUNT: &str = "/sys/fs/cgroup";
/// What groups of the new kind say they can do.
const CONTROLLERS: &str = "cgroup.controllers";
/// The directory of all machines.
const MACHINES: &str = "machine";
/// A share of processor time is given per this many microseconds.
const PERIOD: u64 = 100_000;
/// How long the kernel may take to see that the processes of a group have ended.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a limit of processes is called.
pub(super) const PROCESSES: &str = "processes";

/// A directory that was made for one machine.
#[derive(Debug)]
pub(super) struct Group {
    directory: PathBuf,
    oom_events: Option<&'static str>,
    limits: Vec<&'static str>,
}

/// What cannot be limited, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// What it is called.
    pub(super) what: &'static str,
    /// Why not.
    pub(super) why: String,
}

/// One limit: how it is called, its controller, and what to write where.
struct Limit {
    name: &'static str,
    controller: &'static str,
    /// For the old kind, in this order. A file that does not exist is skipped when it is not the first.
    v1: Vec<(&'static str, String)>,
    /// For the new kind, likewise.
    v2: Vec<(&'static str, String)>,
}

fn limits(wanted: &LimitsRecord) -> Vec<Limit> {
    let mut limits = Vec::new();
    if let Some(mib) = wanted.memory_mib {
        let bytes = mib.saturating_mul(1024 * 1024).to_string();
        limits.push(Limit {
            name: "memory",
            controller: "memory",
            // Memory and swap together: else what does not fit is swapped out without end.
            v1: vec![("memory.limit_in_bytes", bytes.clone()), ("memory.memsw.limit_in_bytes", bytes.clone())],
            v2: vec![("memory.max", bytes), ("memory.swap.max", "0".to_owned())],
        });
    }
    if let Some(pids) = wanted.pids {
        let files = vec![("pids.max", pids.to_string())];
        limits.push(Limit { name: PROCESSES, controller: "pids", v1: files.clone(), v2: files });
    }
    if let Some(cpus) = wanted.cpus {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "saturates, and the kernel refuses less than a hundredth of a processor"
        )]
        let quota = (cpus * PERIOD as f64) as u64;
        limits.push(Limit {
            name: "processors",
            controller: "cpu",
            v1: vec![("cpu.cfs_quota_us", quota.to_string()), ("cpu.cfs_period_us", PERIOD.to_string())],
            v2: vec![("cpu.max", format!("{quota} {PERIOD}"))],
        });
    }
    limits
}

/// Makes the groups of the machine `id`. Returns what cannot be limited, and why.
pub(super) fn prepare(id: &str, wanted: &LimitsRecord) -> (Vec<Group>, Vec<Refused>) {
    prepare_at(Path::new(MOUNT), id, wanted)
}

fn prepare_at(mount: &Path, id: &str, wanted: &LimitsRecord) -> (Vec<Group>, Vec<Refused>) {
    let limits = limits(wanted);
    if limits.is_empty() {
        return (Vec::new(), Vec::new());
    }
    if mount.join(CONTROLLERS).is_file() {
        return match prepare_v2(mount, id, &limits) {
            Ok(group) => (vec![group], Vec::new()),
            Err(error) => (Vec::new(), limits.iter().map(|limit| refusal(limit, &error)).collect()),
        };
    }
    let (mut groups, mut refused) = (Vec::new(), Vec::new());
    for limit in &limits {
        match prepare_v1(mount, id, limit) {
            Ok(group) => groups.push(group),
            Err(error) => refused.push(refusal(limit, &error)),
        }
    }
    (groups, refused)
}

fn refusal(limit: &Limit, error: &io::Error) -> Refused {
    Refused { what: limit.name, why: crate::fault::reason(error) }
}

fn prepare_v1(mount: &Path, id: &str, limit: &Limit) -> io::Result<Group> {
    let tree = mount.join(limit.controller);
    if !tree.is_dir() {
        return Err(io::Error::other("this computer has no such controller"));
    }
    let directory = tree.join(MACHINES).join(id);
    fs::create_dir_all(&directory)?;
    let oom_events = (limit.controller == "memory").then_some("memory.oom_control");
    let group = Group { directory, oom_events, limits: vec![limit.name] };
    group.fill(&limit.v1)
}

/// Below the nearest group that is ours to divide: the root for root, what the session manager has delegated for others.
fn prepare_v2(mount: &Path, id: &str, limits: &[Limit]) -> io::Result<Group> {
    let own = fs::read_to_string("/proc/self/cgroup")?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let mut refused = io::Error::from(io::ErrorKind::PermissionDenied);
    // From the top: the higher it is, the fewer processes are in it, which the kernel does not allow in a divided group.
    let mut above: Vec<PathBuf> = Path::new(own).ancestors().map(|path| mount.join(path)).collect();
    above.reverse();
    for parent in above {
        match divide(&parent, id, limits) {
            Ok(directory) => {
                let names = limits.iter().map(|limit| limit.name).collect();
                let oom_events = limits.iter().any(|limit| limit.controller == "memory").then_some("memory.events");
                let group = Group { directory, oom_events, limits: names };
                return limits.iter().try_fold(group, |group, limit| group.fill(&limit.v2));
            }
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Makes a group for the machine in `parent` that the controllers reach.
fn divide(parent: &Path, id: &str, limits: &[Limit]) -> io::Result<PathBuf> {
    let machines = parent.join(MACHINES);
    fs::create_dir_all(&machines)?;
    for group in [parent, &machines] {
        let reached = fs::read_to_string(group.join("cgroup.subtree_control"))?;
        for limit in limits {
            if !reached.split_ascii_whitespace().any(|controller| controller == limit.controller) {
                put(&group.join("cgroup.subtree_control"), &format!("+{}", limit.controller))?;
            }
        }
    }
    let directory = machines.join(id);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

impl Group {
    /// Writes the limits, or removes the group again.
    fn fill(self, files: &[(&str, String)]) -> io::Result<Self> {
        for (index, (name, value)) in files.iter().enumerate() {
            let path = self.directory.join(name);
            if index > 0 && !path.exists() {
                continue;
            }
            if let Err(error) = put(&path, value) {
                let _ = self.remove();
                return Err(error);
            }
        }
        Ok(self)
    }

    /// Moves a process into it, and with it all that it will start.
    pub(super) fn join(&self, pid: Pid) -> io::Result<()> {
        put(&self.directory.join("cgroup.procs"), &pid.as_raw_nonzero().to_string())
    }

    /// Where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it would have limited, had it not been for `error`.
    pub(super) fn refused(&self, error: &io::Error) -> impl Iterator<Item = Refused> {
        let why = crate::fault::reason(error);
        self.limits.iter().map(move |&what| Refused { what, why: why.clone() })
    }

    /// Where the kernel counts what it killed for want of memory.
    pub(super) fn oom_events(&self) -> Option<File> {
        File::open(self.directory.join(self.oom_events?)).ok()
    }

    /// Removes it. Its processes must have ended.
    pub(super) fn remove(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match fs::remove_dir(&self.directory) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                other => return other,
            }
        }
    }
}

/// Writes a value where the kernel takes one; never makes a file.
fn put(path: &Path, value: &str) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scratch;

    const WANTED: LimitsRecord = LimitsRecord { cpus: Some(1.5), memory_mib: Some(64), pids: Some(100) };

    fn fake(scratch: &Scratch, files: &[(&str, &str)]) {
        for (path, contents) in files {
            let path = scratch.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
    }

    fn value(scratch: &Scratch, path: &str) -> String {
        fs::read_to_string(scratch.path().join(path)).unwrap()
    }

    #[test]
    fn the_new_kind_is_one_group() {
        let scratch = Scratch::new();
        fake(
            &scratch,
            &[
                ("cgroup.controllers", "cpu memory pids"),
                ("cgroup.subtree_control", "cpu memory pids"),
                ("machine/cgroup.subtree_control", "cpu memory pids"),
                ("machine/m-1/memory.max", ""),
                ("machine/m-1/memory.swap.max", ""),
                ("machine/m-1/memory.events", "oom_kill 0"),
                ("machine/m-1/pids.max", ""),
                ("machine/m-1/cpu.max", ""),
                ("machine/m-1/cgroup.procs", ""),
            ],
        );
        let (groups, refused) = prepare_at(scratch.path(), "m-1", &WANTED);
        assert_eq!((groups.len(), refused.len()), (1, 0), "{refused:?}");
        assert_eq!(value(&scratch, "machine/m-1/memory.max"), "67108864");
        assert_eq!(value(&scratch, "machine/m-1/memory.swap.max"), "0");
        assert_eq!(value(&scratch, "machine/m-1/pids.max"), "100");
        assert_eq!(value(&scratch, "machine/m-1/cpu.max"), "150000 100000");
        assert!(groups[0].oom_events().is_some());
        groups[0].join(Pid::from_raw(77).unwrap()).unwrap();
        assert_eq!(value(&scratch, "machine/m-1/cgroup.procs"), "77");
    }

    #[test]
    fn the_old_kind_is_a_group_for_each() {
        let scratch = Scratch::new();
        fake(
            &scratch,
            &[("memory/machine/m-1/memory.limit_in_bytes", ""), ("pids/machine/m-1/pids.max", ""), ("cpu/tasks", "")],
        );
        let (groups, refused) = prepare_at(scratch.path(), "m-1", &WANTED);
        assert_eq!(groups.len(), 2);
        assert_eq!(value(&scratch, "memory/machine/m-1/memory.limit_in_bytes"), "67108864");
        assert_eq!(value(&scratch, "pids/machine/m-1/pids.max"), "100");
        // This one takes no values, and is gone again.
        assert_eq!(refused.iter().map(|refused| refused.what).collect::<Vec<_>>(), ["processors"]);
        assert!(!scratch.path().join("cpu/machine/m-1").exists());
    }

    #[test]
    fn without_groups_everything_is_refused_and_without_limits_nothing_is_made() {
        let scratch = Scratch::new();
        let (groups, refused) = prepare_at(scratch.path(), "m-1", &WANTED);
        assert_eq!((groups.len(), refused.len()), (0, 3));
        let (groups, refused) = prepare_at(scratch.path(), "m-1", &LimitsRecord::default());
        assert_eq!((groups.len(), refused.len()), (0, 0));
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
