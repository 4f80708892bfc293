//! The wrapping of every answer: one thing under its name, or a page of them with the cursor of the next.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A thing that answers are about.
pub(crate) trait Wrapped: DeserializeOwned + Send {
    /// The key under which one stands.
    const ONE: &'static str;
    /// The key under which a list of them stands.
    const MANY: &'static str;

    /// By what one is told from another.
    fn key(&self) -> String;
}

/// An answer about one thing.
#[derive(Debug)]
pub(crate) struct One<T>(pub(crate) T);

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listing<T> {
    pub(crate) items: Vec<T>,
    /// The cursor of the next page, where there is one.
    pub(crate) next: Option<String>,
}

fn taken<E: serde::de::Error>(body: &mut Map<String, Value>, key: &str) -> Result<Value, E> {
    body.remove(key).ok_or_else(|| E::custom(format!("there is no `{key}` in it")))
}

impl<'de, T: Wrapped> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut body = Map::deserialize(from)?;
        let one = taken::<D::Error>(&mut body, T::ONE)?;
        serde_json::from_value(one).map(Self).map_err(D::Error::custom)
    }
}

impl<'de, T: Wrapped> Deserialize<'de> for Listing<T> {
    /// A list that is null is empty; one that is not there is no list, least of all an empty one.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut body = Map::deserialize(from)?;
        let many = taken::<D::Error>(&mut body, T::MANY)?;
        let items: Option<Vec<T>> = serde_json::from_value(many).map_err(D::Error::custom)?;
        let next = body.get("meta").and_then(|meta| meta["links"]["next"].as_str());
        Ok(Self { items: items.unwrap_or_default(), next: next.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Domain;

    #[test]
    fn a_list_that_is_not_there_is_not_empty() {
        let read = serde_json::from_str::<Listing<Domain>>;
        assert!(read(r#"{"domains":null}"#).unwrap().items.is_empty());
        assert!(read("{}").unwrap_err().to_string().contains("`domains`"));
        let page = read(r#"{"domains":[{"domain":"a.test","new":1}],"meta":{"total":2,"links":{"next":"bmV4dA"}}}"#);
        let page = page.unwrap();
        assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("bmV4dA")));
        assert_eq!(read(r#"{"domains":[],"meta":null}"#).unwrap().next, None);
    }
}
