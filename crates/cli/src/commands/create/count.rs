//! Several machines by one command.

use futures::stream::{self, StreamExt as _};
use machine_core::{Machine, MachineName};

use crate::app::App;
use crate::failure::{Failure, code, retold};
use crate::show::{MachineJson, Output};
use crate::wish::Wish;

/// How many are made, or waited for, at the same time. The rates of each cloud hold besides.
const AT_ONCE: usize = 8;

/// What came of one wish.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The machine, where one was made, as it was last seen.
    pub(super) machine: Option<Machine>,
    /// What went wrong, before or after.
    pub(super) failure: Option<Failure>,
}

/// The names: that one, or so many of it with a number behind.
///
/// # Errors
/// `Invalid` for a name that no machine can have.
pub(super) fn names(base: &str, count: Option<u16>) -> Result<Vec<MachineName>, Failure> {
    let Some(count) = count else { return Ok(vec![base.parse()?]) };
    (1..=count).map(|number| Ok(format!("{base}-{number}").parse()?)).collect()
}

/// Does that with each of them, several at the same time, and answers in their order.
pub(super) async fn at_once<W, T>(wishes: impl IntoIterator<Item = W>, one: impl AsyncFn(W) -> T) -> Vec<T> {
    stream::iter(wishes).map(|wish| one(wish)).buffered(AT_ONCE).collect().await
}

/// Shows what was made, says by name what went wrong, and decides the exit code.
///
/// # Errors
/// [`code::PARTLY`] where some were made and not all is well; the code of the first failure where none were.
pub(super) fn conclude(app: &App, wishes: &[Wish], outcomes: Vec<Outcome>, output: &Output) -> Result<u8, Failure> {
    if let Some(format) = output.for_programs() {
        let machines: Vec<_> =
            outcomes.iter().filter_map(|outcome| outcome.machine.as_ref()).map(MachineJson::of).collect();
        app.printer.values(format, &machines)?;
    }
    let made = outcomes.iter().any(|outcome| outcome.machine.is_some());
    let mut first = None;
    for (wish, Outcome { failure, .. }) in wishes.iter().zip(outcomes) {
        match failure {
            None => {}
            Some(Failure::Error(error)) => {
                app.printer.error(&retold(&error, format!("{}: {error}", wish.spec.name)));
                first.get_or_insert(Failure::Error(error).code());
            }
            Some(failure) => return Err(failure),
        }
    }
    match first {
        None => Ok(code::OK),
        Some(_) if made => Err(Failure::Said(code::PARTLY)),
        Some(code) => Err(Failure::Said(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_have_numbers() {
        let names = |base: &str, count| names(base, count).map(|names| names.iter().map(ToString::to_string).collect());
        let told: Vec<String> = names("web", Some(3)).unwrap();
        assert_eq!(told, ["web-1", "web-2", "web-3"]);
        assert_eq!(names("web", None).unwrap(), ["web"]);
        let long = "x".repeat(62);
        assert!(names(&long, Some(1)).is_err() && names(&long, None).is_ok());
    }
}
