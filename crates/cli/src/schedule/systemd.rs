//! A timer of the user's own systemd.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use machine_core::{Environment, Error, ErrorKind, Result};

use super::process;
use super::sweep::Sweep;

const SERVICE: &str = "machine-gc.service";
const TIMER: &str = "machine-gc.timer";
const WRITTEN_BY: &str = "# Written by `machine gc --install-timer`; `machine gc --remove-timer` takes it away.\n";

/// Where the timer is, or would be.
pub(super) fn timer(environment: &Environment) -> Option<PathBuf> {
    let base = environment.absolute("XDG_CONFIG_HOME");
    let base = base.or_else(|| environment.absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("systemd/user").join(TIMER))
}

/// Whether a systemd of this user runs and answers.
pub(super) async fn is_reachable(environment: &Environment) -> bool {
    let asked = process::run(environment, "systemctl", &["--user", "show-environment"], "").await;
    asked.is_ok_and(|ended| ended.success)
}

/// The files of the timer: where each goes, and what is in it.
///
/// # Errors
/// [`ErrorKind::Config`] where nothing says where they go.
pub(super) fn files(environment: &Environment, sweep: &Sweep) -> Result<Vec<(PathBuf, String)>> {
    let timer = timer(environment).ok_or_else(|| {
        Error::new(ErrorKind::Config, "there is no place for a timer: HOME is not set to an absolute path")
    })?;
    let service = timer.with_file_name(SERVICE);
    let command: Vec<_> = sweep.words().map(|word| quoted(word).replace('$', "$$")).collect();
    let service_text = format!(
        "{WRITTEN_BY}[Unit]\nDescription=Destroy machines that are left behind or past their deadline\n\n\
         [Service]\nType=oneshot\nTimeoutStartSec=10min\nEnvironment={}\nExecStart={}\n",
        quoted(&format!("MACHINE_STATE_DIR={}", sweep.state)),
        command.join(" "),
    );
    let timer_text = format!(
        "{WRITTEN_BY}[Unit]\nDescription=Destroy machines that are left behind or past their deadline, every ten minutes\n\n\
         [Timer]\nOnCalendar=*:0/10\nRandomizedDelaySec=60\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    );
    Ok(vec![(service, service_text), (timer, timer_text)])
}

/// What makes the files count, once they are there.
pub(super) const COMMANDS: [&[&str]; 2] = [&["--user", "daemon-reload"], &["--user", "enable", "--now", TIMER]];

/// Writes the files and has systemd act on them. Where it does not, the files are taken away again: they would say that a sweep is
/// scheduled.
///
/// # Errors
/// A file that cannot be written; what systemctl says.
pub(super) async fn install(environment: &Environment, sweep: &Sweep) -> Result<PathBuf> {
    let files = files(environment, sweep)?;
    let enabled = async {
        for (path, text) in &files {
            write(path, text)?;
        }
        for args in COMMANDS {
            process::must(environment, "systemctl", args, "").await?;
        }
        Ok(())
    };
    if let Err(error) = enabled.await {
        for (path, _) in &files {
            remove_file(path)?;
        }
        return Err(error);
    }
    files
        .into_iter()
        .map(|(path, _)| path)
        .next_back()
        .ok_or_else(|| Error::new(ErrorKind::System, "there is no timer"))
}

/// Takes the timer away. Whether there was one.
///
/// # Errors
/// A file that cannot be removed. A systemd that does not answer has nothing to be told.
pub(super) async fn remove(environment: &Environment) -> Result<bool> {
    let Some(timer) = timer(environment) else { return Ok(false) };
    let service = timer.with_file_name(SERVICE);
    if !timer.exists() && !service.exists() {
        return Ok(false);
    }
    let reachable = is_reachable(environment).await;
    if reachable {
        process::run(environment, "systemctl", &["--user", "disable", "--now", TIMER], "").await?;
    }
    remove_file(&timer)?;
    remove_file(&service)?;
    if reachable {
        process::run(environment, "systemctl", &["--user", "daemon-reload"], "").await?;
    }
    Ok(true)
}

/// A crash leaves either the old file or the new one.
fn write(path: &Path, text: &str) -> Result<()> {
    let written = || {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let aside = path.with_extension("new");
        fs::write(&aside, text)?;
        fs::rename(&aside, path)
    };
    written().map_err(|error| Error::io(format!("{} cannot be written", path.display()), error))
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("{} cannot be removed", path.display()), error))
        }
        _ => Ok(()),
    }
}

/// A word as unit files have it: in quotes, and without meaning for systemd.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_mean_nothing_to_systemd() {
        let environment = Environment::from_iter([("HOME", "/home/me")]);
        let sweep = Sweep::for_test("/opt/my tools/machine", "/s/50% \"$HOME\"", &["--quiet", "gc"]);
        let files = files(&environment, &sweep).unwrap();
        assert_eq!(files[0].0, Path::new("/home/me/.config/systemd/user/machine-gc.service"));
        let line = |start: &str| files[0].1.lines().find(|line| line.starts_with(start)).unwrap();
        assert_eq!(line("ExecStart="), r#"ExecStart="/opt/my tools/machine" "--quiet" "gc""#);
        assert_eq!(line("Environment="), r#"Environment="MACHINE_STATE_DIR=/s/50%% \"$HOME\"""#);
        assert!(files[1].1.contains("OnCalendar=*:0/10"));
    }
}
