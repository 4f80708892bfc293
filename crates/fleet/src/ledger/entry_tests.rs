use machine_core::{IntentId, OwnerId, ResourceKind};
use proptest::prelude::*;

use super::*;

fn intent(lifetime: Lifetime) -> Intent {
    Intent {
        id: IntentId::mint(),
        owner: OwnerId::new("owner"),
        resource: ResourceKind::Machine,
        name: "web-1".to_owned(),
        provider: "fake".to_owned(),
        lifetime,
        deadline: None,
        minted_at: Timestamp::now(),
    }
}

fn why() -> String {
    "because".to_owned()
}

fn events(client: ClientId) -> Vec<Event> {
    vec![
        Event::Bound("m-1".to_owned()),
        Event::Refused(why()),
        Event::Unclear(why()),
        Event::Missing,
        Event::Absent,
        Event::Destroy { resource_id: "m-1".to_owned(), client },
        Event::Gone,
        Event::Withdrawn,
        Event::Abandoned { client, why: why() },
        Event::Released,
    ]
}

/// The whole table, written out a second time and by hand: rows are states, columns are the events above, `-` is a conflict.
#[test]
#[expect(clippy::many_single_char_names, reason = "the columns of a table")]
fn every_state_meets_every_event() {
    use State as S;
    let (s, u, b, d, g, v) =
        (Some(S::Sent), Some(S::Uncertain), Some(S::Bound), Some(S::Destroying), Some(S::Gone), Some(S::Void));
    #[rustfmt::skip]
    let table = [
        //                bound  refused unclear missing absent destroy gone  withdrawn abandoned released
        (S::Sent,       [ b,     v,      u,      u,      v,     d,      None, None,     u,        s ]),
        (S::Uncertain,  [ b,     None,   u,      u,      v,     d,      None, None,     u,        u ]),
        (S::Bound,      [ b,     None,   None,   b,      None,  d,      g,    b,        b,        b ]),
        (S::Destroying, [ None,  None,   None,   None,   None,  d,      g,    b,        d,        d ]),
        (S::Gone,       [ None,  None,   None,   None,   None,  d,      g,    None,     g,        g ]),
        (S::Void,       [ None,  v,      None,   None,   v,     d,      None, None,     v,        v ]),
    ];
    for (state, expected) in table {
        for (event, expected) in events(ClientId::mint()).iter().zip(expected) {
            let found = transition(state, event);
            assert_eq!(found.as_ref().ok().copied(), expected, "{state:?} + {event:?}");
            if let Err(error) = found {
                assert_eq!(error.kind(), ErrorKind::Conflict);
            }
        }
    }
}

#[test]
fn what_is_bound_to_one_thing_is_never_bound_to_another() {
    let (client, now) = (ClientId::mint(), Timestamp::now());
    let sent = Entry::sent(intent(Lifetime::Client), None, client);
    let bound = sent.after(&Event::Bound("m-1".to_owned()), now).unwrap();
    assert!(bound.after(&Event::Bound("m-1".to_owned()), now).is_ok());
    assert_eq!(bound.after(&Event::Bound("m-2".to_owned()), now).unwrap_err().kind(), ErrorKind::Conflict);
    let destroy = |id: &str| Event::Destroy { resource_id: id.to_owned(), client };
    assert_eq!(bound.after(&destroy("m-2"), now).unwrap_err().kind(), ErrorKind::Conflict);
    let gone = bound.after(&destroy("m-1"), now).unwrap().after(&Event::Gone, now).unwrap();
    assert_eq!(gone.after(&destroy("m-2"), now).unwrap().resource_id.as_deref(), Some("m-2"));
}

#[test]
fn who_looks_after_it_follows_the_lifetime() {
    let (client, other, now) = (ClientId::mint(), ClientId::mint(), Timestamp::now());
    let bound =
        |lifetime| Entry::sent(intent(lifetime), None, client).after(&Event::Bound("m-1".to_owned()), now).unwrap();
    assert_eq!(bound(Lifetime::Client).client, Some(client));
    assert!(bound(Lifetime::Client).is_open());
    assert_eq!(bound(Lifetime::Deadline).client, None);
    assert!(!bound(Lifetime::Deadline).is_open());

    let taken =
        bound(Lifetime::Client).after(&Event::Destroy { resource_id: "m-1".to_owned(), client: other }, now).unwrap();
    let given_up = taken.after(&Event::Abandoned { client, why: why() }, now).unwrap();
    assert_eq!(given_up.client, Some(other), "the first one's giving up does not end the second one's work");
    assert_eq!(taken.after(&Event::Abandoned { client: other, why: why() }, now).unwrap().client, None);
}

#[test]
fn the_first_sign_of_absence_keeps_its_time_until_the_thing_is_seen() {
    let then = Timestamp::now();
    let later = then + std::time::Duration::from_mins(1);
    let sent = Entry::sent(intent(Lifetime::Client), None, ClientId::mint());
    let missing = sent.after(&Event::Missing, then).unwrap().after(&Event::Missing, later).unwrap();
    assert_eq!(missing.missing_since, Some(then));
    assert_eq!(missing.after(&Event::Bound("m-1".to_owned()), later).unwrap().missing_since, None);
}

proptest! {
    /// Whatever happens in whatever order: what the database's own checks demand holds, changes are counted, and a thing that
    /// was bound leaves the books only through a proof that it is gone.
    #[test]
    fn no_history_loses_a_thing(
        picks in proptest::collection::vec((0usize..10, 0usize..2), 0..24),
        lifetime in prop_oneof![Just(Lifetime::Client), Just(Lifetime::Deadline)],
    ) {
        let clients = [ClientId::mint(), ClientId::mint()];
        let now = Timestamp::now();
        let mut entry = Entry::sent(intent(lifetime), None, clients[0]);
        let mut exists = false;
        for (event, client) in picks {
            let event = &events(clients[client])[event];
            let Ok(next) = entry.after(event, now) else { continue };
            prop_assert_eq!(next.revision, entry.revision + 1);
            if matches!(next.state, State::Bound | State::Destroying | State::Gone) {
                prop_assert!(next.resource_id.is_some());
            }
            match event {
                Event::Bound(_) | Event::Destroy { .. } => exists = true,
                Event::Gone => exists = false,
                _ => {}
            }
            if exists {
                prop_assert!(!next.state.is_tombstone(), "{:?} became {:?} by {:?}", entry.state, next.state, event);
            }
            prop_assert!(next.state != State::Sent || matches!(event, Event::Released));
            if next.state.is_tombstone() {
                prop_assert!(!next.is_open());
            }
            entry = next;
        }
    }
}
