//! How far a machine is kept apart from the computer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a machine is kept apart from the computer that it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// Namespaces where the system allows them, else a process group.
    #[default]
    Auto,
    /// Namespaces, or an error that names what forbids them.
    Namespaces,
    /// A process group on the plain system: nothing is hidden, and processes that detach themselves can escape.
    Process,
}
