//! One conversation with a machine's init.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, Result};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::framing::{Inbox, frame};
use crate::layout::CTL;
use crate::store::MachineDir;
use crate::wire::{MAX_MESSAGE, Reply, Request};

/// How long init may take to accept a connection; it is busy for microseconds at a time.
const ACCEPT: Duration = Duration::from_secs(5);
/// The buffer for replies, which are short.
const CHUNK: usize = 4096;

/// One conversation with a machine's init. Dropping it ends the conversation.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    /// Two requests must not mix.
    writing: Mutex<()>,
}

impl Connection {
    /// Connects to the init of the machine in `dir`; nothing where none listens.
    ///
    /// # Errors
    /// [`ErrorKind::System`]; [`ErrorKind::Timeout`] when init does not accept.
    pub(crate) async fn open(dir: &MachineDir) -> Result<Option<Self>> {
        // By way of our own descriptor: a socket's path may have 108 bytes, and a state directory's more.
        let path = format!("/proc/self/fd/{}/{CTL}", dir.as_fd().as_raw_fd());
        let deadline = Deadline::after(ACCEPT);
        loop {
            match UnixStream::connect(&path).await {
                Ok(stream) => return Ok(Some(Self { stream, writing: Mutex::default() })),
                // The last is init ending with the connection in its queue.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset
                    ) =>
                {
                    return Ok(None);
                }
                // Its queue of connections is full.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !deadline.passed() => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Err(error) => return Err(Error::io("cannot reach the machine's init", error)),
            }
        }
    }

    /// Sends a request, and `fds` with it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is too large; [`ErrorKind::System`] when init is gone.
    pub(crate) async fn send(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<()> {
        let broken = |error: io::Error| Error::io("the machine's init does not answer", error);
        let message = frame(request).map_err(broken)?;
        if message.len() > MAX_MESSAGE {
            let told = format!("the command and its environment are {} bytes long", message.len());
            return Err(
                Error::new(ErrorKind::Invalid, told).with_hint("hand large input over on standard input, or as a file")
            );
        }
        let _turn = self.writing.lock().await;
        let (mut rest, mut fds) = (message.as_slice(), fds);
        while !rest.is_empty() {
            let sent = self.stream.async_io(Interest::WRITABLE, || machine_sys::fd::send(&self.stream, rest, fds));
            // The descriptors went with the first byte.
            (rest, fds) = (&rest[sent.await.map_err(broken)?..], &[]);
        }
        Ok(())
    }

    /// The next reply, and the descriptors that came with it; nothing when init has ended the conversation. What has come
    /// in stays in `inbox` when the future is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] when it makes no sense.
    pub(crate) async fn receive(&self, inbox: &mut Inbox) -> Result<Option<(Reply, Vec<OwnedFd>)>> {
        loop {
            if let Some(reply) = inbox.next().map_err(nonsense)? {
                return Ok(Some(reply));
            }
            let mut chunk = [0; CHUNK];
            let received =
                self.stream.async_io(Interest::READABLE, || machine_sys::fd::recv(&self.stream, &mut chunk)).await;
            match received {
                Ok((0, _)) => return Ok(None),
                Ok((count, fds)) => inbox.push(&chunk[..count], fds).map_err(nonsense)?,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(Error::io("the machine's init does not answer", error)),
            }
        }
    }

    /// Waits until init ends the conversation: the machine ends.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub(crate) async fn ended(&self) -> Result<()> {
        let mut inbox = Inbox::default();
        while self.receive(&mut inbox).await?.is_some() {}
        Ok(())
    }

    /// Ends the conversation although others still hold it.
    pub(crate) fn hang_up(&self) {
        // It may be over already, which is what is wanted.
        let _ = rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Both);
    }
}

fn nonsense(error: io::Error) -> Error {
    Error::new(ErrorKind::Protocol, format!("the machine's init answers nonsense: {error}"))
}
