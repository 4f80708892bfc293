//! The one crate with unsafe code: namespaces, forks, signals, descriptors over sockets, process death.
//!
//! Everything here is safe to call. What makes a fork safe is that the process has one thread, and that is checked.

#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "what this crate is for")]

pub mod fd;
mod fork;
pub mod id_map;
pub mod mounts;
mod namespaces;
mod network;
mod process;
mod program;
pub mod signals;
mod wait;

pub use fork::{Child, Fork, clone_into, fork, single_threaded};
pub use namespaces::{Namespaces, unshare};
pub use network::raise_loopback;
pub use process::{
    Process, boot_id, die_with_parent, has_ended, leave, not_dumpable, process_start, reap_descendants, return_memory,
    set_name,
};
pub use program::execute;
pub use rustix::process::Pid;
pub use wait::{Ended, try_wait, wait, wait_any};
