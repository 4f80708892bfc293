//! How long a machine that is created may stay: what the flag says, else the configuration.

use std::time::Duration;

use jiff::Timestamp;
use machine_config::Section;
use machine_core::{Clock, Error, ErrorKind, Result};

use crate::app::App;
use crate::schedule;
use crate::setup::Setup;
use crate::typed::Typed;
use crate::values;

/// How long a machine may stay, once somebody has said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ttl {
    /// For as long as nobody destroys it.
    None,
    /// So long from now.
    After(Duration),
}

/// Reads a span of time, or `none`.
///
/// # Errors
/// One sentence that shows how it is written.
pub(crate) fn parse(text: &str) -> Result<Ttl, String> {
    match text {
        "none" => Ok(Ttl::None),
        text => values::duration(text).map(Ttl::After).map_err(|why| format!("{why}, or `none` for no deadline")),
    }
}

impl Ttl {
    /// When the machine must be gone.
    ///
    /// # Errors
    /// [`Invalid`](machine_core::ErrorKind::Invalid) for a time so far away that no calendar has it.
    pub(crate) fn deadline(self, clock: &Clock) -> Result<Option<Timestamp>> {
        match self {
            Self::None => Ok(None),
            Self::After(span) => values::deadline(clock, Some(span)),
        }
    }
}

/// What the configuration says of machines of that account.
///
/// # Errors
/// A length of time that cannot be read, with its place.
pub(crate) fn configured(setup: &Setup, section: &Section) -> Result<Option<Ttl>> {
    let Some(written) = setup.config.ttl(section)? else { return Ok(None) };
    parse(written.text()).map(Some).map_err(|why| written.error(why))
}

/// What holds for a machine that is made to stay: the flag before its type, and that before the configuration.
///
/// # Errors
/// As [`configured`].
pub(crate) fn effective(app: &App, flag: Option<Ttl>, typed: Option<&Typed>) -> Result<Option<Ttl>> {
    match (flag, typed.and_then(|typed| Some((typed, typed.ttl()?)))) {
        (Some(ttl), _) => Ok(Some(ttl)),
        (None, Some((typed, written))) => parse(written)
            .map(Some)
            .map_err(|why| Error::new(ErrorKind::Config, format!("`machines.{}.ttl`: {why}", typed.name))),
        (None, None) => configured(app.setup(), app.settings()),
    }
}

/// Says what there is to know about the deadline of a machine that was made where it costs something: that it has
/// none, or that nobody would destroy it when it is over.
///
/// # Errors
/// A configuration that cannot be read.
pub(crate) async fn advise(app: &App, ttl: Option<Ttl>) -> Result<()> {
    let can = app.provider().capabilities();
    if !can.remote {
        return Ok(());
    }
    match ttl {
        Some(Ttl::None) => {}
        None => app.printer.note(
            "This machine has no deadline and is paid for until it is destroyed. `--ttl 12h`, or `ttl:` in the \
             configuration, gives it one; `--ttl none` says that none is meant.",
        ),
        Some(Ttl::After(_)) if can.guest_end_ends_bill => {}
        Some(Ttl::After(_)) => {
            if schedule::find(app.setup()).await?.is_none() {
                let title = app.provider().info().title;
                app.printer.warn(format_args!(
                    "at {title} a machine is paid for until it is destroyed, and nothing here destroys it at its deadline: \
                     no sweep is scheduled. `machine gc --install-timer` schedules one"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_or_none() {
        assert_eq!(parse("none"), Ok(Ttl::None));
        assert_eq!(parse("90s"), Ok(Ttl::After(Duration::from_secs(90))));
        assert!(parse("never").unwrap_err().contains("or `none`"));
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_second(90).unwrap();
        assert_eq!(Ttl::After(Duration::from_secs(90)).deadline(&clock).unwrap(), Some(later));
        assert_eq!(Ttl::None.deadline(&clock).unwrap(), None);
        assert_eq!(Ttl::After(Duration::MAX).deadline(&clock).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
