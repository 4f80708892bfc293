//! What the guest and job-init say to each other, over a socket that keeps messages apart.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socketpair};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Failure;

/// From the guest to job-init.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Send the job's process group this signal.
    Signal(i32),
    /// End the job and everything that it made.
    Kill,
}

/// From job-init to the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// The job's program was executed.
    Started,
    /// It could not be.
    Failed(Failure),
    /// The job's main process exited with this code.
    Exited(i32),
    /// This signal ended the job's main process.
    Signaled(i32),
}

/// The most bytes of one message.
const MAX: usize = 16 * 1024;

/// One end.
#[derive(Debug)]
pub(super) struct Link(OwnedFd);

impl Link {
    /// Both ends. They do not block.
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (a, b) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self(a), Self(b)))
    }

    /// Sends a message. The other end's having gone is not this end's trouble: it shows in other ways.
    pub(super) fn send(&self, message: &impl Serialize) {
        if let Ok(bytes) = serde_json::to_vec(message) {
            let _ = send(&self.0, &bytes, SendFlags::NOSIGNAL);
        }
    }

    /// The next message, without waiting.
    pub(super) fn receive<T: DeserializeOwned>(&self) -> Received<T> {
        let mut buffer = vec![0; MAX];
        match recv(&self.0, &mut buffer[..], RecvFlags::empty()) {
            Ok((0, _)) => Received::Gone,
            Ok((read, _)) => serde_json::from_slice(&buffer[..read]).map_or(Received::Gone, Received::Message),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Received::Nothing,
            Err(_) => Received::Gone,
        }
    }
}

/// What there was to receive.
#[derive(Debug)]
pub(super) enum Received<T> {
    /// This.
    Message(T),
    /// Nothing yet.
    Nothing,
    /// The other end is gone, and nothing will ever come.
    Gone,
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
