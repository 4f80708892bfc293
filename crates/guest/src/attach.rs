//! `__guest attach`: a pipe between this process's standard input and output and the guest's socket.

use std::ffi::OsStr;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::orders::private_path;

/// The name of the guest's socket in its private directory.
pub(crate) const SOCKET: &str = "guest.sock";
/// How long the guest may take to open its socket.
const PATIENCE: Duration = Duration::from_secs(10);

/// A path to `name` in `directory` that is short enough for a socket's address, for as long as `directory` is open.
pub(crate) fn short_path(directory: &std::fs::File, name: &OsStr) -> PathBuf {
    Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name)
}

/// Connects, and carries bytes until the guest hangs up.
pub(crate) fn run() -> Result<(), String> {
    let socket = connect().map_err(|error| format!("the job's guest cannot be reached: {error}"))?;
    let mut to_guest = socket.try_clone().map_err(|error| error.to_string())?;
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the process at the latest: a read of standard input cannot be cut short otherwise"
    )]
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut to_guest);
        let _ = to_guest.shutdown(Shutdown::Write);
    });
    carry(&socket).map_err(|error| format!("the job's guest hung up: {error}"))
}

/// Unbuffered on this side: every message is wanted at once.
fn carry(mut socket: &UnixStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match io::Read::read(&mut socket, &mut buffer)? {
            0 => return Ok(()),
            read => {
                let mut rest = buffer.get(..read).unwrap_or_default();
                while !rest.is_empty() {
                    let written = rustix::io::write(rustix::stdio::stdout(), rest)?;
                    rest = rest.get(written..).unwrap_or_default();
                }
            }
        }
    }
}

fn connect() -> io::Result<UnixStream> {
    let path = private_path(SOCKET);
    let directory = std::fs::File::open(path.parent().unwrap_or(Path::new("/")))?;
    let short = short_path(&directory, SOCKET.as_ref());
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(1);
    loop {
        match UnixStream::connect(&short) {
            Ok(socket) => return Ok(socket),
            Err(error) if Instant::now() >= until => return Err(error),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Err(error) => return Err(error),
        }
    }
}
