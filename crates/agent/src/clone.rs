//! Cloning on this computer, with the user's own keys and settings, what the machine could not reach.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use machine_core::{Error, ErrorKind, Result};
use tokio::process::Command;

use crate::RepoSpec;

/// The longest that one repository may take.
const LIMIT: Duration = Duration::from_mins(15);

/// Clones `repo` into the directory `into`: its history and no files, so that nothing of a stranger's is checked out here.
///
/// # Errors
/// What git says; `NotFound` where there is no git.
pub(crate) async fn clone_here(repo: &RepoSpec, into: &Path) -> Result<()> {
    let failed =
        |why: &str| Error::new(ErrorKind::Upstream, format!("the repository `{repo}` cannot be cloned: {why}"));
    let mut command = Command::new("git");
    if let Some(credential) = repo.credential() {
        credential.give_to(command.as_std_mut());
    }
    command.env("GIT_TERMINAL_PROMPT", "0").args(["clone", "--quiet", "--no-checkout", "--template="]);
    match repo.reference() {
        // Only a whole history is sure to hold a commit that is named by its number.
        Some(reference) if may_be_commit(reference) => {}
        Some(reference) => drop(command.args(["--depth", "1", "--branch", reference])),
        None => drop(command.args(["--depth", "1"])),
    }
    command.arg("--").arg(repo.url()).arg(into);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, "there is no `git` on this computer")
            .with_hint("install git, or name the repository by https:// so that the machine clones it"),
        _ => Error::io("git cannot be run", error),
    })?;
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .map_err(|_| Error::new(ErrorKind::Timeout, format!("the repository `{repo}` took longer than 15 minutes")))?
        .map_err(|error| Error::io("git cannot be waited for", error))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Err(failed(&if words.is_empty() { output.status.to_string() } else { words.join("; ") }))
}

/// Whether a reference may name a commit rather than a branch or tag.
fn may_be_commit(reference: &str) -> bool {
    (7..=64).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
