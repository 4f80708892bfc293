//! A job that is its machine's own command: its output is the machine's log, its end the machine's end.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::StreamExt as _;
use machine_core::{
    CloudProvider, Deadline, ErrorKind, Goal, LogLine, LogOptions, MachineId, Power, Signal, Stream, Until,
};
use machine_guest::control::ToGuest;
use tokio::sync::mpsc;

use super::{Told, limit};
use crate::follow::how_it_ended;
use crate::{JobEvent, Outcome};

/// How long one look for the machine's end lasts; then it is asked anew.
const LOOK: Duration = Duration::from_mins(5);
/// How long a machine may take to end beyond its grace, once it was told to.
const ENDED_WITHIN: Duration = Duration::from_secs(30);
/// How often in a row the machine may be out of sight before its end counts as unknown.
const LOOKS: u32 = 5;

/// What is followed.
pub(super) struct Own {
    pub(super) provider: Arc<dyn CloudProvider>,
    pub(super) machine: MachineId,
    pub(super) say: mpsc::Receiver<ToGuest>,
}

impl Own {
    /// Tells everything until the job has ended.
    pub(super) async fn run(self, told: Told, timeout: Option<Duration>, grace: Duration) {
        let outcome = self.watch(&told, timeout, grace).await;
        told.end(outcome).await;
    }

    async fn watch(mut self, told: &Told, timeout: Option<Duration>, grace: Duration) -> Outcome {
        let (provider, machine) = (Arc::clone(&self.provider), self.machine.clone());
        let seen = async {
            follow(&*provider, &machine, told).await;
            end(&*provider, &machine).await
        };
        let (time_is_up, lost_patience) = (limit(timeout), tokio::time::sleep(Duration::ZERO));
        tokio::pin!(seen, time_is_up, lost_patience);
        let (mut ended_by, mut timing, mut listening) = (None, true, true);
        let patience = || tokio::time::Instant::now() + grace + ENDED_WITHIN;
        let outcome = loop {
            tokio::select! {
                outcome = &mut seen => break outcome,
                () = &mut time_is_up, if timing => {
                    timing = false;
                    ended_by = ended_by.or(Some(Outcome::TimedOut));
                    lost_patience.as_mut().reset(patience());
                    self.stop(grace, told).await;
                }
                // Whatever keeps it from ending, its machine ends with the job.
                () = &mut lost_patience, if ended_by.is_some() => {
                    break Outcome::Unknown { why: "its machine was told to end and did not".to_owned() };
                }
                said = self.say.recv(), if listening => match said {
                    Some(ToGuest::Stop) => {
                        ended_by = ended_by.or(Some(Outcome::Cancelled));
                        lost_patience.as_mut().reset(patience());
                        self.stop(grace, told).await;
                    }
                    Some(ToGuest::Signal(signal)) => {
                        // Those that mean the end have a way; the others have none, and nobody is told a tale.
                        if [Signal::TERMINATE, Signal::INTERRUPT, Signal::KILL].contains(&signal) {
                            self.stop(if signal == Signal::KILL { Duration::ZERO } else { grace }, told).await;
                        } else {
                            let note = format!("signal {} cannot be sent to a machine's own command here", signal.0);
                            told.emit(JobEvent::Note(note)).await;
                        }
                    }
                    Some(_) => {}
                    None => listening = false,
                },
            }
        };
        ended_by.unwrap_or(outcome)
    }

    async fn stop(&self, grace: Duration, told: &Told) {
        if let Err(error) = self.provider.power(&self.machine, Power::Stop { grace }).await {
            told.emit(JobEvent::Note(format!("the job's machine cannot be stopped: {error}"))).await;
        }
    }
}

/// Hands on the log until it ends.
async fn follow(provider: &dyn CloudProvider, machine: &MachineId, told: &Told) {
    let mut lines = provider.logs(machine.clone(), LogOptions { follow: true, ..LogOptions::default() });
    while let Some(line) = lines.next().await {
        match line {
            Ok(LogLine { stream: Stream::System, text, .. }) => {
                told.emit(JobEvent::Note(String::from_utf8_lossy(&text).into_owned())).await;
            }
            Ok(line) => {
                let is_error = line.stream == Stream::Stderr;
                let text = whole(line);
                told.emit(if is_error { JobEvent::Stderr(text) } else { JobEvent::Stdout(text) }).await;
            }
            Err(error) => {
                told.emit(JobEvent::Note(format!("the job's output is not whole: its log cannot be read: {error}")))
                    .await;
                return;
            }
        }
    }
}

/// A line with its end, as the job wrote it.
fn whole(line: LogLine) -> Bytes {
    if line.partial {
        return line.text;
    }
    let mut text = BytesMut::with_capacity(line.text.len() + 1);
    text.extend_from_slice(&line.text);
    text.put_u8(b'\n');
    text.freeze()
}

/// How the machine ended, waited for.
async fn end(provider: &dyn CloudProvider, machine: &MachineId) -> Outcome {
    let mut why = String::new();
    for attempt in 0..LOOKS {
        // A job may take for ever, and so may its silence: only looks that fail are counted.
        let seen = loop {
            let until = Until { goal: Goal::Ended, deadline: Deadline::after(LOOK) };
            match provider.wait(machine, &until).await {
                Err(error) if error.kind() == ErrorKind::Timeout => {}
                seen => break seen,
            }
        };
        match seen {
            Ok(machine) => {
                let ended = || Outcome::Unknown { why: how_it_ended(&machine) };
                return machine.exit.clone().map_or_else(ended, Outcome::from_status);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Outcome::Unknown { why: "its machine is gone".to_owned() };
            }
            Err(error) => why = format!("its machine cannot be reached: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(500) * 2_u32.pow(attempt)).await;
    }
    Outcome::Unknown { why }
}
