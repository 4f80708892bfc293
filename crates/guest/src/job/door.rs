//! The guest's socket: one client at a time, who knows the job's key. A newer one takes the place of the older.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use crate::control::{Inbox, Message as _, ToClient, ToGuest};
use crate::frame::same_secret;

/// The socket, who knocks at it, and who is inside.
#[derive(Debug)]
pub(super) struct Door {
    listener: UnixListener,
    token: [u8; 32],
    /// Has connected and not shown the token yet; the newest only.
    knocking: Option<Connection>,
    client: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    inbox: Inbox,
}

/// What the client said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A new client is inside.
    Arrived {
        /// Whether it acknowledges output.
        acknowledges: bool,
    },
    /// A message.
    Message(ToGuest),
    /// The client has gone.
    Left,
}

impl Door {
    /// Opens the socket at `path`.
    pub(super) fn open(path: &Path, token: [u8; 32]) -> io::Result<Self> {
        let (directory, name) = (path.parent().unwrap_or(Path::new("/")), path.file_name().unwrap_or_default());
        // A socket's address has room for 108 bytes; the way by a descriptor is short however long the path is.
        let directory = std::fs::File::open(directory)?;
        let short = crate::attach::short_path(&directory, name);
        match std::fs::remove_file(&short) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&short)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, token, knocking: None, client: None })
    }

    /// What has to be watched for something to read.
    pub(super) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let connections = self.knocking.iter().chain(&self.client).map(|connection| connection.stream.as_fd());
        std::iter::once(self.listener.as_fd()).chain(connections)
    }

    /// Whether a client is inside.
    pub(super) fn has_client(&self) -> bool {
        self.client.is_some()
    }

    /// Reads whatever there is to read.
    pub(super) fn listen(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        if let Some(mut client) = self.client.take() {
            match client.read() {
                Ok(messages) => {
                    heard.extend(messages.into_iter().map(Heard::Message));
                    self.client = Some(client);
                }
                Err(()) => {
                    client.close(None);
                    heard.push(Heard::Left);
                }
            }
        }
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_ok() {
                self.knocking = Some(Connection { stream, inbox: Inbox::default() });
            }
        }
        if let Some(mut knocking) = self.knocking.take() {
            match knocking.read() {
                Err(()) => knocking.close(Some("the guest expects a greeting")),
                Ok(messages) => match messages.split_first() {
                    None => self.knocking = Some(knocking),
                    Some((&ToGuest::Hello { token, acknowledges }, rest)) if same_secret(&token, &self.token) => {
                        if let Some(older) = self.client.replace(knocking) {
                            older.close(Some("another client has taken over"));
                        }
                        heard.push(Heard::Arrived { acknowledges });
                        heard.extend(rest.iter().cloned().map(Heard::Message));
                        self.tell(&ToClient::Ready);
                    }
                    Some(_) => knocking.close(Some("the greeting does not show this job's key")),
                },
            }
        }
        heard
    }

    /// Tells the client something. One that does not even take a few bytes is shown out.
    pub(super) fn tell(&mut self, message: &ToClient) {
        if let Some(client) = &self.client
            && !client.write(message)
        {
            self.show_out("you do not read what you are told");
        }
    }

    /// Ends the client's connection.
    pub(super) fn show_out(&mut self, why: &'static str) {
        if let Some(client) = self.client.take() {
            client.close(Some(why));
        }
    }
}

impl Connection {
    /// The messages that have arrived; an error when no more can.
    fn read(&mut self) -> Result<Vec<ToGuest>, ()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut messages = Vec::new();
        loop {
            match self.stream.read(&mut buffer) {
                // Whatever was said before it left is still heard; the end is seen at the next turn.
                Ok(0) if messages.is_empty() => return Err(()),
                Ok(0) => return Ok(messages),
                Ok(read) => self.inbox.push(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(messages),
                Err(_) => return Err(()),
            }
            while let Some(message) = self.inbox.take().map_err(|_| ())? {
                messages.push(message);
            }
            // One client's flood must not keep the job's output waiting.
            if messages.len() >= 16 {
                return Ok(messages);
            }
        }
    }

    fn write(&self, message: &ToClient) -> bool {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        matches!((&self.stream).write(&bytes), Ok(written) if written == bytes.len())
    }

    fn close(self, why: Option<&str>) {
        if let Some(why) = why {
            self.write(&ToClient::Refused(why.to_owned()));
        }
        // Closing is not enough: job-init has a copy of this descriptor.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
