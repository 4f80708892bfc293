//! Finding a program and becoming it: what runs in a forked child until `execve`.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

/// The command cannot be executed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What a shell would put into `$?`: 126 or 127. Zero where the command is not to blame.
    pub(super) code: u8,
    /// One sentence.
    pub(super) message: String,
}

impl Refusal {
    /// Not about the command: its surroundings.
    pub(super) fn surroundings(message: String) -> Self {
        Self { code: 0, message }
    }

    fn missing(message: String) -> Self {
        Self { code: 127, message }
    }

    fn forbidden(message: String) -> Self {
        Self { code: 126, message }
    }
}

/// The file that `name` means: itself where it holds a slash, else the first executable one in `path`.
pub(super) fn find(name: &[u8], path: &OsStr) -> Result<PathBuf, Refusal> {
    let shown = String::from_utf8_lossy(name);
    if name.is_empty() {
        return Err(Refusal::missing("the command is empty".to_owned()));
    }
    if name.contains(&b'/') {
        return Ok(PathBuf::from(OsStr::from_bytes(name)));
    }
    let mut forbidden = None;
    for directory in path.as_bytes().split(|&byte| byte == b':') {
        // As everywhere: an empty entry is the current directory.
        let directory = if directory.is_empty() { &b"."[..] } else { directory };
        let candidate = Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name));
        if !candidate.is_file() {
            continue;
        }
        if access(&candidate, Access::EXEC_OK).is_ok() {
            return Ok(candidate);
        }
        forbidden.get_or_insert(candidate);
    }
    Err(match forbidden {
        Some(file) => Refusal::forbidden(format!("`{}` is not executable", file.display())),
        None => Refusal::missing(format!("`{shown}` was not found in PATH ({})", path.to_string_lossy())),
    })
}

/// Becomes the program at `file`. Returns only when that is not possible.
pub(super) fn become_program(file: &Path, arguments: &[CString], environment: &[CString]) -> Refusal {
    let shown = file.display();
    let Ok(path) = CString::new(file.as_os_str().as_bytes()) else {
        return Refusal::missing(format!("`{shown}` holds a zero byte"));
    };
    let error = machine_sys::execute(&path, arguments, environment);
    let errno = Errno::from_io_error(&error);
    if errno == Some(Errno::NOEXEC) {
        // A script that does not say for whom it is: every shell takes it for its own.
        let mut with_shell = vec![c"/bin/sh".to_owned(), path];
        with_shell.extend_from_slice(arguments.get(1..).unwrap_or_default());
        machine_sys::execute(c"/bin/sh", &with_shell, environment);
        return Refusal::forbidden(format!("`{shown}` is not a program that this system can execute"));
    }
    match errno {
        Some(Errno::NOENT | Errno::NOTDIR) if file.exists() => {
            Refusal::missing(format!("`{shown}` exists, but the interpreter or loader that it names does not"))
        }
        Some(Errno::NOENT | Errno::NOTDIR) => Refusal::missing(format!("`{shown}` does not exist")),
        Some(Errno::ACCESS) if file.is_dir() => Refusal::forbidden(format!("`{shown}` is a directory")),
        Some(Errno::ACCESS) => Refusal::forbidden(format!("`{shown}` is not executable")),
        Some(Errno::TOOBIG) => {
            Refusal::forbidden(format!("the arguments and environment of `{shown}` are longer than the system allows"))
        }
        _ => Refusal::forbidden(format!("`{shown}` cannot be executed: {}", crate::fault::reason(&error))),
    }
}
