//! The job's own process, from its fork to the execution of its program.

use std::ffi::{CString, OsStr};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use machine_sys::id_map::{IdMap, Range, Writer};
use machine_sys::{Namespaces, Pid, id_map};

use super::Failure;
use super::plan::Plan;

/// The user and group id that a job has unless it is root.
const JOB_ID: u32 = 1000;
/// The same, as it stands in `/etc/passwd`.
pub(super) const JOB_ID_TEXT: &str = "1000";
/// What the job says when it is in its own user namespace and wants to be told who it is.
const UNSHARED: u8 = b'u';

/// The three descriptors that a job starts with.
#[derive(Debug)]
pub(super) struct Stdio {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Becomes the job's program. Returns only when that fails, after having told job-init by way of `to_init`.
pub(super) fn become_job(plan: &Plan, stdio: &Stdio, to_init: OwnedFd, from_init: OwnedFd) {
    let mut to_init = std::fs::File::from(to_init);
    let failure = match prepare(plan, stdio, &mut to_init, from_init) {
        Ok(()) => execute(plan),
        Err(failure) => failure,
    };
    if let Ok(bytes) = serde_json::to_vec(&failure) {
        let _ = to_init.write_all(&bytes);
    }
}

fn prepare(plan: &Plan, stdio: &Stdio, to_init: &mut std::fs::File, from_init: OwnedFd) -> Result<(), Failure> {
    if plan.isolated {
        machine_sys::unshare(Namespaces::USER).map_err(|error| {
            Failure::ours(format!("the job cannot have a user namespace of its own: {error}; `--root` needs one too"))
        })?;
        to_init.write_all(&[UNSHARED]).map_err(|error| wrong("telling job-init", error))?;
        // Whoever has the other end writes one byte when the ids are mapped.
        let mut go = [0];
        let told = std::fs::File::from(from_init).read(&mut go).map_err(|error| wrong("waiting for ids", error))?;
        if told == 0 {
            return Err(Failure::ours("the job's user ids could not be mapped"));
        }
        // Groups of whoever started us are not the job's. Where they cannot be dropped they mean nothing inside.
        let _ = rustix::thread::set_thread_groups(&[]);
    }
    rustix::process::setsid().map_err(|errno| wrong("a session of its own", errno.into()))?;
    if plan.tty {
        rustix::process::ioctl_tiocsctty(&stdio.stdin).map_err(|errno| wrong("its terminal", errno.into()))?;
    }
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    rustix::stdio::dup2_stdin(&stdio.stdin).map_err(|errno| wrong("its input", errno.into()))?;
    rustix::stdio::dup2_stdout(&stdio.stdout).map_err(|errno| wrong("its output", errno.into()))?;
    rustix::stdio::dup2_stderr(&stdio.stderr).map_err(|errno| wrong("its error output", errno.into()))?;
    machine_sys::fd::close_from_on_exec(3).map_err(|error| wrong("closing what is not its own", error))?;
    std::env::set_current_dir(&plan.workdir)
        .map_err(|error| Failure::ours(format!("the job cannot start in `{}`: {error}", plan.workdir.display())))?;
    if !plan.root {
        rustix::thread::set_no_new_privs(true).map_err(|errno| wrong("no new privileges", errno.into()))?;
    }
    machine_sys::signals::reset().map_err(|error| wrong("its signals", error))
}

/// Tries every place where the program may be, as a shell does.
fn execute(plan: &Plan) -> Failure {
    let mut worst: Option<(io::Error, &CString)> = None;
    for path in &plan.candidates {
        let error = machine_sys::execute(path, &plan.arguments, &plan.environment);
        match rustix::io::Errno::from_io_error(&error) {
            // Not there, or in a directory of PATH that the job may not look into.
            _ if !exists(path) => {}
            // A script without a first line that names its interpreter is the shell's.
            Some(rustix::io::Errno::NOEXEC) => {
                let mut arguments = vec![c"sh".to_owned(), path.clone()];
                arguments.extend_from_slice(plan.arguments.get(1..).unwrap_or_default());
                let error = machine_sys::execute(c"/bin/sh", &arguments, &plan.environment);
                worst = Some((error, path));
            }
            _ => {
                worst.get_or_insert((error, path));
            }
        }
    }
    let program = plan.arguments.first().map(|program| program.to_string_lossy().into_owned()).unwrap_or_default();
    match worst {
        None if program.contains('/') => Failure { code: 127, message: format!("`{program}` does not exist") },
        None => Failure { code: 127, message: format!("`{program}` was not found in PATH") },
        Some((error, path)) if error.kind() == io::ErrorKind::NotFound => {
            let path = path.to_string_lossy();
            Failure { code: 127, message: format!("`{path}` exists, but not the interpreter that it asks for") }
        }
        Some((error, path)) => {
            Failure { code: 126, message: format!("`{}` cannot be executed: {error}", path.to_string_lossy()) }
        }
    }
}

fn exists(path: &CString) -> bool {
    Path::new(OsStr::from_bytes(path.as_bytes())).symlink_metadata().is_ok()
}

fn wrong(what: &str, error: io::Error) -> Failure {
    Failure::ours(format!("the job cannot be started ({what}): {error}"))
}

/// The other side of [`become_job`], in job-init: maps the ids of the job `pid` when it asks for that, and waits until its
/// program is executed. The pipe is closed by the execution; what comes through it before that is a failure.
pub(super) fn see_off(plan: &Plan, pid: Pid, from_job: OwnedFd, to_job: OwnedFd) -> Result<(), Failure> {
    let mut from_job = std::fs::File::from(from_job);
    let mut said = Vec::new();
    if plan.isolated {
        let mut first = [0];
        let read = from_job.read(&mut first).map_err(|error| wrong("its namespace", error))?;
        if read == 1 && first[0] == UNSHARED {
            let map = map(plan.root).map_err(|error| wrong("its user ids", error))?;
            id_map::write(pid, &map).map_err(|error| wrong("its user ids", error))?;
            std::fs::File::from(to_job).write_all(&[1]).map_err(|error| wrong("its user ids", error))?;
        } else {
            said.extend_from_slice(&first[..read]);
            drop(to_job);
        }
    }
    from_job.read_to_end(&mut said).map_err(|error| wrong("its execution", error))?;
    if said.is_empty() {
        return Ok(());
    }
    Err(serde_json::from_slice(&said).unwrap_or_else(|_| Failure::ours("the job could not be started")))
}

/// Which ids exist for the job. All that the machine has where those are many, with root of the machine and the job's own
/// user exchanged: so that the workspace, which root of the machine fills, is the job's. Else its own and nobody else.
fn map(root: bool) -> io::Result<IdMap> {
    let machine = |file| read_map(&std::fs::read_to_string(file)?);
    let (users, groups) = (machine("/proc/self/uid_map")?, machine("/proc/self/gid_map")?);
    let of = |ranges: &[Range]| if root { identity(ranges) } else { exchanged(ranges) };
    Ok(IdMap { users: of(&users), groups: of(&groups), writer: Writer::Privileged })
}

/// The ids that exist in this process's namespace.
fn read_map(text: &str) -> io::Result<Vec<Range>> {
    text.lines()
        .map(|line| {
            let mut fields = line.split_ascii_whitespace().map(str::parse);
            match (fields.next(), fields.next(), fields.next()) {
                (Some(Ok(inside)), Some(Ok(outside)), Some(Ok(count))) => Ok(Range { inside, outside, count }),
                _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel's id map cannot be read")),
            }
        })
        .collect()
}

fn identity(ranges: &[Range]) -> Vec<Range> {
    ranges.iter().map(|range| Range { inside: range.inside, outside: range.inside, count: range.count }).collect()
}

fn exchanged(ranges: &[Range]) -> Vec<Range> {
    let has = |id: u32| ranges.iter().any(|range| id >= range.inside && id - range.inside < range.count);
    let mut map = vec![Range { inside: JOB_ID, outside: 0, count: 1 }];
    if has(JOB_ID) {
        map.push(Range { inside: 0, outside: JOB_ID, count: 1 });
    }
    for range in ranges {
        // In 64 bits, because a map may reach up to the last id there is.
        let (mut start, end) = (u64::from(range.inside), u64::from(range.inside) + u64::from(range.count));
        for taken in [0, JOB_ID] {
            let taken = u64::from(taken);
            if start <= taken && taken < end {
                push(&mut map, start, taken);
                start = taken + 1;
            }
        }
        push(&mut map, start, end);
    }
    map
}

fn push(map: &mut Vec<Range>, start: u64, end: u64) {
    if let (Ok(first), Ok(count)) = (u32::try_from(start), u32::try_from(end.saturating_sub(start)))
        && count > 0
    {
        map.push(Range { inside: first, outside: first, count });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(inside: u32, outside: u32, count: u32) -> Range {
        Range { inside, outside, count }
    }

    #[test]
    fn a_machine_of_one_id_gives_it_to_the_job() {
        assert_eq!(exchanged(&[range(0, 1001, 1)]), [range(1000, 0, 1)]);
        assert_eq!(identity(&[range(0, 1001, 1)]), [range(0, 0, 1)]);
    }

    #[test]
    fn in_a_machine_of_all_ids_root_and_the_job_change_places() {
        let all = [range(0, 0, u32::MAX)];
        let expected = [range(1000, 0, 1), range(0, 1000, 1), range(1, 1, 999), range(1001, 1001, u32::MAX - 1001)];
        assert_eq!(exchanged(&all), expected);
        let granted = [range(0, 1001, 1), range(1, 100_000, 65_536)];
        let expected = [range(1000, 0, 1), range(0, 1000, 1), range(1, 1, 999), range(1001, 1001, 64_536)];
        assert_eq!(exchanged(&granted), expected);
    }
}
