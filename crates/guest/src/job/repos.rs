//! Repositories in the workspace before the job starts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Failure;
use crate::git::{self, Interrupt, Stopped};
use crate::orders::{RepoOrder, workspace};

/// The longest that one repository may take.
const LIMIT: Duration = Duration::from_mins(15);

/// Why a repository is not there.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It cannot be had.
    Failure(Failure),
    /// The guest was told to end.
    Stopped,
}

/// Puts one repository into its directory of the workspace.
pub(super) fn provide(repo: &RepoOrder, interrupt: &mut dyn Interrupt) -> Result<(), Trouble> {
    let directory = workspace().join(&repo.name);
    if repo.sent { check_out(repo, &directory, interrupt) } else { clone(repo, &directory, interrupt) }
}

fn clone(repo: &RepoOrder, directory: &Path, interrupt: &mut dyn Interrupt) -> Result<(), Trouble> {
    let mut command = git::command();
    if let Some(credential) = &repo.credential {
        credential.give_to(&mut command);
    }
    command.args(["clone", "--quiet"]);
    let commit = repo.reference.as_deref().filter(|reference| git::may_be_commit(reference));
    match (&repo.reference, commit) {
        (_, Some(_)) => command.arg("--no-checkout"),
        (Some(reference), None) => command.args(["--depth", "1", "--branch", reference]),
        (None, None) => command.args(["--depth", "1"]),
    };
    command.arg("--").arg(&repo.url).arg(directory);
    run(repo, &mut command, interrupt)?;
    if commit.is_some() { check_out(repo, directory, interrupt) } else { Ok(()) }
}

fn check_out(repo: &RepoOrder, directory: &Path, interrupt: &mut dyn Interrupt) -> Result<(), Trouble> {
    let mut command = git::command();
    command.arg("-C").arg(directory).args(["checkout", "--quiet"]);
    match &repo.reference {
        Some(reference) => command.args([reference, "--"]),
        None => command.args(["HEAD", "--", "."]),
    };
    run(repo, &mut command, interrupt)
}

fn run(repo: &RepoOrder, command: &mut Command, interrupt: &mut dyn Interrupt) -> Result<(), Trouble> {
    git::run(command, LIMIT, interrupt).map(drop).map_err(|stopped| match stopped {
        Stopped::Asked => Trouble::Stopped,
        Stopped::Failed(why) => {
            Trouble::Failure(Failure::ours(format!("the repository `{}` ({}): {why}", repo.name, repo.url)))
        }
    })
}
