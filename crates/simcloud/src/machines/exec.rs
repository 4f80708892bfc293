//! A command in a machine, from its beginning to its end.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{CloudProvider as _, Error, ErrorKind, Exec, ExecEvent, ExitStatus, Result, Signal};
use tokio::io::AsyncWriteExt as _;

use crate::machines::host::Host;

/// The most that is kept of what a command writes, of each stream.
const OUTPUT: usize = 8 << 20;

/// A command to run.
#[derive(Debug)]
pub(crate) struct Run {
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// What it reads.
    pub(crate) stdin: Bytes,
    /// How long it may take; it is killed then.
    pub(crate) timeout: Duration,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it ended; nothing where it took too long.
    pub(crate) status: Option<ExitStatus>,
    /// What it wrote.
    pub(crate) stdout: Vec<u8>,
    /// And to its other stream.
    pub(crate) stderr: Vec<u8>,
}

/// Runs the command in the machine of the cloud that has that id.
pub(super) async fn run(host: &Host, id: &str, run: Run) -> Result<Ran> {
    let Some(local) = host.local_of(id) else {
        return Err(Error::new(ErrorKind::Conflict, format!("machine {id} does not run")));
    };
    let wish = Exec { stdin: !run.stdin.is_empty(), ..Exec::of(run.command) };
    let mut session = host.local.exec(&local, wish).await?;
    let stdin = session.stdin.take();
    let writes = async {
        if let Some(mut stdin) = stdin
            && stdin.write_all(&run.stdin).await.is_ok()
        {
            stdin.shutdown().await.ok();
        }
        // A command that does not read all of it is none the worse for that, and its end is what counts.
        std::future::pending().await
    };
    let mut ran = Ran { status: None, stdout: Vec::new(), stderr: Vec::new() };
    let reads = async {
        while let Some(event) = session.events.next().await {
            match event? {
                ExecEvent::Stdout(bytes) => keep(&mut ran.stdout, &bytes),
                ExecEvent::Stderr(bytes) => keep(&mut ran.stderr, &bytes),
                ExecEvent::Exited(status) => ran.status = Some(status),
                _ => {}
            }
        }
        Ok::<_, Error>(())
    };
    let both = async {
        tokio::select! {
            read = reads => read,
            never = writes => never,
        }
    };
    let read = tokio::time::timeout(run.timeout, both).await;
    match read {
        Ok(read) => read?,
        Err(_) => {
            ran.status = None;
            if let Err(error) = session.control.signal(Signal::KILL).await {
                tracing::debug!(%error, "a command that took too long was not killed");
            }
        }
    }
    Ok(ran)
}

fn keep(output: &mut Vec<u8>, bytes: &[u8]) {
    let room = OUTPUT.saturating_sub(output.len()).min(bytes.len());
    output.extend_from_slice(&bytes[..room]);
}
