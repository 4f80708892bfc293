//! `machine completions`: the script in a real shell, and what it is answered.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Home, program};

/// What bash offers for the words of a line, the last one not finished.
const ASK_BASH: &str = r#"
source <(machine completions bash)
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
_clap_complete_machine "$1" "${@: -1}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// A directory in which the program under test is called `machine`.
fn named_machine(home: &Home) -> PathBuf {
    let dir = home.path().join("bin");
    if !dir.exists() {
        fs::create_dir(&dir).unwrap();
        std::os::unix::fs::symlink(program(), dir.join("machine")).unwrap();
    }
    dir
}

/// A shell in this home that finds the program.
fn shell(home: &Home, name: &str) -> Command {
    let path = std::env::join_paths([named_machine(home).as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut command = Command::new(name);
    command.env_clear().env("PATH", path).env("HOME", home.path().join("home")).env("MACHINE_STATE_DIR", home.state());
    command.current_dir(home.path());
    command
}

#[track_caller]
fn offered(home: &Home, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let output = shell(home, "bash").args(["-c", ASK_BASH, "bash"]).args(words).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{line}: {said}");
    String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Every file of the home, and what is in it.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap_or_default());
        }
    }
    found
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let home = Home::new();
    for (line, expected) in [
        ("machine insp", "inspect"),
        ("machine volumes at", "attach"),
        ("machine list --out", "--output"),
        ("machine list -o ya", "yaml"),
        ("machine completions f", "fish"),
        ("machine --provider dig", "digitalocean"),
        ("machine list --provider vu", "vultr"),
    ] {
        assert_eq!(offered(&home, line), [expected], "{line}");
    }
    let all = offered(&home, "machine ");
    assert!(all.contains(&"run".to_owned()) && !all.iter().any(|word| word.starts_with("__")), "{all:?}");
    assert!(!home.state().exists(), "nothing is made by asking");
}

#[test]
fn names_of_machines_are_those_of_the_last_list() {
    let home = Home::new();
    assert_eq!(offered(&home, "machine inspect we"), [""; 0]);
    for name in ["web-1", "web-2", "box"] {
        home.machine(["create", name]).expect(0);
    }
    assert_eq!(offered(&home, "machine inspect we"), ["web-1", "web-2"]);
    assert_eq!(offered(&home, "machine destroy --yes web-1 bo"), ["box"]);
    assert_eq!(offered(&home, "machine cp web-1"), ["web-1:"]);
    assert_eq!(offered(&home, "machine exec --provider fly we"), [""; 0], "of another account");
    home.machine(["destroy", "--yes", "web-2", "box"]).expect(0);
    assert_eq!(offered(&home, "machine ssh ").first().unwrap(), "web-1", "names come before flags");

    // What is remembered is only what was seen; a list sees everything.
    fs::remove_file(home.state().join("names")).unwrap();
    assert_eq!(offered(&home, "machine logs we"), [""; 0]);
    home.machine(["list"]).expect(0);
    let before = files(&home.state());
    assert_eq!(offered(&home, "machine logs we"), ["web-1"]);
    assert_eq!(files(&home.state()), before, "asking changes nothing");
    home.machine(["destroy", "--yes", "web-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn other_shells_that_are_here_take_their_script() {
    let home = Home::new();
    for (name, check) in [("zsh", "-n"), ("fish", "--no-execute"), ("elvish", "-compileonly")] {
        let script = home.path().join(format!("script.{name}"));
        fs::write(&script, home.machine(["completions", name]).expect(0).stdout).unwrap();
        match shell(&home, name).arg(check).arg(&script).output() {
            Ok(output) => assert!(output.status.success(), "{name}: {output:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}"),
        }
    }
    let line = "machine completions fish | source; complete -C 'machine insp'";
    match shell(&home, "fish").args(["-c", line]).output() {
        Ok(output) => assert!(String::from_utf8_lossy(&output.stdout).starts_with("inspect"), "{output:?}"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
}
