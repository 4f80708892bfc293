//! Telling what happens in a job: to whoever reads our output, and to what is kept of it.

use bytes::Bytes;
use machine_agent::JobEvent;
use machine_core::{Clock, Machine, OsText};
use machine_fleet::Entry;

use super::event::Stitcher;
use super::store::line;
use super::{Ended, Event, Kept};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::pump::Pump;
use crate::streams::Target;

/// Tells what happens in a job.
#[derive(Debug)]
pub(crate) struct Narrator {
    printer: Printer,
    clock: Clock,
    kept: Kept,
    /// Whether events are printed as lines of JSON, and not as the output that they hold.
    json: bool,
    stitchers: [Stitcher; 2],
}

impl Narrator {
    /// Tells it so.
    pub(crate) fn new(printer: &Printer, clock: &Clock, kept: Kept, json: bool) -> Self {
        let stitchers = [Stitcher::default(), Stitcher::default()];
        Self { printer: printer.clone(), clock: clock.clone(), kept, json, stitchers }
    }

    /// Its machine is there.
    ///
    /// # Errors
    /// Where it cannot be kept, or nobody reads our output any more.
    pub(crate) fn start(&mut self, machine: &Machine) -> Result<(), Failure> {
        let at = self.clock.now();
        self.kept.change(|facts| facts.start(machine, at))?;
        let event = Event::Started {
            at,
            job: self.kept.id().to_owned(),
            machine: machine.id.to_string(),
            name: machine.name.clone(),
            provider: machine.provider.clone(),
        };
        self.kept.note(&event)?;
        if self.json { self.printer.out(line(&event)?) } else { Ok(()) }
    }

    /// Tells an event, all of it before the future is done.
    ///
    /// # Errors
    /// As [`Pump::write`]; where it cannot be kept.
    pub(crate) async fn tell(&mut self, event: JobEvent, pump: &mut Pump) -> Result<(), Failure> {
        match event {
            JobEvent::Stdout(bytes) => self.output(0, bytes, pump).await,
            JobEvent::Stderr(bytes) => self.output(1, bytes, pump).await,
            JobEvent::Note(text) => {
                if !self.json {
                    self.printer.note(&text);
                }
                self.say(Event::Note { text }, pump).await
            }
            JobEvent::Lost { frames } => {
                if !self.json {
                    self.printer
                        .warn(format_args!("some output was lost on the way: {frames} pieces of at most 32 KiB each"));
                }
                self.say(Event::Lost { frames }, pump).await
            }
            JobEvent::Ended(outcome) => {
                for (which, rest) in [0, 1].map(|which| (which, self.stitchers[which].finish())) {
                    if let Some(data) = rest {
                        self.say(written(which, data), pump).await?;
                    }
                }
                let ended = Ended::new(&outcome, self.clock.now());
                self.kept.change(|facts| facts.ended = Some(ended.clone()))?;
                self.say(Event::Ended(ended), pump).await
            }
            _ => Ok(()),
        }
    }

    /// The job could not be begun, or its end not be seen.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn fail(&mut self, why: &str, exit_code: u8) -> Result<(), Failure> {
        let at = self.clock.now();
        let ended = Ended::of_failure(why.to_owned(), exit_code, at);
        let mut fresh = false;
        self.kept.change(|facts| {
            fresh = facts.ended.is_none();
            facts.ended.get_or_insert_with(|| ended.clone());
        })?;
        if fresh {
            self.kept.note(&Event::Ended(ended))?;
        }
        Ok(())
    }

    /// Its machine was destroyed, and this is what the ledger knows of that.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn settle(&mut self, entry: &Entry) -> Result<(), Failure> {
        let now = self.clock.now();
        self.kept.change(|facts| facts.settle(entry, now)).map_err(Failure::from)
    }

    async fn output(&mut self, which: usize, bytes: Bytes, pump: &mut Pump) -> Result<(), Failure> {
        if let Some(data) = self.stitchers[which].push(&bytes) {
            self.say(written(which, data), pump).await?;
        }
        if self.json {
            return Ok(());
        }
        pump.write(if which == 0 { Target::Stdout } else { Target::Stderr }, bytes).await
    }

    async fn say(&mut self, event: Event, pump: &mut Pump) -> Result<(), Failure> {
        self.kept.note(&event)?;
        if self.json { pump.write(Target::Stdout, Bytes::from(line(&event)?)).await } else { Ok(()) }
    }
}

fn written(which: usize, data: OsText) -> Event {
    if which == 0 { Event::Stdout { data } } else { Event::Stderr { data } }
}
