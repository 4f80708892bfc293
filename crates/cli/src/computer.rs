//! What `machine doctor` finds of this computer: who can read what, room on the disk, and the programs that are needed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use machine_config::{Config, Origin};
use machine_core::{Clock, Environment};

use crate::finding::{Finding, Status};

/// With less than this, nothing can be recorded for long.
const LEAST_MIB: u64 = 64;
/// With less than this, machines on this computer run out of it soon.
const SCARCE_MIB: u64 = 1024;
/// By how many seconds clocks may differ: answers take a while, and deadlines are a matter of minutes.
const SKEW_AT_MOST: u64 = 30;
/// How long the program may take to start as a helper.
const START_WITHIN: Duration = Duration::from_secs(5);

/// Whether others can read what is kept in the state directory. Only what lies in it directly: what is below belongs to machines.
pub(crate) fn state_permissions(dir: &Path) -> Finding {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let open: Vec<String> = std::iter::once(dir.to_owned())
        .chain(entries)
        .filter(|path| mode(path).is_some_and(|mode| mode & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    match open.as_slice() {
        [] => Finding::new("permissions", Status::Ok, "nobody else can read the state directory"),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            Finding::new("permissions", Status::Warn, format!("others can read or enter {first}{more}"))
                .mended_by(format!("chmod -R go-rwx {}", dir.display()))
        }
    }
}

/// Whether others can read the configuration file; nothing where there is none.
pub(crate) fn file_permissions(config: &Config) -> Option<Finding> {
    let file = config.file()?;
    let mode = mode(file)?;
    if mode & 0o077 == 0 {
        return Some(Finding::new("file", Status::Ok, "nobody else can read the configuration file"));
    }
    let holds_secret = config.sections().into_iter().filter_map(|(name, _)| config.section(name).ok()).any(|section| {
        section.settings().iter().any(|setting| setting.value.is_none() && matches!(setting.origin, Origin::File(_)))
    });
    let mend = format!("chmod 600 {}", file.display());
    Some(if holds_secret {
        let detail = format!("others may read the configuration file (mode {mode:04o}), and there is a token in it");
        Finding::new("file", Status::Warn, detail).mended_by(mend)
    } else {
        Finding::new("file", Status::Ok, format!("mode {mode:04o}, and no token in it"))
    })
}

fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| found.permissions().mode() & 0o7777)
}

/// How much room there is where things are kept.
pub(crate) fn free_space(dir: &Path) -> Finding {
    let found = match rustix::fs::statvfs(dir) {
        Ok(found) => found,
        Err(errno) => {
            return Finding::new(
                "space",
                Status::Warn,
                format!("{} tells nothing of its disk: {errno}", dir.display()),
            );
        }
    };
    let mib = found.f_bavail.saturating_mul(found.f_frsize) / (1024 * 1024);
    let detail = format!("{mib} MiB free at {}", dir.display());
    let mend = "free some, or set MACHINE_STATE_DIR to a directory on another disk";
    match mib {
        ..LEAST_MIB => Finding::new("space", Status::Fail, detail).mended_by(mend),
        LEAST_MIB..SCARCE_MIB => Finding::new("space", Status::Warn, detail).mended_by(mend),
        SCARCE_MIB.. => Finding::new("space", Status::Ok, detail),
    }
}

/// Whether there is a program for commands by ssh.
pub(crate) fn ssh_client(environment: &Environment) -> Finding {
    let path = environment.get("PATH").unwrap_or_default();
    let is_program = |file: &Path| file.is_file() && mode(file).is_some_and(|mode| mode & 0o111 != 0);
    match std::env::split_paths(path).map(|dir| dir.join("ssh")).find(|file| is_program(file)) {
        Some(file) => Finding::new("ssh", Status::Ok, file.display().to_string()),
        None => Finding::new(
            "ssh",
            Status::Warn,
            "there is no ssh on the PATH; exec, logs, cp and run at DigitalOcean and Vultr need it",
        )
        .mended_by("install the OpenSSH client (openssh-client, openssh-clients or openssh)"),
    }
}

/// Whether this computer's clock agrees with that of a cloud that has answered; nothing where none has.
pub(crate) fn clock(clock: &Clock) -> Option<Finding> {
    let ahead = clock.ahead()?.as_secs();
    if ahead.unsigned_abs() <= SKEW_AT_MOST {
        return Some(Finding::new("clock", Status::Ok, "agrees with that of the cloud"));
    }
    let detail = match ahead {
        ..0 => format!("{} seconds behind that of the cloud, so deadlines come too late", ahead.unsigned_abs()),
        0.. => format!("{ahead} seconds ahead of that of the cloud, so deadlines come too early"),
    };
    Some(
        Finding::new("clock", Status::Warn, detail).mended_by("have it set from the network: timedatectl set-ntp true"),
    )
}

/// Whether the program can be started again, as what cleans up after a command that is killed and what supervises machines.
pub(crate) async fn helper(program: &Path) -> Finding {
    let mut command = tokio::process::Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let why = match tokio::time::timeout(START_WITHIN, command.status()).await {
        Ok(Ok(status)) if status.success() => {
            return Finding::new("reaper", Status::Ok, format!("{} can be started", program.display()));
        }
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it did not end within {} seconds", START_WITHIN.as_secs()),
    };
    Finding::new("reaper", Status::Fail, format!("{} cannot be started: {why}", program.display())).mended_by(
        "install the program again; what a killed command leaves is cleaned up by `machine gc` only until then",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_can_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        set(dir.path(), 0o700);
        assert_eq!(state_permissions(dir.path()).status, Status::Ok);
        let file = dir.path().join("ledger");
        fs::write(&file, "").unwrap();
        set(&file, 0o644);
        let found = state_permissions(dir.path());
        assert!(found.status == Status::Warn && found.detail.contains("ledger"), "{found:?}");
        assert!(found.hint.unwrap().starts_with("chmod"));
    }

    #[test]
    fn a_missing_ssh_is_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        let environment = Environment::from_iter([("PATH", dir.path())]);
        assert_eq!(ssh_client(&environment).status, Status::Warn);
        fs::write(dir.path().join("ssh"), "").unwrap();
        set(&dir.path().join("ssh"), 0o755);
        assert_eq!(ssh_client(&environment).status, Status::Ok);
    }

    #[test]
    fn a_clock_that_is_off_is_told_with_the_direction() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let of = |seconds: i64| {
            let own = Clock::fixed(now);
            own.compare(now - jiff::SignedDuration::from_secs(seconds));
            clock(&own).unwrap()
        };
        assert!(clock(&Clock::fixed(now)).is_none(), "nobody has said what time it is");
        assert_eq!(of(-29).status, Status::Ok);
        assert!(of(90).detail.starts_with("90 seconds ahead"));
        assert!(of(-90).detail.starts_with("90 seconds behind"));
    }

    #[test]
    fn room_is_told() {
        let found = free_space(Path::new("/proc/self"));
        assert_eq!(found.status, Status::Fail, "there is none there: {found:?}");
    }

    #[tokio::test]
    async fn a_program_that_is_gone_cannot_clean_up() {
        assert_eq!(helper(Path::new("/bin/true")).await.status, Status::Ok);
        let found = helper(Path::new("/no/such/machine")).await;
        assert!(found.status == Status::Fail && found.hint.is_some());
    }
}
