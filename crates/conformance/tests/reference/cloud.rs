//! The other side, as the suite sees it.

use std::time::Duration;

use async_trait::async_trait;
use machine_conformance::{Cloud, Fault};
use machine_core::{MachineId, ResourceKind};
use serde_json::Value;

use crate::lists::PAGE;
use crate::machine::Held;
use crate::world::World;

#[async_trait]
impl Cloud for World {
    async fn fault(&self, fault: Fault) {
        self.change(|state| state.faults.push(fault));
    }

    async fn calm(&self) {
        self.change(|state| state.faults.clear());
    }

    async fn set_raw_state(&self, id: &MachineId, word: &str) {
        self.change_machine(id.as_str(), |held| word.clone_into(&mut held.raw)).unwrap();
    }

    async fn seed(&self, count: usize) -> Vec<MachineId> {
        self.change(|state| {
            let seed = |_| {
                let id = state.new_id();
                state.machines.insert(id.clone(), Held::new(id.clone(), "somebody-elses", Duration::ZERO));
                MachineId::new(id)
            };
            (0..count).map(seed).collect()
        })
    }

    fn page_size(&self) -> usize {
        PAGE
    }

    async fn made(&self, resource: ResourceKind, name: &str) -> usize {
        self.look(|state| match resource {
            ResourceKind::Machine => state.machines.values().filter(|it| it.name == name).count(),
            ResourceKind::Volume => state.volumes.iter().filter(|(it, _)| it.name == name).count(),
            ResourceKind::Snapshot => state.snapshots.iter().filter(|it| it.name == name).count(),
            ResourceKind::SshKey => state.keys.iter().filter(|it| it.name == name).count(),
            ResourceKind::DnsRecord => state.records.iter().filter(|it| it.name == name).count(),
            other => panic!("nobody makes a {other:?} here"),
        })
    }

    async fn create_requests(&self, resource: ResourceKind) -> usize {
        self.look(|state| state.requests.get(&resource).copied().unwrap_or_default())
    }

    async fn last_create(&self) -> Option<Value> {
        self.look(|state| state.last_create.clone())
    }
}
