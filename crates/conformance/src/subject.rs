//! What is tested.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, MachineName, MachineSpec, Result};

use crate::Cloud;

/// What is tested: one account of one provider, and what the suite may know of it.
pub trait Subject: Send + Sync + 'static {
    /// A fresh client of the account, the same account every time: another process would get the same. Without layers; the
    /// suite puts them around it as every caller does.
    ///
    /// # Errors
    /// Whatever opening it says.
    fn open(&self) -> Result<Arc<dyn CloudProvider>>;

    /// A client whose credential is well-formed and not accepted, where there are credentials.
    fn open_with_bad_credential(&self) -> Option<Result<Arc<dyn CloudProvider>>> {
        None
    }

    /// The other side, where it is played.
    fn cloud(&self) -> Option<&dyn Cloud> {
        None
    }

    /// Credentials of the account. They may never show.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// A machine to test with: the cheapest that runs a shell.
    fn spec(&self, name: MachineName) -> MachineSpec {
        MachineSpec::new(name)
    }

    /// A domain in which records may be made.
    fn domain(&self) -> Option<String> {
        None
    }

    /// A project into which machines may be put.
    fn project(&self) -> Option<String> {
        None
    }

    /// Why this case cannot be tried in these surroundings, where that is so although the capabilities name what it needs: a
    /// computer that forbids what the provider builds on.
    fn surroundings_lack(&self, case: &str) -> Option<String> {
        let _ = case;
        None
    }

    /// What time it is where the machines are.
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    /// How long a machine may take to get somewhere.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// How long a case may take, without tidying up.
    fn deadline(&self) -> Duration {
        Duration::from_mins(1)
    }
}
