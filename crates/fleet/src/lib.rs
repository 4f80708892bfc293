//! The one way to create and destroy: recorded first, created once, looked after until it is proved gone.
//!
//! A [`Fleet`] puts a provider and a [`Ledger`] together. The ledger of a computer is a [`SqliteLedger`] in its
//! [`StateDir`]. What a crash leaves behind, [`Fleet::sweep`] settles.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use machine_core::{CloudProvider, Environment, Lifetime, MachineSpec};
//! # use machine_fleet::{Fleet, SqliteLedger, StateDir};
//! # async fn example(provider: Arc<dyn CloudProvider>) -> machine_core::Result<()> {
//! let ledger = SqliteLedger::open(&StateDir::open(StateDir::resolve(&Environment::of_this_process())?)?).await?;
//! let fleet = Fleet::builder(provider, Arc::new(ledger)).build();
//! let machine = fleet.create(&MachineSpec::new("web-1".parse()?), Lifetime::Client, None).await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod accounts;
mod adopt;
mod belongings;
mod books;
mod budget;
mod client;
mod cloud;
mod create;
mod destroy;
mod fleet;
mod ledger;
mod names;
mod owner;
mod parts;
mod plan;
mod quote;
mod rate;
mod regions;
mod report;
mod resolve;
mod state_dir;
mod sweep;
mod timing;
mod wanted;

pub use books::{Books, Spent, Sums};
pub use client::ClientId;
pub use fleet::{Fleet, FleetBuilder};
pub use ledger::{Check, Entry, Event, Ledger, SqliteLedger, State, transition};
pub use quote::Quote;
pub use rate::Rate;
pub use report::{Action, Brake, Elsewhere, Outcome, Reason, SweepItem, SweepOptions, SweepReport};
pub use state_dir::StateDir;
