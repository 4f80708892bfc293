//! Snapshots. One of a droplet takes no tags when it is taken, so our markers stand at the end of its name.

use machine_core::{Markers, Result, Snapshot, SnapshotId};

use super::{Tags, marker_tags, timestamp};
use crate::wire;

const OPENS: &str = " (machine:";

/// The name with the markers behind it.
pub(crate) fn marked_name(name: &str, markers: &Markers) -> Result<String> {
    Ok(format!("{name} ({})", marker_tags(markers)?.join(" ")))
}

/// A name, and the markers that were behind it.
fn unmarked(name: &str) -> (&str, Option<Markers>) {
    let split = name.strip_suffix(')').and_then(|name| {
        let at = name.rfind(OPENS)?;
        Some((name.get(..at)?, name.get(at + 2..)?))
    });
    let read = split.and_then(|(name, tags)| {
        let tags: Vec<&str> = tags.split(' ').collect();
        Some((name, Tags::read(&tags).markers?))
    });
    read.map_or((name, None), |(name, markers)| (name, Some(markers)))
}

/// A snapshot.
pub(crate) fn snapshot(snapshot: wire::Snapshot) -> Snapshot {
    let id = snapshot.id.into_text();
    let full = snapshot.name.unwrap_or_else(|| id.clone());
    let (name, markers) = unmarked(&full);
    Snapshot {
        id: SnapshotId::new(id),
        name: name.to_owned(),
        size_gib: snapshot.size_gigabytes.and_then(whole),
        created_at: timestamp(snapshot.created_at.as_deref()),
        markers,
    }
}

/// Whole GiB, rounded up.
fn whole(gib: f64) -> Option<u64> {
    let up = gib.ceil();
    if !(0.0..1e9).contains(&up) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in bounds, as was just seen"
    )]
    Some(up as u64)
}

#[cfg(test)]
mod tests {
    use machine_core::{IntentId, OwnerId};
    use serde_json::json;

    use super::*;

    #[test]
    fn markers_behind_the_name_come_back() {
        let markers = Markers { owner: OwnerId::new("o-1"), intent: IntentId::mint(), deadline: None };
        let name = marked_name("before (the) change", &markers).unwrap();
        let told = json!({"id": 6_372_321, "name": name, "size_gigabytes": 1.34, "created_at": "2020-07-21T18:37:44Z"});
        let read = snapshot(serde_json::from_value(told).unwrap());
        assert_eq!((read.id.as_str(), read.name.as_str()), ("6372321", "before (the) change"));
        assert_eq!((read.size_gib, read.markers), (Some(2), Some(markers)));
    }

    #[test]
    fn a_name_of_somebody_elses_is_left_alone() {
        for name in ["web", "web (old)", "web (machine:created)", "web (machine:owner:x)", ")"] {
            let read = snapshot(serde_json::from_value(json!({"id": "1", "name": name})).unwrap());
            assert_eq!((read.name.as_str(), read.markers), (name, None));
        }
    }
}
