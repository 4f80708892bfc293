//! Commands inside, as processes of this computer.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{
    Error, ErrorKind, Exec, ExecControl, ExecEvent, ExecSession, ExitReason, ExitStatus, Result, Signal, Stream,
    WindowSize,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc;

use crate::breakage::Breakage;
use crate::process;
use crate::world::World;

/// The process group of a command, until it has ended.
#[derive(Clone)]
struct Group(Arc<Mutex<Option<i32>>>);

impl Group {
    fn signal(&self, signal: rustix::process::Signal) {
        // Held, so that it is not another's group by the time of the signal.
        if let Some(group) = *self.0.lock().unwrap() {
            process::kill(group, signal);
        }
    }
}

#[async_trait]
impl ExecControl for Group {
    async fn resize(&self, _: WindowSize) -> Result<()> {
        Err(Error::unsupported(crate::provider::KIND, "there is no terminal"))
    }

    async fn signal(&self, signal: Signal) -> Result<()> {
        let signal = rustix::process::Signal::from_named_raw(signal.0)
            .ok_or_else(|| Error::new(ErrorKind::Invalid, "there is no such signal"))?;
        Group::signal(self, signal);
        Ok(())
    }
}

/// Hangs up when it goes.
struct HangUp(Group);

impl Drop for HangUp {
    fn drop(&mut self) {
        self.0.signal(rustix::process::Signal::HUP);
    }
}

/// Runs `exec` in the machine.
pub(crate) fn running(world: &World, id: &str) -> Result<()> {
    if world.machine(id, crate::machine::Held::runs)? {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Conflict, "the machine does not run"))
}

pub(crate) fn run(world: &Arc<World>, id: &str, exec: &Exec) -> Result<ExecSession> {
    running(world, id)?;
    let mut command = process::command(world, id, &exec.command, &exec.env, exec.workdir.as_ref())?;
    if exec.stdin {
        command.stdin(Stdio::piped());
    }
    let (events, received) = mpsc::channel(16);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(never_began(world, &error, received, events)),
    };
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    world.change_machine(id, |machine| machine.groups.extend(pid))?;
    let group = Group(Arc::new(Mutex::new(pid)));
    let stdin = child.stdin.take().map(|stdin| Box::pin(stdin) as machine_core::ExecStdin);
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let out = tokio::spawn(read(Arc::clone(world), Stream::Stdout, out, events.clone()));
    let err = tokio::spawn(read(Arc::clone(world), Stream::Stderr, err, events.clone()));
    let (ended, world, id) = (group.clone(), Arc::clone(world), id.to_owned());
    let hang_up = (!world.breaks(Breakage::DroppedSessionGoesOn)).then(|| HangUp(group.clone()));
    tokio::spawn(async move {
        let status = child.wait().await.unwrap();
        let group = ended.0.lock().unwrap().take();
        if let Some(group) = group {
            process::kill(group, rustix::process::Signal::KILL);
            world.change_machine(&id, |machine| machine.groups.remove(&group)).ok();
        }
        out.await.unwrap();
        err.await.unwrap();
        events.send(Ok(ExecEvent::Exited(process::exit(&world, status)))).await.ok();
    });
    let events = futures::stream::unfold((received, hang_up), |(mut received, hang_up)| async move {
        Some((received.recv().await?, (received, hang_up)))
    });
    Ok(ExecSession { events: events.boxed(), stdin, control: Arc::new(group) })
}

/// A command that could not be started, as its supervisor tells it.
fn never_began(
    world: &World,
    error: &std::io::Error,
    mut received: mpsc::Receiver<Result<ExecEvent>>,
    events: mpsc::Sender<Result<ExecEvent>>,
) -> ExecSession {
    let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
    let code = if world.breaks(Breakage::ExitStatusLost) { 0 } else { code };
    let exit = ExitStatus { reason: ExitReason::SetupFailed, ..ExitStatus::exited(code) };
    events.try_send(Ok(ExecEvent::Exited(exit))).unwrap();
    let control = Arc::new(Group(Arc::new(Mutex::new(None))));
    let events = futures::stream::poll_fn(move |context| {
        let _ = &events;
        received.poll_recv(context)
    });
    ExecSession { events: events.take(1).boxed(), stdin: None, control }
}

async fn read(
    world: Arc<World>,
    from: Stream,
    mut pipe: impl AsyncRead + Unpin,
    events: mpsc::Sender<Result<ExecEvent>>,
) {
    let mut buffer = vec![0; 65536];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        let bytes = Bytes::copy_from_slice(&buffer[..count]);
        let event = match process::stream(&world, from) {
            Stream::Stderr => ExecEvent::Stderr(bytes),
            _ => ExecEvent::Stdout(bytes),
        };
        // Whoever listened is gone; what is written is still taken, so that the command does not hang.
        events.send(Ok(event)).await.ok();
    }
}
