//! Following a job's log: verified frames become events, and the last one the outcome.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{Deadline, ErrorKind, ExitStatus, Goal, LogLine, LogOptions, Machine, MachineState, Stream, Until};
use machine_guest::frame::{Decoded, Decoder, Final, Frame, Kind, Started};
use tokio::sync::{mpsc, watch};

use crate::Outcome;
use crate::guest::Inside;
use crate::job::{JobEvent, Tally};

/// How often a log that broke off is taken up again.
const ATTEMPTS: u32 = 5;
/// How long a machine may take to come to rest after its job has ended, where that tells more about the end.
const REST_WITHIN: Duration = Duration::from_secs(3);

/// Follows a job's log to its end.
pub(crate) struct Follower {
    pub(crate) inside: std::sync::Arc<Inside>,
    pub(crate) decoder: Decoder,
    pub(crate) events: mpsc::Sender<JobEvent>,
    pub(crate) acknowledged: watch::Sender<u64>,
    pub(crate) tally: watch::Sender<Tally>,
    /// Whether the machine ends by itself when the job has ended.
    pub(crate) machine_ends: bool,
}

impl Follower {
    /// Sends every event; the last is the end, whatever happened.
    pub(crate) async fn run(mut self) {
        let outcome = self.follow().await;
        let (lost, foreign) = (self.decoder.lost(), self.decoder.foreign_lines());
        self.tally.send_replace(Tally { outcome: Some(outcome.clone()), lost, foreign });
        self.emit(JobEvent::Ended(outcome)).await;
    }

    async fn follow(&mut self) -> Outcome {
        let mut why = String::new();
        for attempt in 0..ATTEMPTS {
            let how = LogOptions { follow: true, ..LogOptions::default() };
            // From the beginning each time: frames that were seen already are recognised by their numbers.
            let mut lines = self.inside.provider().logs(self.inside.machine().clone(), how);
            while let Some(line) = lines.next().await {
                match line {
                    Ok(line) => {
                        if let Some(last) = self.take(line).await {
                            return self.outcome(last).await;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        return Outcome::Unknown { why: "its machine is gone".to_owned() };
                    }
                    Err(error) => why = format!("its log cannot be read: {error}"),
                }
            }
            match self.inside.provider().get(self.inside.machine()).await {
                Ok(machine) if Goal::Ended.reached(&machine) => {
                    return Outcome::Unknown { why: how_it_ended(&machine) };
                }
                Ok(machine) if why.is_empty() => why = format!("its log ended while its machine is {}", machine.state),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Outcome::Unknown { why: "its machine is gone".to_owned() };
                }
                Err(error) => why = format!("its machine cannot be reached: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(200) * 2_u32.pow(attempt)).await;
        }
        Outcome::Unknown { why }
    }

    /// Deals with one line. The final frame's contents are returned.
    async fn take(&mut self, line: LogLine) -> Option<Final> {
        if line.stream == Stream::System {
            self.emit(JobEvent::Note(String::from_utf8_lossy(&line.text).into_owned())).await;
            return None;
        }
        // The guest writes frames to standard output only, and whole lines only.
        let decoded = self.decoder.decode(if line.stream == Stream::Stdout { &line.text } else { b"" });
        let Decoded::Frame { frame: Frame { number, kind, payload }, lost } = decoded else { return None };
        if lost > 0 {
            self.emit(JobEvent::Lost { frames: lost }).await;
        }
        match kind {
            Kind::Stdout => self.emit(JobEvent::Stdout(Bytes::from(payload))).await,
            Kind::Stderr => self.emit(JobEvent::Stderr(Bytes::from(payload))).await,
            Kind::Note => self.emit(JobEvent::Note(String::from_utf8_lossy(&payload).into_owned())).await,
            Kind::Started => {
                let isolated = serde_json::from_slice::<Started>(&payload).is_ok_and(|started| started.isolated);
                if !isolated {
                    let note = "this machine has no namespaces: the job could disturb its own supervisor, and processes that \
                                detach themselves may outlive it";
                    self.emit(JobEvent::Note(note.to_owned())).await;
                }
            }
            Kind::Final => return Some(Final::from_bytes(&payload)),
        }
        // Said only when the event is in the hands of whoever takes them: that is what holds the job back.
        self.acknowledged.send_replace(number);
        None
    }

    async fn outcome(&self, last: Final) -> Outcome {
        let mut status = last.status;
        if status.signal == Some(9) && !status.oom && self.machine_ends {
            // The guest cannot see why the kernel killed the job; the machine's own end tells.
            let until = Until { goal: Goal::Ended, deadline: Deadline::after(REST_WITHIN) };
            if let Ok(machine) = self.inside.provider().wait(self.inside.machine(), &until).await {
                status.oom = machine.exit.is_some_and(|exit| exit.oom);
            }
        }
        Outcome::from_status(status)
    }

    async fn emit(&self, event: JobEvent) {
        // Nobody may be listening any more: then what is left of the job still has to be seen to its end.
        let _ = self.events.send(event).await;
    }
}

/// What a machine that ended without the guest's last word tells about that.
pub(crate) fn how_it_ended(machine: &Machine) -> String {
    let exit = match &machine.exit {
        Some(ExitStatus { message: Some(message), .. }) => message.clone(),
        Some(ExitStatus { oom: true, .. }) => "it ran out of memory".to_owned(),
        Some(ExitStatus { code: Some(code), .. }) => format!("the job's supervisor in it exited with {code}"),
        Some(ExitStatus { signal: Some(signal), .. }) => format!("signal {signal} ended the job's supervisor in it"),
        Some(status) => format!("the provider says {:?}", status.reason),
        None if machine.state == MachineState::Destroyed => "it was destroyed".to_owned(),
        None => format!("it is {}", machine.state),
    };
    format!("its machine ended without a last word: {exit}")
}
