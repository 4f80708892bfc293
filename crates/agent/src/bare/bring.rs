//! What a job needs, brought to a machine that has no guest: directories and repositories, and the variables of a job that
//! waits for them.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{
    Capabilities, CloudProvider, Deadline, EnvVar, Error, ErrorKind, Exec, Goal, Machine, MachineState, OsText, Result,
    Transport, Until,
};
use tokio::sync::mpsc;

use super::session::patiently;
use crate::guest::Inside;
use crate::job::RUNNING_WITHIN;
use crate::plan::{WORK, workdir};
use crate::{JobSpec, carry, sync};

/// What waits in the machine.
const WAIT: &str = include_str!("wait.sh");
/// What ends the waiting.
const TELL: &str = include_str!("tell.sh");

/// Whether files and secrets can be brought to a machine that runs.
pub(super) fn possible(can: &Capabilities) -> bool {
    can.exec != Transport::None && (can.exec_stdin || can.exec_input_limit.is_some())
}

/// Whether the job has anything that is brought as files.
pub(super) fn has_files(spec: &JobSpec) -> bool {
    spec.sync.is_some() || !spec.repos.is_empty()
}

/// Where the job starts.
pub(super) fn place(spec: &JobSpec) -> Option<OsText> {
    if has_files(spec) { Some(workdir(spec)) } else { spec.workdir.clone() }
}

/// The machine's command that waits for what the job needs and then becomes the job.
pub(super) fn waiting(command: &[OsText]) -> Vec<OsText> {
    ["sh", "-c", WAIT, "machine-job"].into_iter().map(OsText::from).chain(command.iter().cloned()).collect()
}

/// Waits until the machine runs and takes commands.
///
/// # Errors
/// As [`running`]; what the machine says at last.
pub(super) async fn ready(provider: &dyn CloudProvider, machine: &Machine) -> Result<()> {
    running(provider, machine).await?;
    let mut session = patiently(provider, &machine.id, Exec::of(["true"])).await?;
    while let Some(event) = session.events.next().await {
        event?;
    }
    Ok(())
}

/// Waits until the machine runs.
///
/// # Errors
/// What the provider says; `Timeout` where it takes too long.
pub(super) async fn running(provider: &dyn CloudProvider, machine: &Machine) -> Result<()> {
    if machine.state != MachineState::Running {
        let until = Until { goal: Goal::Running, deadline: Deadline::after(RUNNING_WITHIN) };
        provider.wait(&machine.id, &until).await?;
    }
    Ok(())
}

/// Brings directories and repositories into the workspace of a machine that runs. `clones` has the repositories, history
/// and no files. Says what was left out, a sentence each.
///
/// # Errors
/// What a file, the machine, or git in it says.
pub(super) async fn files(
    provider: &Arc<dyn CloudProvider>,
    machine: &Machine,
    spec: &JobSpec,
    clones: Option<&Path>,
) -> Result<Vec<String>> {
    let inside = Inside::for_files(provider, machine.id.clone());
    let mut notes = Vec::new();
    if let Some(from) = &spec.sync {
        notes.extend(sync::sync(&inside, from, &spec.leave_out, WORK).await?.1);
    }
    for (repo, clones) in spec.repos.iter().zip(std::iter::repeat(clones)) {
        let Some(clones) = clones else { break };
        let name = OsString::from(repo.name());
        notes.extend(carry::send_tree(&inside, clones.join(&name), name, WORK).await?.1);
        let mut command: Vec<OsText> = vec!["check-out".into(), format!("{WORK}/{}", repo.name()).into()];
        match repo.reference() {
            Some(reference) => command.extend([reference.into(), "--".into()]),
            None => command.extend(["HEAD".into(), "--".into(), ".".into()]),
        }
        inside.feed(&command, nothing()).await.map_err(|error| {
            Error::new(error.kind(), format!("the repository `{repo}` cannot be checked out: {error}"))
        })?;
    }
    Ok(notes)
}

/// Tells the job that waits in the machine its variables and where it starts, whereupon it begins.
///
/// # Errors
/// `Invalid` for a variable that no shell can set; what the machine says, unless that is that it has ended: how, its own end
/// tells.
pub(super) async fn tell(provider: &Arc<dyn CloudProvider>, machine: &Machine, spec: &JobSpec) -> Result<()> {
    let orders = orders(&spec.variables(), place(spec).as_ref())?;
    let inside = Inside::running(provider, machine.id.clone(), ["sh", "-c", TELL, "machine-job"]);
    let (sender, pieces) = mpsc::channel(1);
    // There is room for the one piece.
    let _ = sender.try_send(Bytes::from(orders));
    drop(sender);
    let Err(error) = inside.feed(&[], pieces).await else { return Ok(()) };
    // A job may be over before the command that began it is.
    match provider.get(&machine.id).await {
        Ok(machine) if Goal::Ended.reached(&machine) => Ok(()),
        Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// The same as shell commands, in base64: there are machines that we can send nothing but text.
///
/// # Errors
/// `Invalid` for what no shell can set.
pub(super) fn orders(variables: &[EnvVar], place: Option<&OsText>) -> Result<String> {
    let quoted = |value: &OsText, what: &dyn std::fmt::Display| {
        shlex::bytes::try_quote(value.as_bytes())
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| Error::new(ErrorKind::Invalid, format!("{what} holds a zero byte")))
    };
    let mut orders = b":\n".to_vec();
    for EnvVar { name, value } in variables {
        let shown = name.to_string_lossy();
        let fine = name.as_bytes().first().is_some_and(|first| !first.is_ascii_digit())
            && name.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !fine {
            let what = format!("`{shown}` cannot be the name of a variable there");
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("take letters, digits and `_`"));
        }
        let value = quoted(value, &format_args!("the variable `{shown}`"))?;
        orders.extend([b"export ", name.as_bytes(), b"=", &value, b"\n"].concat());
    }
    if let Some(place) = place {
        let place = quoted(place, &"the directory where the job starts")?;
        orders.extend([b"cd -- ".as_slice(), &place, b" || exit 126\n"].concat());
    }
    Ok(BASE64.encode(orders))
}

/// No input.
fn nothing() -> mpsc::Receiver<Bytes> {
    mpsc::channel(1).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_variable_holds_arrives_in_a_shell() {
        let values: [&[u8]; 5] = [b"plain", b"two words", b"it's $HOME `id`\n", b"", b"\xff\xfe"];
        for value in values {
            let orders = orders(&[EnvVar::new("VALUE", value.to_vec())], Some(&"/".into())).unwrap();
            let script = "eval \"$(echo \"$1\" | base64 -d)\" && pwd && printf '%s' \"$VALUE\"";
            let told = std::process::Command::new("sh").args(["-c", script, "sh", &orders]).output().unwrap();
            assert_eq!(told.stdout, [b"/\n", value].concat());
        }
    }

    #[test]
    fn what_no_shell_can_set_is_refused() {
        for (name, value) in [("1A", "x"), ("A B", "x"), ("", "x"), ("A;id", "x"), ("A", "x\0")] {
            assert_eq!(
                orders(&[EnvVar::new(name, value)], None).map_err(|error| error.kind()),
                Err(ErrorKind::Invalid)
            );
        }
    }
}
