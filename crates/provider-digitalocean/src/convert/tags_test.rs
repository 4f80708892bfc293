use machine_core::IntentId;
use proptest::prelude::*;

use super::*;

fn markers(deadline: Option<i64>) -> Markers {
    let deadline = deadline.map(|at| Timestamp::from_second(at).unwrap());
    Markers { owner: OwnerId::new("o-1f3a"), intent: IntentId::mint(), deadline }
}

#[test]
fn markers_come_back_and_are_no_labels() {
    for markers in [markers(None), markers(Some(1_800_000_000))] {
        let mut tags = marker_tags(&markers).unwrap();
        tags.push(label_tag("team", "blue").unwrap());
        let read = Tags::read(&tags);
        assert_eq!(read.markers, Some(markers));
        assert_eq!(read.labels.into_iter().collect::<Vec<_>>(), [("team".to_owned(), "blue".to_owned())]);
    }
}

#[test]
fn a_deadline_is_never_earlier_than_it_was() {
    let at = Timestamp::from_millisecond(1_500).unwrap();
    assert_eq!(deadline_tag(at), "machine:deadline:2");
    assert_eq!(deadline_tag(Timestamp::from_second(2).unwrap()), "machine:deadline:2");
    let one = markers(Some(100));
    let mut tags = marker_tags(&one).unwrap();
    tags.insert(0, "machine:deadline:200".to_owned());
    assert_eq!(Tags::read(&tags).markers.unwrap().deadline, Timestamp::from_second(200).ok(), "the later of two");
}

#[test]
fn half_a_mark_is_none() {
    let tags = ["machine:owner:o-1", "machine:intent:nonsense", "machine:deadline:soon"];
    assert_eq!(Tags::read(&tags), Tags::default());
}

#[test]
fn tags_of_others_row_by_row() {
    let read = Tags::read(&["web", "a:b", "a:c", "machine:created", "machine:session:1f", "machine:type:web:x", ":x"]);
    let labels: Vec<_> = read.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        labels,
        [("a", "b"), ("machine", "created"), ("machine:session", "1f"), ("machine:type", "web:x")],
        "the first value of a key counts"
    );
    assert_eq!(read.others, ["web", "a:c", ":x"]);
    assert_eq!(read.markers, None);
}

#[test]
fn what_a_tag_cannot_hold_is_refused_in_words() {
    for (key, value, says) in [
        ("team", "a b", "' '"),
        ("app", "a.b", "'.'"),
        ("a/b", "c", "'/'"),
        ("team", "żółw", "'ż'"),
        ("", "x", "key"),
        ("a:b", "c", "key"),
        ("machine", "a:b", "key"),
        ("machine:owner", "me", "mark"),
        ("machine", "intent:x", "mark"),
    ] {
        let error = label_tag(key, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{key}={value}: {error}");
    }
    assert!(label_tag("k", &"v".repeat(253)).is_ok());
    assert!(label_tag("k", &"v".repeat(254)).unwrap_err().to_string().contains("256"));
}

#[test]
fn the_place_of_a_volume_comes_back() {
    let volume = VolumeId::new("506f78a4-e098-11e5-ad9f-000f53306ae1");
    let tag = mount_tag(&volume, "/srv/my data_1").unwrap();
    assert!(is_mount_of(&tag, &volume) && !is_mount_of(&tag, &VolumeId::new("506f78a4")));
    let read = Tags::read(&[tag]);
    assert_eq!(read.mounts.get(volume.as_str()).map(String::as_str), Some("/srv/my data_1"));
    assert!(read.labels.is_empty() && read.others.is_empty());
}

proptest! {
    #[test]
    fn any_label_comes_back_or_is_refused(key in "(machine:)?[a-zA-Z0-9_\\-:. ]{0,20}", value in "[a-zA-Z0-9_\\-:. ]{0,20}") {
        if let Ok(tag) = label_tag(&key, &value) {
            let read = Tags::read(&[&tag]);
            prop_assert_eq!(read.labels.get(&key), Some(&value));
            prop_assert_eq!(read.labels.len(), 1);
            prop_assert!(read.markers.is_none() && read.others.is_empty() && read.mounts.is_empty());
            prop_assert!(is_tag_of_label(&tag, &key));
        }
    }

    #[test]
    fn any_tag_is_read(tags in proptest::collection::vec(".*", 0..6)) {
        let read = Tags::read(&tags);
        prop_assert!(read.labels.len() + read.others.len() + read.mounts.len() <= tags.len());
    }
}
