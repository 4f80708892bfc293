//! Tags to labels and markers, and back.
//!
//! Markers are `machine:owner:<id>`, `machine:intent:<ulid>` and `machine:deadline:<seconds>`. A label `key=value` is the tag
//! `key:value`. All other tags, those of other tools included, are kept as they are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, IntentId, MachineChange, Markers, OwnerId, Result};

/// What begins all tags of ours; no label may.
const OURS: &str = "machine";

/// What the tags of a machine say.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Tagged {
    pub(crate) markers: Option<Markers>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Tags that are neither.
    pub(crate) others: Vec<String>,
    /// All that are no markers, labels among them, in the cloud's order.
    pub(crate) tags: Vec<String>,
}

/// The tag by which everything of one owner is found.
pub(crate) fn owner_tag(owner: &OwnerId) -> String {
    format!("{OURS}:owner:{owner}")
}

/// The tag by which everything of one intent is found.
pub(crate) fn intent_tag(intent: IntentId) -> String {
    format!("{OURS}:intent:{intent}")
}

impl Tagged {
    /// What these tags say.
    pub(crate) fn read(tags: &[String]) -> Self {
        let marked = |kind: &str| {
            let start = format!("{OURS}:{kind}:");
            tags.iter().find_map(|tag| tag.strip_prefix(&start))
        };
        let deadline = marked("deadline").and_then(time);
        let markers = marked("owner")
            .zip(marked("intent").and_then(|text| text.parse().ok()))
            .map(|(owner, intent): (&str, IntentId)| Markers { owner: OwnerId::new(owner), intent, deadline });
        let ours = |tag: &String| {
            let known = ["owner", "intent", "deadline"].iter();
            markers.is_some() && known.into_iter().any(|kind| tag.starts_with(&format!("{OURS}:{kind}:")))
        };
        let (mut labels, mut others) = (BTreeMap::new(), Vec::new());
        let plain: Vec<_> = tags.iter().filter(|tag| !ours(tag)).cloned().collect();
        for tag in &plain {
            match tag.split_once(':') {
                Some((key, value)) if key != OURS && !key.is_empty() && !labels.contains_key(key) => {
                    labels.insert(key.to_owned(), value.to_owned());
                }
                _ => others.push(tag.clone()),
            }
        }
        Self { markers, labels, others, tags: plain }
    }

    /// The tags that say so.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a label that no tag can hold.
    pub(crate) fn write(&self) -> Result<Vec<String>> {
        let mut tags = self.others.clone();
        for (key, value) in &self.labels {
            tags.push(label_tag(key, value)?);
        }
        if let Some(Markers { owner, intent, deadline }) = &self.markers {
            tags.extend([owner_tag(owner), intent_tag(*intent)]);
            tags.extend(deadline.map(|deadline| format!("{OURS}:deadline:{}", deadline.as_second())));
        }
        Ok(tags)
    }

    /// What they say after a change.
    pub(crate) fn changed(mut self, change: &MachineChange) -> Self {
        for (key, value) in &change.labels {
            let another = format!("{key}:");
            self.others.retain(|tag| !tag.starts_with(&another) || key == OURS);
            match value {
                Some(value) => self.labels.insert(key.clone(), value.clone()),
                None => self.labels.remove(key),
            };
        }
        if let (Some(deadline), Some(markers)) = (change.deadline, &mut self.markers) {
            markers.deadline = deadline;
        }
        if let Some(markers) = &change.markers {
            self.markers = Some(markers.clone());
        }
        self
    }
}

/// A moment in seconds.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// Refuses a tag of the user's own that Vultr does not take, or that would be taken for a mark of ours.
pub(crate) fn check_tag(tag: &str) -> Result<()> {
    let refused = |why: &str| {
        let what = format!("`{}` cannot be a tag on Vultr: {why}", tag.escape_debug());
        Err(Error::new(ErrorKind::Invalid, what).with_hint("tags there are made of letters, digits and `_ : . -`"))
    };
    if ["owner", "intent", "deadline"].iter().any(|kind| tag.starts_with(&format!("{OURS}:{kind}:"))) {
        return refused("it would be taken for a mark that `machine` itself makes");
    }
    match tag.chars().find(|found| !found.is_ascii_alphanumeric() && !"_.-:".contains(*found)) {
        Some(odd) => refused(&format!("it holds {odd:?}")),
        None if tag.is_empty() => refused("it is empty"),
        None => Ok(()),
    }
}

