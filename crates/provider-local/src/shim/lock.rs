//! The lock that says that a machine lives.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::fault::{During as _, Step};
use crate::layout::SHIM_LOCK;
use crate::order::{Stage, StartFailure};

/// Whoever looks whether the machine lives holds the lock for a moment. Another shim holds it for longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes the lock. It is held for as long as the file is open, in this process or in one forked from it.
pub(super) fn take() -> Step<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(SHIM_LOCK)
        .during(Stage::Lock, || format!("cannot open `{SHIM_LOCK}`"))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Err(Errno::WOULDBLOCK) => return Err(StartFailure::new(Stage::Lock, "the machine is running already")),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error).during(Stage::Lock, || format!("cannot lock `{SHIM_LOCK}`")),
        }
    }
}
