//! The three streams that a program talks through: those of its process, or any others that it is given.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use machine_core::WindowSize;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::tcgetwinsize;

/// How much of standard input is read at a time.
const PIECE: usize = 16 * 1024;

/// Standard input, output and error. Descriptors, because a job may want a terminal, and because what is written must be
/// out when the write returns. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Streams(Arc<[OwnedFd; 3]>);

/// One of the two streams that we write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// What was asked for.
    Stdout,
    /// What is said about it.
    Stderr,
}

impl Streams {
    /// Those of this process.
    ///
    /// # Errors
    /// Where the process may have no more descriptors.
    pub fn of_this_process() -> io::Result<Self> {
        let own = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
        let [stdin, stdout, stderr] = own.map(|stream| stream.try_clone_to_owned());
        Ok(Self::new(stdin?, stdout?, stderr?))
    }

    /// Three of the caller's own: files, pipes, terminals.
    pub fn new(stdin: impl Into<OwnedFd>, stdout: impl Into<OwnedFd>, stderr: impl Into<OwnedFd>) -> Self {
        Self(Arc::new([stdin.into(), stdout.into(), stderr.into()]))
    }

    /// Standard input.
    pub(crate) fn stdin(&self) -> BorrowedFd<'_> {
        self.0[0].as_fd()
    }

    /// One of the others.
    pub(crate) fn descriptor(&self, target: Target) -> BorrowedFd<'_> {
        match target {
            Target::Stdout => self.0[1].as_fd(),
            Target::Stderr => self.0[2].as_fd(),
        }
    }

    /// Whether a person types what we read.
    pub(crate) fn reads_terminal(&self) -> bool {
        self.stdin().is_terminal()
    }

    /// Whether somebody piped something in, or named a file: what is lost where it is not read.
    pub(crate) fn reads_data(&self) -> bool {
        use std::os::unix::fs::FileTypeExt as _;
        let file = self.stdin().try_clone_to_owned().map(File::from);
        let kind = file.and_then(|file| file.metadata()).map(|metadata| metadata.file_type());
        kind.is_ok_and(|kind| kind.is_fifo() || kind.is_file())
    }

    /// Whether a person reads what we write there.
    pub(crate) fn writes_terminal(&self, target: Target) -> bool {
        self.descriptor(target).is_terminal()
    }

    /// The terminal's size, from whichever of the three is one; 80 by 24 where none tells.
    pub(crate) fn window_size(&self) -> WindowSize {
        self.0
            .iter()
            .filter_map(|descriptor| tcgetwinsize(descriptor).ok())
            .find(|size| size.ws_col > 0 && size.ws_row > 0)
            .map_or(WindowSize { columns: 80, rows: 24 }, |size| WindowSize { columns: size.ws_col, rows: size.ws_row })
    }

    /// How many columns the terminal there has; nothing where it is none, or does not tell.
    pub(crate) fn columns(&self, target: Target) -> Option<u16> {
        tcgetwinsize(self.descriptor(target)).ok().map(|size| size.ws_col).filter(|columns| *columns > 0)
    }

    /// Writes all of `bytes`, unbuffered, also where somebody made the descriptor non-blocking.
    ///
    /// # Errors
    /// What the system says; `EPIPE` where nobody reads any more.
    pub(crate) fn write_all(&self, target: Target, mut bytes: &[u8]) -> Result<(), Errno> {
        let descriptor = self.descriptor(target);
        while !bytes.is_empty() {
            match rustix::io::write(descriptor, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => wait_for(descriptor, PollFlags::OUT)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what there is of standard input, at most `piece`; blocks until there is something. Nothing at its end.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read(&self, piece: &mut [u8]) -> Result<usize, Errno> {
        loop {
            match rustix::io::read(self.stdin(), &mut *piece) {
                // A closed descriptor is as good as an empty one.
                Err(Errno::BADF) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => wait_for(self.stdin(), PollFlags::IN)?,
                other => return other,
            }
        }
    }

    /// Reads standard input to its end, or until there is more of it than `limit`.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read_to_end(&self, limit: usize) -> Result<Vec<u8>, Errno> {
        let (mut all, mut piece) = (Vec::new(), vec![0; PIECE]);
        while all.len() <= limit {
            match self.read(&mut piece)? {
                0 => break,
                length => all.extend_from_slice(&piece[..length]),
            }
        }
        Ok(all)
    }

    /// Reads one line of standard input and not a byte more.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read_line(&self) -> Result<String, Errno> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while self.read(&mut byte)? > 0 && byte != *b"\n" {
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// A writer on standard error, for a logger.
    ///
    /// # Errors
    /// Where the process may have no more descriptors.
    pub(crate) fn stderr_file(&self) -> io::Result<File> {
        self.descriptor(Target::Stderr).try_clone_to_owned().map(File::from)
    }
}

fn wait_for(descriptor: BorrowedFd<'_>, what: PollFlags) -> Result<(), Errno> {
    match poll(&mut [PollFd::new(&descriptor, what)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}
