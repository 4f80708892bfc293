//! Snapshots of droplets.

use async_trait::async_trait;
use machine_core::{
    Destroyed, Effect, Error, ErrorKind, Intent, RecordedIntent, Result, Snapshot, SnapshotId, SnapshotSpec, Snapshots,
};

use crate::convert::{self, droplet_id, marked_name, number};
use crate::find::named;
use crate::provider::DigitalOceanProvider;
use crate::wire::{self, DropletAction};

impl DigitalOceanProvider {
    /// Takes a snapshot and waits until it is there: only then has it an id. The name, in which the markers are, is all that
    /// connects the two.
    async fn take_snapshot(&self, intent: &Intent, spec: &SnapshotSpec) -> Result<Snapshot> {
        let droplet = droplet_id(&spec.machine)?;
        let name = marked_name(&spec.name, &intent.markers())?;
        let path = ["droplets", &droplet.to_string()];
        let body = DropletAction::named("snapshot", name.as_str());
        let begun = self.begin(&path, &body).await.map_err(|error| named(error, "machine", &spec.machine))?;
        // From here on there will be one, whatever becomes of the looking.
        let applied = |error: Error| error.with_effect(Effect::Applied);
        self.finished(&path, &begun, self.pace().snapshot).await.map_err(applied)?;
        let look = || async {
            let taken: Vec<wire::Snapshot> = self.api().list(&["droplets", path[1], "snapshots"], &[]).await?;
            Ok(taken.into_iter().find(|it| it.name.as_deref() == Some(&name)))
        };
        match self.pace().until(self.pace().busy, look).await.map_err(applied)? {
            Some(taken) => Ok(convert::snapshot(taken)),
            None => {
                let what = format!("snapshot `{}` was taken and does not show yet", spec.name);
                Err(applied(Error::new(ErrorKind::Timeout, what)).with_hint("list the snapshots in a minute"))
            }
        }
    }
}

#[async_trait]
impl Snapshots for DigitalOceanProvider {
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot> {
        self.take_snapshot(intent.intent(), spec).await
    }

    async fn list(&self) -> Result<Vec<Snapshot>> {
        let all: Vec<wire::Snapshot> = self.api().list(&["snapshots"], &[("resource_type", "droplet")]).await?;
        let snapshots = all.into_iter().map(convert::snapshot).collect();
        Ok(machine_http::distinct(snapshots, |snapshot| snapshot.id.clone()))
    }

    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed> {
        match number(id.as_str()) {
            Some(_) => self.remove(&["snapshots", id.as_str()]).await,
            // One of a volume has an id of another shape, and is none of these.
            None => Ok(Destroyed::AlreadyGone),
        }
    }
}
