//! How a case ends, and the words in which it insists.

use std::fmt::Debug;

use machine_core::{Error, ErrorKind};

/// How a case ends: well, or for this reason not.
pub(crate) type Outcome<T = ()> = Result<T, Stop>;

/// Why a case goes no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The contract is broken.
    Broken(String),
    /// The provider cannot do it, and its capabilities say so.
    Lacks(String),
    /// The surroundings do not let it be tested.
    Missing(String),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(format!("this was to succeed: {error:?}"))
    }
}

/// Insists that the operation was refused, in one of these ways.
pub(crate) fn refused<T: Debug>(result: Result<T, Error>, kinds: &[ErrorKind], what: &str) -> Outcome<Error> {
    match result {
        Ok(answer) => Err(Stop::Broken(format!("{what} was to be {kinds:?} and succeeded: {answer:?}"))),
        Err(error) if kinds.contains(&error.kind()) => Ok(error),
        Err(error) => Err(Stop::Broken(format!("{what} was to be {kinds:?}: {error:?}"))),
    }
}

/// Breaks off with a sentence.
macro_rules! broken {
    ($($sentence:tt)+) => {
        return Err($crate::outcome::Stop::Broken(format!($($sentence)+)))
    };
}

/// Insists that something is so; the sentence says what is not.
macro_rules! ensure {
    ($so:expr, $($sentence:tt)+) => {
        if !$so {
            broken!($($sentence)+);
        }
    };
}

/// Insists that two things are the same.
macro_rules! ensure_eq {
    ($is:expr, $should_be:expr, $($what:tt)+) => {
        match (&$is, &$should_be) {
            (is, should_be) if *is == *should_be => {}
            (is, should_be) => broken!("{}: it is {is:?}, and should be {should_be:?}", format_args!($($what)+)),
        }
    };
}
