//! `__guest job`: supervising one job.
//!
//! ```text
//! guest         one thread, one poll loop; root of the machine; holds the key, the log, the control socket
//!   job-init    pid 1 of the job's pid namespace, with mounts of its own; not in the job's user namespace
//!     job       uid 1000 in a user namespace of its own, no capabilities; its children end when it ends
//! ```
//! The job cannot reach its supervisors: it does not see the guest, and over job-init it has no rights, because that is
//! outside of its user namespace. A machine without namespaces has the same three processes and none of that protection;
//! the first and the last frame say so.

mod door;
mod environment;
mod init;
mod input;
mod link;
mod output;
mod plan;
mod process;
mod repos;
mod running;
mod supervisor;
mod surroundings;
mod tree;
mod turn;

use std::io::Write as _;
use std::process::ExitCode;

pub(crate) use plan::real_path;

use crate::orders::{ORDERS_PATH, Orders, VERSION, private_path};

/// Why a job cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Failure {
    /// What a shell would put into `$?`: 127 (not found), 126 (not executable), 125 (everything else).
    pub(crate) code: i32,
    /// One sentence.
    pub(crate) message: String,
}

impl Failure {
    /// A failure that is not the command's fault.
    pub(crate) fn ours(message: impl Into<String>) -> Self {
        Self { code: 125, message: message.into() }
    }
}

/// Runs the job that the orders ask for; returns what the guest exits with, which is what the job exited with.
pub(crate) fn run() -> ExitCode {
    // Both only make a good thing better: the kernel keeps the job away from the guest by itself.
    let _ = machine_sys::set_name("machine-guest");
    let _ = machine_sys::not_dumpable();
    let outcome = read_orders().and_then(supervisor::Supervisor::new);
    match outcome {
        Ok(supervisor) => ExitCode::from(supervisor.run()),
        Err(message) => {
            // Without orders there is no key, so this cannot be a frame.
            let _ = writeln!(std::io::stderr(), "machine guest: {message}");
            ExitCode::from(125)
        }
    }
}

/// Reads the orders and removes them: what is in them must not be there when the job runs.
fn read_orders() -> Result<Orders, String> {
    let name = ORDERS_PATH.rsplit('/').next().unwrap_or_default();
    let path = private_path(name);
    let bytes = std::fs::read(&path).map_err(|error| format!("the orders `{}`: {error}", path.display()))?;
    std::fs::remove_file(&path).map_err(|error| format!("the orders `{}`: {error}", path.display()))?;
    // The error of the parser may quote the document, which is secret: only where it stumbled is told.
    let orders: Orders = serde_json::from_slice(&bytes)
        .map_err(|error| format!("the orders make no sense at line {}, column {}", error.line(), error.column()))?;
    if orders.version != VERSION {
        return Err(format!("the orders are of version {}, this guest speaks {VERSION}", orders.version));
    }
    Ok(orders)
}
