//! Regions in order of preference: one wish for each, until one has room.

use jiff::Timestamp;
use machine_core::{Effect, Error, ErrorKind, IntentId, Lifetime, Result};

use crate::fleet::Inner;
use crate::wanted::{Made, Wanted};

impl Inner {
    /// Creates what is wanted in the first of its regions that has room. Every attempt is a wish of its own, recorded before its
    /// request and void before the next, so that there is never more than one that may come true.
    ///
    /// # Errors
    /// Of the first attempt that failed for another reason than a lack of room, or may have made something; where no region
    /// has room, what each of them said.
    pub(crate) async fn create_in_order(
        &self,
        wanted: Wanted,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
        made_for: Option<IntentId>,
    ) -> Result<Made> {
        let spec = match wanted {
            Wanted::Machine(spec) if spec.regions.len() > 1 => spec,
            wanted => return self.create_once(&wanted, None, lifetime, deadline, made_for).await,
        };
        let mut full: Vec<(String, Error)> = Vec::new();
        for region in distinct(&spec.regions) {
            let mut there = spec.clone();
            there.regions = vec![region.clone()];
            let wanted = Wanted::Machine(there);
            match self.create_once(&wanted, Some(&region), lifetime, deadline, made_for).await {
                Err(error) if error.kind() == ErrorKind::OutOfCapacity && error.effect() == Effect::None => {
                    tracing::info!(%region, %error, "no room there");
                    full.push((region, error));
                }
                Err(error) => return Err(tried(error, &full)),
                Ok(made) => return Ok(made),
            }
        }
        Err(no_room(spec.name.as_str(), full))
    }
}

/// Each region once, where it is named first.
fn distinct(regions: &[String]) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for region in regions {
        if !once.contains(region) {
            once.push(region.clone());
        }
    }
    once
}

/// The error with the regions that were full before.
fn tried(error: Error, full: &[(String, Error)]) -> Error {
    full.iter().fold(error, |error, (region, why)| error.with_context("tried before", format!("{region}: {why}")))
}

/// None of the regions had room.
fn no_room(name: &str, full: Vec<(String, Error)>) -> Error {
    let regions: Vec<&str> = full.iter().map(|(region, _)| region.as_str()).collect();
    let what = format!("there is no room for `{name}` in any of {}", regions.join(", "));
    let error = Error::new(ErrorKind::OutOfCapacity, what).with_hint("name other regions, or another size");
    let mut error = tried(error, &full);
    if let Some((_, last)) = full.into_iter().next_back() {
        if let Some(id) = last.request_id() {
            error = error.with_request_id(id);
        }
        error = error.with_source(last);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_tried_once() {
        let regions = ["ams3", "fra1", "ams3"].map(str::to_owned);
        assert_eq!(distinct(&regions), ["ams3", "fra1"]);
    }

    #[test]
    fn the_last_error_names_every_region() {
        let full = |region: &str| (region.to_owned(), Error::new(ErrorKind::OutOfCapacity, "no room"));
        let error = no_room("web-1", vec![full("ams3"), full("fra1")]);
        assert_eq!(error.to_string(), "there is no room for `web-1` in any of ams3, fra1");
        assert_eq!((error.kind(), error.effect()), (ErrorKind::OutOfCapacity, Effect::None));
        assert_eq!(error.context()[1], ("tried before", "fra1: no room".to_owned()));
    }
}
