//! Tags: one flat set of words, in which labels, our markers and the places of volumes are written.
//!
//! | tag | what it is |
//! |---|---|
//! | `machine:owner:<id>`, `machine:intent:<ulid>`, `machine:deadline:<unix seconds>` | our markers |
//! | `machine:volume:<id>:<path>` | where a volume is meant to show |
//! | `machine:<word>:<value>` | the label `machine:<word>`, as other tools of this name write them |
//! | `<key>:<value>` | the label `<key>` |
//! | anything else, and a second value for a key | nobody's but the cloud's: shown in the details |

use std::collections::BTreeMap;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Markers, OwnerId, Result, VolumeId};

use super::path;

const OWNER: &str = "machine:owner:";
const INTENT: &str = "machine:intent:";
const DEADLINE: &str = "machine:deadline:";
const VOLUME: &str = "machine:volume:";
const OURS: [&str; 4] = [OWNER, INTENT, DEADLINE, VOLUME];

/// The longest tag, in characters.
pub(crate) const LONGEST: usize = 255;

/// What tags say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) markers: Option<Markers>,
    pub(crate) mounts: BTreeMap<String, String>,
    pub(crate) others: Vec<String>,
    /// All that is not ours, labels among it, in the cloud's order.
    pub(crate) plain: Vec<String>,
}

impl Tags {
    /// Reads them. Markers that are not whole, or that nobody can read, are none.
    pub(crate) fn read<S: AsRef<str>>(tags: &[S]) -> Self {
        let mut read = Self::default();
        let (mut owner, mut intent, mut deadline) = (None, None, None);
        for tag in tags.iter().map(AsRef::as_ref) {
            if let Some(id) = tag.strip_prefix(OWNER) {
                owner = Some(OwnerId::new(id));
            } else if let Some(id) = tag.strip_prefix(INTENT) {
                intent = id.parse().ok();
            } else if let Some(at) = tag.strip_prefix(DEADLINE) {
                // While a deadline is exchanged for another there are two: nothing is ended before the later of them.
                deadline = deadline.max(at.parse().ok().and_then(|at| Timestamp::from_second(at).ok()));
            } else if let Some((volume, path)) = mount_of(tag) {
                read.mounts.insert(volume, path);
            } else {
                read.plain.push(tag.to_owned());
                match split_label(tag) {
                    Some((key, value)) if !read.labels.contains_key(key) => {
                        read.labels.insert(key.to_owned(), value.to_owned());
                    }
                    _ => read.others.push(tag.to_owned()),
                }
            }
        }
        read.markers = owner.zip(intent).map(|(owner, intent)| Markers { owner, intent, deadline });
        read
    }
}

/// The tags that are our markers. A deadline is rounded up to a second: nothing ends before its time.
pub(crate) fn marker_tags(markers: &Markers) -> Result<Vec<String>> {
    let mut tags = vec![format!("{OWNER}{}", markers.owner), format!("{INTENT}{}", markers.intent)];
    tags.extend(markers.deadline.map(deadline_tag));
    tags.into_iter().map(allowed).collect()
}

/// The tag that is this deadline.
pub(crate) fn deadline_tag(at: Timestamp) -> String {
    format!("{DEADLINE}{}", at.as_second() + i64::from(at.subsec_nanosecond() > 0))
}

/// Whether the tag is a deadline, whichever.
pub(crate) fn is_deadline(tag: &str) -> bool {
    tag.starts_with(DEADLINE)
}

/// Whether the tag is one of those that say whose the droplet is.
pub(crate) fn is_marker(tag: &str) -> bool {
    [OWNER, INTENT, DEADLINE].iter().any(|prefix| tag.starts_with(prefix))
}

/// The tag by which everything of this owner is found.
pub(crate) fn owner_tag(owner: &OwnerId) -> String {
    format!("{OWNER}{owner}")
}

