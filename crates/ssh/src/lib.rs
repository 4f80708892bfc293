//! Reaching into machines of clouds that run no commands: by ssh, to a host whose key we chose before it was there. A provider
//! holds an [`Ssh`], takes the user data of what it makes through [`Ssh::prepare`], and hands `exec`, `logs` and `shell` on.
//!
//! A machine gets its first host key from its user data ([`first_boot`]), so that even the first connection is to the right
//! machine. User data can be read by every process inside, so that key is good for the first connection only: [`Ssh`] replaces
//! it there.

#![forbid(unsafe_code)]

mod command;
mod connection;
mod exec;
mod fingerprint;
mod first_boot;
mod host_key;
mod identities;
mod login;
mod logs;
mod renew;
mod section;
mod ssh;

pub use connection::{Connection, Target, Trust};
pub use fingerprint::fingerprint;
pub use first_boot::{FirstBoot, OVERHEAD, first_boot};
pub use host_key::HostKey;
pub use identities::{Identities, Identity};
pub use login::Login;
pub use logs::Look;
pub use section::{HostKeyWord, SshSection};
pub use ssh::{HostKeyFrom, Ssh, SshConfig};
