//! Machines on this computer: the provider that needs no account.
//!
//! [`LocalProvider`] is a [`CloudProvider`](machine_core::CloudProvider) whose machines are namespaces, with a directory each
//! and no daemon. A program that makes machines has to call [`dispatch`] first thing in `main`, because their supervisors
//! are that same program, run again.
//!
//! From the outside in: `provider` and `plan` turn a spec into a record; `store` and `status` hold and judge what is on
//! disk; `shim` is the supervisor outside of a machine, `init` its pid 1, `rootfs` what it sees; `control` and `logs` are
//! how a client talks to it and reads from it.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux can have machines; the rest compiles along")
)]

mod config;
mod dispatch;
mod isolation;
mod kind;
mod layout;
mod missing;
mod mount_text;
mod options;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::LocalProvider;

#[cfg(target_os = "linux")]
mod boot;
#[cfg(target_os = "linux")]
mod catalog;
#[cfg(target_os = "linux")]
mod chore;
#[cfg(target_os = "linux")]
mod control;
#[cfg(target_os = "linux")]
mod fault;
#[cfg(target_os = "linux")]
mod framing;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod log_format;
#[cfg(target_os = "linux")]
mod logs;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod order;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod provider;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod rootfs;
#[cfg(target_os = "linux")]
mod shim;
#[cfg(target_os = "linux")]
mod status;
#[cfg(target_os = "linux")]
mod store;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod testing;
#[cfg(target_os = "linux")]
mod wire;
#[cfg(target_os = "linux")]
mod work;

#[cfg(target_os = "linux")]
pub use provider::LocalProvider;

pub use config::{ConfigMount, LocalConfig};
pub use dispatch::dispatch;
pub use isolation::Isolation;
pub use kind::{LocalKind, LocalSection};
pub use layout::{GUEST_PATH, WORK_PATH};
pub use missing::missing_program_hint;
pub use mount_text::MountText;
pub use options::LocalOptions;

/// The kind of this provider.
const KIND: &str = "local";
/// What a machine here costs.
#[cfg(target_os = "linux")]
const FREE: machine_core::Price = machine_core::Price { hourly: machine_core::Money::ZERO, monthly_cap: None };
