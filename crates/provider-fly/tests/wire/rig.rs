//! A provider whose cloud is a script.

use std::sync::Arc;

use machine_core::{
    Clock, CloudProvider, Environment, IntentDraft, Lifetime, MachineId, MachineSpec, OpenContext, OwnerId,
    OwnerSource, ProviderKind as _, RecordedIntent, VolatileIntents,
};
use machine_fly::{FlyKind, FlySection};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Play, Server};

/// A provider whose cloud is a script.
pub(crate) struct Rig {
    pub(crate) server: Server,
    pub(crate) fly: Arc<dyn CloudProvider>,
    intents: VolatileIntents,
    _state: TempDir,
}

/// A request, as a script sees it.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// The path without the version and what follows a question mark.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
}

impl Rig {
    /// A provider whose cloud answers so.
    pub(crate) fn new(script: impl Fn(&Asked<'_>) -> Play + Send + Sync + 'static) -> Self {
        let server = Server::following(move |request| script(&asked(request)));
        let state = tempfile::tempdir().unwrap();
        let section: FlySection = serde_json::from_value(json!({
            "access-token": "hunter2", "api-url": server.url(), "logs-url": server.url(), "rate-limit": false, "region": "iad"
        }))
        .unwrap();
        let context = OpenContext {
            state_dir: state.path().to_owned(),
            program: "/nowhere".into(),
            environment: Environment::default(),
            clock: Clock::system(),
            owner: OwnerSource::known(OwnerId::new("me")),
        };
        let fly = FlyKind::open(section, &context).unwrap().provider;
        Self { server, fly, intents: VolatileIntents::new(OwnerId::new("me")), _state: state }
    }

    /// A recorded wish for a machine that stays.
    pub(crate) async fn wish(&self) -> RecordedIntent {
        let draft = IntentDraft::machine(&spec(), "fly", Lifetime::Deadline);
        RecordedIntent::record(&self.intents, draft).await.unwrap()
    }

    /// Every request so far: method, path and query in one line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line =
            |request: &String| request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").replace(" /v1/", " /");
        self.server.requests().iter().map(line).collect()
    }

    /// How many requests begin so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(beginning)).count()
    }
}

fn asked(request: &str) -> Asked<'_> {
    let mut words = request.split_whitespace();
    let (method, url) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    // The logs are of another API, whose version is part of its paths.
    let path = path.strip_prefix("/v1").unwrap_or(path);
    Asked { method, path, query }
}

/// The path of the app.
pub(crate) const APP: &str = "/apps/machine-me";
/// The path of the machine.
pub(crate) const MACHINE: &str = "/apps/machine-me/machines/e1";
/// Where the machines are listed.
pub(crate) const LIST: &str = "/apps/machine-me/machines";

pub(crate) fn id() -> MachineId {
    MachineId::new("e1")
}

pub(crate) fn spec() -> MachineSpec {
    MachineSpec::new("web-1".parse().unwrap())
}

/// A good answer.
pub(crate) fn good(body: &Value) -> Play {
    Play::answer(200, &[], &body.to_string())
}

/// An answer with this status and these words.
pub(crate) fn no(status: u16, words: &str) -> Play {
    Play::answer(status, &[("fly-request-id", "r-1")], &json!({"error": words}).to_string())
}

/// A machine in that state.
pub(crate) fn machine(state: &str) -> Value {
    json!({"id": "e1", "name": "web-1", "state": state, "instance_id": "01HVERSION", "host_status": "ok", "config": {}})
}

/// A machine in that state that is gone when its command ends.
pub(crate) fn fleeting(state: &str) -> Value {
    let mut machine = machine(state);
    machine["config"]["auto_destroy"] = json!(true);
    machine
}
