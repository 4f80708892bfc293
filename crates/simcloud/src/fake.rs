//! What the frame needs of a cloud.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use serde_json::Value;

use crate::call::Call;
use crate::machines::Report;
use crate::reply::Reply;

/// A simulated cloud.
pub(crate) trait Fake: Send + Sync + 'static {
    /// Its API.
    fn router(self: Arc<Self>) -> Router;

    /// Whether the caller may have anything at all: who they are, and whether they ask too often.
    fn admit(&self, call: &Call) -> Result<(), Reply>;

    /// Puts on an answer what every answer of this cloud wears.
    fn dress(&self, call: &Call, reply: Reply) -> Reply;

    /// The answer where there is no such operation.
    fn unknown(&self) -> Reply;

    /// Everything that there is, by kind, whoever's it is and whether or not an answer shows it.
    fn truth(&self) -> Value;

    /// Makes `count` machines that carry no marker, in the account of `token` (without one: in the only account that there
    /// is). Says their ids, or why not.
    fn seed(&self, count: usize, token: Option<&str>) -> Result<Vec<String>, String>;

    /// Puts a machine into a state of that word, whatever it means. `false` if there is no such machine.
    fn set_state(&self, id: &str, word: &str) -> bool;

    /// The machines whose disks are to be kept from an earlier run.
    fn kept(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Orders to be booted what runs by the record of an earlier run.
    fn resume(&self) {}

    /// Takes in what has become of a machine.
    fn report(&self, _: Report) {}

    /// All that must outlive a restart.
    fn saved(&self) -> Value;
}
