//! Keeping what happens in a job.

use jiff::Timestamp;
use machine_agent::JobEvent;
use machine_core::{Clock, Machine, OsText, Result};
use machine_fleet::Entry;

use super::event::Stitcher;
use super::{Ended, Event, Facts, Kept};

/// Keeps what happens in a job.
#[derive(Debug)]
pub(crate) struct Recorder {
    clock: Clock,
    kept: Kept,
    stitchers: [Stitcher; 2],
}

impl Recorder {
    /// Nothing has happened yet.
    pub(crate) fn new(clock: &Clock, kept: Kept) -> Self {
        Self { clock: clock.clone(), kept, stitchers: [Stitcher::default(), Stitcher::default()] }
    }

    /// What is known of the job.
    pub(crate) fn facts(&self) -> &Facts {
        self.kept.facts()
    }

    /// Its machine is there. Returns what was kept.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn start(&mut self, machine: &Machine) -> Result<Event> {
        let at = self.now();
        self.kept.change(|facts| facts.start(machine, at))?;
        let event = Event::Started {
            at,
            job: self.facts().id.clone(),
            machine: machine.id.to_string(),
            name: machine.name.clone(),
            provider: machine.provider.clone(),
        };
        self.kept.note(&event)?;
        Ok(event)
    }

    /// Keeps an event. Returns what was kept: text where there were bytes, which may come with those that follow.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn tell(&mut self, event: JobEvent) -> Result<Vec<Event>> {
        let events: Vec<Event> = match event {
            JobEvent::Stdout(bytes) => {
                self.stitchers[0].push(&bytes).map(|data| written(0, data)).into_iter().collect()
            }
            JobEvent::Stderr(bytes) => {
                self.stitchers[1].push(&bytes).map(|data| written(1, data)).into_iter().collect()
            }
            JobEvent::Note(text) => vec![Event::Note { text }],
            JobEvent::Lost { frames } => vec![Event::Lost { frames }],
            JobEvent::Ended(outcome) => {
                let ended = Ended::new(&outcome, self.now());
                self.kept.change(|facts| facts.ended = Some(ended.clone()))?;
                let rests = [0, 1].map(|which| self.stitchers[which].finish().map(|data| written(which, data)));
                rests.into_iter().flatten().chain([Event::Ended(ended)]).collect()
            }
            _ => Vec::new(),
        };
        for event in &events {
            self.kept.note(event)?;
        }
        Ok(events)
    }

    /// The job could not be begun, or its end not be seen.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn fail(&mut self, why: &str, exit_code: u8) -> Result<()> {
        let ended = Ended::of_failure(why.to_owned(), exit_code, self.now());
        let mut fresh = false;
        self.kept.change(|facts| {
            fresh = facts.ended.is_none();
            facts.ended.get_or_insert_with(|| ended.clone());
        })?;
        if fresh { self.kept.note(&Event::Ended(ended)) } else { Ok(()) }
    }

    /// Its machine was destroyed, and this is what the ledger knows of that.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn settle(&mut self, entry: &Entry) -> Result<()> {
        let now = self.now();
        self.kept.change(|facts| facts.settle(entry, now))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn written(which: usize, data: OsText) -> Event {
    if which == 0 { Event::Stdout { data } } else { Event::Stderr { data } }
}
