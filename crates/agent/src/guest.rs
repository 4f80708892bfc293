//! Running the guest's small commands (receive, send, patch) inside a machine.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{
    CloudProvider, Error, ErrorKind, Exec, ExecEvent, ExecSession, ExitStatus, GuestProgram, MachineId, OsText, Result,
};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

/// The most bytes that are kept of what a command says on standard error.
const MAX_WORDS: usize = 4000;

/// What understands the guest's `receive-as` and `send` on a machine without a guest.
const COPY_TOOL: [&str; 4] = ["sh", "-c", include_str!("copy_tool.sh"), "copy-tool"];

/// A machine, and the way to the guest program in it.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    provider: Arc<dyn CloudProvider>,
    machine: MachineId,
    program: Vec<OsText>,
}

impl Inside {
    /// The way into `machine`.
    ///
    /// # Errors
    /// `Unsupported` where its provider has no guest program or no way to run it.
    pub(crate) fn new(provider: &Arc<dyn CloudProvider>, machine: MachineId) -> Result<Self> {
        Ok(Self { provider: Arc::clone(provider), machine, program: program(&**provider)? })
    }

    pub(crate) fn provider(&self) -> &Arc<dyn CloudProvider> {
        &self.provider
    }

    pub(crate) fn machine(&self) -> &MachineId {
        &self.machine
    }

    /// The way into `machine` for files, which takes no guest: a machine that has none has a `tar`.
    pub(crate) fn for_files(provider: &Arc<dyn CloudProvider>, machine: MachineId) -> Self {
        let program = program(&**provider).unwrap_or_else(|_| COPY_TOOL.map(OsText::from).to_vec());
        Self { provider: Arc::clone(provider), machine, program }
    }

    /// Runs one of the guest's commands.
    pub(crate) async fn exec(&self, arguments: &[OsText], stdin: bool) -> Result<ExecSession> {
        let command = self.program.iter().chain(arguments).cloned().collect();
        self.provider.exec(&self.machine, Exec { command, stdin, ..Exec::default() }).await
    }

    /// Runs a command that reads `input` to its end. Says what it wrote.
    pub(crate) async fn feed(&self, arguments: &[OsText], mut input: mpsc::Receiver<Bytes>) -> Result<Vec<u8>> {
        let mut session = self.exec(arguments, true).await?;
        let mut stdin = session.stdin.take();
        let feeding = async {
            while let Some(piece) = input.recv().await {
                let Some(stdin) = &mut stdin else { break };
                // A command that takes no more has something to say about it.
                if stdin.write_all(&piece).await.is_err() {
                    break;
                }
            }
            if let Some(stdin) = &mut stdin {
                let _ = stdin.shutdown().await;
            }
            drop(stdin.take());
        };
        let mut said = Vec::new();
        let (ended, ()) = tokio::join!(listen(&mut session, |bytes| said.extend_from_slice(&bytes)), feeding);
        ended.map(|_| said)
    }

    /// Runs a command and hands over what it writes. Returns what it said on standard error.
    pub(crate) async fn drink(&self, arguments: &[OsText], output: mpsc::Sender<Bytes>) -> Result<String> {
        let mut session = self.exec(arguments, false).await?;
        let mut words = Vec::new();
        while let Some(event) = session.events.next().await {
            match event? {
                // Whoever takes it may have had enough; then its own error says why.
                ExecEvent::Stdout(bytes) => {
                    let taken = output.send(bytes).await.is_ok();
                    if !taken {
                        break;
                    }
                }
                ExecEvent::Stderr(bytes) => words.extend_from_slice(&bytes),
                ExecEvent::Exited(status) => return outcome(&status, &words),
                _ => {}
            }
            words.truncate(MAX_WORDS);
        }
        Err(cut_off())
    }
}

/// How the guest program is called on this provider.
pub(crate) fn program(provider: &dyn CloudProvider) -> Result<Vec<OsText>> {
    match &provider.capabilities().guest {
        GuestProgram::Present(program) => Ok(program.iter().map(|word| word.as_str().into()).collect()),
        GuestProgram::Brought => {
            Err(Error::unsupported(provider.info().kind, "its machines do not have the program that supervises jobs"))
        }
    }
}

async fn listen(session: &mut ExecSession, mut output: impl FnMut(Bytes)) -> Result<String> {
    let mut words = Vec::new();
    while let Some(event) = session.events.next().await {
        match event? {
            ExecEvent::Stdout(bytes) => output(bytes),
            ExecEvent::Stderr(bytes) => words.extend_from_slice(&bytes),
            ExecEvent::Exited(status) => return outcome(&status, &words),
            _ => {}
        }
        words.truncate(MAX_WORDS);
    }
    Err(cut_off())
}

fn outcome(status: &ExitStatus, words: &[u8]) -> Result<String> {
    let words = String::from_utf8_lossy(words).trim().to_owned();
    if status.success() {
        return Ok(words);
    }
    // One line without a cause of ours is what the guest prints; it is a sentence already.
    let message = match (words.is_empty(), &status.message) {
        (false, _) => words,
        (true, Some(message)) => message.clone(),
        (true, None) => format!("the guest's command ended with {:?}", status.shell_code()),
    };
    Err(Error::new(ErrorKind::Upstream, message).with_retry(machine_core::Retry::Never))
}

fn cut_off() -> Error {
    Error::new(ErrorKind::Network, "the connection to the machine ended before the command did")
}
