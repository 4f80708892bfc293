//! Signals that ask us to stop.

use machine_core::{Error, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the signals that ask us to stop. While one of these lives, none of them ends the process by itself.
#[derive(Debug)]
pub(crate) struct Interrupts {
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Starts to listen. Needs a runtime.
    ///
    /// # Errors
    /// Where the system refuses a signal handler.
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::io("cannot listen for signals", error));
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// The next one's number. Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> i32 {
        let kind = tokio::select! {
            _ = self.hangup.recv() => SignalKind::hangup(),
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.quit.recv() => SignalKind::quit(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        };
        kind.as_raw_value()
    }
}

/// What a person calls the signal.
pub(crate) fn signal_name(signal: i32) -> String {
    match signal {
        1 => "the terminal went away (SIGHUP)".to_owned(),
        2 => "interrupted (SIGINT)".to_owned(),
        3 => "interrupted (SIGQUIT)".to_owned(),
        15 => "asked to end (SIGTERM)".to_owned(),
        other => format!("signal {other}"),
    }
}

/// Listens for the terminal getting another size.
#[derive(Debug)]
pub(crate) struct Resizes(Signal);

impl Resizes {
    /// Starts to listen. Needs a runtime.
    ///
    /// # Errors
    /// Where the system refuses a signal handler.
    pub(crate) fn listen() -> Result<Self> {
        signal(SignalKind::window_change())
            .map(Self)
            .map_err(|error| Error::io("cannot listen for a change of the terminal's size", error))
    }

    /// The next change.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}
