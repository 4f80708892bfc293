//! Whose things are whose: every token is an account of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The accounts of a cloud, each with its `W`, the world of its things.
#[derive(Debug)]
pub(crate) struct Accounts<W>(Mutex<Books<W>>);

#[derive(Debug, Serialize, Deserialize)]
struct Books<W> {
    worlds: BTreeMap<String, W>,
}

impl<W: Default + Serialize + DeserializeOwned> Accounts<W> {
    /// Those of an earlier run, or none.
    pub(crate) fn restore(saved: Option<Value>) -> serde_json::Result<Self> {
        let books = saved.map_or(Ok(Books { worlds: BTreeMap::new() }), serde_json::from_value)?;
        Ok(Self(Mutex::new(books)))
    }

    /// What must outlive a restart.
    pub(crate) fn saved(&self) -> Value {
        serde_json::to_value(&*self.0.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }

    /// Does something in the account of `token`, which is opened where there is none. Nobody else does anything meanwhile.
    pub(crate) fn with<T>(&self, token: &str, act: impl FnOnce(&mut W) -> T) -> T {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(books.worlds.entry(key(token)).or_default())
    }

    /// Does something in the account of `token`, or without one in the only account that there is.
    pub(crate) fn with_only<T>(&self, token: Option<&str>, act: impl FnOnce(&mut W) -> T) -> Result<T, String> {
        if let Some(token) = token {
            return Ok(self.with(token, act));
        }
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut books.worlds.values_mut().collect::<Vec<_>>()[..] {
            [only] => Ok(act(only)),
            all => Err(format!("say which account is meant by its token: there are {}", all.len())),
        }
    }

    /// Does something in every account.
    pub(crate) fn each(&self, act: impl FnMut(&mut W)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).worlds.values_mut().for_each(act);
    }

    /// Looks through all accounts until `look` has found something.
    pub(crate) fn find<T>(&self, look: impl FnMut(&mut W) -> Option<T>) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).worlds.values_mut().find_map(look)
    }
}

/// A token as it may stand in a file: it is a secret, even here.
pub(crate) fn key(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex()[..16].to_owned()
}
