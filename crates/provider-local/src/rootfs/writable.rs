//! What the machine may write to and keeps over a restart: its home, `/work`, `/var`, `/srv`.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use super::STAGE;
use super::root::Root;
use crate::fault::{During as _, Step};
use crate::layout::RW;

/// Binds the directories under `rw/`, made at the first start.
pub(super) fn bind_kept(root: &Root, home: &Path) -> Step<()> {
    let kept = Path::new(RW);
    let places =
        [("var", Path::new("/var")), ("srv", Path::new("/srv")), ("home", home), ("work", Path::new(crate::WORK_PATH))];
    for (name, target) in places {
        // Users that are no persons have `/` for a home, which cannot be covered.
        if target.parent().is_none() {
            continue;
        }
        let source = kept.join(name);
        make_directory(&source).during(STAGE, || format!("cannot make `{}`", source.display()))?;
        if name == "var" {
            fill_var(&source).during(STAGE, || format!("cannot fill `{}`", source.display()))?;
        }
        root.bind(&source, target, false)?;
    }
    Ok(())
}

/// Makes a directory where there is none, its parents included.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn fill_var(var: &Path) -> io::Result<()> {
    // The last thing that is made here: where it is, all of it is.
    if fs::symlink_metadata(var.join("run")).is_ok() {
        return Ok(());
    }
    for name in ["cache", "lib", "log", "tmp"] {
        make_directory(&var.join(name))?;
    }
    fs::set_permissions(var.join("tmp"), Permissions::from_mode(0o1777))?;
    for (name, target) in [("lock", "/run/lock"), ("run", "/run")] {
        match symlink(target, var.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
