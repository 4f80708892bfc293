//! What runs in a droplet or an instance: its whole system, in one program.
//!
//! It makes the machine's disk writable, does what cloud-init would do with the user data, and serves ssh. The machine is one
//! of this computer: a file system put together from the computer's own, in namespaces, with a network in which it is alone.

mod accounts;
mod cloud_init;
mod commands;
mod disk;
mod enter;
mod order;
mod proxy;
mod ssh;
mod system;

use std::process::ExitCode;

pub(crate) use order::Order;
pub(crate) use system::REBOOT;

/// The first argument of this program where it is the system of a machine.
const SYSTEM: &str = "__simcloud-system";

/// The first argument where it becomes another program in the name of a user.
const ENTER: &str = "__simcloud-enter";

/// Where the things of this program are while the machine runs.
const RUN: &str = "/run/simcloud";

/// What must outlive a boot and is none of the user's.
const KEPT: &str = "/var/lib/simcloud";

/// Where the order is handed over.
pub(crate) const ORDER: &str = "/run/simcloud-order.json";

/// Where the directory shows in which simcloud's proxy listens.
pub(crate) const PROXY: &str = "/run/simcloud-proxy";

/// Where programs of a machine are looked for: those first that stand for what a machine of its own would have.
const PATH: &str = "/run/simcloud/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The command of a machine.
pub(crate) fn command() -> Vec<String> {
    vec![machine_local::GUEST_PATH.to_owned(), SYSTEM.to_owned()]
}

/// Runs the system of a machine, or becomes another program there, when this process was started for that.
pub(crate) fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    if first == SYSTEM {
        return Some(system::main());
    }
    (first == ENTER).then(|| enter::main(arguments))
}
