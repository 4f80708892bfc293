//! The tests once more as an ordinary user, because root is never refused anything: permissions, full disks and user
//! namespaces of one id only show there.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, root};

/// The longest that one test program may take.
const LONGEST: Duration = Duration::from_mins(10);
/// `nobody`: on every system, in nobody's way, and without a range of subordinate ids.
const UID: &str = "65534";
/// Packages whose tests look at the sources, speak HTTP, or log in by ssh, as `nobody` cannot; the same for everybody else.
const NOT_HERE: [&str; 8] = [
    "tests/Cargo.toml",
    "xtask/Cargo.toml",
    "crates/http/Cargo.toml",
    "crates/provider-digitalocean/Cargo.toml",
    "crates/provider-fly/Cargo.toml",
    "crates/provider-vultr/Cargo.toml",
    "crates/simcloud/Cargo.toml",
    "crates/ssh/Cargo.toml",
];
/// Programs that tests run, and the variables that tell the tests where they are.
const PROGRAMS: [(&str, &str); 3] = [
    ("machine", "MACHINE_TEST_BIN"),
    ("machine-guest", "MACHINE_TEST_GUEST"),
    ("web-button", "MACHINE_TEST_WEB_BUTTON"),
];

/// Builds the tests as whoever this is and runs them as an ordinary user. Does nothing, and says so, where this is no root:
/// then the usual run was one already.
pub(crate) fn run() -> Outcome {
    if std::fs::metadata("/proc/self").is_ok_and(|myself| std::os::unix::fs::MetadataExt::uid(&myself) != 0) {
        println!("not root: `cargo test` was this already");
        return Ok(());
    }
    let built = build()?;
    // Not below the build directory: that may lie where an ordinary user cannot go.
    let dir = tempfile::Builder::new().prefix("machine-user-").tempdir().map_err(|error| error.to_string())?;
    let home = dir.path().join("home");
    std::fs::create_dir(&home).map_err(|error| error.to_string())?;
    open_to_all(dir.path(), 0o755)?;
    open_to_all(&home, 0o777)?;
    let mut failed = Vec::new();
    for (name, test) in &built.tests {
        let copy = copy_into(test, dir.path(), name)?;
        println!("as an ordinary user: {name}");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", UID, "--regid", UID, "--clear-groups", "--"]).arg(&copy);
        command.env_clear().env("HOME", &home).env("TMPDIR", &home).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("RUST_BACKTRACE", "1").current_dir(&home).stdin(Stdio::null());
        for (variable, program) in &built.programs {
            command.env(variable, copy_into(program, dir.path(), variable)?);
        }
        if !succeeds(command, LONGEST)? {
            failed.push(name.clone());
        }
    }
    if built.tests.is_empty() {
        return Err("no tests were built".to_owned());
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed as an ordinary user: {}", failed.join(", "))) }
}

/// Whether a test program ends well, and in time: one that waits for what never comes is named, and does not hold up the rest.
fn succeeds(mut command: Command, within: Duration) -> Outcome<bool> {
    let mut child = command.process_group(0).spawn().map_err(|error| format!("cannot run setpriv: {error}"))?;
    let began = Instant::now();
    while began.elapsed() < within {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.success());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("it did not end within {within:?}");
    // With all that it has started and that has not gone away from it.
    let ended = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
    ended.map_err(|error| format!("cannot run kill: {error}"))?;
    child.wait().map_err(|error| error.to_string())?;
    Ok(false)
}

/// What cargo built.
struct Built {
    /// Test programs by a name that is unique among them.
    tests: Vec<(String, PathBuf)>,
    /// The programs that tests run, by the variables that tell them where.
    programs: Vec<(&'static str, PathBuf)>,
}

fn build() -> Outcome<Built> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--workspace", "--locked", "--no-run", "--message-format=json"]).current_dir(root());
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the tests do not build".to_owned());
    }
    let mut built = Built { tests: Vec::new(), programs: Vec::new() };
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        let Some(program) = message["executable"].as_str().map(PathBuf::from) else { continue };
        let name = message["target"]["name"].as_str().unwrap_or_default();
        let manifest = Path::new(message["manifest_path"].as_str().unwrap_or_default());
        if NOT_HERE.iter().any(|other| manifest.ends_with(other)) {
            // Built all the same: without them the others would be built with other features, and so a second time.
            continue;
        }
        if message["profile"]["test"] == true {
            let file = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            built.tests.push((file, program));
        } else if let Some((_, variable)) = PROGRAMS.iter().find(|(known, _)| *known == name) {
            built.programs.push((*variable, program));
        }
    }
    Ok(built)
}

fn copy_into(program: &Path, dir: &Path, name: &str) -> Outcome<PathBuf> {
    let copy = dir.join(name);
    if !copy.exists() {
        std::fs::copy(program, &copy).map_err(|error| format!("{}: {error}", program.display()))?;
        open_to_all(&copy, 0o755)?;
    }
    Ok(copy)
}

fn open_to_all(path: &Path, mode: u32) -> Outcome {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_never_ends_is_ended_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).current_dir(dir.path());
            command
        };
        let minute = Duration::from_mins(1);
        assert_eq!(succeeds(shell("exit 0"), minute), Ok(true));
        assert_eq!(succeeds(shell("exit 3"), minute), Ok(false));
        let hangs = shell("sleep 1000 & echo $! > child; wait");
        assert_eq!(succeeds(hangs, Duration::from_secs(1)), Ok(false));
        let child = std::fs::read_to_string(dir.path().join("child")).unwrap();
        // One that has ended and that nobody has asked after is a zombie.
        let state = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{state}");
    }
}
