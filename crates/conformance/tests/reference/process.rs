//! A machine's own command, as a process of this computer in a group of its own.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{EnvVar, Error, ExitReason, ExitStatus, LogLine, OsText, Result, Stream};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use crate::breakage::Breakage;
use crate::world::World;

/// A command that can be spawned. There is no file system of the machine's own: where the words name the path of one of its
/// volumes, they get the directory that plays the volume.
pub(crate) fn command(
    world: &World,
    id: &str,
    words: &[OsText],
    env: &[EnvVar],
    workdir: Option<&OsText>,
) -> Result<Command> {
    let mounts = world.machine(id, |machine| machine.volumes.clone())?;
    let dirs: Vec<_> = world.look(|state| {
        let dir = |id: &machine_core::VolumeId| state.volumes.iter().find(|(volume, _)| volume.id == *id);
        mounts.iter().filter_map(|mount| Some((mount.path.clone(), dir(&mount.volume)?.1.path().to_owned()))).collect()
    });
    let word = |word: &OsText| {
        dirs.iter().fold(word.to_string_lossy().into_owned(), |word, (path, dir)| {
            word.replace(path, &dir.display().to_string())
        })
    };
    let words: Vec<String> = words.iter().map(word).collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    if world.breaks(Breakage::ArgumentsThroughAShell) {
        command = Command::new("sh");
        command.args(["-c", &words.join(" ")]);
    }
    let env = env.iter().map(|var| (var.name.to_string_lossy().into_owned(), var.value.to_string_lossy().into_owned()));
    command.envs(env).current_dir(workdir.map_or("/".into(), |dir| dir.to_string_lossy().into_owned()));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    Ok(command)
}

/// Starts a machine: its own command, where it has one.
pub(crate) fn start(world: &Arc<World>, id: &str) -> Result<()> {
    let spec = world.machine(id, |machine| machine.spec.clone())?;
    let words = spec.as_ref().map(|spec| spec.command.clone()).unwrap_or_default();
    let child = match (&spec, words.is_empty()) {
        (Some(spec), false) => Some(
            command(world, id, &words, &spec.env, spec.workdir.as_ref())?
                .spawn()
                .map_err(|error| Error::io("the command does not start", error))?,
        ),
        _ => None,
    };
    let group = child.as_ref().and_then(|child| i32::try_from(child.id()?).ok());
    world.change_machine(id, |machine| {
        "running".clone_into(&mut machine.raw);
        machine.started_at = Some(Timestamp::now());
        (machine.exit, machine.stopping, machine.busy) = (None, false, group.is_some());
        machine.groups.extend(group);
    })?;
    if let (Some(mut child), Some(group)) = (child, group) {
        let (world, id) = (Arc::clone(world), id.to_owned());
        tokio::spawn(async move {
            let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
            let out = tokio::spawn(read(Arc::clone(&world), id.clone(), Stream::Stdout, out));
            let err = tokio::spawn(read(Arc::clone(&world), id.clone(), Stream::Stderr, err));
            let status = child.wait().await.unwrap();
            kill(group, Signal::KILL);
            out.await.unwrap();
            err.await.unwrap();
            let exit = exit(&world, status);
            // A machine that is gone has nothing to tell any more.
            let ended = world.change_machine(&id, |machine| {
                machine.groups.remove(&group);
                let reason = if machine.stopping { ExitReason::Stopped } else { exit.reason };
                machine.exit = Some(ExitStatus { reason, ..exit });
                "stopped".clone_into(&mut machine.raw);
                machine.busy = false;
            });
            drop(ended);
        });
    }
    Ok(())
}

/// How a process ended.
pub(crate) fn exit(world: &World, status: std::process::ExitStatus) -> ExitStatus {
    if world.breaks(Breakage::ExitStatusLost) {
        return ExitStatus::exited(0);
    }
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::exited(code),
        (None, Some(signal)) => ExitStatus::signaled(signal),
        (None, None) => ExitStatus::unknown(ExitReason::Unknown),
    }
}

/// Which stream it is said to be.
pub(crate) fn stream(world: &World, stream: Stream) -> Stream {
    if world.breaks(Breakage::StderrMixedUp) { Stream::Stdout } else { stream }
}

/// Keeps what a command writes, line by line.
async fn read(world: Arc<World>, id: String, from: Stream, mut pipe: impl AsyncRead + Unpin) {
    let (mut rest, mut buffer) = (Vec::new(), vec![0; 65536]);
    let keep = |text: &[u8], partial: bool| {
        let line = LogLine { at: Timestamp::now(), stream: stream(&world, from), text: text.to_vec().into(), partial };
        world.change_machine(&id, |machine| machine.log.push(line)).ok();
    };
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        rest.extend_from_slice(&buffer[..count]);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            keep(&rest[..end], false);
            rest.drain(..=end);
        }
    }
    if !rest.is_empty() {
        keep(&rest, true);
    }
}

/// Sends a signal to a process group; one that is gone is left alone.
pub(crate) fn kill(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        kill_process_group(group, signal).ok();
    }
}

/// Sends a signal to all that runs in a machine.
pub(crate) fn kill_all(world: &World, id: &str, signal: Signal) -> Result<()> {
    let groups = world.machine(id, |machine| machine.groups.clone())?;
    for group in groups {
        kill(group, signal);
    }
    Ok(())
}

/// Stops a machine that runs.
pub(crate) async fn stop(world: &World, id: &str, grace: Duration) -> Result<()> {
    let at_once = grace.is_zero() || world.breaks(Breakage::StopKillsAtOnce);
    world.change_machine(id, |machine| machine.stopping = true)?;
    // One that is suspended hears nothing.
    kill_all(world, id, Signal::CONT)?;
    kill_all(world, id, if at_once { Signal::KILL } else { Signal::TERM })?;
    let mut changed = world.changed.subscribe();
    let ended = async {
        while world.machine(id, |machine| machine.busy).unwrap_or(false) {
            changed.changed().await.ok();
        }
    };
    if tokio::time::timeout(grace, ended).await.is_err() {
        kill_all(world, id, Signal::KILL)?;
        let mut changed = world.changed.subscribe();
        while world.machine(id, |machine| machine.busy).unwrap_or(false) {
            changed.changed().await.ok();
        }
    }
    kill_all(world, id, Signal::KILL)?;
    world.change_machine(id, |machine| "stopped".clone_into(&mut machine.raw))
}
