//! Answers in Fly's form.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;

/// The digits of version ids: no letter that is easily taken for another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why an operation was not done.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    message: String,
    /// The word by which programs know it, where it has one.
    word: Option<&'static str>,
}

/// A refusal of that status, in the cloud's own words.
pub(super) fn refuse(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into(), word: None }
}

/// The same, with a word for programs.
pub(super) fn refuse_as(status: u16, word: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { word: Some(word), ..refuse(status, message) }
}

/// What was asked makes no sense.
pub(super) fn invalid(message: impl std::fmt::Display) -> Refusal {
    refuse(400, format!("invalid_argument: {message}"))
}

/// The thing is not in a state for it.
pub(super) fn unready(message: impl std::fmt::Display) -> Refusal {
    refuse(412, format!("failed_precondition: {message}"))
}

impl From<Refusal> for Reply {
    fn from(Refusal { status, message, word }: Refusal) -> Self {
        let mut body = json!({"error": message});
        if let Some(word) = word {
            body["status"] = word.into();
        }
        Self::json(status, &body)
    }
}

/// Done, and nothing more to say of it.
pub(super) fn done() -> Reply {
    Reply::json(200, &json!({"ok": true}))
}

/// A time as this cloud writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An id of 26 characters, which begins with the time: of a version, an event or a request.
pub(super) fn version_id(at: Timestamp) -> String {
    let noise = u128::from_be_bytes(ids::random()) >> 48;
    let whole = (u128::from(u64::try_from(at.as_millisecond()).unwrap_or_default()) << 80) | noise;
    let digit = |place: u32| char::from(DIGITS[usize::from(((whole >> (5 * place)) & 31) as u8)]);
    (0..26).rev().map(digit).collect()
}

/// The body, which must be JSON.
pub(super) fn body(call: &Call) -> Result<Value, Refusal> {
    call.json().filter(Value::is_object).ok_or_else(|| invalid("the body is no JSON object"))
}

/// Whether the query says yes to `name`.
pub(super) fn flag(call: &Call, name: &str) -> bool {
    matches!(call.query(name), Some("true" | "1" | ""))
}

/// A list that is written with commas; nothing if it is not in the query.
pub(super) fn listed<'a>(call: &'a Call, name: &str) -> Vec<&'a str> {
    let given = call.query.iter().filter(|(key, _)| key == name);
    given.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect()
}
