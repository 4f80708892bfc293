//! Requests to the one API: within its rates, and its lists to their end.

use std::time::Duration;

use machine_core::Result;
use machine_http::{Client, ClientBuilder, Numbered, Rate, Request};
use serde::de::DeserializeOwned;

use crate::wire::ListPage;

/// The most that a page of a list may hold.
const PER_PAGE: usize = 200;

const MINUTE: &str = "minute";
const HOUR: &str = "hour";
const KEYS: &str = "keys";

/// The API of one account.
#[derive(Debug, Clone)]
pub(crate) struct Api(Client);

/// The client with DigitalOcean's rates: 250 requests in any minute and 5,000 in any hour, of which the list of keys may be
/// 10 in a minute. What may come at once and what may follow within the span add up to no more.
pub(crate) fn rated(client: ClientBuilder) -> ClientBuilder {
    client
        .rate(MINUTE, Rate::new(190, Duration::from_mins(1), 60))
        .rate(HOUR, Rate::new(4_500, Duration::from_hours(1), 500))
        .rate(KEYS, Rate::new(5, Duration::from_mins(1), 5))
}

impl Api {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }

    pub(crate) fn get<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        counted(self.0.get(path))
    }

    pub(crate) fn post<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        counted(self.0.post(path))
    }

    pub(crate) fn delete<S: AsRef<str>>(&self, path: impl IntoIterator<Item = S>) -> Request {
        counted(self.0.delete(path))
    }

    /// A whole list, or an error. Pages are asked for by their number: a URL in an answer may lead to another host.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<T>> {
        machine_http::numbered(PER_PAGE, |page| self.page(path, query, page)).await
    }

    /// One page of a list; the first is 1.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        page: usize,
    ) -> Result<Numbered<T>> {
        let mut request = self.get(path);
        if path == ["account", "keys"] {
            request = request.bucket(KEYS, "");
        }
        for (name, value) in query {
            request = request.query(name, value);
        }
        let request = request.query("per_page", PER_PAGE.to_string()).query("page", page.to_string());
        let page: ListPage<T> = request.send().await?;
        let next = page.links.and_then(|links| links.pages).and_then(|pages| pages.next);
        Ok(Numbered {
            items: page.items,
            total: page.meta.and_then(|meta| meta.total),
            more: next.is_some_and(|next| !next.is_empty()),
        })
    }
}

fn counted(request: Request) -> Request {
    request.bucket(MINUTE, "").bucket(HOUR, "")
}
