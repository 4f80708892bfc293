//! A program that a machine does not have may well be on this computer: then its reader wants to know where, and which
//! flag would show it.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where `program`, which was not found in a machine, is on this computer, and how to show it there. `path` is the list of
/// directories that a bare name is looked for in.
pub fn missing_program_hint(program: &OsStr, path: impl IntoIterator<Item = PathBuf>) -> Option<String> {
    let found = find(Path::new(program), path)?;
    // Nobody wants all of a computer shown.
    let dir = found.parent().filter(|dir| dir.parent().is_some())?;
    Some(format!(
        "on this computer it is `{}`, which the machine does not show; `--mount {}` would",
        found.display(),
        dir.display()
    ))
}

fn find(program: &Path, path: impl IntoIterator<Item = PathBuf>) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    if program.components().count() > 1 {
        // A relative path is below the machine's directory, not below ours.
        return Some(program.to_owned()).filter(|path| path.is_absolute()).filter(is_program);
    }
    path.into_iter().map(|dir| dir.join(program)).find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_computer_is_found_as_a_shell_finds_it() {
        let dir = tempfile::tempdir().unwrap();
        let tool = dir.path().join("tool");
        std::fs::write(&tool, "").unwrap();
        let here = || [PathBuf::from("/no/such/dir"), dir.path().to_owned()];
        assert_eq!(find(Path::new("tool"), here()), None, "it is no program yet");
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(Path::new("tool"), here()), Some(tool.clone()));
        assert_eq!(find(&tool, []), Some(tool.clone()));
        assert_eq!(find(Path::new("./tool"), here()), None);
        assert!(
            missing_program_hint(tool.as_os_str(), []).unwrap().contains(&format!("--mount {}", dir.path().display()))
        );
    }
}
