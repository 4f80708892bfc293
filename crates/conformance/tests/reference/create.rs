//! The request that creates a machine.

use std::time::Duration;

use machine_conformance::Fault;
use machine_core::{Effect, Error, ErrorKind, Machine, MachineSpec, RecordedIntent, ResourceKind, Result};
use serde_json::{Value, json};

use crate::breakage::Breakage;
use crate::machine::Held;
use crate::provider::Reference;
use crate::{process, volumes};

/// The body of the request, without its markers and what is secret.
pub(crate) fn body(spec: &MachineSpec) -> Value {
    json!({"name": spec.name.as_str(), "labels": spec.labels, "marks": []})
}

impl Reference {
    /// One request to create a machine.
    pub(crate) async fn send(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        const MACHINE: ResourceKind = ResourceKind::Machine;
        let world = &self.world;
        let mut body = body(spec);
        let markers = intent.intent().markers();
        body["marks"] = json!([markers.owner.to_string(), markers.intent.to_string()]);
        world.change(|state| {
            *state.requests.entry(MACHINE).or_default() += 1;
            state.last_create = Some(body);
        });
        if world.happens(|fault| *fault == Fault::RefuseCreate(MACHINE)).is_some() {
            let said = if world.breaks(Breakage::SecretInErrors) {
                spec.env.iter().map(|var| var.value.to_string_lossy().into_owned()).collect()
            } else {
                "the account has too many machines".to_owned()
            };
            return Err(Error::new(ErrorKind::Quota, said));
        }
        let late = match world.happens(|fault| matches!(fault, Fault::LateCreate(_))) {
            Some(Fault::LateCreate(late)) => late,
            _ => Duration::ZERO,
        };
        let id = world.change(|state| {
            let id = state.new_id();
            let mut held = Held::new(id.clone(), spec.name.as_str(), late);
            held.tags.clone_from(&spec.tags);
            (held.labels, held.markers) = (spec.labels.clone(), Some(intent.intent().markers()));
            (held.volumes, held.spec) = (spec.volumes.clone(), Some(spec.clone()));
            state.machines.insert(id.clone(), held);
            volumes::hold(state, &id, &spec.volumes);
            id
        });
        if world.happens(|fault| *fault == Fault::FailStart).is_some() {
            return Err(Error::new(ErrorKind::Conflict, "it does not start").with_effect(Effect::Applied));
        }
        process::start(world, &id).map_err(|error| error.with_effect(Effect::Applied))?;
        // An answer takes a moment, in which whoever waits for it may give up.
        tokio::time::sleep(Duration::from_millis(1)).await;
        if let Some(Fault::SlowCreateAnswer(span)) = world.happens(|fault| matches!(fault, Fault::SlowCreateAnswer(_)))
        {
            tokio::time::sleep(span).await;
        }
        match world.happens(|fault| *fault == Fault::LoseCreateAnswer(MACHINE)) {
            Some(_) => Err(world.lost()),
            None => world.machine(&id, |held| held.show(world))?,
        }
    }
}
