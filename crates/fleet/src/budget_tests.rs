use machine_core::{Intent, IntentId, Lifetime, OwnerId};

use super::*;
use crate::ClientId;
use crate::books::Spent;
use crate::ledger::{Event, State};
use crate::rate::Rate;

const DOLLAR: i64 = 1_000_000;

fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * DOLLAR)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A line of a machine that costs a dollar an hour.
fn line(provider: &str, minted: &str, deadline: Option<&str>) -> Entry {
    let intent = Intent {
        id: IntentId::mint(),
        owner: OwnerId::new("owner"),
        resource: ResourceKind::Machine,
        name: "web-1".to_owned(),
        provider: provider.to_owned(),
        lifetime: Lifetime::Deadline,
        deadline: deadline.map(at),
        minted_at: at(minted),
    };
    let rate = Rate { hourly: dollars(1), monthly_cap: None, step: 3_600, minimum: 3_600 };
    Entry { rate: Some(rate), ..Entry::sent(intent, None, ClientId::mint()) }
}

fn after(entry: &Entry, events: &[Event], now: &str) -> Entry {
    events.iter().fold(entry.clone(), |entry, event| entry.after(event, at(now)).unwrap())
}

fn bound() -> Event {
    Event::Bound("m-1".to_owned())
}

fn books(entries: &[Entry]) -> Books {
    Books { entries: entries.to_vec(), spent: Vec::new() }
}

fn per_day(most: i64) -> Budget {
    Budget { per_day: Some(dollars(most)), ..Budget::default() }
}

fn allows(budget: &Budget, books: &Books, wanted: &Entry) -> bool {
    let checked = check(budget, books, wanted, wanted.intent.minted_at);
    if let Err(error) = &checked {
        assert_eq!(error.kind(), ErrorKind::Budget);
        assert!(error.hint().is_some());
    }
    checked.is_ok()
}

const NOON: &str = "2026-11-10T12:00:00Z";

#[test]
fn one_machine_may_cost_so_much_until_its_deadline_or_in_a_month() {
    let budget = Budget { per_machine: Some(dollars(5)), ..Budget::default() };
    let empty = Books::default();
    assert!(allows(&budget, &empty, &line("a", NOON, Some("2026-11-10T17:00:00Z"))));
    assert!(!allows(&budget, &empty, &line("a", NOON, Some("2026-11-10T17:00:01Z"))), "a sixth hour has begun");
    let endless = line("a", NOON, None);
    let error = check(&budget, &empty, &endless, at(NOON)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`web-1` costs up to $744.00 in a month, and the budget allows $5.00 for one machine"
    );
    assert!(error.hint().unwrap().contains("--ttl"));
}

#[test]
fn a_day_holds_what_everything_may_cost_by_its_end() {
    let wanted = line("a", NOON, Some("2026-11-10T14:00:00Z"));
    let other = line("b", NOON, Some("2026-11-10T15:00:00Z"));
    assert!(allows(&per_day(5), &books(std::slice::from_ref(&other)), &wanted));
    assert!(!allows(&per_day(4), &books(std::slice::from_ref(&other)), &wanted));
    let error = check(&per_day(4), &books(&[other]), &wanted, at(NOON)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`web-1` costs up to $2.00 today, and of the $4.00 that the budget allows a day $1.00 is left"
    );
}

#[test]
fn midnight_breaks_no_limit() {
    // Late in the evening a machine without an end costs little today, and a whole day tomorrow.
    let late = line("a", "2026-11-10T23:30:00Z", None);
    assert!(!allows(&per_day(23), &Books::default(), &late));
    assert!(allows(&per_day(24), &Books::default(), &late));
    let brief = line("a", "2026-11-10T23:30:00Z", Some("2026-11-11T00:30:00Z"));
    assert!(allows(&per_day(24), &books(std::slice::from_ref(&brief)), &brief));
}

