//! Where everything lies in the state directory. All directories are 0700, all files 0600.
//!
//! ```text
//! <root>/
//!   machines/<id>/          id = m-<intent id>; made complete under trash/ first and renamed into place
//!     spec.json             immutable after create
//!     op.lock               flock EX by whoever changes the machine (start, stop, attach, destroy), for a short time
//!     shim.lock             flock EX by the shim and its init, for as long as either lives
//!     state.json exit.json  by the shim, each with the `gen` (count of starts) that it speaks of
//!     ctl.sock              init's control socket
//!     log/<n>.log           the machine's output, rotated by number; shim.log: the shim's own troubles
//!     rw/                   what the machine may write to and keeps over a restart
//!   names/<name>            symlink to ../machines/<id>, made with O_EXCL: this is what makes names unique
//!   volumes/<id>/           volume.json, data/
//!   trash/                  destroy renames here first; whatever is found here is rubbish
//! ```

/// Directory of machines below the root.
pub(crate) const MACHINES: &str = "machines";
/// Directory of names below the root.
pub(crate) const NAMES: &str = "names";
/// Directory of volumes below the root.
pub(crate) const VOLUMES: &str = "volumes";
/// Directory of things on their way out, below the root.
pub(crate) const TRASH: &str = "trash";

/// The machine's specification, below its directory.
pub(crate) const SPEC: &str = "spec.json";
/// Held for the time of one change, below the machine's directory.
pub(crate) const OP_LOCK: &str = "op.lock";
/// Held while the machine lives, below the machine's directory.
pub(crate) const SHIM_LOCK: &str = "shim.lock";
/// What the shim says of the running machine, below its directory.
pub(crate) const STATE: &str = "state.json";
/// How the machine ended, below its directory.
pub(crate) const EXIT: &str = "exit.json";
/// Init's control socket, below the machine's directory.
pub(crate) const CTL: &str = "ctl.sock";
/// Directory of output, below the machine's directory.
pub(crate) const LOG: &str = "log";
/// The shim's own troubles, below the machine's directory.
pub(crate) const SHIM_LOG: &str = "shim.log";
/// What the machine may write to, below its directory.
pub(crate) const RW: &str = "rw";

/// A volume's record, below its directory.
pub(crate) const VOLUME: &str = "volume.json";
/// A volume's contents, below its directory.
pub(crate) const VOLUME_DATA: &str = "data";

/// Where the helper program shows inside every machine. In a machine without namespaces, where nothing can be shown, init
/// takes this path to mean the helper program's own.
pub const GUEST_PATH: &str = "/run/machine/guest";
/// Where jobs work, inside every machine. In a machine without namespaces it is `rw/work`, and `$MACHINE_WORK` says so.
pub const WORK_PATH: &str = "/work";
