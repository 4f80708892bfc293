//! Times, ages and states in a person's words.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use machine_core::{Clock, Machine};

/// How long ago `at` was, in one or two units: `12s`, `5m`, `3h 10m`, `2d 4h`.
pub(crate) fn age(at: Timestamp, clock: &Clock) -> String {
    span(clock.now().duration_since(at))
}

/// How long that is, in the same words.
pub(crate) fn seconds(long: Duration) -> String {
    span(SignedDuration::try_from(long).unwrap_or(SignedDuration::MAX))
}

fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        (1..=13, _, _) => format!("{days}d {}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// A moment as a person reads it: whole seconds, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A machine's state, with how it ended where it has: `stopped (exit 3)`, `failed (lost)`.
pub(crate) fn state(machine: &Machine) -> String {
    let ended = machine.exit.as_ref().and_then(|exit| match (exit.code, exit.signal) {
        (Some(code), _) => Some(format!("exit {code}")),
        (None, Some(signal)) => Some(format!("signal {signal}")),
        (None, None) => None,
    });
    let state = machine.state.as_str();
    match ended {
        Some(ended) => format!("{state} ({ended})"),
        None if machine.raw_state == state => state.to_owned(),
        None => format!("{state} ({})", machine.raw_state),
    }
}

/// The text without anything that would move a terminal's cursor or break a line: names and notes come from outside.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|found| if found.is_control() { '?' } else { found }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let age = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(age(-5), "0s");
        assert_eq!(age(59), "59s");
        assert_eq!(age(300), "5m");
        assert_eq!(age(11_400), "3h 10m");
        assert_eq!(age(187_200), "2d 4h");
        assert_eq!(age(86_400 * 40), "40d");
    }
}