#[test]
fn an_uncertain_wish_keeps_its_hold_until_it_is_settled() {
    let wanted = line("a", NOON, Some("2026-11-10T14:00:00Z"));
    let uncertain = after(&wanted, &[Event::Unclear("why".to_owned())], NOON);
    assert_eq!((uncertain.state, uncertain.accrued(at("2026-11-10T13:00:00Z"))), (State::Uncertain, Money::ZERO));
    assert_eq!(uncertain.held(at(NOON)), dollars(2));
    assert!(!allows(&per_day(3), &books(std::slice::from_ref(&uncertain)), &wanted));
    let void = after(&uncertain, &[Event::Absent], NOON);
    assert!(allows(&per_day(3), &books(&[void]), &wanted));
}

#[test]
fn what_is_gone_holds_what_it_has_cost_and_no_more() {
    let wanted = line("a", NOON, Some("2026-11-10T14:00:00Z"));
    let destroy = Event::Destroy { resource_id: "m-1".to_owned(), client: ClientId::mint() };
    let old = line("a", "2026-11-09T23:00:00Z", None);
    let gone = after(&old, &[bound(), destroy, Event::Gone], "2026-11-10T01:00:00Z");
    // One hour of the two was yesterday's.
    assert!(allows(&per_day(3), &books(std::slice::from_ref(&gone)), &wanted));
    assert!(!allows(&per_day(2), &books(std::slice::from_ref(&gone)), &wanted));
    let days: Vec<_> = gone.spent_by_day().into_iter().map(|spent| (spent.day.to_string(), spent.amount)).collect();
    assert_eq!(days, [("2026-11-09".to_owned(), dollars(1)), ("2026-11-10".to_owned(), dollars(1))]);
    // And the same when only its sums are left.
    let forgotten = Books { entries: Vec::new(), spent: gone.spent_by_day() };
    assert!(allows(&per_day(3), &forgotten, &wanted) && !allows(&per_day(2), &forgotten, &wanted));
}

#[test]
fn a_provider_has_a_limit_of_its_own() {
    let providers = [("a".to_owned(), dollars(2))].into();
    let budget = Budget { providers, ..per_day(100) };
    let two_hours = Some("2026-11-10T14:00:00Z");
    let wanted = line("a", NOON, two_hours);
    assert!(allows(&budget, &books(&[line("b", NOON, None)]), &wanted));
    assert!(!allows(&budget, &books(&[line("a", NOON, two_hours)]), &wanted));
    assert!(allows(&budget, &books(&[line("a", NOON, two_hours)]), &line("b", NOON, two_hours)));
}

#[test]
fn a_machine_past_its_deadline_has_no_known_end() {
    let overdue = after(&line("a", NOON, Some("2026-11-10T13:00:00Z")), &[bound()], NOON);
    let now = at("2026-11-10T20:00:00Z");
    assert_eq!(overdue.accrued(now), dollars(8));
    assert_eq!(at_most_in(&overdue, Period::day(now), now), dollars(12));
    assert_eq!(overdue.held(now), overdue.rate.unwrap().month());
}

#[test]
fn sums_are_by_day_month_and_provider() {
    let running = after(&line("a", "2026-11-09T20:00:00Z", Some("2026-11-10T14:00:00Z")), &[bound()], NOON);
    let spent = |provider: &str, day: &str, amount| Spent {
        provider: provider.to_owned(),
        day: day.parse().unwrap(),
        amount: dollars(amount),
    };
    let books = Books {
        entries: vec![running, line("b", NOON, Some("2026-11-10T13:00:00Z"))],
        spent: vec![spent("a", "2026-11-01", 5), spent("b", "2026-10-31", 7)],
    };
    let all = books.sums(None, at(NOON));
    assert_eq!((all.today, all.held_today), (dollars(12), dollars(3)));
    assert_eq!((all.month, all.ever, all.held), (dollars(21), dollars(28), dollars(3)));
    let of_b = books.sums(Some("b"), at(NOON));
    assert_eq!((of_b.today, of_b.month, of_b.ever, of_b.held), (Money::ZERO, Money::ZERO, dollars(7), dollars(1)));
}
