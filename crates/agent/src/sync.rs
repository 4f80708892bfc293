//! A working directory of this computer, copied into a machine as its owner would hand it to a colleague: everything but
//! what `.gitignore` excludes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ignore::WalkBuilder;
use machine_core::{Error, ErrorKind, Result};
use machine_guest::archive::{Packer, is_plain};

use crate::carry::{Carried, send};
use crate::guest::Inside;

/// Copies what is in the directory `from` into the machine's directory `to`, but for what its `.gitignore` files exclude.
/// The history (`.git`) goes along whole, and so does what the history tracks although a pattern excludes it. The
/// directories `leave_out` stay here whatever the history says.
pub(crate) async fn sync(inside: &Inside, from: &Path, leave_out: &[PathBuf], to: &str) -> Result<Carried> {
    let root = from.canonicalize().map_err(|error| Error::io(format_args!("`{}`", from.display()), error))?;
    if !root.is_dir() {
        return Err(Error::new(ErrorKind::Invalid, format!("`{}` is not a directory", from.display())));
    }
    // Compared with what the walk finds, which has no symbolic links in it. One that is not there cannot be copied.
    let leave_out: Vec<_> = leave_out.iter().filter_map(|directory| directory.canonicalize().ok()).collect();
    send(inside, &["receive".into(), to.into()], move |packer| pack_working_tree(packer, &root, leave_out)).await
}

fn pack_working_tree<W: Write>(packer: &mut Packer<W>, root: &Path, leave_out: Vec<PathBuf>) -> Result<()> {
    let mut tracked = tracked(root);
    tracked.retain(|name| !leave_out.iter().any(|directory| root.join(name).starts_with(directory)));
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .follow_links(false)
        // Names in the history are git's own and must not be judged by patterns for the working tree.
        .filter_entry(move |entry| {
            let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            !is_directory || entry.file_name() != ".git" && !leave_out.iter().any(|directory| directory == entry.path())
        })
        .build();
    for entry in walk {
        let entry = entry.map_err(|error| {
            Error::new(ErrorKind::System, format!("`{}` cannot be read: {error}", root.display())).with_source(error)
        })?;
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(path);
        if !name.as_os_str().is_empty() {
            packer.add(path, name)?;
            tracked.remove(name);
        }
        let history = path.join(".git");
        if entry.file_type().is_some_and(|kind| kind.is_dir())
            && history.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
        {
            packer.add_tree(&history, &name.join(".git"))?;
        }
    }
    for name in tracked {
        let path = root.join(&name);
        // A directory in the list is another repository; what was deleted since is not there.
        if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            packer.add(&path, &name)?;
        }
    }
    Ok(())
}

/// What git tracks below `root`. Nothing where there is no git or no repository: then the patterns alone decide.
fn tracked(root: &Path) -> BTreeSet<PathBuf> {
    let listed = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let Ok(output) = listed else { return BTreeSet::new() };
    output
        .stdout
        .split(|&byte| byte == 0)
        .map(|name| PathBuf::from(OsString::from_vec(name.to_vec())))
        .filter(|name| is_plain(name))
        .collect()
}

#[cfg(test)]
mod tests;
