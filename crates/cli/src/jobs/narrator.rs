//! Telling what happens in a job: to whoever reads our output, and to what is kept of it.

use bytes::Bytes;
use machine_agent::JobEvent;
use machine_core::{Clock, Machine};
use machine_fleet::Entry;

use super::store::line;
use super::{Kept, Recorder};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::pump::Pump;
use crate::streams::Target;

/// Tells what happens in a job.
#[derive(Debug)]
pub(crate) struct Narrator {
    printer: Printer,
    recorder: Recorder,
    /// Whether events are printed as lines of JSON, and not as the output that they hold.
    json: bool,
}

impl Narrator {
    /// Tells it so.
    pub(crate) fn new(printer: &Printer, clock: &Clock, kept: Kept, json: bool) -> Self {
        Self { printer: printer.clone(), recorder: Recorder::new(clock, kept), json }
    }

    /// Whether its machine ever was there.
    pub(crate) fn has_started(&self) -> bool {
        self.recorder.facts().started_at.is_some()
    }

    /// Its machine is there.
    ///
    /// # Errors
    /// Where it cannot be kept, or nobody reads our output any more.
    pub(crate) fn start(&mut self, machine: &Machine) -> Result<(), Failure> {
        let event = self.recorder.start(machine)?;
        if self.json { self.printer.out(line(&event)?) } else { Ok(()) }
    }

    /// Tells an event, all of it before the future is done.
    ///
    /// # Errors
    /// As [`Pump::write`]; where it cannot be kept.
    pub(crate) async fn tell(&mut self, event: JobEvent, pump: &mut Pump) -> Result<(), Failure> {
        let kept = self.recorder.tell(event.clone())?;
        if self.json {
            for event in &kept {
                pump.write(Target::Stdout, Bytes::from(line(event)?)).await?;
            }
            return Ok(());
        }
        match event {
            JobEvent::Stdout(bytes) => pump.write(Target::Stdout, bytes).await,
            JobEvent::Stderr(bytes) => pump.write(Target::Stderr, bytes).await,
            JobEvent::Note(text) => {
                self.printer.note(text);
                Ok(())
            }
            JobEvent::Lost { frames } => {
                let what = "some output was lost on the way";
                self.printer.warn(format_args!("{what}: {frames} pieces of at most 32 KiB each"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The job could not be begun, or its end not be seen.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn fail(&mut self, why: &str, exit_code: u8) -> Result<(), Failure> {
        self.recorder.fail(why, exit_code).map_err(Failure::from)
    }

    /// Its machine was destroyed, and this is what the ledger knows of that.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub(crate) fn settle(&mut self, entry: &Entry) -> Result<(), Failure> {
        self.recorder.settle(entry).map_err(Failure::from)
    }
}
