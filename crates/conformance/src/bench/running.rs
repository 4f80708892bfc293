//! What machines write, and commands inside of them.

use futures::StreamExt as _;
use machine_core::{
    Exec, ExecEvent, ExecSession, ExitStatus, LogLine, LogOptions, MachineId, OsText, Stream as LogStream,
};

use super::Bench;
use crate::outcome::{Outcome, Stop};

/// What a command wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// To standard output.
    pub(crate) out: Vec<u8>,
    /// To standard error.
    pub(crate) err: Vec<u8>,
    /// How it ended.
    pub(crate) exit: ExitStatus,
}

impl Bench {
    /// A command.
    pub(crate) fn command(words: &[&str]) -> Exec {
        Exec { command: words.iter().copied().map(OsText::from).collect(), ..Exec::default() }
    }

    /// Runs a script inside, to its end.
    pub(crate) async fn sh(&self, id: &MachineId, script: &str) -> Outcome<Ran> {
        self.exec(id, Self::command(&["sh", "-c", script])).await
    }

    /// Runs a command inside, to its end.
    pub(crate) async fn exec(&self, id: &MachineId, exec: Exec) -> Outcome<Ran> {
        Self::drain(self.provider.exec(id, exec).await?).await
    }

    /// What a command goes on to write, and how it ends.
    pub(crate) async fn drain(mut session: ExecSession) -> Outcome<Ran> {
        let (mut out, mut err, mut exit) = (Vec::new(), Vec::new(), None);
        while let Some(event) = session.events.next().await {
            let event = event?;
            ensure!(exit.is_none(), "after the end of the command came {event:?}");
            match event {
                ExecEvent::Stdout(bytes) => out.extend_from_slice(&bytes),
                ExecEvent::Stderr(bytes) => err.extend_from_slice(&bytes),
                ExecEvent::Exited(status) => exit = Some(status),
                other => broken!("nobody knows what this is: {other:?}"),
            }
        }
        match exit {
            Some(exit) => Ok(Ran { out, err, exit }),
            None => Err(Stop::Broken("the command ended, and nobody said how".to_owned())),
        }
    }

    /// What the machine's own command wrote. Notes of the provider's are left out.
    pub(crate) async fn lines(&self, id: &MachineId, how: LogOptions) -> Outcome<Vec<LogLine>> {
        let mut stream = self.provider.logs(id.clone(), how);
        let mut lines = Vec::new();
        while let Some(line) = stream.next().await {
            lines.extend(Some(line?).filter(|line| line.stream != LogStream::System));
        }
        Ok(lines)
    }

    /// The same as text, a line each.
    pub(crate) async fn texts(&self, id: &MachineId, how: LogOptions) -> Outcome<Vec<String>> {
        let lines = self.lines(id, how).await?;
        Ok(lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect())
    }

    /// What a machine with this script of its own writes until it has ended.
    pub(crate) async fn told(&self, spec: &machine_core::MachineSpec) -> Outcome<Vec<String>> {
        let machine = self.ended(spec).await?;
        self.texts(&machine.id, LogOptions::default()).await
    }
}
