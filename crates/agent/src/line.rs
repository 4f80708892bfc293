//! The line to a job's guest: what the client says and hears over `attach`.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use machine_core::{Error, ErrorKind, ExecEvent, ExecSession, ExecStdin, Power, Result};
use machine_guest::control::{Inbox, MAX_INPUT, Message as _, ToClient, ToGuest};
use machine_guest::frame::JobKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{mpsc, watch};

use crate::guest::Inside;

/// How long the guest may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How often a line that was cut is taken up again.
const ATTEMPTS: u32 = 3;

/// What the rest of the client wants of the line.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// What is to be said.
    pub(crate) say: mpsc::Receiver<ToGuest>,
    /// Up to which frame everything has arrived.
    pub(crate) acknowledged: watch::Receiver<u64>,
    /// The job's input, where it has one.
    pub(crate) input: Option<DuplexStream>,
}

/// The line to a job's guest.
#[derive(Debug)]
pub(crate) struct Line {
    session: ExecSession,
    stdin: ExecStdinSlot,
    inbox: Inbox,
}

/// An input that has no `Debug` of its own.
struct ExecStdinSlot(ExecStdin);

impl std::fmt::Debug for ExecStdinSlot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExecStdin")
    }
}

impl Line {
    /// Calls the guest and greets it.
    pub(crate) async fn open(inside: &Inside, key: &JobKey) -> Result<Self> {
        let mut session = inside.exec(&["attach".into()], true).await?;
        let stdin =
            session.stdin.take().ok_or_else(|| Error::new(ErrorKind::Protocol, "the machine takes no input"))?;
        let mut line = Self { session, stdin: ExecStdinSlot(stdin), inbox: Inbox::default() };
        let hello = ToGuest::Hello { token: key.control_token(), acknowledges: true };
        let greeting = async {
            line.say(&hello).await?;
            match line.hear().await? {
                ToClient::Ready => Ok(()),
                other => Err(Error::new(ErrorKind::Protocol, format!("the job's guest answered {other:?}"))),
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, greeting)
            .await
            .map_err(|_| Error::new(ErrorKind::Timeout, "the job's guest did not answer in 20 s"))??;
        Ok(line)
    }

    /// Says something.
    pub(crate) async fn say(&mut self, message: &ToGuest) -> Result<()> {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        let stdin = &mut self.stdin.0;
        let sent = async {
            stdin.write_all(&bytes).await?;
            stdin.flush().await
        };
        sent.await.map_err(|error| cut(Some(error)))
    }

    /// The next thing that the guest says.
    async fn hear(&mut self) -> Result<ToClient> {
        loop {
            let heard = self.inbox.take::<ToClient>();
            match heard.map_err(|error| Error::new(ErrorKind::Protocol, error.to_string()))? {
                Some(ToClient::Refused(why)) => {
                    return Err(Error::new(ErrorKind::Conflict, format!("the job's guest hung up: {why}")));
                }
                Some(message) => return Ok(message),
                None => {}
            }
            match self.session.events.next().await {
                Some(Ok(ExecEvent::Stdout(bytes))) => self.inbox.push(&bytes),
                Some(Ok(ExecEvent::Stderr(bytes))) => {
                    tracing::debug!(said = %String::from_utf8_lossy(&bytes), "attach");
                }
                Some(Ok(_)) | None => return Err(cut(None)),
                Some(Err(error)) => return Err(error),
            }
        }
    }

    /// Keeps talking until the guest hangs up or nobody wishes anything any more.
    async fn talk(&mut self, wishes: &mut Wishes) -> Result<()> {
        let (mut credit, mut buffer) = (0_usize, vec![0; MAX_INPUT]);
        loop {
            let has_input = wishes.input.is_some() && credit > 0;
            let room = credit.min(buffer.len());
            tokio::select! {
                wish = wishes.say.recv() => match wish {
                    Some(message) => self.say(&message).await?,
                    None => return Ok(()),
                },
                Ok(()) = wishes.acknowledged.changed() => {
                    let number = *wishes.acknowledged.borrow_and_update();
                    self.say(&ToGuest::Ack(number)).await?;
                }
                read = read_input(&mut wishes.input, &mut buffer[..room]), if has_input => {
                    if read == 0 {
                        wishes.input = None;
                        self.say(&ToGuest::EndOfInput).await?;
                    } else {
                        credit -= read;
                        self.say(&ToGuest::Input(buffer.get(..read).unwrap_or_default().to_vec())).await?;
                    }
                }
                heard = self.hear() => match heard? {
                    ToClient::Credit(more) => credit += usize::try_from(more).unwrap_or(0),
                    // Dropping this end is how whoever writes to the other one learns of it.
                    ToClient::InputClosed => wishes.input = None,
                    _ => {}
                },
            }
        }
    }
}

async fn read_input(input: &mut Option<DuplexStream>, buffer: &mut [u8]) -> usize {
    match input {
        Some(input) => input.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

/// Keeps the line to the guest for as long as anybody wishes something of it, and takes it up again when it is cut. When it
/// cannot be had any more, a wish to end the job is met by stopping its machine.
pub(crate) async fn keep(inside: Arc<Inside>, key: JobKey, line: Option<Line>, mut wishes: Wishes, grace: Duration) {
    let mut line = line;
    for attempt in 1..=ATTEMPTS {
        let opened = match line.take() {
            Some(line) => Ok(line),
            None => Line::open(&inside, &key).await,
        };
        let cut = match opened {
            Ok(mut line) => match line.talk(&mut wishes).await {
                Ok(()) => return,
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::debug!(attempt, error = %cut, "the line to the job's guest");
        // A machine that has ended is the usual reason, and its log says so; another client is a good one.
        if cut.kind() == ErrorKind::Conflict {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100) * attempt).await;
    }
    wishes.input = None;
    while let Some(message) = wishes.say.recv().await {
        if message == ToGuest::Stop {
            let stopped = inside.provider().power(inside.machine(), Power::Stop { grace }).await;
            if let Err(error) = stopped {
                tracing::debug!(%error, "stopping the job's machine");
            }
        }
    }
}

fn cut(source: Option<std::io::Error>) -> Error {
    let error = Error::new(ErrorKind::Network, "the line to the job's guest was cut");
    match source {
        Some(source) => error.with_source(source),
        None => error,
    }
}
