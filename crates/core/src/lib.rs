//! The words of the field: what a machine is, how one is asked for, and what a cloud must be able to do.
//!
//! Everything else in the workspace is written against [`CloudProvider`]. This crate does no I/O of its own: it holds the
//! trait, the types that cross it, the [`Error`] that says what may have happened in the cloud, and the
//! [`RecordedIntent`] without which nothing that costs money or grants access can be created.
//!
//! Start with [`CloudProvider`] (what a provider does), [`MachineSpec`] (what is asked of it) and [`Capabilities`] (what
//! it cannot do, as data).

#![forbid(unsafe_code)]

mod budget;
mod capability;
mod catalog;
mod clock;
mod dns;
mod environment;
mod error;
mod exec;
mod exit;
mod ext;
pub mod failpoint;
mod ids;
mod intent;
mod kind;
mod layers;
mod list;
mod logs;
mod machine;
mod money;
mod name;
mod owner;
mod poll;
mod preview;
mod project;
mod provider;
mod secret;
mod shell;
mod snapshot;
mod spec;
mod ssh_key;
mod text;
mod volume;
mod wait;

pub use budget::Budget;
pub use capability::{Billing, Capabilities, CreateOnce, GuestProgram, Limits, PriceSource, StopsBill, Transport};
pub use catalog::{Catalog, Image, NothingOnOffer, Region, Size};
pub use clock::Clock;
pub use dns::{Dns, DnsRecord, Domain, RecordSpec};
pub use environment::Environment;
pub use error::{Effect, Error, ErrorKind, Result, Retry};
pub use exec::{Exec, ExecControl, ExecEvent, ExecSession, ExecStdin, Signal, WindowSize};
pub use exit::{ExitReason, ExitStatus};
pub use ext::ProviderExt;
pub use ids::{AccountId, IntentId, MachineId, OwnerId, RecordId, SnapshotId, SshKeyId, VolumeId};
pub use intent::{Intent, IntentDraft, IntentStore, Lifetime, Markers, RecordedIntent, ResourceKind, VolatileIntents};
pub use kind::{EnvSetting, Housekeeping, OpenContext, Opened, ProviderKind, Report};
pub use layers::{Call, Interceptor, Layered, Layers, Operation};
pub use list::{Completeness, Found, Page, Scope, Selector};
pub use logs::{LogLine, LogOptions, Stream};
pub use machine::{Account, Addresses, Destroyed, Machine, MachineChange, MachineState, Power, ProviderInfo};
pub use money::{Money, Price};
pub use name::{MachineName, NameError, nearest};
pub use owner::OwnerSource;
pub use poll::poll_until;
pub use preview::{PlannedRequest, Preview};
pub use project::{Project, Projects};
pub use provider::CloudProvider;
pub use secret::Secret;
pub use shell::Shell;
pub use snapshot::{Snapshot, SnapshotSpec, Snapshots};
pub use spec::{
    EnvVar, FileSpec, MachineSpec, Mount, Network, Port, ProviderOptions, SizeRequest, TypedOptions, VolumeMount,
};
pub use ssh_key::{SshKey, SshKeySpec, SshKeys};
pub use text::OsText;
pub use volume::{Attachment, Volume, VolumeSpec, Volumes};
pub use wait::{Deadline, Goal, Until};

/// Everything at once, for whoever writes a provider: `use machine_core::prelude::*`.
pub mod prelude {
    pub use crate::*;
}