fn label_tag(key: &str, value: &str) -> Result<String> {
    let refused = |why: String| {
        Error::new(ErrorKind::Invalid, format!("the label `{key}={value}` cannot be a tag on Vultr: {why}"))
            .with_hint("labels there are made of letters, digits and `_ : . -`, with `:` in the value only")
    };
    let bad = |text: &str, colon: bool| {
        let fine = |found: char| found.is_ascii_alphanumeric() || "_.-".contains(found) || (colon && found == ':');
        text.chars().find(|found| !fine(*found))
    };
    match bad(key, false).or_else(|| bad(value, true)) {
        Some(found) => Err(refused(format!("it holds {found:?}"))),
        None if key.is_empty() => Err(refused("it has no key".to_owned())),
        None if key == OURS => Err(refused(format!("the key `{OURS}` is for marks of our own"))),
        None => Ok(format!("{key}:{value}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn markers() -> impl Strategy<Value = Option<Markers>> {
        let deadline = proptest::option::of(0..4_000_000_000_i64);
        let markers = ("[a-z0-9-]{1,26}", deadline).prop_map(|(owner, deadline)| Markers {
            owner: OwnerId::new(owner),
            intent: IntentId::mint(),
            deadline: deadline.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        });
        proptest::option::of(markers)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            markers in markers(),
            labels in proptest::collection::btree_map("[a-z][A-Za-z0-9_.-]{0,9}", "[A-Za-z0-9_:.-]{0,9}", 0..4),
            others in proptest::collection::vec("[a-z0-9]{1,9}|machine:session:[0-9a-f]{8}", 0..4),
        ) {
            prop_assume!(!labels.contains_key("machine"));
            let tagged = Tagged { markers, labels, others, tags: Vec::new() };
            let read = Tagged::read(&tagged.write().unwrap());
            prop_assert_eq!(read.tags.len(), tagged.labels.len() + tagged.others.len());
            prop_assert_eq!(Tagged { tags: Vec::new(), ..read }, tagged);
        }

        #[test]
        fn no_tag_of_anybodys_is_lost(tags in proptest::collection::vec("[a-z]{0,3}(:[a-z]{0,3}){0,2}", 0..6)) {
            let mut written = Tagged::read(&tags).write().unwrap();
            let mut tags = tags;
            written.sort();
            tags.sort();
            prop_assert_eq!(written, tags);
        }
    }

    #[test]
    fn a_change_touches_what_it_names() {
        let tags = ["team:blue", "team:old", "stage:one", "extra", "machine:created"].map(str::to_owned);
        let labels =
            [("team".to_owned(), Some("red".to_owned())), ("stage".to_owned(), None), ("new".to_owned(), None)];
        let change = MachineChange { labels: labels.into_iter().collect(), ..MachineChange::default() };
        let after = Tagged::read(&tags).changed(&change).write().unwrap();
        assert_eq!(after, ["extra", "machine:created", "team:red"]);
    }

    #[test]
    fn a_label_that_no_tag_holds_is_refused() {
        for (key, value) in
            [("a b", "x"), ("a", "x y"), ("a:b", "x"), ("", "x"), ("machine", "x"), ("a", "ż"), ("a", "/")]
        {
            let labels = [(key.to_owned(), value.to_owned())].into_iter().collect();
            let error = Tagged { labels, ..Tagged::default() }.write().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{key}={value}");
        }
    }

    #[test]
    fn half_a_mark_is_no_mark_and_is_kept() {
        let tags = ["machine:owner:me".to_owned()];
        let read = Tagged::read(&tags);
        assert_eq!((read.markers, read.others.as_slice()), (None, &tags[..]));
    }
}
