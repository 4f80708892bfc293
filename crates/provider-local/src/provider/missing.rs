//! A program that is missing inside may well be on the computer: then its reader wants to know where, and how to show it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use machine_core::OsText;

use crate::plan::CreatorEnv;

/// What to do about `program`, which the machine does not have.
pub(super) fn hint(program: &OsText, creator: &CreatorEnv) -> Option<String> {
    let program = Path::new(OsStr::from_bytes(program.as_bytes()));
    let found = find(program, creator)?;
    let dir = found.parent().filter(|dir| dir.parent().is_some())?;
    Some(format!(
        "on this computer it is `{}`, which the machine does not show; `--mount {}` would",
        found.display(),
        dir.display()
    ))
}

fn find(program: &Path, creator: &CreatorEnv) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if program.components().count() > 1 {
        return Some(program.to_owned()).filter(|path| path.is_absolute()).filter(is_program);
    }
    creator.path().into_iter().map(|dir| dir.join(program)).find(is_program)
}
