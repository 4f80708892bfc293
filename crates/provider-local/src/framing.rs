//! The frames of [`crate::wire`], without an async runtime: the shim and init have none, and the client waits by itself.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use machine_sys::fd;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::MAX_MESSAGE;

/// Bytes of a frame before its message.
const LENGTH: usize = 4;
/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A message as it travels.
pub(crate) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; LENGTH];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - LENGTH).map_err(|_| io::ErrorKind::InvalidInput)?;
    frame[..LENGTH].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

/// Sends one message, and descriptors with it. The socket may be one that does not block: what does not fit into it is an
/// error then, because a peer that does not read its few replies is not worth waiting for.
pub(crate) fn send(socket: impl AsFd, message: &impl Serialize, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let frame = frame(message)?;
    let mut sent = fd::send(&socket, &frame, fds)?;
    while sent < frame.len() {
        sent += fd::send(&socket, &frame[sent..], &[])?;
    }
    Ok(())
}

/// What has come in on a socket and is not a whole message yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    fds: Vec<OwnedFd>,
}

/// What reading once brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Something; perhaps a message.
    Bytes,
    /// Nothing at this time.
    Nothing,
    /// The peer has gone.
    End,
}

impl Inbox {
    /// Reads once.
    pub(crate) fn receive(&mut self, socket: impl AsFd) -> io::Result<Received> {
        let mut chunk = [0; CHUNK];
        match fd::recv(socket, &mut chunk) {
            Ok((0, _)) => Ok(Received::End),
            Ok((read, fds)) => {
                self.push(&chunk[..read], fds)?;
                Ok(Received::Bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Received::End),
            Err(error) => Err(error),
        }
    }

    /// Takes in what somebody else has read.
    pub(crate) fn push(&mut self, bytes: &[u8], fds: Vec<OwnedFd>) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        self.fds.extend(fds);
        if self.fds.len() > fd::MAX_FDS {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "more descriptors than a message carries"));
        }
        Ok(())
    }

    /// Takes out the next whole message and the descriptors that came so far.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let Some(length) = self.bytes.first_chunk::<LENGTH>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
        }
        let Some(message) = self.bytes.get(LENGTH..LENGTH + length) else { return Ok(None) };
        let message = serde_json::from_slice(message)?;
        if self.bytes.len() == LENGTH + length {
            // A large message must not leave its memory behind with the connection.
            self.bytes = Vec::new();
        } else {
            self.bytes.drain(..LENGTH + length);
        }
        Ok(Some((message, std::mem::take(&mut self.fds))))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::wire::Request;

    #[test]
    fn messages_and_descriptors_come_out_as_they_went_in() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut inbox = Inbox::default();
        assert_eq!(inbox.receive(&theirs).unwrap(), Received::Nothing);
        send(&ours, &Request::Signal(2), &[ours.as_fd()]).unwrap();
        send(&ours, &Request::Stop { signal: None, grace_ms: 7 }, &[]).unwrap();
        assert_eq!(inbox.receive(&theirs).unwrap(), Received::Bytes);
        assert_eq!(inbox.receive(&theirs).unwrap(), Received::Bytes, "the kernel keeps descriptors apart");
        let (first, fds) = inbox.next::<Request>().unwrap().unwrap();
        assert!(matches!(first, Request::Signal(2)) && fds.len() == 1);
        let (second, fds) = inbox.next::<Request>().unwrap().unwrap();
        assert!(matches!(second, Request::Stop { signal: None, grace_ms: 7 }) && fds.is_empty());
        assert!(inbox.next::<Request>().unwrap().is_none());
        drop(ours);
        drop(fds);
        drop(first);
    }

    #[test]
    fn nonsense_is_an_error_and_not_an_allocation() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut inbox = Inbox::default();
        fd::send(&ours, &u32::MAX.to_le_bytes(), &[]).unwrap();
        inbox.receive(&theirs).unwrap();
        assert!(inbox.next::<Request>().is_err());
        let mut inbox = Inbox::default();
        fd::send(&ours, b"\x02\0\0\0{}", &[]).unwrap();
        inbox.receive(&theirs).unwrap();
        assert!(inbox.next::<Request>().is_err());
    }
}
