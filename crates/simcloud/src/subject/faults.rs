//! The suite's faults in the words of each cloud.

use std::time::Duration;

use machine_core::ResourceKind;
use serde_json::json;

use super::{Played, SPEED};
use crate::builder::Cloud;
use crate::fault::{Fault, What, When};

impl Played {
    /// The operation that creates a thing of that kind.
    pub(super) fn create(&self, resource: ResourceKind) -> &'static str {
        match (self.cloud, resource) {
            (Cloud::Fly, ResourceKind::Machine) => "create_machine",
            (Cloud::DigitalOcean, ResourceKind::Machine) => "create_droplet",
            (Cloud::Vultr, ResourceKind::Machine) => "create_instance",
            (Cloud::Fly | Cloud::DigitalOcean, ResourceKind::Volume) => "create_volume",
            (Cloud::Vultr, ResourceKind::Volume) => "create_block",
            (Cloud::DigitalOcean, ResourceKind::Snapshot) => "create_droplet_action",
            (Cloud::Vultr, ResourceKind::Snapshot) => "create_snapshot",
            (_, ResourceKind::SshKey) => "create_ssh_key",
            (_, ResourceKind::DnsRecord) => "create_record",
            _ => "create_address",
        }
    }

    fn list(&self) -> &'static str {
        match self.cloud {
            Cloud::Fly => "list_machines",
            Cloud::DigitalOcean => "list_droplets",
            Cloud::Vultr => "list_instances",
        }
    }

    /// The operation that lists things of that kind.
    fn list_of(&self, resource: ResourceKind) -> &'static str {
        match (self.cloud, resource) {
            (Cloud::Vultr, ResourceKind::Volume) => "list_blocks",
            (_, ResourceKind::Volume) => "list_volumes",
            (_, ResourceKind::Snapshot) => "list_snapshots",
            (_, ResourceKind::SshKey) => "list_ssh_keys",
            (_, ResourceKind::DnsRecord) => "list_records",
            _ => self.list(),
        }
    }

    fn delete(&self) -> &'static str {
        match self.cloud {
            Cloud::Fly => "delete_machine",
            Cloud::DigitalOcean => "delete_droplet",
            Cloud::Vultr => "delete_instance",
        }
    }

    /// A refusal that is the account's: a limit.
    fn refusal(&self) -> What {
        let (code, body) = match self.cloud {
            Cloud::Fly => (
                403,
                json!({"error": "organization personal is using 4096 MB of memory in ams which is over the allowed quota"}),
            ),
            Cloud::DigitalOcean => {
                (422, json!({"id": "unprocessable_entity", "message": "this will exceed your droplet limit"}))
            }
            Cloud::Vultr => (400, json!({"error": "You have reached the maximum number of instances", "status": 400})),
        };
        What::Status { code, headers: std::collections::BTreeMap::new(), body }
    }

    pub(super) fn fault_of(&self, fault: machine_conformance::Fault) -> Fault {
        use machine_conformance::Fault as F;

        let (operation, when, what, skip) = match fault {
            F::RefuseCreate(resource) => (self.create(resource), When::Before, self.refusal(), 0),
            F::LoseCreateAnswer(resource) => (self.create(resource), When::After, What::Reset, 0),
            F::SlowCreateAnswer(time) => {
                (self.create(ResourceKind::Machine), When::After, What::Slow { ms: millis(time) }, 0)
            }
            F::LateCreate(time) => (self.create(ResourceKind::Machine), When::After, late(time), 0),
            // At Fly one page has them all, and is the page that fails.
            F::FailListPage(page) => {
                let before = if self.cloud == Cloud::Fly { 0 } else { page.saturating_sub(1) };
                (self.list(), When::Before, forbidden(), before)
            }
            F::FailList(resource) => (self.list_of(resource), When::Before, forbidden(), 0),
            F::LoseDestroyAnswer => (self.delete(), When::After, What::Reset, 0),
            F::FailStart => ("get_action", When::Before, errored(), 0),
            _ => ("none", When::Before, What::Reset, 0),
        };
        Fault { operation: operation.to_owned(), when, what, times: 1, skip: u32::try_from(skip).unwrap_or(u32::MAX) }
    }
}

/// What cannot be had, now or later.
fn forbidden() -> What {
    let body =
        json!({"id": "forbidden", "message": "You are not permitted to do that.", "error": "Forbidden", "status": 403});
    What::Status { code: 403, headers: std::collections::BTreeMap::new(), body }
}

/// An action that came to nothing.
fn errored() -> What {
    let action = json!({"id": 1, "status": "errored", "type": "create", "resource_type": "droplet"});
    What::Status { code: 200, headers: std::collections::BTreeMap::new(), body: json!({ "action": action }) }
}

/// In the cloud's time.
fn late(time: Duration) -> What {
    What::Late { ms: millis(time.mul_f64(SPEED)) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
