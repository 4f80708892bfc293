//! The protocol of the guest's socket: how a client starts a job, feeds it, and ends it.
//!
//! Each message is a little-endian `u32` length and that many bytes: one that names the message, then its own. A client
//! says [`ToGuest::Hello`] first and gets [`ToClient::Ready`]. Input is sent only as far as credit was given
//! ([`ToClient::Credit`]), so that it never stands in the way of the other messages.

use machine_core::{Signal, WindowSize};

/// The most bytes in one message, its length not counted.
pub const MAX_MESSAGE: usize = 64 * 1024 + 1;
/// The most bytes of input in one message.
pub const MAX_INPUT: usize = 64 * 1024;

/// From a client to the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToGuest {
    /// Who is there.
    Hello {
        /// Proof of knowing the job's key.
        token: [u8; 32],
        /// Whether this client acknowledges output and wants it held back when it does not keep up.
        acknowledges: bool,
    },
    /// Everything is in place: start the job.
    Start,
    /// Input for the job.
    Input(Vec<u8>),
    /// The input ends here.
    EndOfInput,
    /// The terminal has a new size.
    Resize(WindowSize),
    /// Send the job a signal.
    Signal(Signal),
    /// Every frame up to this number has arrived.
    Ack(u64),
    /// End the job: `SIGTERM`, and `SIGKILL` after its grace.
    Stop,
    /// Nothing more is wanted of this machine.
    Release,
}

/// From the guest to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToClient {
    /// The client is the one that is listened to from now on.
    Ready,
    /// This many more bytes of input may be sent.
    Credit(u32),
    /// The job takes no more input.
    InputClosed,
    /// The client did something wrong; the connection ends.
    Refused(String),
}

/// A message that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a message on the job's control connection makes no sense")
    }
}

impl std::error::Error for Malformed {}

/// A message of one direction.
pub trait Message: Sized {
    /// Appends it to `out`, length included.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads one, its length taken off.
    ///
    /// # Errors
    /// [`Malformed`] where it is none.
    fn decode(bytes: &[u8]) -> Result<Self, Malformed>;
}

fn put(out: &mut Vec<u8>, tag: u8, body: &[&[u8]]) {
    let len = 1 + body.iter().map(|part| part.len()).sum::<usize>();
    // Bodies are bounded far below 4 GiB by whoever makes them.
    out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    out.push(tag);
    for part in body {
        out.extend_from_slice(part);
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed)
}

impl Message for ToGuest {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello { token, acknowledges } => put(out, 1, &[token, &[u8::from(*acknowledges)]]),
            Self::Start => put(out, 2, &[]),
            Self::Input(bytes) => put(out, 3, &[bytes]),
            Self::EndOfInput => put(out, 4, &[]),
            Self::Resize(size) => put(out, 5, &[&size.columns.to_le_bytes(), &size.rows.to_le_bytes()]),
            Self::Signal(signal) => put(out, 6, &[&signal.0.to_le_bytes()]),
            Self::Ack(number) => put(out, 7, &[&number.to_le_bytes()]),
            Self::Stop => put(out, 8, &[]),
            Self::Release => put(out, 9, &[]),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (tag, body) = bytes.split_first().ok_or(Malformed)?;
        Ok(match (tag, body) {
            (1, [token @ .., acknowledges]) => Self::Hello { token: array(token)?, acknowledges: *acknowledges != 0 },
            (2, []) => Self::Start,
            (3, body) => Self::Input(body.to_vec()),
            (4, []) => Self::EndOfInput,
            (5, &[a, b, c, d]) => {
                Self::Resize(WindowSize { columns: u16::from_le_bytes([a, b]), rows: u16::from_le_bytes([c, d]) })
            }
            (6, body) => Self::Signal(Signal(i32::from_le_bytes(array(body)?))),
            (7, body) => Self::Ack(u64::from_le_bytes(array(body)?)),
            (8, []) => Self::Stop,
            (9, []) => Self::Release,
            _ => return Err(Malformed),
        })
    }
}

impl Message for ToClient {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ready => put(out, 1, &[]),
            Self::Credit(bytes) => put(out, 2, &[&bytes.to_le_bytes()]),
            Self::InputClosed => put(out, 3, &[]),
            Self::Refused(why) => put(out, 4, &[why.as_bytes()]),
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (tag, body) = bytes.split_first().ok_or(Malformed)?;
        Ok(match (tag, body) {
            (1, []) => Self::Ready,
            (2, body) => Self::Credit(u32::from_le_bytes(array(body)?)),
            (3, []) => Self::InputClosed,
            (4, body) => Self::Refused(String::from_utf8_lossy(body).into_owned()),
            _ => return Err(Malformed),
        })
    }
}

/// Puts messages together from bytes as they arrive.
#[derive(Debug, Default)]
pub struct Inbox(Vec<u8>);

impl Inbox {
    /// Takes in bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next message, if all of it is there.
    ///
    /// # Errors
    /// [`Malformed`]; nothing after it can be read.
    pub fn take<M: Message>(&mut self) -> Result<Option<M>, Malformed> {
        let Some((length, rest)) = self.0.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Malformed)?;
        if length > MAX_MESSAGE {
            return Err(Malformed);
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let message = M::decode(body)?;
        self.0.drain(..4 + length);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_message_reads_back_however_it_is_cut() {
        let messages = [
            ToGuest::Hello { token: [7; 32], acknowledges: true },
            ToGuest::Start,
            ToGuest::Input(vec![0; MAX_INPUT]),
            ToGuest::Input(Vec::new()),
            ToGuest::EndOfInput,
            ToGuest::Resize(WindowSize { columns: 300, rows: 2 }),
            ToGuest::Signal(Signal::INTERRUPT),
            ToGuest::Ack(u64::MAX),
            ToGuest::Stop,
            ToGuest::Release,
        ];
        let mut bytes = Vec::new();
        for message in &messages {
            message.encode(&mut bytes);
        }
        for step in [1, 7, 4096, bytes.len()] {
            let (mut inbox, mut read) = (Inbox::default(), Vec::new());
            for piece in bytes.chunks(step) {
                inbox.push(piece);
                while let Some(message) = inbox.take::<ToGuest>().unwrap() {
                    read.push(message);
                }
            }
            assert_eq!(read, messages);
        }
        for message in [ToClient::Ready, ToClient::Credit(9), ToClient::InputClosed, ToClient::Refused("no".into())] {
            let (mut inbox, mut bytes) = (Inbox::default(), Vec::new());
            message.encode(&mut bytes);
            inbox.push(&bytes);
            assert_eq!(inbox.take::<ToClient>(), Ok(Some(message)));
        }
    }

    #[test]
    fn a_length_that_nobody_may_send_is_refused_before_it_is_awaited() {
        let mut inbox = Inbox::default();
        inbox.push(&u32::MAX.to_le_bytes());
        assert_eq!(inbox.take::<ToGuest>(), Err(Malformed));
    }

    proptest! {
        #[test]
        fn garbage_makes_nobody_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = ToGuest::decode(&bytes);
            let _ = ToClient::decode(&bytes);
        }
    }
}
