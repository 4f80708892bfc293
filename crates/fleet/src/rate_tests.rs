use proptest::prelude::*;

use super::*;

fn rate(hourly: i64, cap: Option<i64>, step: u64, minimum: u64) -> Rate {
    Rate { hourly: Money::from_micros(hourly), monthly_cap: cap.map(Money::from_micros), step, minimum }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn time_is_counted_as_the_cloud_counts_it() {
    let start = at("2026-11-02T10:00:00Z");
    let after = |seconds: i64| start + jiff::SignedDuration::from_secs(seconds);
    let (by_hour, by_second) = (rate(8_930, None, 3_600, 3_600), rate(3_600, None, 1, 1));
    for (rate, seconds, micros) in [
        (by_hour, 0, 0),
        (by_hour, 1, 8_930),
        (by_hour, 3_600, 8_930),
        (by_hour, 3_601, 17_860),
        (by_second, 1, 1),
        (by_second, 90, 90),
        (rate(1, None, 1, 1), 1, 1),
        (rate(3_600, None, 1, 60), 5, 60),
    ] {
        assert_eq!(rate.charged(start, after(seconds)).micros(), micros, "{seconds} s at {rate:?}");
    }
}

#[test]
fn a_month_costs_no_more_than_its_cap_and_the_next_begins_anew() {
    let capped = rate(8_930, Some(6_000_000), 3_600, 3_600);
    assert_eq!(capped.month(), Money::from_micros(6_000_000));
    let (october, december) = (at("2026-10-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(capped.charged(october, december), Money::from_micros(12_000_000));
    assert_eq!(capped.charged(at("2026-10-31T23:00:00Z"), at("2026-11-01T01:00:00Z")), Money::from_micros(17_860));
    assert_eq!(rate(1_000, None, 1, 1).month(), Money::from_micros(744_000));
}

#[test]
fn a_volume_costs_its_month_and_nothing_without_a_price() {
    let billing = |gib: Option<i64>| Billing {
        step: Duration::from_hours(1),
        minimum: Duration::from_hours(1),
        volume_gib_month: gib.map(Money::from_micros),
    };
    let ten = Rate::of_volume(10, &billing(Some(100_000))).unwrap();
    assert_eq!((ten.month(), ten.hourly), (Money::from_micros(1_000_000), Money::from_micros(1_489)));
    assert_eq!(Rate::of_volume(10, &billing(None)), None);
    assert!(Rate::of_volume(u64::MAX, &billing(Some(100_000))).unwrap().month() > ten.month());
}

#[test]
fn the_end_of_time_is_a_deadline_too() {
    let capped = rate(1_000_000, Some(6_000_000), 3_600, 3_600);
    let ever = capped.worst_case(at("2026-11-02T10:00:00Z"), Some(Timestamp::MAX));
    assert!(ever > Money::from_micros(6_000_000 * 12 * 7_000));
    let most = rate(i64::MAX, None, 3_600, 3_600).worst_case(at("2026-11-02T10:00:00Z"), Some(Timestamp::MAX));
    assert_eq!(most, Money::from_micros(i64::MAX));
}

#[test]
fn days_and_months_are_those_of_utc() {
    let noon = at("2026-12-31T12:00:00Z");
    let (new_year, day) = (at("2027-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z"));
    assert_eq!(Period::day(noon), Period { from: day, until: new_year });
    assert_eq!(Period::month(noon), Period { from: at("2026-12-01T00:00:00Z"), until: new_year });
    assert!(Period::day(noon).has(day) && !Period::day(noon).has(new_year));
    assert_eq!(Period::day(Timestamp::MAX).until, Timestamp::MAX);
}

prop_compose! {
    fn rates()(
        hourly in 0i64..2_000_000,
        cap in proptest::option::of(0i64..50_000_000),
        step in prop_oneof![Just(1u64), Just(60), Just(3_600)],
        minimum in prop_oneof![Just(1u64), Just(60), Just(3_600)],
    ) -> Rate {
        rate(hourly, cap, step, minimum)
    }
}

proptest! {
    #[test]
    fn more_time_never_costs_less(rate in rates(), start in 0i64..4_000_000_000, one in 0i64..9_000_000, more in 0i64..9_000_000) {
        let from = Timestamp::from_second(start).unwrap();
        let after = |seconds| Timestamp::from_second(start + seconds).unwrap();
        prop_assert!(rate.charged(from, after(one)) <= rate.charged(from, after(one + more)));
    }

    #[test]
    fn no_less_than_the_minimum_and_no_more_than_the_caps(rate in rates(), start in 0i64..4_000_000_000, seconds in 1i64..9_000_000) {
        let (from, until) = (Timestamp::from_second(start).unwrap(), Timestamp::from_second(start + seconds).unwrap());
        let charged = rate.charged(from, until);
        let least = rate.plainly(rate.minimum);
        prop_assert!(charged >= rate.monthly_cap.map_or(least, |cap| cap.min(least)));
        if let Some(cap) = rate.monthly_cap {
            // It can touch so many months, and one more where rounding up leads into it.
            let months = seconds / (28 * 86_400) + 3;
            prop_assert!(charged.micros() <= cap.micros() * months);
        }
    }

    #[test]
    fn the_days_have_the_whole_between_them(rate in rates(), start in 0i64..4_000_000_000, seconds in 1i64..900_000) {
        let (from, until) = (Timestamp::from_second(start).unwrap(), Timestamp::from_second(start + seconds).unwrap());
        let (mut day, mut sum) = (Period::day(from), Money::ZERO);
        while day.from < until {
            sum = sum.plus(rate.charged_in(from, until, day));
            day = Period::day(day.until);
        }
        prop_assert_eq!(sum, rate.charged(from, until));
    }
}