/// The tag by which everything that this intent made is found.
pub(crate) fn intent_tag(intent: machine_core::IntentId) -> String {
    format!("{INTENT}{intent}")
}

/// The tag that is this label.
///
/// # Errors
/// `Invalid` for a label that a tag cannot hold, or that would be taken for something else when it is read.
pub(crate) fn label_tag(key: &str, value: &str) -> Result<String> {
    let tag = format!("{key}:{value}");
    if OURS.iter().any(|ours| tag.starts_with(ours)) {
        let what = format!("the label `{key}={value}` would be taken for a mark that `machine` itself makes");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint("choose another key"));
    }
    let tag = allowed(tag)?;
    match split_label(&tag) {
        Some((read, _)) if read == key => Ok(tag),
        _ => {
            let what = format!("the key of the label `{key}={value}` is empty or holds `:`, which ends a key here");
            Err(Error::new(ErrorKind::Invalid, what).with_hint("DigitalOcean's tags are words; use `-` or `_` instead"))
        }
    }
}

/// A tag of the user's own.
///
/// # Errors
/// `Invalid` for one that DigitalOcean does not take, or that would be taken for a mark of ours.
pub(crate) fn plain_tag(tag: &str) -> Result<String> {
    if is_ours(tag) {
        let what = format!("the tag `{tag}` would be taken for a mark that `machine` itself makes");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint("choose another tag"));
    }
    allowed(tag.to_owned())
}

/// Whether the tag is a value of the label `key`.
pub(crate) fn is_tag_of_label(tag: &str, key: &str) -> bool {
    !is_ours(tag) && split_label(tag).is_some_and(|(read, _)| read == key)
}

/// Whether the tag is ours and no label.
pub(crate) fn is_ours(tag: &str) -> bool {
    OURS.iter().any(|ours| tag.starts_with(ours))
}

/// The tag that says where a volume is meant to show.
///
/// # Errors
/// `Invalid` for a path that is too long for a tag.
pub(crate) fn mount_tag(volume: &VolumeId, at: &str) -> Result<String> {
    allowed(format!("{VOLUME}{volume}:{}", path::to_tag(at)))
}

/// Whether the tag says where this volume is meant to show.
pub(crate) fn is_mount_of(tag: &str, volume: &VolumeId) -> bool {
    tag.strip_prefix(VOLUME).and_then(|rest| rest.strip_prefix(volume.as_str())).is_some_and(|at| at.starts_with(':'))
}

fn mount_of(tag: &str) -> Option<(String, String)> {
    let (volume, at) = tag.strip_prefix(VOLUME)?.split_once(':')?;
    Some((volume.to_owned(), path::from_tag(at)?))
}

/// The key and the value of a label. What other tools of this name write has a key of two words.
fn split_label(tag: &str) -> Option<(&str, &str)> {
    if is_ours(tag) {
        return None;
    }
    let first = tag.find(':')?;
    let end = match tag.strip_prefix("machine:").and_then(|rest| rest.find(':')) {
        Some(second) => first + 1 + second,
        None => first,
    };
    let (key, value) = (tag.get(..end)?, tag.get(end + 1..)?);
    (!key.is_empty()).then_some((key, value))
}

/// The tag, where it is one that DigitalOcean takes.
fn allowed(tag: String) -> Result<String> {
    if let Some(odd) = tag.chars().find(|it| !it.is_ascii_alphanumeric() && !matches!(it, '_' | '-' | ':')) {
        let what = format!("`{}` holds {odd:?}, which DigitalOcean's tags cannot hold", tag.escape_debug());
        return Err(Error::new(ErrorKind::Invalid, what)
            .with_hint("labels become tags there: letters, digits, `-`, `_` and `:` only"));
    }
    if tag.len() > LONGEST {
        let what = format!("`{tag}` has {} characters; a tag has {LONGEST} at most", tag.len());
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    Ok(tag)
}

#[cfg(test)]
#[path = "tags_test.rs"]
mod tests;
