//! What a program that plays a cloud may see and do beyond the cloud's own API: what `/_sim/` offers, without the wire.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fault::Fault;
use crate::running::Up;
use crate::traffic::Exchange;

/// One cloud that is played, as whoever plays it has it. Cheap to clone; outlives the cloud without harm.
#[derive(Clone)]
pub struct Handle(pub(crate) Up);

impl Handle {
    /// Where the cloud listens, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Adds faults to the plan. `false` if there are too many.
    pub fn plan(&self, faults: &[Fault]) -> bool {
        self.0.sim.faults.plan(faults)
    }

    /// Forgets every fault that has not happened, and lets go the answers that are held back.
    pub fn calm(&self) {
        self.0.sim.calm();
    }

    /// How many answers are held back just now: their requests have taken effect, and nobody has been told.
    pub fn held(&self) -> usize {
        self.0.sim.gate.held()
    }

    /// Puts a machine into a state of that word, whatever it means. `false` if there is no such machine.
    pub fn set_state(&self, id: &str, word: &str) -> bool {
        self.0.sim.touch();
        self.0.fake.set_state(id, word)
    }

    /// Makes machines that carry no marker, in the account of `token`, and says their ids.
    ///
    /// # Errors
    /// Why there can be none.
    pub fn seed(&self, count: usize, token: &str) -> Result<Vec<String>, String> {
        self.0.sim.touch();
        self.0.fake.seed(count, Some(token))
    }

    /// Everything that there is, by kind, whoever's it is.
    pub fn truth(&self) -> Value {
        self.0.fake.truth()
    }

    /// What time it is in the cloud.
    pub fn now(&self) -> jiff::Timestamp {
        self.0.sim.now()
    }

    /// Lets time in the cloud go on by so much at once.
    pub fn advance(&self, by: jiff::SignedDuration) {
        self.0.sim.clock.advance(by);
    }

    /// How many requests have come in, by operation.
    pub fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.0.sim.traffic.requests()
    }

    /// What went over the wire, where that is recorded; oldest first, and at most the last 10,000.
    pub fn traffic(&self) -> Vec<Exchange> {
        self.0.sim.traffic.exchanges()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Handle").field(&self.0.address).finish()
    }
}
