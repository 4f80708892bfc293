//! `/apps/{app}/machines/{machine}/lease`: who alone may change a machine, and for how long.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::fly::Answer;
use crate::fly::answer::{Refusal, body, done, invalid, refuse, version_id};
use crate::fly::machine::Machine;
use crate::fly::world::{Moment, World, no_machine};
use crate::ids;
use crate::reply::Reply;

/// The header that says that the lease is the caller's.
const NONCE: &str = "fly-machine-lease-nonce";

/// How long a lease lasts unless the caller says otherwise, in seconds.
const USUAL: i64 = 30;

/// A lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) nonce: String,
    expires_at: Timestamp,
    owner: String,
    description: String,
    version: String,
}

impl Lease {
    /// From now on, for so many seconds.
    pub(super) fn new(seconds: i64, description: &str, now: Timestamp) -> Self {
        Self {
            nonce: ids::hex(&ids::random::<6>()),
            expires_at: after(now, SignedDuration::from_secs(seconds)),
            owner: "owner@simulated.example".to_owned(),
            description: description.to_owned(),
            version: version_id(now),
        }
    }

    /// Whether it still holds.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    fn show(&self) -> Value {
        json!({
            "status": "success",
            "data": {
                "nonce": self.nonce,
                "expires_at": self.expires_at.as_second(),
                "owner": self.owner,
                "description": self.description,
                "version": self.version,
            },
        })
    }

    fn held(&self) -> Refusal {
        let (owner, until) = (&self.owner, self.expires_at.as_second());
        refuse(409, format!("machine lease currently held by {owner}, expires at {until}"))
    }
}

/// The machine that the path names, if the caller may change it: nobody else holds its lease.
pub(super) fn changeable<'a>(
    world: &'a mut World,
    moment: &Moment<'_>,
    call: &Call,
) -> Result<&'a mut Machine, Refusal> {
    let machine = world.machine_mut(moment, call)?;
    match machine.lease(moment.now) {
        Some(lease) if nonce(call) != Some(&lease.nonce) => Err(lease.held()),
        _ => Ok(machine),
    }
}

/// `GET …/lease`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let machine = world.machine(moment, call)?;
    Ok(Reply::json(200, &machine.lease(moment.now).ok_or_else(none)?.show()))
}

/// `POST …/lease`: takes it, or with its nonce makes it last longer.
pub(super) fn take(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let asked = call.query("ttl").map_or_else(|| body["ttl"].as_i64(), |text| text.parse().ok());
    let seconds = asked.unwrap_or(USUAL);
    if seconds <= 0 {
        return Err(invalid("ttl must be greater than zero"));
    }
    let machine = world.machine_mut(moment, call)?;
    if machine.is_over() {
        return Err(no_machine());
    }
    let description = body["description"].as_str().unwrap_or_default();
    let mut lease = Lease::new(seconds, description, moment.now);
    match (machine.lease(moment.now), nonce(call)) {
        (Some(held), Some(nonce)) if held.nonce == nonce => lease.nonce.clone_from(&held.nonce),
        (Some(held), _) => return Err(held.held()),
        (None, Some(_)) => return Err(none()),
        (None, None) => {}
    }
    let shown = lease.show();
    machine.lease = Some(lease);
    Ok(Reply::json(201, &shown))
}

/// `DELETE …/lease`
pub(super) fn release(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let machine = world.machine_mut(moment, call)?;
    let lease = machine.lease(moment.now).ok_or_else(none)?;
    match nonce(call) {
        Some(nonce) if nonce == lease.nonce => {
            machine.lease = None;
            Ok(done())
        }
        Some(_) => Err(lease.held()),
        None => Err(invalid(format!("{NONCE} header is required"))),
    }
}

/// The nonce that the caller has sent.
fn nonce(call: &Call) -> Option<&str> {
    call.headers.get(NONCE)?.to_str().ok().filter(|nonce| !nonce.is_empty())
}

fn none() -> Refusal {
    refuse(404, "lease not found")
}
