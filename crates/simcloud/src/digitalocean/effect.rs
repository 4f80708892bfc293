//! What an action comes to when it is over.

use serde::{Deserialize, Serialize};

use crate::digitalocean::catalog;
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::snapshots::Snapshot;
use crate::digitalocean::world::{Moment, World};

/// What an action comes to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Effect {
    /// Nothing that anybody sees.
    Nothing,
    /// Nothing, because it fails.
    Fail,
    /// The droplet is in this state.
    Status(String),
    /// There is a snapshot of that name.
    Snapshot(String),
    /// The droplet has another size, and a larger disk if that was asked for.
    Resize {
        /// The size.
        size: String,
        /// Whether the disk grows with it.
        disk: bool,
    },
    /// The droplet is made anew from that image.
    Rebuild(String),
    /// The droplet has another name.
    Rename(String),
    /// The droplet has this feature.
    Feature(String),
    /// The droplet has this feature no more.
    NoFeature(String),
    /// The volume is attached to the droplet.
    Attach(String),
    /// The volume is attached to nothing.
    Detach(String),
    /// The volume is as large as this.
    Grow(String, u64),
}

impl Effect {
    /// Lets it happen.
    pub(super) fn apply(self, world: &mut World, droplet: Option<u64>, moment: &Moment<'_>) {
        match self {
            Self::Nothing | Self::Fail => {}
            Self::Attach(volume) => {
                if let Some(volume) = world.volumes.get_mut(&volume) {
                    volume.droplet = droplet;
                }
            }
            Self::Detach(volume) => {
                if let Some(volume) = world.volumes.get_mut(&volume) {
                    volume.droplet = None;
                }
            }
            Self::Grow(id, size) => {
                if let Some(volume) = world.volumes.get_mut(&id) {
                    volume.size = size;
                    moment.sim.bill.reprice("volume", &id, volume.hourly(), moment.now);
                }
            }
            Self::Snapshot(name) => {
                let Some(id) = droplet.filter(|id| world.droplets.contains_key(id)) else { return };
                let number = world.next();
                let Some(droplet) = world.droplets.get(&id) else { return };
                let snapshot = Snapshot::of_droplet(droplet, name, moment.now);
                moment.sim.bill.open(snapshot.charge(&number.to_string(), moment.now));
                world.snapshots.insert(number.to_string(), snapshot);
            }
            of_droplet => {
                if let Some(droplet) = droplet.and_then(|id| world.droplets.get_mut(&id)) {
                    of_droplet.change(droplet, moment);
                }
            }
        }
    }

    fn change(self, droplet: &mut Droplet, moment: &Moment<'_>) {
        match self {
            Self::Status(status) => droplet.status = status,
            Self::Resize { size, disk } => {
                let Some(sold) = catalog::size_of(&size) else { return };
                droplet.size = size;
                if disk {
                    droplet.disk = sold.disk;
                }
                moment.sim.bill.reprice("machine", &droplet.id.to_string(), sold.hourly, moment.now);
            }
            Self::Rebuild(image) => {
                droplet.image = image;
                "active".clone_into(&mut droplet.status);
            }
            Self::Rename(name) => droplet.name = name,
            Self::Feature(feature) => {
                droplet.features.retain(|has| *has != feature);
                droplet.features.push(feature);
            }
            Self::NoFeature(feature) => droplet.features.retain(|has| *has != feature),
            _ => {}
        }
    }
}
