//! Volumes: each on one host, and given to a machine when that is created.

use std::sync::Arc;

use async_trait::async_trait;
use machine_core::{
    Attachment, Destroyed, Effect, Error, ErrorKind, MachineId, MachineState, RecordedIntent, Result, SizeRequest,
    Volume, VolumeId, VolumeMount, VolumeSpec, Volumes,
};
use serde_json::Value;

use crate::convert::timestamp;
use crate::find::missing;
use crate::fly::{ACTION, Fly, LOOK};
use crate::update::NO_ATTACH;
use crate::wire::{answers, requests};
use crate::{marks, sizes};

/// The largest volume, in GiB.
const LARGEST: u64 = 500;

/// Where a volume is for which nobody says.
const REGION: &str = "iad";

/// States in which a volume is gone for everybody but the cloud, which keeps it for a day.
const GONE: [&str; 6] =
    ["scheduling_destroy", "fork_cleanup", "waiting_for_detach", "pending_destroy", "destroying", "destroyed"];

/// Volumes of the app.
#[derive(Debug)]
pub(crate) struct FlyVolumes(pub(crate) Arc<Fly>);

impl Fly {
    /// Looks at a volume.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is none.
    pub(crate) async fn look_at_volume(&self, id: &VolumeId) -> Result<Volume> {
        self.raw_volume(id).await?.1
    }

    /// A volume with the name that the cloud has for it.
    async fn raw_volume(&self, id: &VolumeId) -> Result<(String, Result<Volume>)> {
        let app = self.app().await?;
        let request = self.api.get(["apps", app, "volumes", id.as_str()]).bucket(LOOK, id.as_str());
        let told: answers::Volume = request.send().await.map_err(|error| missing(error, "volume", id.as_str()))?;
        if is_gone(&told) {
            return Err(Error::not_found("volume", id).with_provider(crate::KIND));
        }
        let name = told.name.clone().unwrap_or_default();
        Ok((name, self.shown(told).await))
    }

    async fn shown(&self, told: answers::Volume) -> Result<Volume> {
        let id = told.id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::new(ErrorKind::Protocol, "the cloud tells of a volume without an id"))?;
        let name = told.name.unwrap_or_default();
        let machine = told.attached_machine_id.filter(|machine| !machine.is_empty()).map(MachineId::new);
        let host = told.host_status.filter(|status| status != "ok");
        Ok(Volume {
            id: VolumeId::new(id),
            name: marks::asked(&name),
            provider: crate::KIND.to_owned(),
            size_gib: told.size_gb.unwrap_or_default(),
            region: told.region,
            attached_to: machine.map(|machine| Attachment { machine, path: None }),
            created_at: told.created_at.as_deref().and_then(timestamp),
            markers: self.marks.read(&name).await?,
            notes: host.map(|status| format!("its host is {status}")).into_iter().collect(),
        })
    }
}

fn is_gone(told: &answers::Volume) -> bool {
    told.state.as_deref().is_some_and(|state| GONE.contains(&state))
}

fn check_size(size_gib: u64) -> Result<()> {
    match size_gib {
        1..=LARGEST => Ok(()),
        _ => Err(Error::new(ErrorKind::Invalid, format!("a volume at Fly has 1 to {LARGEST} GiB, and not {size_gib}"))),
    }
}

