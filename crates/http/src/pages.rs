//! Lists that come in pages, to their real end.

use std::collections::HashSet;
use std::hash::Hash;

use futures::{StreamExt as _, TryStreamExt as _};
use machine_core::{Error, ErrorKind, Result};

/// How many pages are fetched at once.
const AT_ONCE: usize = 8;

/// The most pages that a list may have: one that goes on beyond never ends.
const MOST: usize = 10_000;

/// A page of a list whose pages are numbered.
#[derive(Debug)]
pub struct Numbered<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many there are in all, where the cloud says so.
    pub total: Option<usize>,
    /// Whether the cloud says that another page follows.
    pub more: bool,
}

/// All items of a list whose pages are numbered from 1: the first page, and then, where it tells how many there are, all the
/// others at once. A page that fails fails the list.
///
/// # Errors
/// Those of `fetch`.
pub async fn numbered<T, F>(per_page: usize, fetch: impl Fn(usize) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<Numbered<T>>>,
{
    let first = fetch(1).await?;
    let (mut items, mut more, mut next) = (first.items, first.more, 2);
    if let Some(total) = first.total.filter(|_| more) {
        let last = total.div_ceil(per_page.max(1)).min(MOST);
        let mut pages = futures::stream::iter(2..=last).map(&fetch).buffered(AT_ONCE);
        while let Some(page) = pages.try_next().await? {
            items.extend(page.items);
            more = page.more;
        }
        next = last.max(1) + 1;
    }
    // The list may have grown meanwhile, or not have told how long it is.
    while more {
        if next > MOST {
            return Err(endless());
        }
        let page = fetch(next).await?;
        more = page.more && !page.items.is_empty();
        items.extend(page.items);
        next += 1;
    }
    Ok(items)
}

/// All items of a list in which each page tells the cursor of the next. A page that fails fails the list.
///
/// # Errors
/// Those of `fetch`; [`ErrorKind::Protocol`] for a list that never ends.
pub async fn by_cursor<T, F>(fetch: impl Fn(Option<String>) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<(Vec<T>, Option<String>)>>,
{
    let (mut items, mut cursor, mut seen) = (Vec::new(), None, HashSet::new());
    loop {
        let (page, next) = fetch(cursor).await?;
        items.extend(page);
        match next.filter(|next| !next.is_empty()) {
            None => return Ok(items),
            Some(next) if seen.len() < MOST && seen.insert(next.clone()) => cursor = Some(next),
            Some(_) => return Err(endless()),
        }
    }
}

/// The items without those whose key came before: a list that shifts while it is read tells some twice.
pub fn distinct<T, K: Hash + Eq>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(key(item))).collect()
}

fn endless() -> Error {
    Error::new(
        ErrorKind::Protocol,
        format!("the list does not end: it has more than {MOST} pages, or goes round in a circle"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Pages of two of a list of `length`, whose page `broken` fails.
    async fn read(length: usize, tells: bool, broken: usize) -> (Result<Vec<usize>>, Vec<usize>) {
        let asked = Mutex::new(Vec::new());
        let items = numbered(2, |page| {
            asked.lock().unwrap().push(page);
            let items: Vec<usize> = ((page - 1) * 2..length.min(page * 2)).collect();
            let found = Numbered { items, total: tells.then_some(length), more: page * 2 < length };
            std::future::ready(if page == broken { Err(Error::new(ErrorKind::Upstream, "broken")) } else { Ok(found) })
        })
        .await;
        (items, asked.into_inner().unwrap())
    }

    #[tokio::test]
    async fn every_page_is_asked_for_once() {
        for tells in [true, false] {
            for length in [0, 1, 2, 3, 20, 21] {
                let (items, asked) = read(length, tells, 0).await;
                assert_eq!(items.unwrap(), (0..length).collect::<Vec<_>>(), "{length} {tells}");
                assert_eq!(asked.len(), length.div_ceil(2).max(1), "{length} {tells}");
            }
        }
    }

    #[tokio::test]
    async fn a_page_that_fails_fails_the_list() {
        assert!(read(20, true, 7).await.0.is_err());
        assert!(read(20, false, 10).await.0.is_err());
    }

    #[tokio::test]
    async fn a_circle_of_cursors_is_an_error() {
        let ends = by_cursor(|cursor| {
            let next = cursor.map_or(Some("a".to_owned()), |_| None);
            std::future::ready(Ok((vec![1], next)))
        });
        assert_eq!(ends.await.unwrap(), [1, 1]);
        let circle = by_cursor(|_| std::future::ready(Ok((vec![1], Some("a".to_owned())))));
        assert_eq!(circle.await.unwrap_err().kind(), ErrorKind::Protocol);
        assert_eq!(distinct(vec![1, 2, 1, 3, 2], |item| *item), [1, 2, 3]);
    }
}
