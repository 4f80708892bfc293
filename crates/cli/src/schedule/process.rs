//! Programs of the system that are asked to do something, for a bounded time.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use machine_core::{Environment, Error, ErrorKind, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The longest that one of them may take.
const WITHIN: Duration = Duration::from_secs(10);

/// How one of them ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs a program to its end, with that input.
///
/// # Errors
/// [`ErrorKind::NotFound`] where there is no such program, [`ErrorKind::Timeout`] where it does not end. That it fails is no
/// error of this.
pub(super) async fn run(environment: &Environment, program: &str, args: &[&str], input: &str) -> Result<Ended> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, format!("there is no program `{program}` here")),
        _ => Error::io(format!("`{program}` cannot be run"), error),
    };
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(environment.iter()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = async {
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that reads nothing says by its end what it made of that.
            drop(stdin.write_all(input.as_bytes()).await);
        }
        child.wait_with_output().await.map_err(failed)
    };
    let output = tokio::time::timeout(WITHIN, ended).await.map_err(|_| {
        let line = [&[program], args].concat().join(" ");
        Error::new(ErrorKind::Timeout, format!("`{line}` did not end within {} seconds", WITHIN.as_secs()))
    })??;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ended { success: output.status.success(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
}

/// Runs a program that must succeed.
///
/// # Errors
/// As [`run`], and what it said where it failed.
pub(super) async fn must(environment: &Environment, program: &str, args: &[&str], input: &str) -> Result<String> {
    let ended = run(environment, program, args, input).await?;
    if ended.success {
        return Ok(ended.stdout);
    }
    let said = ended.stderr.trim().lines().last().unwrap_or("it said nothing").to_owned();
    let line = [&[program], args].concat().join(" ");
    Err(Error::new(ErrorKind::System, format!("`{line}` failed: {said}")))
}
