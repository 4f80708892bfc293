//! `__guest baseline` and `__guest patch`: what a job changed, as a patch for `git apply`.
//!
//! The baseline is a commit in a repository of ours outside of the workspace; the workspace's own `.git` is neither used nor
//! touched. The job may be able to write to that repository, so what git would execute from it is taken away before it is
//! used again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::git::{self, Interrupt, Never, Stopped};
use crate::orders::private_path;

/// The longest that remembering or comparing a directory may take.
const LIMIT: Duration = Duration::from_mins(10);
/// Settings that keep bytes as they are and speed above size.
const CONFIG: &str = "[core]\n\tbare = false\n\tlogAllRefUpdates = false\n\tcompression = 1\n\tautocrlf = false\n\
    \tsymlinks = true\n\tfileMode = true\n[gc]\n\tauto = 0\n[user]\n\tname = machine\n\temail = machine@localhost\n";
/// Whatever the workspace's own attributes say: no filter is run and no line ending is changed.
const ATTRIBUTES: &str = "* -text -ident -filter -working-tree-encoding !diff !merge\n";

/// Remembers `directory` as it is.
pub(crate) fn baseline(directory: &Path, interrupt: &mut dyn Interrupt) -> Result<(), String> {
    let repository = places(directory)?
        .into_iter()
        .find(|place| fs::create_dir_all(place).is_ok())
        .ok_or("the machine has no place to remember its workspace in")?;
    let mut init = git::command();
    init.args(["init", "--quiet", "--bare", "--template="]).arg(&repository);
    run(&mut init, interrupt)?;
    disarm(&repository)?;
    add(&repository, directory, interrupt)?;
    let mut commit = in_repository(&repository, directory);
    commit.args(["commit", "--quiet", "--allow-empty", "--no-verify", "--no-gpg-sign", "--message=baseline"]);
    run(&mut commit, interrupt)
}

/// Writes what has changed in `directory` since its baseline to standard output. `prefix` comes before every path in it.
pub(crate) fn patch(directory: &Path, prefix: Option<&str>) -> Result<(), String> {
    let repository = places(directory)?
        .into_iter()
        .find(|place| place.join("HEAD").is_file())
        .ok_or_else(|| format!("`{}` was not remembered when the job started", directory.display()))?;
    disarm(&repository)?;
    add(&repository, directory, &mut Never)?;
    let mut diff = in_repository(&repository, directory);
    diff.args(["diff", "--cached", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"]);
    diff.args(["--no-renames"]);
    let prefix = prefix.map_or(String::new(), |prefix| format!("{prefix}/"));
    diff.arg(format!("--src-prefix=a/{prefix}")).arg(format!("--dst-prefix=b/{prefix}"));
    diff.args(["HEAD", "--"]).stdout(Stdio::inherit());
    run(&mut diff, &mut Never)
}

/// Where the baseline of `directory` may be kept, the best place first: on the machine's own disk where it has one, else
/// among its private files, which are in memory.
fn places(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let directory = fs::canonicalize(directory).map_err(|error| format!("`{}`: {error}", directory.display()))?;
    let name = blake3::hash(directory.as_os_str().as_encoded_bytes()).to_hex();
    let name = format!("{}.git", name.as_str().get(..16).unwrap_or_default());
    let private = private_path("baselines");
    // Elsewhere `/var/lib` is the computer's and not the machine's.
    let disk = private.starts_with("/run/machine").then(|| Path::new("/var/lib/machine/baselines").join(&name));
    Ok(disk.into_iter().chain([private.join(&name)]).collect())
}

/// Takes away everything that git would execute or obey.
fn disarm(repository: &Path) -> Result<(), String> {
    let failed = |path: &Path, error: std::io::Error| format!("`{}`: {error}", path.display());
    for name in ["hooks", "config.worktree", "worktrees", "modules", "commondir", "index.lock"] {
        let path = repository.join(name);
        let removed = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(_) => Ok(()),
        };
        removed.map_err(|error| failed(&path, error))?;
    }
    let info = repository.join("info");
    fs::create_dir_all(&info).map_err(|error| failed(&info, error))?;
    for (path, contents) in
        [(repository.join("config"), CONFIG), (info.join("attributes"), ATTRIBUTES), (info.join("exclude"), "")]
    {
        // Written anew and put in place, so that a link left there leads nowhere.
        let fresh = path.with_extension("new");
        let _ = fs::remove_file(&fresh);
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&fresh)
            .and_then(|mut file| file.write_all(contents.as_bytes()))
            .and_then(|()| fs::rename(&fresh, &path));
        written.map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn add(repository: &Path, directory: &Path, interrupt: &mut dyn Interrupt) -> Result<(), String> {
    let mut add = in_repository(repository, directory);
    add.args(["add", "--all", "--", "."]);
    run(&mut add, interrupt)
}

fn in_repository(repository: &Path, directory: &Path) -> Command {
    let mut command = git::command();
    command
        .current_dir(directory)
        .env("GIT_DIR", repository)
        .env("GIT_WORK_TREE", directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "core.excludesFile=/dev/null", "-c", "core.attributesFile=/dev/null"])
        .args(["-c", "advice.addEmbeddedRepo=false", "-c", "core.fsmonitor=false", "-c", "core.safecrlf=false"]);
    command
}

fn run(command: &mut Command, interrupt: &mut dyn Interrupt) -> Result<(), String> {
    git::run(command, LIMIT, interrupt).map_err(|stopped| match stopped {
        Stopped::Asked => "the job was stopped before it started".to_owned(),
        Stopped::Failed(why) => format!("the changes cannot be followed: {why}"),
    })
}
