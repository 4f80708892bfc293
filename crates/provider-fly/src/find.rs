//! Looking at machines: one by its id, all of an intent.

use jiff::Timestamp;
use machine_core::{Completeness, Error, ErrorKind, Found, IntentId, Machine, MachineId, MachineState, Result};
use serde_json::Value;

use crate::convert::{self, INTENT};
use crate::fly::{ACTION, Fly, LOOK};
use crate::wire::answers;

/// A machine, with what only this crate needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The machine.
    pub(crate) machine: Machine,
    /// Its version, which changes with its configuration.
    pub(crate) version: Option<String>,
    /// Whether it is gone as soon as its command ends.
    pub(crate) fleeting: bool,
    /// Whether its host can be asked.
    pub(crate) host_answers: bool,
}

impl Seen {
    /// Whether to take its lease before changing it. Nobody else comes to a machine that is made for one command, and where the
    /// host does not answer no lease can be had.
    pub(crate) fn is_leased(&self) -> bool {
        !self.fleeting && self.host_answers
    }
}

impl Fly {
    /// Looks at a machine.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is none.
    pub(crate) async fn look(&self, id: &MachineId) -> Result<Seen> {
        let app = self.app().await?;
        let request = self.api.get(["apps", app, "machines", id.as_str()]).bucket(LOOK, id.as_str());
        let told: answers::Machine = request.send().await.map_err(|error| missing(error, "machine", id.as_str()))?;
        let version = told.instance_id.clone();
        let fleeting = told.config.as_ref().and_then(|config| config.auto_destroy).unwrap_or_default();
        let host_answers = told.host_status.as_deref().is_none_or(|status| status == "ok");
        Ok(Seen { machine: convert::machine(told, app, &self.defaults.prices)?, version, fleeting, host_answers })
    }

    /// The last that the cloud knows of a machine which is gone: how it ended stands in a list long after the machine itself
    /// is not found any more.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where the cloud has forgotten it, or never had it.
    pub(crate) async fn look_back(&self, id: &MachineId) -> Result<Machine> {
        let app = self.app().await?;
        let request = self.api.get(["apps", app, "machines"]).query("include_deleted", "true");
        let records: Vec<Value> = request.bucket(ACTION, format!("list {app}")).send().await?;
        let (machines, _) = convert::read_list(records, app);
        let gone = machines.into_iter().find(|machine| machine.id == *id && machine.state == MachineState::Destroyed);
        gone.ok_or_else(|| Error::not_found("machine", id).with_provider(crate::KIND))
    }

    /// All machines of the app whose metadata have these values, and what could not be read. An app that is not there has none.
    ///
    /// # Errors
    /// What the cloud says.
    pub(crate) async fn listed(&self, metadata: &[(&str, &str)]) -> Result<(Vec<Machine>, Vec<String>)> {
        let app = self.app().await?;
        let mut request = self.api.get(["apps", app, "machines"]).bucket(ACTION, format!("list {app}"));
        for (key, value) in metadata {
            request = request.query(&format!("metadata.{key}"), value);
        }
        let records: Vec<Value> = match request.send().await {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let (mut machines, problems) = convert::read_list(records, app);
        machines.retain(|machine| machine.state != MachineState::Destroyed);
        Ok((machine_http::distinct(machines, |machine| machine.id.clone()), problems))
    }

    /// All machines that an intent made. The cloud filters, and here it is checked.
    ///
    /// # Errors
    /// What the cloud says.
    pub(crate) async fn find(&self, intent: IntentId) -> Result<Found> {
        let as_of = Timestamp::now();
        let (mut machines, problems) = self.listed(&[(INTENT, &intent.to_string())]).await?;
        machines.retain(|machine| machine.markers.as_ref().is_some_and(|markers| markers.intent == intent));
        let completeness = if problems.is_empty() { Completeness::Complete } else { Completeness::Partial };
        Ok(Found { machines, completeness, as_of })
    }
}

/// The error, which names what was looked for where that is not there.
pub(crate) fn missing(error: Error, what: &str, id: &str) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let named = Error::not_found(what, id).with_effect(error.effect()).with_provider(crate::KIND);
    match error.request_id() {
        Some(request) => named.with_request_id(request.to_owned()),
        None => named,
    }
}
