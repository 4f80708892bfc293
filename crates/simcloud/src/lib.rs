//! Fly, DigitalOcean and Vultr on this computer: what their APIs say on the wire, with a bill, and with every fault on
//! request.
//!
//! ```no_run
//! # async fn example() -> Result<(), machine_simcloud::StartError> {
//! use machine_simcloud::{Cloud, SimCloud};
//!
//! let running = SimCloud::builder().cloud(Cloud::DigitalOcean, 0).speed(60.0).start().await?;
//! let api = running.url(Cloud::DigitalOcean); // `Some("http://127.0.0.1:40123")`
//! running.shutdown().await;
//! # drop(api);
//! # Ok(())
//! # }
//! ```
//!
//! It is written from the published descriptions alone and knows no crate that speaks to these clouds, so that it can
//! disagree with them. Beside a cloud's own API every port answers under `/_sim/`: the truth, the bill, the faults, the clock.

#![forbid(unsafe_code)]

mod accounts;
mod bill;
mod body;
mod builder;
mod call;
mod clock;
mod control;
mod digitalocean;
mod fake;
mod fault;
mod fly;
mod gate;
mod guests;
mod handle;
mod ids;
mod inside;
mod life;
mod machines;
mod operations;
mod quirks;
mod rate;
mod reply;
mod running;
mod serve;
mod sim;
mod store;
#[cfg(feature = "conformance")]
mod subject;
mod traffic;
mod vultr;
mod way_out;

/// Becomes what the machines of a simulated cloud need, when this process was started for that, and says how it ended. A
/// program that plays clouds with machines calls this first thing in `main`, before it starts a thread or reads its arguments.
#[must_use = "a process that was something of a machine must end with this code"]
pub fn dispatch() -> Option<std::process::ExitCode> {
    machine_local::dispatch().or_else(machines::sweep).or_else(inside::dispatch)
}

pub use bill::{Charge, Statement, Sum};
pub use builder::{Builder, Cloud, SimCloud, StartError};
pub use fault::{Fault, What, When};
pub use guests::ssh_port;
pub use handle::Handle;
pub use quirks::Quirks;
pub use running::Running;
#[cfg(feature = "conformance")]
pub use subject::SimSubject;
pub use traffic::Exchange;
