//! Which user and group ids exist in a user namespace, and which of the outside they are.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, getegid, geteuid};

/// A run of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first id, inside.
    pub inside: u32,
    /// The id outside (in the writer's namespace) that it is.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// Which ids exist in a user namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    /// User ids.
    pub users: Vec<Range>,
    /// Group ids.
    pub groups: Vec<Range>,
    /// Who has to write it.
    pub writer: Writer,
}

/// Who has to write a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// This process, which may map any id that it has itself. `setgroups` stays allowed inside.
    Privileged,
    /// This process, which may map its own id only. The kernel then wants `setgroups` to be denied inside.
    Unprivileged,
    /// The programs `newuidmap` and `newgidmap`, which may map what `/etc/subuid` and `/etc/subgid` grant.
    Helpers,
}

impl IdMap {
    /// The most that this process may map, with root inside being its own user: every id it has for root (each as itself),
    /// the ranges of `/etc/subuid` and `/etc/subgid` where the programs for that are installed, else its own id alone.
    pub fn widest() -> Self {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        if uid == 0
            && let (Some(users), Some(groups)) = (own_ids("uid_map"), own_ids("gid_map"))
        {
            return Self { users, groups, writer: Writer::Privileged };
        }
        let own = |outside| Range { inside: 0, outside, count: 1 };
        if in_path("newuidmap").is_some()
            && in_path("newgidmap").is_some()
            && let (Some(users), Some(groups)) = (granted("/etc/subuid", uid), granted("/etc/subgid", uid))
        {
            return Self { users: vec![own(uid), users], groups: vec![own(gid), groups], writer: Writer::Helpers };
        }
        Self::single()
    }

    /// This process's own user as root, and nobody else.
    pub fn single() -> Self {
        let own = |outside| vec![Range { inside: 0, outside, count: 1 }];
        let (users, groups) = (own(geteuid().as_raw()), own(getegid().as_raw()));
        Self { users, groups, writer: Writer::Unprivileged }
    }

    /// Whether a user id exists inside.
    pub fn has_user(&self, id: u32) -> bool {
        holds(&self.users, id)
    }

    /// Whether a group id exists inside.
    pub fn has_group(&self, id: u32) -> bool {
        holds(&self.groups, id)
    }
}

fn holds(ranges: &[Range], id: u32) -> bool {
    ranges.iter().any(|range| id >= range.inside && id - range.inside < range.count)
}

/// Writes the map of the user namespace that `pid` is the only process of.
///
/// # Errors
/// What the kernel or the helper program says: `EPERM` for ids that this process may not map.
pub fn write(pid: Pid, map: &IdMap) -> io::Result<()> {
    match map.writer {
        Writer::Helpers => {
            run_helper("newuidmap", pid, &map.users)?;
            run_helper("newgidmap", pid, &map.groups)
        }
        Writer::Privileged => write_files(pid, map),
        Writer::Unprivileged => {
            write_file(pid, "setgroups", "deny")?;
            write_files(pid, map)
        }
    }
}

fn write_files(pid: Pid, map: &IdMap) -> io::Result<()> {
    write_file(pid, "uid_map", &text(&map.users))?;
    write_file(pid, "gid_map", &text(&map.groups))
}

/// The kernel wants the whole of a map in one write.
fn write_file(pid: Pid, name: &str, contents: &str) -> io::Result<()> {
    let path = format!("/proc/{}/{name}", pid.as_raw_nonzero());
    OpenOptions::new().write(true).open(path)?.write_all(contents.as_bytes())
}

fn text(ranges: &[Range]) -> String {
    let mut text = String::new();
    for Range { inside, outside, count } in ranges {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{inside} {outside} {count}");
    }
    text
}

/// All ids that this process's own namespace has, each as itself.
fn own_ids(map: &str) -> Option<Vec<Range>> {
    let text = fs::read_to_string(format!("/proc/self/{map}")).ok()?;
    let ranges: Option<Vec<Range>> = text
        .lines()
        .map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let first = fields.next()?.parse().ok()?;
            Some(Range { inside: first, outside: first, count: fields.nth(1)?.parse().ok()? })
        })
        .collect();
    ranges.filter(|ranges| !ranges.is_empty())
}

/// The first range that `file` grants to the user `uid`, as ids from 1 up.
fn granted(file: &str, uid: u32) -> Option<Range> {
    let number = uid.to_string();
    let name = user_name(&number);
    granted_in(&fs::read_to_string(file).ok()?, &number, name.as_deref())
}

fn granted_in(text: &str, number: &str, name: Option<&str>) -> Option<Range> {
    text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let who = fields.next()?;
        if who != number && Some(who) != name {
            return None;
        }
        let outside = fields.next()?.parse().ok()?;
        let count = fields.next()?.parse().ok().filter(|&count| count > 0)?;
        Some(Range { inside: 1, outside, count })
    })
}

fn user_name(number: &str) -> Option<String> {
    fs::read_to_string("/etc/passwd").ok()?.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

fn run_helper(program: &str, pid: Pid, ranges: &[Range]) -> io::Result<()> {
    let mut command = Command::new(program);
    command.arg(pid.as_raw_nonzero().to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    for Range { inside, outside, count } in ranges {
        command.args([inside.to_string(), outside.to_string(), count.to_string()]);
    }
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{program}: {}", said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_found_by_name_and_by_number() {
        let text = "other:1:2\n# nothing\n\ntester:100000:65536\n1002:7:0\n1002:165536:65536\n";
        let named = Range { inside: 1, outside: 100_000, count: 65_536 };
        assert_eq!(granted_in(text, "1001", Some("tester")), Some(named));
        let second = Range { inside: 1, outside: 165_536, count: 65_536 };
        assert_eq!(granted_in(text, "1002", None), Some(second), "an empty range grants nothing");
        assert_eq!(granted_in(text, "5", Some("nobody")), None);
        assert_eq!(granted_in("tester:x:y", "1", Some("tester")), None);
    }

    #[test]
    fn a_map_knows_its_ids() {
        let map = IdMap {
            users: vec![
                Range { inside: 0, outside: 1001, count: 1 },
                Range { inside: 1, outside: 100_000, count: 1000 },
            ],
            groups: Vec::new(),
            writer: Writer::Helpers,
        };
        assert!(map.has_user(0) && map.has_user(1000) && !map.has_user(1001));
        assert_eq!(text(&map.users), "0 1001 1\n1 100000 1000\n");
    }
}
