//! Spans of time (`90s`, `10m`, `1h30m`, `2d`) and moments (`10m` ago, or a date and time).

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use machine_core::{Clock, Error, ErrorKind};

/// Reads a span of time: numbers, each with a unit of `ms`, `s`, `m`, `h`, `d` or `w`.
///
/// # Errors
/// One sentence that shows how a span is written.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a span of time; write it like 90s, 10m, 1h30m or 2d");
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|found: char| !found.is_ascii_digit()).ok_or_else(bad)?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after.find(|found: char| found.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let number: u64 = number.parse().map_err(|_| bad())?;
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return Err(bad()),
        };
        let span = number.checked_mul(millis).map(Duration::from_millis).ok_or_else(bad)?;
        total = total.checked_add(span).ok_or_else(bad)?;
        rest = after;
    }
    Ok(total)
}

/// A moment as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A date and time.
    At(Timestamp),
    /// So long before now.
    Ago(Duration),
}

impl Moment {
    /// When it is.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for one that is before all time.
    pub(crate) fn at(self, clock: &Clock) -> Result<Timestamp, Error> {
        match self {
            Self::At(at) => Ok(at),
            Self::Ago(ago) => SignedDuration::try_from(ago)
                .ok()
                .and_then(|ago| clock.now().checked_sub(ago).ok())
                .ok_or_else(|| Error::new(ErrorKind::Invalid, format!("{} s ago is before all time", ago.as_secs()))),
        }
    }
}

/// Reads a moment: a span of time before now, or a date and time (in this computer's time zone where it names none).
///
/// # Errors
/// One sentence that shows how a moment is written.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(ago) = duration(text) {
        return Ok(Moment::Ago(ago));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Moment::At(at));
    }
    text.parse::<DateTime>()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)))
        .ok()
        .and_then(|local| local.to_zoned(TimeZone::system()).ok())
        .map(|zoned| Moment::At(zoned.timestamp()))
        .ok_or_else(|| {
            format!("`{text}` is neither a span of time (10m, 2h) nor a time (2026-11-20T18:30:00, or with Z for UTC)")
        })
}

/// When something ends that may take `ttl` from now on.
///
/// # Errors
/// A time so far away that no calendar has it.
pub(crate) fn deadline(clock: &Clock, ttl: Option<Duration>) -> Result<Option<Timestamp>, Error> {
    let Some(ttl) = ttl else { return Ok(None) };
    let deadline = SignedDuration::try_from(ttl).ok().and_then(|ttl| clock.now().checked_add(ttl).ok());
    deadline.map(Some).ok_or_else(|| Error::new(ErrorKind::Invalid, "`--ttl` ends after all time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, seconds) in
            [("90s", 90), ("10m", 600), ("1h30m", 5_400), ("2d", 172_800), ("1w", 604_800), ("0s", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "10", "s", "-1s", "1.5h", "10 m", "1y", "99999999999999999999s", "9999999999999999w", "1h30"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments() {
        let clock = Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap());
        let at = |text| moment(text).unwrap().at(&clock).map(|at| at.to_string());
        assert_eq!(at("1h").unwrap(), "2026-01-02T02:04:05Z");
        assert_eq!(at("2025-01-02T03:04:05Z").unwrap(), "2025-01-02T03:04:05Z");
        assert!(at("9999999w").unwrap_err().to_string().contains("before all time"));
        assert!(moment("2026-01-02T03:04:05").is_ok());
        assert!(moment("2026-01-02").is_ok());
        assert!(moment("yesterday").is_err());
    }
}
