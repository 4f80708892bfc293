//! What a machine without a command of its own has to tell: the output of its cloud-init, and the journal of its system.

mod entry;
mod lines;
mod reader;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use machine_core::{Deadline, Error, ErrorKind, LogLine, LogOptions, Machine, MachineState, Result};
use tokio::sync::mpsc;

use self::reader::{Reader, Told};
use crate::{Connection, Ssh};

/// How many lines wait for whoever reads them.
const QUEUE: usize = 256;
/// How long a machine that is not said to have ended may be out of reach.
const AWAY: Duration = Duration::from_mins(5);
/// How long nothing is tried after it was out of reach.
const BREATH: Duration = Duration::from_secs(1);
/// How long a machine may take to let us in again.
const AGAIN: Duration = Duration::from_secs(10);

/// Looks what has become of a machine.
pub type Look = Arc<dyn Fn() -> BoxFuture<'static, Result<Machine>> + Send + Sync>;

impl Ssh {
    /// The log of a machine, with the contract of [`CloudProvider::logs`](machine_core::CloudProvider::logs): what its
    /// cloud-init wrote, and then the journal since it booted. Lines of the former bear the time at which that file was
    /// written last, or at which they came. A connection that is lost is made anew, and goes on where it was.
    pub fn logs(&self, look: Look, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        let (told, receiver) = mpsc::channel(QUEUE);
        let ssh = self.clone();
        let reading = async move {
            // The receiver is gone when nobody wants to know.
            if let Err(Told::Failed(error)) = read(&ssh, &look, &how, &told).await {
                told.send(Err(error)).await.ok();
            }
        };
        let lines = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
        let driven = stream::once(reading).filter_map(async |()| None::<Result<LogLine>>);
        stream::select(lines, driven).boxed()
    }
}

async fn read(
    ssh: &Ssh,
    look: &Look,
    how: &LogOptions,
    told: &mpsc::Sender<Result<LogLine>>,
) -> std::result::Result<(), Told> {
    let mut machine = look().await?;
    let mut connection = ssh.connect(&machine).await?;
    let mut reader = Reader::new(ssh.user(), told);
    if !how.follow {
        return reader.history(&connection, how).await;
    }
    let mut begun = false;
    loop {
        let mut away_because = match tell(&mut reader, &connection, how, &mut begun).await {
            Ok(error) => error,
            Err(Told::Failed(error)) if passes(&error) => {
                // What fails as soon as it is begun is not begun again at once.
                tokio::time::sleep(BREATH).await;
                error
            }
            Err(told) => return Err(told),
        };
        if !begun {
            reader = Reader::new(ssh.user(), told);
        }
        drop(connection);
        let away = Deadline::after(AWAY);
        connection = loop {
            match look().await {
                Ok(seen) if is_over(&seen.state) => return Ok(()),
                Ok(seen) if seen.state == MachineState::Running => {
                    machine = seen;
                    match ssh.connect_within(&machine, AGAIN).await {
                        Ok(connection) => break connection,
                        // What we knew it by goes with it when another command destroys it, before the cloud says so.
                        Err(error) if !passes(&error) && error.kind() != ErrorKind::Config => return Err(error.into()),
                        Err(error) => {
                            tracing::debug!(%error, "a machine that runs is out of reach");
                            away_because = error;
                        }
                    }
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) if !passes(&error) => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "what became of a machine is not known"),
            }
            if away.passed() {
                return Err(away_because.into());
            }
            tokio::time::sleep(BREATH).await;
        };
    }
}

/// Tells what is there already, and what comes until the connection is lost; answers with what became of it. It has `begun` once
/// it cannot be told anew: of the last lines none is told before all are read.
async fn tell(
    reader: &mut Reader<'_>,
    connection: &Arc<Connection>,
    how: &LogOptions,
    begun: &mut bool,
) -> std::result::Result<Error, Told> {
    if !*begun {
        *begun = how.tail.is_none();
        reader.history(connection, how).await?;
        *begun = true;
    }
    reader.follow(connection).await
}

/// Whether nothing is written in it any more.
fn is_over(state: &MachineState) -> bool {
    use MachineState::{Destroyed, Destroying, Failed, Stopped, Suspended};
    matches!(state, Stopped | Suspended | Destroying | Destroyed | Failed)
}

fn passes(error: &Error) -> bool {
    use ErrorKind::{Busy, Conflict, Network, RateLimited, Timeout, Upstream};
    matches!(error.kind(), Network | Timeout | Busy | Conflict | RateLimited | Upstream)
}
