//! From a wish for some clouds to clouds that listen.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::bill::Bill;
use crate::clock::Clock;
use crate::control;
use crate::digitalocean::DigitalOcean;
use crate::fake::Fake;
use crate::fly::Fly;
use crate::machines::{Machines, Place, Report};
use crate::quirks::Quirks;
use crate::running::{Running, Up};
use crate::sim::Sim;
use crate::store::{Saved, Store};
use crate::vultr::Vultr;

/// A cloud that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Cloud {
    /// DigitalOcean, version 2 of its API.
    DigitalOcean,
    /// Vultr, version 2 of its API.
    Vultr,
    /// Fly Machines, version 1 of their API.
    Fly,
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DigitalOcean => "digitalocean",
            Self::Vultr => "vultr",
            Self::Fly => "fly",
        })
    }
}

/// Why no cloud was started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Nobody can listen there.
    #[error("cannot listen on port {port} for {cloud}")]
    Listen {
        /// The cloud that was to listen.
        cloud: Cloud,
        /// The port.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// This computer can have no machines for it.
    #[error("there can be no machines for {cloud}")]
    Machines {
        /// The cloud whose machines they are.
        cloud: Cloud,
        /// What stands against it.
        source: Box<machine_core::Error>,
    },
    /// What an earlier run has left cannot be read.
    #[error("cannot read the state of {cloud}")]
    State {
        /// The cloud whose state it is.
        cloud: Cloud,
        /// What is wrong with it.
        source: std::io::Error,
    },
}

/// Simulated clouds.
#[derive(Debug, Clone, Copy)]
pub struct SimCloud;

impl SimCloud {
    /// Begins with no cloud at all.
    pub fn builder() -> Builder {
        Builder {
            clouds: BTreeMap::new(),
            speed: 1.0,
            state: None,
            quirks: Quirks::default(),
            rate_limits: true,
            recording: false,
            machines: true,
            helper: None,
        }
    }
}

/// Which clouds are played, and how.
#[derive(Debug, Clone)]
pub struct Builder {
    clouds: BTreeMap<Cloud, u16>,
    speed: f64,
    state: Option<PathBuf>,
    quirks: Quirks,
    rate_limits: bool,
    recording: bool,
    machines: bool,
    helper: Option<PathBuf>,
}

impl Builder {
    /// Plays `cloud` on that port of 127.0.0.1; 0 is any that is free.
    #[must_use]
    pub fn cloud(mut self, cloud: Cloud, port: u16) -> Self {
        self.clouds.insert(cloud, port);
        self
    }

    /// Lets the clouds' clock run so many times as fast as the world's.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Keeps the state in that directory, so that another run goes on where this one has ended.
    #[must_use]
    pub fn state(mut self, dir: impl Into<PathBuf>) -> Self {
        self.state = Some(dir.into());
        self
    }

    /// How late the clouds are.
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// Whether the clouds refuse those who ask too often. They do unless told otherwise.
    #[must_use]
    pub fn rate_limits(mut self, on: bool) -> Self {
        self.rate_limits = on;
        self
    }

    /// Whether requests and answers are kept for [`Running::traffic`]. They are not unless told otherwise.
    #[must_use]
    pub fn record(mut self, on: bool) -> Self {
        self.recording = on;
        self
    }

    /// Whether something runs for every machine, which takes a program that calls [`dispatch`](crate::dispatch). It does
    /// unless told otherwise; without, a machine is its record, and there can be very many.
    #[must_use]
    pub fn machines(mut self, on: bool) -> Self {
        self.machines = on;
        self
    }

    /// Has that program become what machines need, in place of the running one. It calls [`dispatch`](crate::dispatch).
    #[must_use]
    pub fn helper(mut self, program: impl Into<PathBuf>) -> Self {
        self.helper = Some(program.into());
        self
    }

    /// The machines of `cloud`, and what will be reported of them; nothing where there are to be none.
    fn open_machines(&self, cloud: Cloud, clock: &Arc<Clock>) -> Result<Option<Opened>, StartError> {
        if !self.machines {
            return Ok(None);
        }
        let state = self.state.as_deref().map(|dir| dir.join(cloud.to_string()));
        let place = Place { state, helper: self.helper.clone() };
        let opened = Machines::open(place, Arc::clone(clock));
        opened.map(Some).map_err(|source| StartError::Machines { cloud, source: Box::new(source) })
    }

    /// Starts them. What returns holds them up: they end with it.
    ///
    /// # Errors
    /// A port that is taken, or a state that cannot be read.
    pub async fn start(self) -> Result<Running, StartError> {
        let mut stored = Vec::new();
        for (&cloud, &port) in &self.clouds {
            let store = self.state.as_deref().map(|dir| Store::open(dir, &cloud.to_string())).transpose();
            let state = |source| StartError::State { cloud, source };
            let store = store.map_err(state)?;
            let saved = store.as_ref().map(Store::read).transpose().map_err(state)?.flatten();
            stored.push((cloud, port, store, saved));
        }
        // Time does not go back over a restart, however far the last run was put forward.
        let left = stored.iter().filter_map(|(.., saved)| saved.as_ref().map(|saved| saved.now)).max();
        let clock = Arc::new(Clock::new(left.unwrap_or(Timestamp::MIN).max(Timestamp::now()), self.speed));
        let mut up = BTreeMap::new();
        for (cloud, port, store, saved) in stored {
            let Saved { charges, cloud: saved, .. } = match saved {
                Some(saved) => saved,
                None => Saved { now: clock.now(), charges: Vec::new(), cloud: serde_json::Value::Null },
            };
            let bill = Bill::restore(charges);
            let (machines, reports) = self.open_machines(cloud, &clock)?.unzip();
            let sim = Sim::new(Arc::clone(&clock), bill, self.quirks, machines, self.rate_limits, self.recording);
            let sim = Arc::new(sim);
            let (fake, router) =
                raise(cloud, &sim, saved).map_err(|source| StartError::State { cloud, source: source.into() })?;
            if let Some(machines) = &sim.machines {
                let cleared = machines.clear_up(&fake.kept()).await;
                cleared.map_err(|source| StartError::Machines { cloud, source: Box::new(source) })?;
            }
            let router = router.merge(control::router(Arc::clone(&sim), Arc::clone(&fake)));
            let listener = TcpListener::bind(("127.0.0.1", port)).await;
            let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
            let (address, listener) = bound.map_err(|source| StartError::Listen { cloud, port, source })?;
            up.insert(cloud, (Up { address, sim, fake, store }, listener, router, reports));
        }
        Ok(Running::new(up))
    }
}

/// Machines, and what is reported of them.
type Opened = (Arc<Machines>, mpsc::Receiver<Report>);

/// The fake of `cloud` and its routes.
fn raise(cloud: Cloud, sim: &Arc<Sim>, saved: serde_json::Value) -> serde_json::Result<(Arc<dyn Fake>, Router)> {
    let saved = (!saved.is_null()).then_some(saved);
    match cloud {
        Cloud::DigitalOcean => {
            let fake = Arc::new(DigitalOcean::new(Arc::clone(sim), saved)?);
            Ok((Arc::clone(&fake) as Arc<dyn Fake>, fake.router()))
        }
        Cloud::Vultr => {
            let fake = Arc::new(Vultr::new(Arc::clone(sim), saved)?);
            Ok((Arc::clone(&fake) as Arc<dyn Fake>, fake.router()))
        }
        Cloud::Fly => {
            let fake = Arc::new(Fly::new(Arc::clone(sim), saved)?);
            Ok((Arc::clone(&fake) as Arc<dyn Fake>, fake.router()))
        }
    }
}
