//! The configuration of programs that hold machines: one file with a section for each account, what the environment adds to
//! it, and the registry of the kinds of providers that a program knows.
//!
//! ```yaml
//! provider: work            # which section; --provider and $MACHINE_PROVIDER come first
//! work:
//!   kind: local             # a section that is called as a kind needs no such line
//!   mounts: ["${TOOLS:-/opt/tools}"]
//! ```
//!
//! Every error names file, line and column. A key that nobody knows is a warning with the nearest key that somebody does.

#![forbid(unsafe_code)]

mod agents;
mod budget;
mod config;
mod document;
mod edit;
mod expand;
mod machine_types;
mod path;
mod places;
mod registry;
mod schema;
mod section;
mod settings;
mod settled;
mod shown;
mod upkeep;
mod whole_schema;

#[cfg(test)]
mod tests;

pub use agents::GitServer;
pub use config::{Choice, Config, FILE_VARIABLE, PROVIDER_VARIABLE, Why};
pub use edit::{NewAccount, Value as NewValue, with_account, with_provider};
pub use machine_types::{MachineType, Override, Scalar, ScriptArgs, WriteFile};
pub use places::Place;
pub use registry::{Kind, Registry};
pub use section::{Origin, Section};
pub use settings::Setting;
pub use shown::Shown;
pub use upkeep::Written;
