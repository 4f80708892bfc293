//! Running the guest's small commands (receive, send, patch) inside a machine.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
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

/// What is encoded at once, so that pieces of text follow each other without padding between them.
const TRIPLES: usize = 3 * 16 * 1024;

/// A machine, and the way to the guest program in it.
#[derive(Debug, Clone)]
pub(crate) struct Inside {
    provider: Arc<dyn CloudProvider>,
    machine: MachineId,
    program: Vec<OsText>,
    /// Whether nothing but text goes in and out.
    text: bool,
}

impl Inside {
    /// The way into `machine`.
    ///
    /// # Errors
    /// `Unsupported` where its provider has no guest program or no way to run it.
    pub(crate) fn new(provider: &Arc<dyn CloudProvider>, machine: MachineId) -> Result<Self> {
        Ok(Self { provider: Arc::clone(provider), machine, program: program(&**provider)?, text: false })
    }

    pub(crate) fn provider(&self) -> &Arc<dyn CloudProvider> {
        &self.provider
    }

    pub(crate) fn machine(&self) -> &MachineId {
        &self.machine
    }

    /// The way into `machine` by a program of ours that is handed everything as bytes.
    pub(crate) fn running<const N: usize>(
        provider: &Arc<dyn CloudProvider>,
        machine: MachineId,
        program: [&str; N],
    ) -> Self {
        let program = program.into_iter().map(OsText::from).collect();
        Self { provider: Arc::clone(provider), machine, program, text: false }
    }

    /// The way into `machine` for files, which takes no guest: a machine that has none has a `tar`.
    pub(crate) fn for_files(provider: &Arc<dyn CloudProvider>, machine: MachineId) -> Self {
        let can = provider.capabilities();
        let text = !can.exec_stdin && can.exec_input_limit.is_some();
        let (program, text) = program(&**provider).map_or_else(
            |_| (COPY_TOOL.into_iter().chain([if text { "text" } else { "bytes" }]).map(OsText::from).collect(), text),
            |guest| (guest, false),
        );
        Self { provider: Arc::clone(provider), machine, program, text }
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
            let mut encoder = self.text.then(Encoder::default);
            while let Some(piece) = input.recv().await {
                let Some(stdin) = &mut stdin else { break };
                let piece = encoder.as_mut().map_or_else(|| piece.clone(), |encoder| encoder.push(&piece));
                // A command that takes no more has something to say about it.
                if stdin.write_all(&piece).await.is_err() {
                    break;
                }
            }
            if let (Some(stdin), Some(encoder)) = (&mut stdin, encoder) {
                let _ = stdin.write_all(&encoder.finish()).await;
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
        let (mut words, mut text) = (Vec::new(), Vec::new());
        while let Some(event) = session.events.next().await {
            match event? {
                ExecEvent::Stdout(bytes) if self.text => text.extend_from_slice(&bytes),
                // Whoever takes it may have had enough; then its own error says why.
                ExecEvent::Stdout(bytes) => {
                    let taken = output.send(bytes).await.is_ok();
                    if !taken {
                        break;
                    }
                }
                ExecEvent::Stderr(bytes) => words.extend_from_slice(&bytes),
                ExecEvent::Exited(status) => {
                    // What is not whole is no archive; whoever takes it may have had enough.
                    if self.text && status.success() {
                        let _ = output.send(decoded(&text)?).await;
                    }
                    return outcome(&status, &words);
                }
                _ => {}
            }
            words.truncate(MAX_WORDS);
        }
        Err(cut_off())
    }
}

/// Bytes on their way to becoming text.
#[derive(Debug, Default)]
struct Encoder(Vec<u8>);

impl Encoder {
    /// The text of all whole triples so far.
    fn push(&mut self, piece: &[u8]) -> Bytes {
        self.0.extend_from_slice(piece);
        let whole = self.0.len() / TRIPLES * TRIPLES;
        let rest = self.0.split_off(whole);
        BASE64.encode(std::mem::replace(&mut self.0, rest)).into()
    }

    fn finish(self) -> Bytes {
        BASE64.encode(self.0).into()
    }
}

/// The bytes that text stands for, its line feeds left out.
fn decoded(text: &[u8]) -> Result<Bytes> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let damaged = |error| Error::new(ErrorKind::Protocol, "the files did not arrive whole").with_source(error);
    BASE64.decode(text).map(Bytes::from).map_err(damaged)
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
