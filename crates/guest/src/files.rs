//! `__guest receive`, `receive-as` and `send`: files in and out of the machine, as tar streams over standard input and
//! output.

use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::archive::{Packer, Summary, destination, unpack};
use crate::job::real_path;

/// Unpacks standard input into `directory`, and says what came as one line of JSON.
pub(crate) fn receive(directory: &Path) -> Result<(), String> {
    report(unpack(io::stdin().lock(), &real_path(directory), None))
}

/// Unpacks standard input, which holds one file or directory, to `target` as `cp` would.
pub(crate) fn receive_as(target: &Path) -> Result<(), String> {
    let asked_for_directory = target.as_os_str().as_bytes().ends_with(b"/");
    let target = real_path(target);
    let (root, name) = destination(&target, asked_for_directory);
    if asked_for_directory && !root.is_dir() {
        return Err(format!("`{}` is not a directory in the machine", target.display()));
    }
    if !root.is_dir() {
        return Err(format!("there is no directory `{}` in the machine", root.display()));
    }
    report(unpack(io::stdin().lock(), &root, name.as_deref()))
}

fn report(done: machine_core::Result<Summary>) -> Result<(), String> {
    let summary = done.map_err(|error| error.to_string())?;
    // What follows the archive's end (padding) is taken too: whoever sends it must not find the pipe closed.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let line = serde_json::to_string(&summary).map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "{line}").map_err(|error| error.to_string())
}

/// Packs `paths` to standard output. Those below `base` are named as seen from there, others by their last name. One that
/// is not there keeps none of the others back; the error names it when they are out.
pub(crate) fn send(base: &Path, paths: &[&Path]) -> Result<(), String> {
    let base = real_path(base);
    let mut packer = Packer::new(io::BufWriter::with_capacity(128 * 1024, io::stdout().lock()));
    let mut missing = Vec::new();
    for path in paths {
        // Relative paths are seen from the base, which is where the job started.
        let path = if path.is_relative() { base.join(path) } else { real_path(path) };
        if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            missing.push(format!("`{}` does not exist", path.display()));
            continue;
        }
        let name = path.strip_prefix(&base).ok().filter(|name| crate::archive::is_plain(name));
        let name = match (name, path.file_name()) {
            (Some(name), _) => name,
            (None, Some(name)) => Path::new(name),
            (None, None) => return Err(format!("`{}` has no name to bring it back by", path.display())),
        };
        packer.add_tree(&path, name).map_err(|error| error.to_string())?;
    }
    let (_, skipped) = packer.finish().map_err(|error| error.to_string())?;
    for sentence in skipped {
        let _ = writeln!(io::stderr(), "{sentence}");
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}
