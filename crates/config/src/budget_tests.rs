use machine_core::{Environment, ErrorKind};

use super::*;
use crate::Registry;

fn read(text: &str) -> Result<Budget> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    std::fs::write(&file, text).unwrap();
    let environment = Environment::from_iter([("LIMIT", "12.5")]);
    let registry = Registry::new().with::<crate::tests::Sky>();
    Config::load(registry, environment, Some(&file))?.budget()
}

fn cents(cents: i64) -> Option<Money> {
    Some(Money::from_micros(cents * 10_000))
}

#[test]
fn nothing_is_limited_where_nothing_is_said() {
    for text in ["", "budget:\n", "budget: {}\n"] {
        assert!(read(text).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn limits_are_dollars_and_may_be_variables() {
    let text = "budget:\n  per-machine: 5\n  per-day: ${LIMIT}\n  providers: {big-sky: 0.5}\n  unknown-hour: 0.1\n";
    let budget = read(text).unwrap();
    assert_eq!((budget.per_machine, budget.per_day, budget.unknown_hour), (cents(500), cents(1_250), cents(10)));
    assert_eq!(budget.providers.get("sky").copied(), cents(50), "by its kind, whatever it is called");
}

#[test]
fn what_is_no_limit_is_an_error_with_its_place() {
    for (text, says) in [
        ("budget:\n  per-dya: 5\n", "line 2, column 3: `budget.per-dya`: unknown field `per-dya`"),
        ("budget:\n  per-day: five\n", "line 2, column 3: `budget.per-day`"),
        ("budget:\n  per-day: -1\n", "-1 is no amount of dollars"),
        ("budget:\n  per-day: ${NO_SUCH}\n", "`NO_SUCH` is not set"),
        ("budget:\n  providers: {sly: 1}\n", "there is no kind of provider called `sly`"),
        ("budget: 5\n", "line 1"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(says), "{text:?}: {error}");
    }
    assert_eq!(read("budget:\n  per-dya: 5\n").unwrap_err().hint(), Some("did you mean `per-day`?"));
}
