//! The other side of a provider, where it can be played: the truth, and what goes wrong on the way to it.

use std::time::Duration;

use async_trait::async_trait;
use machine_core::{MachineId, ResourceKind};
use serde_json::Value;

/// What goes wrong next. Each happens once, to the first request that it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The cloud refuses to create the thing, for a reason that is the account's (a quota).
    RefuseCreate(ResourceKind),
    /// The thing is created, and the answer is lost.
    LoseCreateAnswer(ResourceKind),
    /// The answer to the creation of a machine takes this long; the machine is there before.
    SlowCreateAnswer(Duration),
    /// A machine is made and does not start, and the answer says so.
    FailStart,
    /// The next machine that is created shows in lists only after this time. Never more than the provider's
    /// `list_lag`.
    LateCreate(Duration),
    /// This page (1 is the first) of a list of machines cannot be had, and asking again does not help.
    FailListPage(usize),
    /// Part of a list of things of this kind, which is not machines, cannot be had, and asking again does not help.
    FailList(ResourceKind),
    /// The machine is destroyed, and the answer is lost.
    LoseDestroyAnswer,
}

/// A cloud that is played. Cases that use it have it for themselves.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Lets `fault` happen.
    async fn fault(&self, fault: Fault);

    /// Takes back every fault that has not happened.
    async fn calm(&self);

    /// Puts the machine into a state of that word, whatever it means.
    async fn set_raw_state(&self, id: &MachineId, word: &str);

    /// Makes `count` machines that are somebody else's and carry no marker. Costs nothing.
    async fn seed(&self, count: usize) -> Vec<MachineId>;

    /// Whether the answer to the creation of a machine can tell that it did not start. A cloud that accepts first and starts
    /// later cannot.
    fn tells_failed_starts(&self) -> bool {
        true
    }

    /// How many machines are on one page of a list, at most.
    fn page_size(&self) -> usize;

    /// How many things of that kind and name there are, in truth.
    async fn made(&self, resource: ResourceKind, name: &str) -> usize;

    /// How many requests to create a thing of that kind have come in so far.
    async fn create_requests(&self, resource: ResourceKind) -> usize;

    /// The body of the last request to create a machine, as it came in; none where there was none.
    async fn last_create(&self) -> Option<Value>;
}
