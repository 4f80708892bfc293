//! Blocks to volumes, and snapshots.

use machine_core::{Attachment, MachineId, Snapshot, SnapshotId, Volume, VolumeId, VolumeMount};

use super::{moment, name_and_note};
use crate::wire;

/// The block as a volume.
pub(crate) fn volume(block: &wire::Block) -> Volume {
    let (name, note) = name_and_note(&block.label);
    let device = Some(&block.mount_id).filter(|id| !id.is_empty());
    Volume {
        id: VolumeId::new(&block.id),
        name,
        provider: crate::KIND.to_owned(),
        size_gib: block.size_gb,
        region: Some(block.region.clone()).filter(|region| !region.is_empty()),
        attached_to: (!block.attached_to_instance.is_empty())
            .then(|| Attachment { machine: MachineId::new(&block.attached_to_instance), path: path(block) }),
        created_at: moment(&block.date_created),
        markers: note.markers,
        notes: device
            .map(|id| format!("inside a machine it is the device `/dev/disk/by-id/virtio-{id}`"))
            .into_iter()
            .collect(),
    }
}

/// Where it was to show inside the machine that has it.
fn path(block: &wire::Block) -> Option<String> {
    let (machine, path) = name_and_note(&block.label).1.place?;
    (machine.as_str() == block.attached_to_instance).then_some(path)
}

/// The volumes among these that the machine has. One that another tool attached shows at no path that anybody knows.
pub(crate) fn held_by(machine: &str, blocks: &[wire::Block]) -> Vec<VolumeMount> {
    let held = blocks.iter().filter(|block| block.attached_to_instance == machine);
    held.map(|block| VolumeMount { volume: VolumeId::new(&block.id), path: path(block).unwrap_or_default() }).collect()
}

/// The kind of storage to ask for in a region with these options: the fast one where there is one. Nothing where the region
/// does not say.
pub(crate) fn block_type(options: &[String]) -> Option<&'static str> {
    let kinds = [("block_storage_high_perf", "high_perf"), ("block_storage_storage_opt", "storage_opt")];
    kinds.into_iter().find(|(option, _)| options.iter().any(|has| has == option)).map(|(_, kind)| kind)
}

/// The snapshot in our words.
pub(crate) fn snapshot(snapshot: &wire::Snapshot) -> Snapshot {
    let (name, note) = name_and_note(&snapshot.description);
    Snapshot {
        id: SnapshotId::new(&snapshot.id),
        name,
        size_gib: (snapshot.size > 0).then(|| snapshot.size.div_ceil(1 << 30)),
        created_at: moment(&snapshot.date_created),
        markers: note.markers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_for_the_machine_that_it_was_written_for() {
        let block = |holder: &str| wire::Block {
            id: "b".into(),
            label: "data [machine at=m-1 path=/srv/my data]".into(),
            attached_to_instance: holder.into(),
            ..wire::Block::default()
        };
        let shown = volume(&block("m-1"));
        assert_eq!((shown.name.as_str(), shown.attached_to.unwrap().path.as_deref()), ("data", Some("/srv/my data")));
        assert_eq!(volume(&block("m-2")).attached_to.unwrap().path, None);
        assert_eq!(volume(&block("")).attached_to, None);
        let blocks = [block("m-1"), block("m-2"), block("")];
        assert_eq!(held_by("m-1", &blocks), [VolumeMount { volume: VolumeId::new("b"), path: "/srv/my data".into() }]);
    }

    #[test]
    fn the_fast_kind_where_there_is_one() {
        let options = |options: &[&str]| options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>();
        let (fast, slow) = ("block_storage_high_perf", "block_storage_storage_opt");
        assert_eq!(block_type(&options(&["kubernetes", slow, fast])), Some("high_perf"));
        assert_eq!(block_type(&options(&[slow])), Some("storage_opt"));
        assert_eq!(block_type(&options(&["kubernetes"])), None);
    }

    #[test]
    fn a_snapshot_grows_a_size_once_it_is_there() {
        let size = |size| snapshot(&wire::Snapshot { id: "s".into(), size, ..wire::Snapshot::default() }).size_gib;
        assert_eq!((size(0), size(1), size(5 << 30)), (None, Some(1), Some(5)));
    }
}
