#![doc = include_str!("../docs.md")]
#![forbid(unsafe_code)]

mod account;
mod actions;
mod api;
mod builder;
mod cache;
mod catalog;
mod choose;
mod convert;
mod create;
mod destroy;
mod dialect;
mod dns;
mod find;
mod images;
mod kind;
mod options;
mod pace;
mod power;
mod projects;
mod provider;
mod recent;
mod refuse;
mod snapshots;
mod ssh_keys;
mod update;
mod volumes;
mod wait;
mod wire;

pub use builder::DigitalOceanBuilder;
pub use kind::{DigitalOceanKind, DigitalOceanSection, Keys};
pub use options::DigitalOceanOptions;
pub use pace::Pace;
pub use provider::DigitalOceanProvider;
