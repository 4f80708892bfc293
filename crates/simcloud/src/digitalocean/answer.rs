//! Answers in DigitalOcean's form.

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;

/// A page has so many things unless the caller says otherwise.
const PER_PAGE: usize = 20;

/// And never more than this.
const MOST: usize = 200;

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

/// The thing is not there.
pub(super) fn missing() -> Refusal {
    refuse(404, "The resource you were accessing could not be found.")
}

/// What was asked makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    refuse(422, message)
}

impl From<Refusal> for Reply {
    fn from(Refusal { status, message }: Refusal) -> Self {
        let id = match status {
            400 => "bad_request",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "not_found",
            409 => "conflict",
            412 => "precondition_failed",
            422 => "unprocessable_entity",
            429 => "too_many_requests",
            _ => "server_error",
        };
        Self::json(status, &json!({"id": id, "message": message, "request_id": ids::uuid()}))
    }
}

/// A page as an answer shows it.
struct Page<'a, S> {
    key: &'a str,
    shown: Vec<S>,
    links: Value,
    meta: Value,
}

impl<S: Serialize> Serialize for Page<'_, S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry(self.key, &self.shown)?;
        map.serialize_entry("links", &self.links)?;
        map.serialize_entry("meta", &self.meta)?;
        map.end()
    }
}

/// The page of `things` that `call` asks for, under `key`. `show` is called for that page only.
pub(super) fn page<T, S: Serialize>(call: &Call, key: &str, things: &[T], show: impl Fn(&T) -> S) -> Reply {
    let things = if call.veil.empty { &[] } else { things };
    let number = |name| call.query(name).and_then(|text| text.parse::<usize>().ok()).filter(|&number| number > 0);
    let per_page = number("per_page").unwrap_or(PER_PAGE).min(MOST);
    let page = number("page").unwrap_or(1);
    let last = things.len().div_ceil(per_page).max(1);
    let shown = things.iter().skip((page - 1).saturating_mul(per_page)).take(per_page);
    let mut pages = Map::new();
    let mut link = |rel: &str, to: usize| {
        pages.insert(rel.to_owned(), Value::String(link_to(call, to)));
    };
    if page > 1 {
        link("first", 1);
        link("prev", (page - 1).min(last));
    }
    if page < last {
        link("next", page + 1);
        link("last", last);
    }
    let links = if pages.is_empty() { json!({}) } else { json!({"pages": pages}) };
    let shown: Vec<S> = shown.map(show).collect();
    Reply::json(200, &Page { key, shown, links, meta: json!({"total": things.len()}) })
}

/// The URL of another page of the list that `call` asks for.
fn link_to(call: &Call, page: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call.query.iter().filter(|(key, _)| key != "page"));
    query.append_pair("page", &page.to_string());
    format!("{}{}?{}", call.origin, call.path, query.finish())
}

/// A time as this cloud writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The body, which must be JSON.
pub(super) fn body(call: &Call) -> Result<Value, Refusal> {
    let object = call.json().filter(Value::is_object);
    object.ok_or_else(|| refuse(400, "You submitted a request with an invalid JSON body."))
}

/// A text that must be there and not be empty.
pub(super) fn text<'a>(body: &'a Value, key: &str) -> Result<&'a str, Refusal> {
    let given = body[key].as_str().filter(|text| !text.is_empty());
    given.ok_or_else(|| invalid(format!("{} can't be blank", key[..1].to_uppercase() + &key[1..])))
}

/// A list of texts; one that is not there is empty.
pub(super) fn texts(body: &Value, key: &str) -> Result<Vec<String>, Refusal> {
    match &body[key] {
        Value::Null => Ok(Vec::new()),
        list => serde_json::from_value(list.clone()).map_err(|_| invalid(format!("{key} must be a list of strings"))),
    }
}
