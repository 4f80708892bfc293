//! The life of an intent, as a pure function.

use machine_core::{Error, ErrorKind, Result};
use serde::Serialize;

use crate::ClientId;

/// How far an intent has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Recorded; the request may be on its way.
    Sent,
    /// The request was made and nobody knows what came of it.
    Uncertain,
    /// The thing exists and this is its id.
    Bound,
    /// The thing is to go, and is not proved gone yet.
    Destroying,
    /// The thing was there and is proved gone. A tombstone.
    Gone,
    /// Nothing ever came of it. A tombstone.
    Void,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] = [Self::Sent, Self::Uncertain, Self::Bound, Self::Destroying, Self::Gone, Self::Void];

    /// The stable lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Uncertain => "uncertain",
            Self::Bound => "bound",
            Self::Destroying => "destroying",
            Self::Gone => "gone",
            Self::Void => "void",
        }
    }

    /// Whether it is over, as far as anybody knows.
    pub fn is_tombstone(self) -> bool {
        matches!(self, Self::Gone | Self::Void)
    }
}

/// What happens to an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The cloud made the thing, and this is its id.
    Bound(String),
    /// The cloud made nothing, for this reason.
    Refused(String),
    /// Nobody knows whether the cloud made anything, for this reason.
    Unclear(String),
    /// A complete list has nothing that the intent made. A first sign, and no proof.
    Missing,
    /// It is proved that the intent made nothing.
    Absent,
    /// `client` sets out to destroy the thing of this id.
    Destroy {
        /// The thing's id.
        resource_id: String,
        /// Who looks after it from now on.
        client: ClientId,
    },
    /// The thing is proved gone.
    Gone,
    /// The cloud refused to destroy the thing as it is, and whoever asked for it was told: it stays.
    Withdrawn,
    /// It stays although the machine that it was made for goes.
    Released,
    /// `client` looks after it no longer, for this reason. The next sweep does.
    Abandoned {
        /// Who gives up.
        client: ClientId,
        /// Why.
        why: String,
    },
}

impl Event {
    /// The event in one word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Bound(_) => "bound",
            Self::Refused(_) => "refused",
            Self::Unclear(_) => "unclear",
            Self::Missing => "missing",
            Self::Absent => "absent",
            Self::Destroy { .. } => "destroy",
            Self::Gone => "gone",
            Self::Withdrawn => "withdrawn",
            Self::Released => "released",
            Self::Abandoned { .. } => "abandoned",
        }
    }
}

/// The state after `event`.
///
/// A thing that turns up after its tombstone was set (a create that took effect late, a list that was wrong) can still be
/// destroyed: that is the way out of `Gone` and `Void`, and there is no other. Nothing leads back to `Sent`.
///
/// # Errors
/// [`ErrorKind::Conflict`] when the event does not fit the state: somebody else has settled the intent meanwhile.
#[expect(clippy::match_same_arms, reason = "a table: a line for each event")]
pub fn transition(state: State, event: &Event) -> Result<State> {
    use State as S;
    match (state, event) {
        (S::Sent | S::Uncertain | S::Bound, Event::Bound(_)) => Ok(S::Bound),
        (S::Sent | S::Void, Event::Refused(_)) => Ok(S::Void),
        (S::Sent | S::Uncertain, Event::Unclear(_) | Event::Missing) => Ok(S::Uncertain),
        (S::Sent | S::Uncertain | S::Void, Event::Absent) => Ok(S::Void),
        (_, Event::Destroy { .. }) => Ok(S::Destroying),
        (S::Bound | S::Destroying | S::Gone, Event::Gone) => Ok(S::Gone),
        (S::Bound | S::Destroying, Event::Withdrawn) => Ok(S::Bound),
        // A request that nobody waits for any more is one whose outcome nobody knows.
        (S::Sent, Event::Abandoned { .. }) => Ok(S::Uncertain),
        (_, Event::Abandoned { .. } | Event::Released) | (S::Bound, Event::Missing) => Ok(state),
        _ => {
            let what = format!("the intent is {} already and cannot become {}", state.as_str(), event.as_str());
            Err(Error::new(ErrorKind::Conflict, what).with_hint("another command has settled it meanwhile"))
        }
    }
}
