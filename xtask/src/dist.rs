//! The archive that is handed out: the program, its completions and manual, what it may be used under, and a checksum. The
//! same commit and compiler make the same archive, byte for byte.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, root};

/// What is put beside the program, from the workspace's root.
const PAPERS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Completions: for which shell, and the file's usual name there.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "machine.bash"),
    ("zsh", "_machine"),
    ("fish", "machine.fish"),
    ("powershell", "machine.ps1"),
    ("elvish", "machine.elv"),
];

/// Builds the program and packs it into `target/dist/`; with `--debug` as it is built for tests, which takes no second build.
pub(crate) fn run(how: &[&str]) -> Outcome {
    let (profile, dir) = match how {
        [] => ("release", "release"),
        ["--debug"] => ("dev", "debug"),
        _ => return Err("dist takes `--debug` and nothing else".to_owned()),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = ["build", "--quiet", "--locked", "--package", "machine-cli", "--bin", "machine", "--profile", profile];
    finish(Command::new(cargo).args(built).current_dir(root()))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let moment = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(moment) => moment,
        Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root()))?,
    };
    let archive = pack(&target.join(dir).join("machine"), &host()?, moment.trim(), &target.join("dist"))?;
    println!("{}", archive.display());
    Ok(())
}

/// Packs that program, as built for that target, into an archive in `into`, every file dated `moment` (seconds of Unix).
fn pack(program: &Path, target: &str, moment: &str, into: &Path) -> Outcome<PathBuf> {
    let name = format!("machine-{}-{target}", env!("CARGO_PKG_VERSION"));
    let stage = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let top = stage.path().join(&name);
    let made =
        |dir: PathBuf| fs::create_dir_all(&dir).map(|()| dir).map_err(|error| format!("cannot make it: {error}"));
    let completions = made(top.join("completions"))?;
    let manual = made(top.join("man/man1"))?;
    made(into.to_owned())?;

    copy(program, &top.join("machine"))?;
    for paper in PAPERS {
        copy(&root().join(paper), &top.join(paper))?;
    }
    for (shell, file) in COMPLETIONS {
        let script = output(Command::new(program).args(["completions", shell]))?;
        fs::write(completions.join(file), script).map_err(|error| format!("{file}: {error}"))?;
    }
    finish(Command::new(program).args([OsStr::new("--quiet"), OsStr::new("man"), manual.as_os_str()]))?;

    let tar = into.join(format!("{name}.tar"));
    let archive = into.join(format!("{name}.tar.gz"));
    finish(
        Command::new("tar")
            // Nothing of this computer, of the time, or of the order in which a disk keeps its files.
            .args(["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"])
            .arg(format!("--mtime=@{moment}"))
            .arg("-cf")
            .arg(&tar)
            .arg("-C")
            .arg(stage.path())
            .arg(&name),
    )?;
    finish(Command::new("gzip").args(["--force", "--no-name", "--best"]).arg(&tar))?;
    let sum = output(Command::new("sha256sum").arg(format!("{name}.tar.gz")).current_dir(into))?;
    fs::write(into.join(format!("{name}.tar.gz.sha256")), sum).map_err(|error| format!("the checksum: {error}"))?;
    Ok(archive)
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(drop).map_err(|error| format!("cannot copy {}: {error}", from.display()))
}

fn host() -> Outcome<String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not name its host".to_owned())
}

/// Runs a command to its end, which must be a good one.
fn finish(command: &mut Command) -> Outcome {
    output(command).map(drop)
}

fn output(command: &mut Command) -> Outcome<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program that says as much as is asked of it.
    const STAND_IN: &str =
        "#!/bin/sh\ncase $1 in completions) echo \"for $2\";; --quiet) echo page > \"$3/machine.1\";; esac\n";

    #[test]
    fn an_archive_is_whole_checked_and_the_same_twice() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("machine");
        fs::write(&program, STAND_IN).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let [one, two] =
            ["one", "two"].map(|into| pack(&program, "some-target", "1000000000", &dir.path().join(into)).unwrap());
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());

        let top = format!("machine-{}-some-target", env!("CARGO_PKG_VERSION"));
        let listed = output(Command::new("tar").arg("-tvzf").arg(&one).env("TZ", "UTC")).unwrap();
        for file in
            ["machine", "LICENSE-MIT", "LICENSE-APACHE", "README.md", "completions/_machine", "man/man1/machine.1"]
        {
            assert!(listed.contains(&format!(" {top}/{file}\n")), "{file}: {listed}");
        }
        assert!(listed.lines().all(|line| line.contains(" 0/0 ") && line.contains("2001-09-09 01:46")), "{listed}");
        assert!(listed.lines().any(|line| line.starts_with("-rwxr-xr-x") && line.ends_with("/machine")), "{listed}");
        let sum = format!("{top}.tar.gz.sha256");
        finish(Command::new("sha256sum").args(["--check", &sum]).current_dir(dir.path().join("one"))).unwrap();
    }
}
