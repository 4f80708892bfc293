//! Volumes.

use machine_core::{Attachment, MachineId, Volume, VolumeId};

use super::{Tags, timestamp};
use crate::kind::KIND;
use crate::wire;

/// A volume. Where it shows inside is written on the droplet and not here.
pub(crate) fn volume(volume: wire::Volume) -> Volume {
    let attached_to = volume
        .droplet_ids
        .unwrap_or_default()
        .first()
        .map(|id| Attachment { machine: MachineId::new(id.to_string()), path: None });
    Volume {
        name: volume.name.unwrap_or_else(|| volume.id.clone()),
        id: VolumeId::new(volume.id),
        provider: KIND.to_owned(),
        size_gib: volume.size_gigabytes.unwrap_or_default(),
        region: volume.region.and_then(|region| region.slug),
        attached_to,
        created_at: timestamp(volume.created_at.as_deref()),
        markers: Tags::read(&volume.tags.unwrap_or_default()).markers,
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_volume_tells_what_has_it() {
        let told = json!({"id": "506f78a4", "name": "data", "size_gigabytes": 10, "region": {"slug": "nyc3"},
            "droplet_ids": [7], "created_at": "2020-03-02T17:00:49Z", "tags": ["machine:owner:o-1", "aninterestingtag"]});
        let read = volume(serde_json::from_value(told).unwrap());
        assert_eq!((read.name.as_str(), read.size_gib, read.region.as_deref()), ("data", 10, Some("nyc3")));
        assert_eq!(read.attached_to.unwrap().machine, MachineId::new("7"));
        assert_eq!(read.markers, None, "an owner alone is no mark");
        let bare = volume(serde_json::from_value(json!({"id": "506f78a4", "droplet_ids": null})).unwrap());
        assert_eq!((bare.name.as_str(), bare.attached_to), ("506f78a4", None));
    }
}
