//! Guides whose commands are run: a block of `console` has commands and what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::playing::Playing;
use crate::support::{Home, program};

/// The commands of a guide, each with what it says there.
pub(crate) fn commands(guide: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in guide.lines() {
        match (line, inside) {
            ("```console", false) => inside = true,
            ("```", true) => inside = false,
            (line, true) => match line.strip_prefix("$ ") {
                Some(command) => found.push((command.to_owned(), Vec::new())),
                None => found.last_mut().expect("a block starts with a command").1.push(line.to_owned()),
            },
            _ => {}
        }
    }
    found
}

/// What a command writes to both streams, as a reader sees it.
fn said(home: &Home, bin: &Path, cloud: Option<&Playing>, line: &str) -> Vec<String> {
    let path = std::env::join_paths([bin, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{{ {line}; }} 2>&1")]).env_clear().env("PATH", path);
    command.env("HOME", home.path().join("home")).env("MACHINE_STATE_DIR", home.state()).current_dir(home.path());
    command.envs(cloud.iter().flat_map(|cloud| cloud.variables.iter().cloned()));
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn fits(expected: &str, said: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == said,
        Some((start, end)) => said.starts_with(start) && said.ends_with(end) && said.len() >= start.len() + end.len(),
    }
}

/// The text of that guide.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide").join(name)).unwrap()
}

/// A directory with nothing but the program in it.
pub(crate) fn bin(home: &Home) -> PathBuf {
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(program(), bin.join("machine")).unwrap();
    bin
}

/// Runs a command, which has to say what the guide says that it says.
#[track_caller]
pub(crate) fn check(home: &Home, bin: &Path, cloud: Option<&Playing>, (line, expected): &(String, Vec<String>)) {
    let said = said(home, bin, cloud, line);
    let agree = said.len() == expected.len() && expected.iter().zip(&said).all(|(one, other)| fits(one, other));
    assert!(agree, "$ {line}\nthe guide has: {expected:#?}\nit says: {said:#?}");
}
