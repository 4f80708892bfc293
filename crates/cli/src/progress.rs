//! What a person sees at a terminal while something takes its time: a line for each machine, redrawn in place.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::printer::Printer;
use crate::show;

/// What is over sooner is not worth a line.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often it is looked whether anything has changed.
const EVERY: Duration = Duration::from_millis(200);
/// More machines than this are one line.
const LINES: usize = 10;

/// What is shown of machines while somebody waits for them. Where nobody watches, or wants it quiet, it does nothing.
#[derive(Debug)]
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    shown: bool,
    lines: Mutex<Vec<Line>>,
}

/// One machine.
#[derive(Debug)]
struct Line {
    name: String,
    state: String,
    since: Instant,
}

impl<'a> Progress<'a> {
    /// Nothing is waited for yet.
    pub(crate) fn new(printer: &'a Printer) -> Self {
        let shown = printer.page_of_notes().is_some() && !printer.is_quiet();
        Self { printer, shown, lines: Mutex::default() }
    }

    /// The same, which shows nothing where somebody asked for that.
    #[must_use]
    pub(crate) fn hidden_where(self, hidden: bool) -> Self {
        Self { shown: self.shown && !hidden, ..self }
    }

    /// The machine of that name is waited for, and in this state by now.
    pub(crate) fn set(&self, name: &str, state: impl Into<String>) {
        let (mut lines, state) = (self.lines(), state.into());
        match lines.iter_mut().find(|line| line.name == name) {
            Some(line) if line.state == state => {}
            Some(line) => (line.state, line.since) = (state, Instant::now()),
            None => lines.push(Line { name: name.to_owned(), state, since: Instant::now() }),
        }
    }

    /// The machine of that name is not waited for any more.
    pub(crate) fn remove(&self, name: &str) {
        self.lines().retain(|line| line.name != name);
    }

    /// The machine of that name is waited for until what this returns is dropped.
    #[must_use]
    pub(crate) fn line<'b>(&'b self, name: &'b str, state: impl Into<String>) -> Waited<'b> {
        self.set(name, state);
        Waited { progress: self, name }
    }

    /// Shows what is waited for until `work` is done, and then nothing.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        if !self.shown {
            return work.await;
        }
        let mut work = std::pin::pin!(work);
        let mut ticks = interval_at(Instant::now() + PATIENCE, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut work => break done,
                _ = ticks.tick() => self.printer.draw(self.text()),
            }
        };
        self.printer.draw(Vec::new());
        done
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        // Whoever panicked did so between two lines.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> Vec<String> {
        text(&self.lines(), Instant::now())
    }
}

/// A machine that is waited for.
#[derive(Debug)]
pub(crate) struct Waited<'a> {
    progress: &'a Progress<'a>,
    name: &'a str,
}

impl Drop for Waited<'_> {
    /// It is not waited for any more, however that ended.
    fn drop(&mut self) {
        self.progress.remove(self.name);
    }
}

/// A line for each, or one for all where there are many.
fn text(lines: &[Line], now: Instant) -> Vec<String> {
    let seconds = |since: Instant| show::seconds(now.saturating_duration_since(since));
    if lines.len() <= LINES {
        let width = lines.iter().map(|line| show::width(&line.name)).max().unwrap_or(0);
        let line = |Line { name, state, since }: &Line| {
            let room = " ".repeat(width - show::width(name));
            show::clean(&format!("{name}{room}   {state}   {}", seconds(*since)))
        };
        return lines.iter().map(line).collect();
    }
    let mut states: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match states.iter_mut().find(|(state, _)| *state == line.state) {
            Some((_, count)) => *count += 1,
            None => states.push((&line.state, 1)),
        }
    }
    let states = states.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ");
    let oldest = lines.iter().map(|line| line.since).min().unwrap_or(now);
    vec![show::clean(&format!("{} machines: {states}   {}", lines.len(), seconds(oldest)))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize, now: Instant) -> Vec<Line> {
        let line = |number| Line {
            name: format!("web-{number}"),
            state: if number == 0 { "destroying" } else { "waiting" }.to_owned(),
            since: now,
        };
        (0..count).map(line).collect()
    }

    #[tokio::test]
    async fn a_few_have_a_line_each_and_many_have_one() {
        let now = Instant::now();
        let later = now + Duration::from_secs(75);
        assert_eq!(text(&lines(2, now), later), ["web-0   destroying   1m", "web-1   waiting   1m"]);
        assert_eq!(text(&lines(10, now), now).len(), 10);
        assert_eq!(text(&lines(12, now), now), ["12 machines: 1 destroying, 11 waiting   0s"]);
        assert!(text(&[], now).is_empty());
    }
}