#[async_trait]
impl Volumes for FlyVolumes {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let (fly, intent) = (&self.0, intent.intent());
        check_size(spec.size_gib)?;
        let name = marks::written(&spec.name, intent.id)?;
        let preferred = fly.defaults.region.as_deref().and_then(|regions| regions.split(',').next());
        let body = requests::CreateVolume {
            name: name.clone(),
            region: spec.region.clone().unwrap_or_else(|| preferred.unwrap_or(REGION).to_owned()),
            size_gb: spec.size_gib,
            encrypted: true,
            compute: sizes::guest(&SizeRequest::Default, &fly.defaults.size)?,
        };
        let app = fly.ready_app().await?;
        fly.marks.write(&intent.markers()).await?;
        let request = fly.api.post(["apps", app, "volumes"]).json(&body).bucket(ACTION, format!("create volume {app}"));
        match request.send::<answers::Volume>().await {
            Ok(told) => fly.shown(told).await.map_err(|error| error.with_effect(Effect::Applied)),
            Err(error) => {
                if error.effect() == Effect::None {
                    fly.marks.forget(&name).await;
                }
                Err(error)
            }
        }
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        self.0.look_at_volume(id).await
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        let app = self.0.app().await?;
        let request = self.0.api.get(["apps", app, "volumes"]).bucket(ACTION, format!("list volumes {app}"));
        let records: Vec<Value> = match request.send().await {
            // An app that is not there has none.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let mut volumes = Vec::new();
        for record in records {
            let told: answers::Volume = serde_json::from_value(record).map_err(|error| {
                Error::new(ErrorKind::Protocol, format!("the record of a volume cannot be read: {error}"))
            })?;
            if !is_gone(&told) {
                volumes.push(self.0.shown(told).await?);
            }
        }
        Ok(volumes)
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        let (volume, seen) = (self.get(&mount.volume).await?, self.0.look(machine).await?);
        match volume.attached_to {
            Some(held) if held.machine == *machine && seen.machine.volumes.contains(mount) => Ok(()),
            Some(held) => {
                let what = format!("the volume `{}` is attached to machine `{}`", mount.volume, held.machine);
                Err(Error::new(ErrorKind::Conflict, what))
            }
            None if seen.machine.state == MachineState::Running => Err(Error::new(
                ErrorKind::Conflict,
                format!("machine `{machine}` runs, and could not have it later either"),
            )
            .with_hint(NO_ATTACH)),
            None => Err(Error::unsupported(crate::KIND, NO_ATTACH)),
        }
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        match self.get(id).await?.attached_to {
            None => Ok(()),
            Some(held) => {
                let what = format!("a volume stays with its machine; destroying `{}` sets it free", held.machine);
                Err(Error::unsupported(crate::KIND, what))
            }
        }
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        check_size(size_gib)?;
        let volume = self.get(id).await?;
        if size_gib < volume.size_gib {
            let what = format!("the volume `{id}` has {} GiB; it can only become larger", volume.size_gib);
            return Err(Error::new(ErrorKind::Invalid, what));
        }
        if size_gib == volume.size_gib {
            return Ok(volume);
        }
        let app = self.0.app().await?;
        let request = self.0.api.put(["apps", app, "volumes", id.as_str(), "extend"]);
        let request =
            request.json(&requests::ExtendVolume { size_gb: size_gib }).bucket(ACTION, format!("extend {id}"));
        let extended: answers::Extended =
            request.send().await.map_err(|error| missing(error, "volume", id.as_str()))?;
        let mut volume = match extended.volume {
            Some(told) => self.0.shown(told).await.map_err(|error| error.with_effect(Effect::Applied))?,
            None => self.get(id).await.map_err(|error| error.with_effect(Effect::Applied))?,
        };
        if extended.needs_restart.unwrap_or_default() && volume.attached_to.is_some() {
            volume.notes.push("its machine sees the space after a restart".to_owned());
        }
        Ok(volume)
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let (name, volume) = match self.0.raw_volume(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Destroyed::AlreadyGone),
            other => other?,
        };
        if let Some(held) = volume?.attached_to {
            let what = format!("the volume `{id}` is attached to machine `{}`", held.machine);
            return Err(Error::new(ErrorKind::Conflict, what).with_hint("destroy that machine first"));
        }
        let app = self.0.app().await?;
        let request = self.0.api.delete(["apps", app, "volumes", id.as_str()]).bucket(ACTION, format!("destroy {id}"));
        match request.done().await {
            // It was there a moment ago: an attempt whose answer was lost.
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => {
                self.0.marks.forget(&name).await;
                Ok(Destroyed::Accepted)
            }
        }
    }
}
