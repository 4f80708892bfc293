//! Answers in Vultr's form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::Reply;

/// A page has so many things unless the caller says otherwise.
const PER_PAGE: usize = 100;

/// And never more than this.
const MOST: usize = 500;

/// What a cursor begins with, before it is made opaque.
const NEXT: &str = "next__";

/// The same for the page before.
const PREVIOUS: &str = "prev__";

/// Why an operation was not done.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    message: String,
}

/// A refusal of that status, in the cloud's own words.
pub(super) fn refuse(status: u16, message: impl Into<String>) -> Refusal {
    Refusal { status, message: message.into() }
}

/// What was asked makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    refuse(400, message)
}

impl From<Refusal> for Reply {
    fn from(Refusal { status, message }: Refusal) -> Self {
        Self::json(status, &json!({"error": message, "status": status}))
    }
}

/// The page of `things` that `call` asks for, under `key`. Each comes with what its cursor is made of; they are in that
/// order, so that a page begins where the last one ended, whatever came or went meanwhile.
pub(super) fn page(call: &Call, key: &str, things: &[(String, Value)]) -> Answered {
    let things = if call.veil.empty { &[] } else { things };
    let per_page = match call.query("per_page").map(str::parse::<usize>) {
        None => PER_PAGE,
        Some(Ok(asked)) if (1..=MOST).contains(&asked) => asked,
        Some(_) => return Err(invalid("per_page must be between 1 and 500")),
    };
    let begin = match call.query("cursor").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(cursor) => place(cursor, things, per_page).ok_or_else(|| invalid("Invalid cursor"))?,
    };
    let end = (begin + per_page).min(things.len());
    let shown: Vec<&Value> = things[begin..end].iter().map(|(_, value)| value).collect();
    let next = things.get(end).map_or(String::new(), |(id, _)| STANDARD.encode(format!("{NEXT}{id}")));
    let first = things.get(begin).filter(|_| begin > 0);
    let prev = first.map_or(String::new(), |(id, _)| STANDARD.encode(format!("{PREVIOUS}{id}")));
    let meta = json!({"total": things.len(), "links": {"next": next, "prev": prev}});
    Ok(Reply::json(200, &json!({key: shown, "meta": meta})))
}

/// Where a page begins, by its cursor.
fn place(cursor: &str, things: &[(String, Value)], per_page: usize) -> Option<usize> {
    let cursor = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    let at = |id: &str| things.partition_point(|(other, _)| other.as_str() < id);
    match cursor.strip_prefix(NEXT) {
        Some(id) => Some(at(id)),
        None => Some(at(cursor.strip_prefix(PREVIOUS)?).saturating_sub(per_page)),
    }
}

type Answered = super::Answer;

/// A time as this cloud writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The body, which must be JSON.
pub(super) fn body(call: &Call) -> Result<Value, Refusal> {
    call.json().filter(Value::is_object).ok_or_else(|| invalid("Invalid JSON"))
}

/// A text that must be there and not be empty.
pub(super) fn text<'a>(body: &'a Value, key: &str) -> Result<&'a str, Refusal> {
    body[key].as_str().filter(|text| !text.is_empty()).ok_or_else(|| invalid("Bad request."))
}

/// A list of texts; null is empty.
pub(super) fn texts(body: &Value, key: &str) -> Result<Vec<String>, Refusal> {
    match &body[key] {
        Value::Null => Ok(Vec::new()),
        list => serde_json::from_value(list.clone()).map_err(|_| invalid("Bad request.")),
    }
}

/// Whether `text` is Base64 of the standard alphabet.
pub(super) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok()
}
