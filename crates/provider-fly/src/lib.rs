#![doc = include_str!("docs.md")]
#![forbid(unsafe_code)]

mod app;
mod catalog;
mod convert;
mod create;
mod destroy;
mod dialect;
mod exec;
mod find;
mod fly;
mod images;
mod kind;
mod lease;
mod list;
mod logs;
mod marks;
mod options;
mod power;
mod prices;
mod provider;
mod sizes;
mod update;
mod volumes;
mod wait;
mod wire;

pub use kind::{FlyKind, FlySection};
pub use options::FlyOptions;
pub use prices::PriceList;

/// This kind of provider, as it is written in configurations and ledgers.
pub(crate) const KIND: &str = "fly";
