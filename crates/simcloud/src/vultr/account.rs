//! `/v2/account`: whose key it is.

use serde_json::json;

use crate::accounts;
use crate::call::Call;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::world::{Moment, World};

/// `GET /v2/account`
pub(super) fn get(_: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    // Nothing else in the answer tells one account from another.
    let email = format!("{}@example.com", accounts::key(call.bearer().unwrap_or_default()));
    // To the cent, as a bill is.
    let charges = (moment.sim.bill.statement(moment.now, None).total.dollars * 100.0).round() / 100.0;
    Ok(Reply::json(
        200,
        &json!({"account": {
            "name": "Somebody",
            "email": email,
            "acls": ["subscriptions", "provisioning", "dns", "billing"],
            "balance": -100.0,
            "pending_charges": charges,
            "last_payment_date": "2026-01-15T12:00:00+00:00",
            "last_payment_amount": -100.0,
        }}),
    ))
}
