//! Markers and labels: both ride in a machine's metadata.

use std::collections::BTreeMap;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Markers, OwnerId, Result};

/// The key of the owner's marker.
pub(crate) const OWNER: &str = "machine_owner";
/// The key of the intent's marker.
pub(crate) const INTENT: &str = "machine_intent";
/// The key of the deadline's marker.
pub(crate) const DEADLINE: &str = "machine_deadline";
/// The key of the tags, a JSON array: metadata has no words without a value.
const TAGS: &str = "machine_tags";

/// How keys begin that are the cloud's own.
const RESERVED: &str = "fly_";

/// Refuses a label that would be taken for a marker, or for something of the cloud's.
///
/// # Errors
/// [`ErrorKind::Invalid`].
pub(crate) fn check_label(key: &str) -> Result<()> {
    let why = match key {
        "" => "it is empty",
        OWNER | INTENT | DEADLINE | TAGS => "that key is one of ours",
        _ if key.starts_with(RESERVED) => "keys that begin with `fly_` are Fly's own",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Invalid, format!("a label cannot be called `{key}`: {why}")))
}

/// A deadline as it is written.
pub(crate) fn deadline_text(deadline: Timestamp) -> String {
    deadline.to_string()
}

/// What is written on a machine.
///
/// # Errors
/// As [`check_label`].
pub(super) fn written(
    markers: &Markers,
    labels: &BTreeMap<String, String>,
    tags: &[String],
) -> Result<BTreeMap<String, String>> {
    labels.keys().try_for_each(|key| check_label(key))?;
    let mut metadata = labels.clone();
    if !tags.is_empty() {
        metadata.insert(TAGS.to_owned(), serde_json::Value::from(tags).to_string());
    }
    metadata.insert(OWNER.to_owned(), markers.owner.to_string());
    metadata.insert(INTENT.to_owned(), markers.intent.to_string());
    metadata.extend(markers.deadline.map(|deadline| (DEADLINE.to_owned(), deadline_text(deadline))));
    Ok(metadata)
}

/// What was written on a machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) markers: Option<Markers>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) tags: Vec<String>,
}

/// What was written on a machine. Without an owner and an intent there are no markers.
pub(super) fn read(metadata: BTreeMap<String, Option<String>>) -> Read {
    let mut labels: BTreeMap<String, String> =
        metadata.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let (owner, intent, deadline) = (labels.remove(OWNER), labels.remove(INTENT), labels.remove(DEADLINE));
    let tags = labels.remove(TAGS).and_then(|tags| serde_json::from_str(&tags).ok()).unwrap_or_default();
    labels.retain(|key, _| !key.starts_with(RESERVED));
    let markers = owner.filter(|owner| !owner.is_empty()).zip(intent.and_then(|intent| intent.parse().ok()));
    let markers = markers.map(|(owner, intent)| Markers {
        owner: OwnerId::new(owner),
        intent,
        deadline: deadline.and_then(|deadline| deadline.parse().ok()),
    });
    Read { markers, labels, tags }
}

#[cfg(test)]
mod tests {
    use machine_core::IntentId;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn back(written: BTreeMap<String, String>) -> (Option<Markers>, BTreeMap<String, String>) {
        let Read { markers, labels, tags } = read(written.into_iter().map(|(key, value)| (key, Some(value))).collect());
        assert!(tags.is_empty());
        (markers, labels)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let labels = labels(&[("team", "blue"), ("empty", ""), ("owner", "me")]);
        for deadline in [None, Timestamp::from_second(2_000_000_000).ok()] {
            let markers = Markers { owner: OwnerId::new("me"), intent: IntentId::mint(), deadline };
            assert_eq!(back(written(&markers, &labels, &[]).unwrap()), (Some(markers.clone()), labels.clone()));
            let tags = ["plain", "with, a comma", "a:b"].map(str::to_owned).to_vec();
            let written = written(&markers, &labels, &tags).unwrap();
            let read = read(written.into_iter().map(|(key, value)| (key, Some(value))).collect());
            assert_eq!(read, Read { markers: Some(markers), labels: labels.clone(), tags });
        }
    }

    #[test]
    fn what_is_the_clouds_is_hidden_and_half_a_marker_is_none() {
        let half = labels(&[(OWNER, "me"), ("fly_platform_version", "v2"), ("team", "blue")]);
        assert_eq!(back(half), (None, labels(&[("team", "blue")])));
        assert_eq!(back(labels(&[(OWNER, "me"), (INTENT, "no ulid")])).0, None);
    }

    #[test]
    fn keys_that_are_taken() {
        for key in ["", OWNER, INTENT, DEADLINE, "fly_process_group"] {
            assert_eq!(check_label(key).unwrap_err().kind(), ErrorKind::Invalid, "{key}");
        }
        assert!(check_label("machine").is_ok() && check_label("flying").is_ok());
    }
}
