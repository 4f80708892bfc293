//! Notices when a log has grown or its machine is about to end, without asking again and again.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::time::Duration;

use machine_core::{Error, Result};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::net::unix::pipe::Receiver;

use crate::layout::{EXIT, LOG};
use crate::store::MachineDir;

/// How often to look although nothing was reported: a machine whose supervisor was killed reports nothing.
const QUIET: Duration = Duration::from_millis(200);
/// How often to look where nothing can be reported, because the system has no more watches to give.
const BLIND: Duration = Duration::from_millis(25);
/// How often to look once the machine has said how it ended: its supervisor is gone in a moment.
const ENDING: Duration = Duration::from_millis(1);
/// How many times to look that often.
const ENDING_LOOKS: u32 = 500;

/// Notices when there may be something new.
#[derive(Debug)]
pub(super) struct Follow {
    events: Option<Receiver>,
    ending: u32,
}

impl Follow {
    /// Watches the machine in `dir`. Where the system has no more watches to give, it looks often instead.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when the runtime does not take the watch.
    pub(super) fn new(dir: &MachineDir) -> Result<Self> {
        // It is no pipe, and tells like one when there is something to read.
        let events = watch(dir)
            .ok()
            .map(Receiver::from_owned_fd_unchecked)
            .transpose()
            .map_err(|error| Error::io("cannot watch the machine's log", error))?;
        Ok(Self { events, ending: 0 })
    }

    /// Waits until there may be something new.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when the runtime is going away.
    pub(super) async fn wait(&mut self) -> Result<()> {
        let pause = match (&self.events, self.ending) {
            (_, 1..) => ENDING,
            (Some(_), 0) => QUIET,
            (None, 0) => BLIND,
        };
        self.ending = self.ending.saturating_sub(1);
        let Some(events) = &self.events else {
            tokio::time::sleep(pause).await;
            return Ok(());
        };
        let Ok(ready) = tokio::time::timeout(pause, events.readable()).await else { return Ok(()) };
        ready.map_err(|error| Error::io("cannot watch the machine's log", error))?;
        let mut ending = false;
        let drained = events.try_io(|| Err::<(), _>(drain(events, &mut ending).into()));
        if ending {
            self.ending = ENDING_LOOKS;
        }
        if drained.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock) {
            // A watch that has failed is as good as none.
            self.events = None;
        }
        Ok(())
    }
}

fn watch(dir: &MachineDir) -> rustix::io::Result<OwnedFd> {
    let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    let own = format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd());
    inotify::add_watch(&events, format!("{own}/{LOG}"), WatchFlags::MODIFY | WatchFlags::CREATE)?;
    inotify::add_watch(&events, format!("{own}/."), WatchFlags::MOVED_TO)?;
    Ok(events)
}

/// Takes all events until the system says why there are no more. Notes when one says that the machine has ended.
fn drain(events: impl AsFd, ending: &mut bool) -> Errno {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut reader = Reader::new(events, &mut buffer);
    loop {
        match reader.next() {
            Ok(event) => *ending |= event.file_name().is_some_and(|name| name.to_bytes() == EXIT.as_bytes()),
            Err(error) => return error,
        }
    }
}
