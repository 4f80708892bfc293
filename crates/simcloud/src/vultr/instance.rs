//! An instance as it is, and as an answer shows it.

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::clock::after;
use crate::guests::Guest;
use crate::vultr::answer::time;
use crate::vultr::catalog;
use crate::vultr::world::Moment;

/// How long the first password of an instance can be read.
const PASSWORD: SignedDuration = SignedDuration::from_mins(10);

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) id: String,
    /// By which its addresses differ from others'.
    pub(super) number: u32,
    pub(super) region: String,
    pub(super) plan: String,
    pub(super) os_id: u64,
    pub(super) label: String,
    pub(super) hostname: String,
    pub(super) tags: Vec<String>,
    pub(super) password: String,
    /// Base64.
    pub(super) user_data: String,
    pub(super) ipv6: bool,
    pub(super) backups: bool,
    pub(super) firewall: String,
    /// `pending`, `active`, `suspended`, `resizing`, or whatever it was set to.
    pub(super) status: String,
    /// `running` or `stopped`.
    pub(super) power: String,
    /// `none`, `locked`, `installingbooting` or `ok`.
    pub(super) server: String,
    pub(super) has_address: bool,
    pub(super) created_at: Timestamp,
    /// Since when it is in lists.
    pub(super) listed_at: Timestamp,
    /// Since when it is destroyed.
    pub(super) gone_at: Option<Timestamp>,
    /// The machine behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guest: Option<Guest>,
}

impl Instance {
    /// Puts all three fields of its state.
    pub(super) fn set(&mut self, status: &str, power: &str, server: &str) {
        status.clone_into(&mut self.status);
        power.clone_into(&mut self.power);
        server.clone_into(&mut self.server);
    }

    /// Whether nothing can be done to it now.
    pub(super) fn is_locked(&self) -> bool {
        matches!(&*self.server, "none" | "locked")
    }

    /// Whether it is found by its id.
    pub(super) fn is_found(&self, moment: &Moment<'_>) -> bool {
        self.lingers(moment.now, moment)
    }

    /// Whether the list that `call` asks for has it.
    pub(super) fn is_listed(&self, moment: &Moment<'_>, call: &Call) -> bool {
        let as_of = moment.now.checked_sub(call.veil.stale.unwrap_or_default()).unwrap_or(Timestamp::MIN);
        self.listed_at <= as_of && self.lingers(as_of, moment)
    }

    fn lingers(&self, at: Timestamp, moment: &Moment<'_>) -> bool {
        self.gone_at.is_none_or(|gone| at < after(gone, moment.sim.quirks.lingering))
    }

    /// What it costs from now on.
    pub(super) fn charge(&self, now: Timestamp) -> Charge {
        let mut markers = self.tags.clone();
        markers.extend(Some(self.label.clone()).filter(|label| !label.is_empty()));
        Charge {
            kind: "machine".to_owned(),
            id: self.id.clone(),
            name: self.label.clone(),
            markers,
            hourly: catalog::plan_of(&self.plan).map_or(0.0, catalog::Plan::hourly),
            from: now,
            until: None,
        }
    }

    /// Its address; 0.0.0.0 while it has none.
    pub(super) fn address(&self) -> Ipv4Addr {
        if !self.has_address {
            return Ipv4Addr::UNSPECIFIED;
        }
        if let Some(guest) = &self.guest {
            return guest.address;
        }
        // The range that is set aside for measuring networks: nothing of the world's is there.
        Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + self.number % 131_072)
    }

    /// As an answer shows it.
    pub(super) fn show(&self, moment: &Moment<'_>) -> Value {
        let plan = catalog::plan_of(&self.plan);
        // What is not placed yet has no parts yet.
        let part = |of: fn(&catalog::Plan) -> u32| if self.has_address { plan.map_or(0, of) } else { 0 };
        let readable = moment.now < after(self.created_at, PASSWORD);
        let v6 = (self.ipv6 && self.has_address).then(|| format!("2001:db8:500:{:x}::", self.number % 0xffff));
        let v6_address = v6.as_ref().map(|network| format!("{network}100")).unwrap_or_default();
        let v6_size = if v6.is_some() { 64 } else { 0 };
        let v6_networks: Vec<_> = v6
            .iter()
            .map(|network| json!({"network": network, "main_ip": v6_address, "network_size": v6_size}))
            .collect();
        let mut features = Vec::new();
        features.extend(self.ipv6.then_some("ipv6"));
        features.extend(self.backups.then_some("auto_backups"));
        json!({
            "id": self.id,
            "os": catalog::system(self.os_id).map_or("", |os| os.name),
            "ram": part(|plan| plan.ram),
            "disk": part(|plan| plan.disk),
            "main_ip": self.address(),
            "vcpu_count": part(|plan| plan.vcpus),
            "region": self.region,
            "plan": self.plan,
            "date_created": time(self.created_at),
            "status": self.status,
            "power_status": self.power,
            "server_status": self.server,
            "default_password": if readable { &self.password } else { "" },
            "allowed_bandwidth": plan.map_or(0, |plan| plan.bandwidth),
            "netmask_v4": if self.has_address { "255.254.0.0" } else { "" },
            "gateway_v4": if self.has_address { "198.18.0.1" } else { "0.0.0.0" },
            // The same once more, which the description leaves out and clients read.
            "v6_network": v6.unwrap_or_default(),
            "v6_main_ip": v6_address,
            "v6_network_size": v6_size,
            "v6_networks": v6_networks,
            "hostname": self.hostname,
            "label": self.label,
            "tag": self.tags.first().map_or("", String::as_str),
            "internal_ip": "",
            "kvm": format!("https://my.vultr.com/subs/vps/novnc/api.php?data={}", self.id),
            "os_id": self.os_id,
            "app_id": 0,
            "image_id": "",
            "firewall_group_id": self.firewall,
            "features": features,
            "tags": self.tags,
            "user_scheme": "root",
        })
    }
}
