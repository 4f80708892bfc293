//! What is known of a job beside its output.

use jiff::Timestamp;
use machine_agent::JobSpec;
use machine_core::{Clock, IntentId, Machine, Money, OsText};
use machine_fleet::Entry;
use serde::{Deserialize, Serialize};

use super::Ended;

/// A job. It holds no secret: of variables it knows the names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Its id: 26 characters, in the order in which jobs were begun.
    pub(crate) id: String,
    /// The section of the configuration whose account pays.
    pub(crate) account: String,
    /// What was asked for.
    pub(crate) asked: Asked,
    /// The process that looks after it, or did.
    pub(crate) pid: u32,
    /// When it was asked for.
    pub(crate) begun_at: Timestamp,
    /// When its machine was there.
    pub(crate) started_at: Option<Timestamp>,
    /// The kind of provider that has its machine.
    pub(crate) provider: Option<String>,
    /// Its machine's id.
    pub(crate) machine: Option<String>,
    /// What the machine was made from, in the provider's words.
    pub(crate) image: Option<String>,
    /// What the machine has cost, at most, in millionths of a dollar; nothing where nobody knows its price.
    pub(crate) cost: Option<Money>,
    /// What shows that its machine is gone.
    pub(crate) gone: Option<Gone>,
    /// How it ended.
    pub(crate) ended: Option<Ended>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The machine's name.
    pub(crate) name: String,
    /// The program and its arguments; a prompt is one of them.
    pub(crate) command: Vec<OsText>,
    /// The names of its variables, secrets among them.
    pub(crate) env: Vec<String>,
    /// Its repositories, without credentials.
    pub(crate) repos: Vec<String>,
    /// What the machine was to be made from.
    pub(crate) image: Option<String>,
    /// When its machine has to be gone.
    pub(crate) deadline: Option<Timestamp>,
    /// Whether its machine stays.
    pub(crate) keep: bool,
}

/// What shows that a machine is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gone {
    /// Since when that is known.
    pub(crate) at: Timestamp,
    /// The intent in whose line of the ledger it stands.
    pub(crate) intent: String,
    /// Who says so, in a sentence.
    pub(crate) evidence: String,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its machine is being made.
    Starting,
    /// It runs.
    Running,
    /// It has ended.
    Ended,
    /// Whoever looked after it is gone without a word.
    Abandoned,
}

impl Asked {
    /// What of it may be kept.
    pub(crate) fn of(spec: &JobSpec) -> Self {
        let names = spec.env.iter().chain(&spec.secrets).map(|variable| variable.name.to_string_lossy().into_owned());
        Self {
            name: spec.machine.name.to_string(),
            command: spec.command.clone(),
            env: names.collect(),
            repos: spec.repos.iter().map(ToString::to_string).collect(),
            image: spec.machine.image.clone(),
            deadline: spec.deadline,
            keep: spec.keep,
        }
    }
}

impl Facts {
    /// A job that this process is about to run.
    pub(crate) fn new(account: &str, spec: &JobSpec, clock: &Clock) -> Self {
        Self {
            id: IntentId::mint().to_string(),
            account: account.to_owned(),
            asked: Asked::of(spec),
            pid: std::process::id(),
            begun_at: clock.now(),
            started_at: None,
            provider: None,
            machine: None,
            image: None,
            cost: None,
            gone: None,
            ended: None,
        }
    }

    /// Its machine is there.
    pub(crate) fn start(&mut self, machine: &Machine, at: Timestamp) {
        self.started_at = Some(at);
        self.provider = Some(machine.provider.clone());
        self.machine = Some(machine.id.to_string());
        self.image.clone_from(&machine.image);
    }

    /// The ledger's line of its machine, after that was destroyed.
    pub(crate) fn settle(&mut self, entry: &Entry, now: Timestamp) {
        self.cost = entry.rate.map(|_| entry.accrued(now));
        self.gone = (entry.state == machine_fleet::State::Gone).then(|| Gone {
            at: entry.updated_at,
            intent: entry.intent.id.to_string(),
            evidence:
                "the provider said that it has no such machine, and a complete list of its machines had it no more"
                    .to_owned(),
        });
    }

    /// How far it is, where somebody looks after it or not.
    pub(crate) fn state(&self, minded: bool) -> State {
        match (&self.ended, minded, self.started_at) {
            (Some(_), _, _) => State::Ended,
            (None, false, _) => State::Abandoned,
            (None, true, Some(_)) => State::Running,
            (None, true, None) => State::Starting,
        }
    }
}

impl State {
    /// The stable word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Abandoned => "abandoned",
        }
    }
}
