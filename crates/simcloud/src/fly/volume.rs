//! A volume as it is, and as an answer shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::fly::answer::time;
use crate::fly::catalog;
use crate::fly::world::Moment;

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) region: String,
    /// Gibibytes.
    pub(super) size: u32,
    pub(super) zone: String,
    pub(super) encrypted: bool,
    pub(super) fstype: String,
    pub(super) retention: u32,
    pub(super) backups: bool,
    pub(super) created_at: Timestamp,
    /// Since when it waits for its end.
    pub(super) deleted_at: Option<Timestamp>,
    /// The machine that has it.
    pub(super) machine: Option<String>,
    pub(super) snapshots: Vec<Snapshot>,
}

/// A copy of a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: String,
    /// Gibibytes of the volume that it is of.
    pub(super) volume_size: u32,
    pub(super) retention: u32,
    pub(super) created_at: Timestamp,
}

impl Volume {
    /// What it costs in an hour.
    pub(super) fn hourly(&self) -> f64 {
        catalog::disk_hourly(self.size)
    }

    /// What it costs from now on. Nothing can be written on it but its name; its app is the best hint whose it is.
    pub(super) fn charge(&self, id: &str, now: Timestamp) -> Charge {
        let (kind, id, name) = ("volume".to_owned(), id.to_owned(), self.name.clone());
        let markers = vec![self.app.clone(), self.name.clone()];
        Charge { kind, id, name, markers, hourly: self.hourly(), from: now, until: None }
    }

    /// It is deleted: it is still shown for a day, and costs nothing any more.
    pub(super) fn delete(&mut self, id: &str, moment: &Moment<'_>) {
        self.deleted_at = self.deleted_at.or(Some(moment.now));
        self.machine = None;
        moment.sim.bill.close("volume", id, moment.now);
        if let Some(machines) = &moment.sim.machines {
            machines.drop_volume(id);
        }
        for snapshot in &self.snapshots {
            moment.sim.bill.close("snapshot", &snapshot.id, moment.now);
        }
    }

    /// As an answer shows it.
    pub(super) fn show(&self, id: &str) -> Value {
        let blocks = u64::from(self.size) << 18;
        json!({
            "id": id,
            "name": self.name,
            "state": if self.deleted_at.is_some() { "pending_destroy" } else { "created" },
            "size_gb": self.size,
            "region": self.region,
            "zone": self.zone,
            "encrypted": self.encrypted,
            "fstype": self.fstype,
            "type": "local",
            "attached_machine_id": self.machine,
            "attached_alloc_id": null,
            "created_at": time(self.created_at),
            "blocks": blocks,
            "block_size": 4096,
            "blocks_free": blocks,
            "blocks_avail": blocks,
            "bytes_used": 0,
            "bytes_total": blocks * 4096,
            "snapshot_retention": self.retention,
            "auto_backup_enabled": self.backups,
            "host_status": "ok",
        })
    }
}

impl Snapshot {
    /// What it costs from now on: nothing, since nothing was ever written to its volume and ten gibibytes are free.
    pub(super) fn charge(&self, volume: &Volume, now: Timestamp) -> Charge {
        let markers = vec![volume.app.clone(), volume.name.clone()];
        let (kind, id, name) = ("snapshot".to_owned(), self.id.clone(), volume.name.clone());
        Charge { kind, id, name, markers, hourly: 0.0, from: now, until: None }
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "status": "created",
            "size": 0,
            "volume_size": u64::from(self.volume_size) << 30,
            "digest": blake3::hash(self.id.as_bytes()).to_hex().to_string(),
            "retention_days": self.retention,
            "created_at": time(self.created_at),
        })
    }
}
