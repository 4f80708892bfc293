//! What becomes of a machine: the one place where it is decided how its life goes on.

use jiff::SignedDuration;

/// A step of a machine's life, or of a thing attached to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// From the order to a machine that is powered on and has an address.
    Create,
    /// From a machine that is powered on to one whose system has come up.
    Install,
    /// Powering on.
    Start,
    /// Asking the system to end.
    Shutdown,
    /// Cutting the power.
    PowerOff,
    /// Starting again.
    Reboot,
    /// Another size or another image.
    Rebuild,
    /// A copy of the disk.
    Snapshot,
    /// A volume that comes, goes or grows.
    Volume,
    /// A word in the cloud's own books: a name, a switch.
    Note,
}

/// How long `step` takes, on the cloud's clock. A Fly machine that really runs takes what it takes, and this where it is but its
/// record.
pub(crate) fn lasts(step: Step) -> SignedDuration {
    SignedDuration::from_secs(match step {
        Step::Create => 25,
        Step::Install | Step::Rebuild | Step::Snapshot => 40,
        Step::Start | Step::Shutdown => 8,
        Step::Reboot => 15,
        Step::PowerOff | Step::Volume => 5,
        Step::Note => 1,
    })
}
