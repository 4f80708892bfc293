//! What we write behind the name of a thing that has no tags: a block's label, a snapshot's description.
//!
//! `data [machine owner=<id> intent=<ulid> deadline=<seconds> at=<machine> path=/srv]` is a block called `data` with our
//! markers that was attached to that machine to show at that path. Every part but the name may be missing. The path stands
//! last, because it may hold spaces; it counts only while the block is attached to the machine that it was written for.

use machine_core::{IntentId, MachineId, Markers, OwnerId};

use super::tags::time;

const BEGINS: &str = " [machine ";
const ENDS: char = ']';

/// What stands behind a name.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Note {
    pub(crate) markers: Option<Markers>,
    /// Which machine it was attached to, and at which path.
    pub(crate) place: Option<(MachineId, String)>,
}

/// The name with the note behind it.
pub(crate) fn noted(name: &str, note: &Note) -> String {
    let mut parts = Vec::new();
    if let Some(Markers { owner, intent, deadline }) = &note.markers {
        parts.extend([format!("owner={owner}"), format!("intent={intent}")]);
        parts.extend(deadline.map(|deadline| format!("deadline={}", deadline.as_second())));
    }
    if let Some((machine, path)) = &note.place {
        parts.extend([format!("at={machine}"), format!("path={path}")]);
    }
    if parts.is_empty() { name.to_owned() } else { format!("{name}{BEGINS}{}{ENDS}", parts.join(" ")) }
}

/// The name and the note. A text that only looks as if it had one is a name.
pub(crate) fn name_and_note(text: &str) -> (String, Note) {
    let read = text.strip_suffix(ENDS).and_then(|whole| {
        whole.char_indices().find_map(|(at, _)| {
            let (name, rest) = whole.split_at_checked(at)?;
            Some((name.to_owned(), note(rest.strip_prefix(BEGINS)?)?))
        })
    });
    read.unwrap_or_else(|| (text.to_owned(), Note::default()))
}

fn note(text: &str) -> Option<Note> {
    let (mut owner, mut intent, mut deadline, mut machine, mut path) = (None, None, None, None, None);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(last) = rest.strip_prefix("path=") {
            path = Some(last.to_owned());
            break;
        }
        let (part, after) = rest.split_once(' ').unwrap_or((rest, ""));
        match part.split_once('=')? {
            ("owner", id) => owner = Some(OwnerId::new(id)),
            ("intent", id) => intent = Some(id.parse::<IntentId>().ok()?),
            ("deadline", seconds) => deadline = Some(time(seconds)?),
            ("at", id) => machine = Some(MachineId::new(id)),
            _ => return None,
        }
        rest = after;
    }
    let markers = owner.zip(intent).map(|(owner, intent)| Markers { owner, intent, deadline });
    let place = machine.zip(path);
    (markers.is_some() || place.is_some()).then_some(Note { markers, place })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            name in "[a-z][a-z0-9-]{0,9}|.{0,12}",
            owner in proptest::option::of("[a-z0-9-]{1,26}"),
            deadline in proptest::option::of(0..4_000_000_000_i64),
            place in proptest::option::of(("[0-9a-f-]{1,36}", "/[a-z \\]\\[=]{0,12}")),
        ) {
            prop_assume!(!name.contains(BEGINS));
            let deadline = deadline.and_then(|seconds| Timestamp::from_second(seconds).ok());
            let markers = owner
                .map(|owner| Markers { owner: OwnerId::new(owner), intent: IntentId::mint(), deadline });
            let note = Note { markers, place: place.map(|(machine, path)| (MachineId::new(machine), path)) };
            prop_assert_eq!(name_and_note(&noted(&name, &note)), (name, note));
        }
    }

    #[test]
    fn what_only_looks_like_a_note_is_a_name() {
        for name in
            ["data", "", "data [machine]", "data [machine x=1]", "data [machine owner=a]", "a [machine intent=b]"]
        {
            assert_eq!(name_and_note(name), (name.to_owned(), Note::default()));
        }
    }
}
