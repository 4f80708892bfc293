//! Whose turn it is to sweep an account without being asked: at most every ten minutes, and one process at a time.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use machine_core::Clock;

/// How often an account is swept by itself.
pub(crate) const EVERY: Duration = Duration::from_mins(10);
/// The directory below the state directory that has a file for each account, with the time of its last turn in it.
const DIRECTORY: &str = "sweeps";
/// More than a time takes.
const LONGEST: u64 = 64;

/// A turn. Nobody else has one for the account until this is dropped, and for [`EVERY`] from its beginning.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "what is locked stays so for as long as it is open")] File);

impl Turn {
    /// Takes the turn for an account, where it is due and nobody has it. It is written down before anything is done: what ends in
    /// the middle is not begun anew by every command.
    ///
    /// # Errors
    /// A state directory that cannot be written to.
    pub(crate) fn take(state: &Path, kind: &str, account: &str, clock: &Clock) -> io::Result<Option<Self>> {
        let dir = state.join(DIRECTORY);
        match DirBuilder::new().mode(0o700).create(&dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = dir.join(file_name(kind, account));
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        // What cannot be read was cut short by a crash, and is no time.
        let read = (&mut file).take(LONGEST).read_to_string(&mut text).is_ok();
        let last = text.trim().parse::<Timestamp>().ok().filter(|_| read);
        let now = clock.now();
        if last.is_some_and(|last| is_recent(last, now)) {
            return Ok(None);
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{now}\n").as_bytes())?;
        Ok(Some(Self(file)))
    }
}

/// A time that is yet to come was written by a clock that went wrong, and holds nobody up.
fn is_recent(last: Timestamp, now: Timestamp) -> bool {
    let since = now.duration_since(last);
    !since.is_negative() && SignedDuration::try_from(EVERY).is_ok_and(|every| since < every)
}

/// A file's name for an account: a section may be called anything.
fn file_name(kind: &str, account: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let escape = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
    let escaped: String = account.bytes().map(escape).collect();
    format!("{kind}.{escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_not_too_often() {
        let state = tempfile::tempdir().unwrap();
        let start = Timestamp::now();
        let take = |account: &str, minutes: i64| {
            let clock = Clock::fixed(start + SignedDuration::from_mins(minutes));
            Turn::take(state.path(), "sky", account, &clock).unwrap()
        };
        let first = take("a/b", 0).expect("nobody ever had it");
        assert!(take("a/b", 11).is_none(), "it is not over yet");
        assert!(take("a%2fb", 0).is_some(), "another account");
        drop(first);
        assert!(take("a/b", 9).is_none());
        assert!(take("a/b", 10).is_some());
        assert!(take("a/b", -60).is_some(), "a clock that was set back");
    }

    #[test]
    fn what_a_crash_left_half_written_is_no_time() {
        let state = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        drop(Turn::take(state.path(), "sky", "a", &clock).unwrap().unwrap());
        std::fs::write(state.path().join(DIRECTORY).join("sky.a"), "2026-1").unwrap();
        assert!(Turn::take(state.path(), "sky", "a", &clock).unwrap().is_some());
    }
}
