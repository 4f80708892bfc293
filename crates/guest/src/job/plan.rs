//! What a job's processes need to know, worked out before anything is forked.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::{Failure, environment};
use crate::orders::{Orders, workspace};

/// What a job's processes need to know.
#[derive(Debug)]
pub(super) struct Plan {
    /// The arguments, the program's name first.
    pub(super) arguments: Vec<CString>,
    /// `NAME=value`.
    pub(super) environment: Vec<CString>,
    /// Where the program may be, in order.
    pub(super) candidates: Vec<CString>,
    /// Where the job starts.
    pub(super) workdir: PathBuf,
    /// Whether there are namespaces.
    pub(super) isolated: bool,
    /// Whether the job is root in the machine.
    pub(super) root: bool,
    /// Whether standard input is a terminal that the job is to control.
    pub(super) tty: bool,
}

impl Plan {
    pub(super) fn new(orders: &Orders, isolated: bool) -> Result<Self, Failure> {
        let variables = environment::build(&orders.env, orders.root, orders.tty.is_some());
        let arguments = orders
            .command
            .iter()
            .map(|argument| CString::new(argument.as_bytes()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| Failure::ours("an argument of the command holds a zero byte"))?;
        let program = arguments.first().filter(|program| !program.as_bytes().is_empty());
        let program = program.ok_or_else(|| Failure::ours("the job has no command"))?;
        let path = variables.get(&b"PATH"[..]).cloned().unwrap_or_default();
        let candidates = candidates(program, &path);
        let environment = variables
            .into_iter()
            .map(|(name, value)| {
                if name.is_empty() || name.contains(&b'=') || name.contains(&0) || value.contains(&0) {
                    let name = String::from_utf8_lossy(&name).into_owned();
                    return Err(Failure::ours(format!("the environment variable `{name}` cannot be set")));
                }
                CString::new([name, value].join(&b'='))
                    .map_err(|_| Failure::ours("an environment variable holds a zero byte"))
            })
            .collect::<Result<_, _>>()?;
        let workdir = match &orders.workdir {
            Some(path) => real_path(Path::new(&OsString::from_vec(path.as_bytes().to_vec()))),
            None => workspace(),
        };
        Ok(Self { arguments, environment, candidates, workdir, isolated, root: orders.root, tty: orders.tty.is_some() })
    }
}

/// Where a path of the machine is in fact: relative ones are in the workspace, and the workspace of a machine without
/// namespaces is elsewhere.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    path.strip_prefix("/work").map_or_else(
        |_| workspace().join(path),
        |below| {
            if below.as_os_str().is_empty() { workspace() } else { workspace().join(below) }
        },
    )
}

fn candidates(program: &CString, path: &[u8]) -> Vec<CString> {
    if program.as_bytes().contains(&b'/') {
        return vec![program.clone()];
    }
    path.split(|&byte| byte == b':')
        .filter_map(|directory| {
            // An empty entry means the current directory, as everywhere.
            let directory = if directory.is_empty() { b"." } else { directory };
            let path =
                Path::new(std::ffi::OsStr::from_bytes(directory)).join(std::ffi::OsStr::from_bytes(program.as_bytes()));
            CString::new(path.into_os_string().into_vec()).ok()
        })
        .collect()
}
