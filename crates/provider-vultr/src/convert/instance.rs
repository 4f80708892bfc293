//! An instance as a machine.

use machine_core::{Addresses, Machine};
use serde_json::json;

use super::{Tagged, address, held_by, moment, price, state};
use crate::wire::{Block, Instance, Plan};

/// The instance as a machine, with what the plans cost and which blocks it has.
pub(crate) fn machine(instance: &Instance, plans: &[Plan], blocks: &[Block]) -> Machine {
    let (state, raw_state) = state(instance);
    let Tagged { markers, labels, tags, others: _ } = Tagged::read(&instance.tags);
    let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut machine = Machine::new(&instance.id, &instance.label, crate::KIND, raw_state);
    machine.state = state;
    machine.region = told(&instance.region);
    machine.size = told(&instance.plan);
    machine.image = told(&instance.os).or_else(|| (instance.os_id > 0).then(|| instance.os_id.to_string()));
    machine.created_at = moment(&instance.date_created);
    machine.addresses = addresses(instance);
    machine.labels = labels;
    machine.tags = tags;
    machine.volumes = held_by(&instance.id, blocks);
    machine.price = plans.iter().find(|plan| plan.id == instance.plan).and_then(price);
    machine.notes = notes(instance, markers.is_some());
    machine.markers = markers;
    machine.details = json!({
        "status": instance.status,
        "power_status": instance.power_status,
        "server_status": instance.server_status,
        "hostname": instance.hostname,
        "os_id": instance.os_id,
    });
    machine
}

fn addresses(instance: &Instance) -> Addresses {
    let six = instance.v6_networks.iter().map(|network| &network.main_ip);
    let mut public = Vec::new();
    for address in [&instance.main_ip, &instance.v6_main_ip].into_iter().chain(six).filter_map(|text| address(text)) {
        if !public.contains(&address) {
            public.push(address);
        }
    }
    Addresses { public, private: address(&instance.internal_ip).into_iter().collect(), ssh_port: None }
}

fn notes(instance: &Instance, ours: bool) -> Vec<String> {
    let renamed = ours && !instance.hostname.is_empty() && instance.hostname != instance.label;
    let host =
        renamed.then(|| format!("inside, it is still called `{}`: a new name is not told to it", instance.hostname));
    let suspended = (instance.status == "suspended")
        .then(|| "Vultr has suspended it, for a bill or a complaint; only its support starts it again".to_owned());
    host.into_iter().chain(suspended).collect()
}

#[cfg(test)]
mod tests {
    use machine_core::MachineState;

    use super::*;

    #[test]
    fn an_instance_with_everything() {
        let instance: Instance = serde_json::from_value(json!({
            "id": "cb676a46", "label": "web-2", "hostname": "web-1", "main_ip": "203.0.113.9", "internal_ip": "10.1.0.3",
            "v6_main_ip": "2001:db8::9", "v6_networks": [{"main_ip": "2001:db8::9"}, {"main_ip": ""}],
            "status": "active", "power_status": "running", "server_status": "ok", "region": "ewr", "plan": "vc2-1c-1gb",
            "os": "Debian 12 x64 (bookworm)", "os_id": 2136, "date_created": "2020-10-10T01:56:20+00:00",
            "tags": ["machine:owner:me", "machine:intent:01jzzzzzzzzzzzzzzzzzzzzzzz", "team:blue", "extra"],
            "default_password": "hunter2", "kvm": "https://my.vultr.com/?s=hunter2"
        }))
        .unwrap();
        let plan = Plan { id: "vc2-1c-1gb".into(), monthly_cost: Some(5.0), ..Plan::default() };
        let machine = machine(&instance, &[plan], &[]);
        assert_eq!(machine.state, MachineState::Running);
        assert_eq!(machine.addresses.public, [address("203.0.113.9").unwrap(), address("2001:db8::9").unwrap()]);
        assert_eq!(machine.addresses.private.len(), 1);
        assert_eq!(machine.created_at.unwrap().to_string(), "2020-10-10T01:56:20Z");
        assert_eq!(machine.labels.get("team").map(String::as_str), Some("blue"));
        assert!(machine.tags.contains(&"extra".to_owned()), "{:?}", machine.tags);
        assert!(machine.markers.is_some() && machine.price.is_some());
        assert!(machine.notes[0].contains("`web-1`"), "{:?}", machine.notes);
        assert!(!format!("{machine:?}").contains("hunter2"));
    }

    #[test]
    fn an_instance_that_was_just_made() {
        let text = r#"{"id":"a","label":"web","main_ip":"0.0.0.0","internal_ip":"","status":"pending","tags":null}"#;
        let machine = machine(&serde_json::from_str(text).unwrap(), &[], &[]);
        assert_eq!((machine.state, machine.addresses), (MachineState::Pending, Addresses::default()));
        assert_eq!((machine.price, machine.markers, machine.created_at), (None, None, None));
    }
}
