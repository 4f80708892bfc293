//! Volumes: attached and detached while the machine runs.

use async_trait::async_trait;
use machine_core::{
    Destroyed, Error, ErrorKind, Intent, MachineId, RecordedIntent, Result, Volume, VolumeId, VolumeMount, VolumeSpec,
    Volumes,
};

use crate::convert::{self, droplet_id, is_mount_of, is_uuid, marker_tags, mount_tag};
use crate::find::named;
use crate::provider::DigitalOceanProvider;
use crate::wire::{self, CreateVolume, VolumeAction, VolumeAnswer};

/// Most systems of DigitalOcean's show a volume by themselves where it has a file system.
const FILE_SYSTEM: &str = "ext4";

fn not_found(id: &VolumeId) -> Error {
    Error::not_found("volume", id.as_str().escape_debug())
}

impl DigitalOceanProvider {
    async fn wire_volume(&self, id: &VolumeId) -> Result<wire::Volume> {
        if !is_uuid(id.as_str()) {
            return Err(not_found(id));
        }
        let answer: Result<VolumeAnswer> = self.api().get(["volumes", id.as_str()]).send().await;
        answer.map(|answer| answer.volume).map_err(|error| named(error, "volume", id))
    }

    pub(crate) async fn volume(&self, id: &VolumeId) -> Result<Volume> {
        self.wire_volume(id).await.map(convert::volume)
    }

    async fn create_volume(&self, intent: &Intent, spec: &VolumeSpec) -> Result<Volume> {
        let region = spec.region.as_deref().unwrap_or(&self.defaults().region).to_lowercase();
        let body = CreateVolume {
            name: spec.name.to_string(),
            size_gigabytes: spec.size_gib,
            region,
            filesystem_type: FILE_SYSTEM,
            tags: marker_tags(&intent.markers())?,
        };
        let answer: VolumeAnswer = self.api().post(["volumes"]).json(&body).send().await?;
        let volume = convert::volume(answer.volume);
        // The tags come after the volume.
        Ok(Volume { markers: Some(intent.markers()), ..volume })
    }

    pub(crate) async fn attach_volume(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        let (droplet, tag) = (droplet_id(machine)?, mount_tag(&mount.volume, &mount.path)?);
        let volume = self.wire_volume(&mount.volume).await?;
        let there = self.settled(droplet).await?;
        let held = volume.droplet_ids.unwrap_or_default();
        let (here, place) = (there.region.and_then(|it| it.slug), volume.region.and_then(|it| it.slug));
        let conflict = |what: String, hint: &'static str| Err(Error::new(ErrorKind::Conflict, what).with_hint(hint));
        match held.first() {
            Some(holder) if *holder != droplet => {
                let what = format!("volume `{}` is attached to machine {holder}", mount.volume);
                return conflict(what, "detach it there first");
            }
            None if here.is_some() && place.is_some() && here != place => {
                let (here, place) = (here.unwrap_or_default(), place.unwrap_or_default());
                let what = format!("volume `{}` is in {place}, and the machine is in {here}", mount.volume);
                return conflict(what, "volume and machine must be in the same region");
            }
            _ => {}
        }
        if held.is_empty() {
            self.volume_action("attach", &mount.volume, place, Some(droplet), None).await?;
        }
        // Where it is meant to show is remembered on the droplet: the cloud has no word for it.
        let tags = there.tags.unwrap_or_default();
        if !tags.contains(&tag) {
            self.put_tag(droplet, &tag).await?;
        }
        for old in tags.iter().filter(|old| **old != tag && is_mount_of(old, &mount.volume)) {
            self.take_tag(droplet, old).await?;
        }
        Ok(())
    }

    pub(crate) async fn detach_volume(&self, id: &VolumeId) -> Result<()> {
        let volume = self.wire_volume(id).await?;
        let region = volume.region.and_then(|region| region.slug);
        for droplet in volume.droplet_ids.unwrap_or_default() {
            match self.volume_action("detach", id, region.clone(), Some(droplet), None).await {
                // Somebody else has taken it off meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                outcome => outcome?,
            }
            self.forget_mount(droplet, id).await;
        }
        Ok(())
    }

    /// Takes off what says where the volume was meant to show. What is left of it says nothing of a volume that is not there.
    async fn forget_mount(&self, droplet: u64, volume: &VolumeId) {
        let Ok(crate::find::Sight::Shown(seen)) = self.sight(droplet).await else { return };
        for tag in seen.tags.unwrap_or_default().iter().filter(|tag| is_mount_of(tag, volume)) {
            if let Err(error) = self.take_tag(droplet, tag).await {
                tracing::debug!(%error, tag, "a tag did not come off");
            }
        }
    }

    async fn volume_action(
        &self,
        kind: &'static str,
        id: &VolumeId,
        region: Option<String>,
        droplet_id: Option<u64>,
        size_gigabytes: Option<u64>,
    ) -> Result<()> {
        let body = VolumeAction { kind, region, droplet_id, size_gigabytes };
        self.act(&["volumes", id.as_str()], &body, self.pace().action).await
    }

    async fn resize_volume(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        let volume = self.wire_volume(id).await?;
        let size = volume.size_gigabytes.unwrap_or_default();
        if size_gib < size {
            let what = format!("volume `{id}` has {size} GiB, and a volume cannot be made smaller");
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("make a smaller one and copy what is on it"));
        }
        if size_gib > size {
            let region = volume.region.and_then(|region| region.slug);
            self.volume_action("resize", id, region, None, Some(size_gib)).await?;
        }
        self.volume(id).await
    }

    /// A volume that was only just detached may still count as attached, so that is asked again for a while.
    async fn destroy_volume(&self, id: &VolumeId) -> Result<Destroyed> {
        if !is_uuid(id.as_str()) {
            return Ok(Destroyed::AlreadyGone);
        }
        let path = ["volumes", id.as_str()];
        let ask = || async {
            match self.remove(&path).await {
                Err(error) if error.kind() == ErrorKind::Conflict => match self.wire_volume(id).await {
                    Ok(volume) if volume.droplet_ids.as_ref().is_none_or(Vec::is_empty) => {
                        Err(Error::new(ErrorKind::Busy, format!("volume `{id}` is still coming off its machine")))
                    }
                    _ => Err(error),
                },
                outcome => outcome,
            }
        };
        self.patiently(ask).await
    }
}

#[async_trait]
impl Volumes for DigitalOceanProvider {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        self.create_volume(intent.intent(), spec).await
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        self.volume(id).await
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        let volumes: Vec<wire::Volume> = self.api().list(&["volumes"], &[]).await?;
        Ok(machine_http::distinct(volumes.into_iter().map(convert::volume).collect(), |volume| volume.id.clone()))
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        self.attach_volume(machine, mount).await
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        self.detach_volume(id).await
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        self.resize_volume(id, size_gib).await
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        self.destroy_volume(id).await
    }
}
