//! A provider's own projects, by which it groups what an account has.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{MachineId, Result};

/// A provider's own projects.
#[async_trait]
pub trait Projects: Send + Sync {
    /// All projects of the account, complete or not at all.
    async fn list(&self) -> Result<Vec<Project>>;

    /// Puts a machine into the project of that name. A project or a machine that is not there is
    /// [`NotFound`](crate::ErrorKind::NotFound).
    async fn assign(&self, project: &str, machine: &MachineId) -> Result<()>;
}

/// A project as a provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The provider's id.
    pub id: String,
    /// Its name.
    pub name: String,
}
