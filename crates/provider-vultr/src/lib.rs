#![doc = include_str!("../docs.md")]
#![forbid(unsafe_code)]

mod api;
mod cached;
mod config;
mod convert;
mod dialect;
mod kind;
mod provider;
mod wire;

pub use config::{Pauses, VultrConfig};
pub use kind::{OneOrMore, VultrKind, VultrSection};
pub use provider::VultrProvider;

/// The kind of this provider.
pub const KIND: &str = "vultr";
