//! `/apps/{app}/ip_assignments`: addresses, which belong to apps and not to machines.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{body, invalid, refuse, time};
use crate::fly::catalog;
use crate::fly::world::{Moment, World};
use crate::ids;
use crate::reply::Reply;

/// An address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) ip: String,
    shared: bool,
    region: String,
    service: String,
    created_at: Timestamp,
}

impl Address {
    fn show(&self) -> Value {
        json!({
            "ip": self.ip,
            "shared": self.shared,
            "region": self.region,
            "service_name": self.service,
            "created_at": time(self.created_at),
        })
    }
}

/// `GET /apps/{app}/ip_assignments`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let addresses = &world.app(call)?.addresses;
    let shown: Vec<Value> = if call.veil.empty { Vec::new() } else { addresses.iter().map(Address::show).collect() };
    Ok(Reply::json(200, &json!({"ips": shown})))
}

/// `POST /apps/{app}/ip_assignments`
pub(super) fn assign(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let body = body(call)?;
    let kind = body["type"].as_str().unwrap_or_default();
    // Ranges that are set aside for measuring networks and for examples: nothing of the world's is there.
    let v4 = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + (u32::from_be_bytes(ids::random()) >> 15));
    let low = u64::from_be_bytes(ids::random());
    let in_net = |net: Ipv6Addr| Ipv6Addr::from(u128::from(net) + u128::from(low)).to_string();
    let ip = match kind {
        "v4" | "shared_v4" => v4.to_string(),
        "v6" => in_net(Ipv6Addr::new(0x2001, 0xdb8, 0x400, 0, 0, 0, 0, 0)),
        "private_v6" => in_net(Ipv6Addr::new(0xfdaa, 0, 1, 0, 0, 0, 0, 0)),
        _ => return Err(invalid(format!("unknown ip assignment type {kind:?}"))),
    };
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let shared = kind == "shared_v4";
    let address = Address { ip, shared, region: text("region"), service: text("service_name"), created_at: moment.now };
    if kind == "v4" {
        moment.sim.bill.open(Charge {
            kind: "address".to_owned(),
            id: address.ip.clone(),
            name: address.ip.clone(),
            markers: vec![call.param("app").to_owned()],
            hourly: catalog::address_hourly(),
            from: moment.now,
            until: None,
        });
    }
    let shown = address.show();
    world.apps.entry(call.param("app").to_owned()).and_modify(|app| app.addresses.push(address));
    Ok(Reply::json(200, &shown))
}

/// `DELETE /apps/{app}/ip_assignments/{ip}`
pub(super) fn release(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let ip = call.param("ip");
    let app = world.apps.get_mut(call.param("app")).into_iter();
    let taken = app.flat_map(|app| app.addresses.extract_if(.., |address| address.ip == ip)).count();
    if taken == 0 {
        return Err(refuse(404, format!("ip assignment not found: {ip}")));
    }
    moment.sim.bill.close("address", ip, moment.now);
    Ok(Reply::nothing())
}
