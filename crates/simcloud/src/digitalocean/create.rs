//! `POST /v2/droplets`: the rules of a new droplet.

use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::digitalocean::account::DROPLET_LIMIT;
use crate::digitalocean::action::Action;
use crate::digitalocean::answer::{Refusal, body, invalid, texts};
use crate::digitalocean::catalog::{self, Size};
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::effect::Effect;
use crate::digitalocean::guests;
use crate::digitalocean::images;
use crate::digitalocean::keys;
use crate::digitalocean::tags;
use crate::digitalocean::world::{Moment, World};
use crate::digitalocean::{Answer, refuse};
use crate::life::Step;
use crate::reply::Reply;

/// The largest user data.
const USER_DATA: usize = 64 * 1024;

/// How many droplets one request may create.
const AT_ONCE: usize = 10;

/// What was ordered, and is possible.
struct Order {
    names: Vec<String>,
    region: &'static str,
    size: &'static Size,
    image: String,
    tags: Vec<String>,
    volumes: Vec<String>,
    features: Vec<String>,
    keys: Vec<String>,
    user_data: String,
    /// The cloud takes it and then fails: there is something in the user data that it does not expect.
    doomed: bool,
}

/// `POST /v2/droplets`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let order = order(world, &body)?;
    let there = world.droplets.values().filter(|droplet| droplet.is_there()).count();
    if there + order.names.len() > DROPLET_LIMIT {
        return Err(invalid("creating this/these droplet(s) will exceed your droplet limit"));
    }
    let tags = world.spelled(&order.tags);
    let mut shown = Vec::new();
    let mut actions = Vec::new();
    for name in &order.names {
        let id = world.next();
        let droplet = droplet(id, name, &order, tags.clone(), moment, call);
        let effect = if order.doomed { Effect::Fail } else { Effect::Status("active".to_owned()) };
        let action = Action::new("create", id, order.region, Step::Create, effect, moment);
        moment.sim.bill.open(droplet.charge(moment.now));
        world.droplets.insert(id, droplet);
        for volume in &order.volumes {
            if let Some(volume) = world.volumes.get_mut(volume) {
                volume.droplet = Some(id);
            }
        }
        let action = world.begin(action);
        let href = format!("{}/v2/actions/{action}", call.origin);
        actions.push(json!({"id": action, "rel": "create", "href": href}));
        shown.extend(world.droplets.get(&id).map(|droplet| json!(droplet.show(world, moment))));
        if order.doomed {
            moment.sim.bill.close("machine", &id.to_string(), moment.now);
            world.droplets.remove(&id);
        }
        guests::act(world, id, "create", moment);
    }
    let links = json!({"actions": actions});
    let several = body.get("names").is_some_and(|names| !names.is_null());
    let answer = match shown.pop() {
        Some(only) if !several => json!({"droplet": only, "links": links}),
        last => {
            shown.extend(last);
            json!({"droplets": shown, "links": links})
        }
    };
    Ok(Reply::json(202, &answer))
}

/// Reads the order and refuses what the cloud does not sell.
fn order(world: &World, body: &Value) -> Result<Order, Refusal> {
    let names = names(body)?;
    let size = body["size"].as_str().unwrap_or_default();
    let size = catalog::size_of(size).ok_or_else(|| invalid("You specified an invalid size for Droplet creation."))?;
    let region = region(body["region"].as_str(), size)?;
    let image = match &body["image"] {
        Value::String(slug) => slug.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    };
    let image = images::resolve(world, &image, region)
        .ok_or_else(|| invalid("You specified an invalid image for Droplet creation."))?;
    if let Some(unknown) = body["ssh_keys"].as_array().into_iter().flatten().find(|key| !keys::is_known(world, key)) {
        let unknown = unknown.as_str().map_or_else(|| unknown.to_string(), str::to_owned);
        return Err(invalid(format!("{unknown} are invalid key identifiers for Droplet creation.")));
    }
    let user_data = body["user_data"].as_str().unwrap_or_default();
    if user_data.len() > USER_DATA {
        return Err(invalid("User data is too long (maximum is 64 KiB)."));
    }
    let tags = texts(body, "tags")?;
    tags::check_all(&tags)?;
    let volumes = texts(body, "volumes")?;
    for id in &volumes {
        let volume = world.volumes.get(id).ok_or_else(|| invalid(format!("Volume {id} was not found.")))?;
        if volume.region != region {
            return Err(invalid("Droplet and volume must be in the same region."));
        }
        if volume.droplet.is_some() {
            return Err(refuse(409, "Volume is already attached to a Droplet."));
        }
    }
    let keys = keys::materials(world, &body["ssh_keys"]);
    let mut features = vec!["private_networking".to_owned()];
    features.extend(["ipv6", "monitoring", "backups"].into_iter().filter(|key| body[key] == true).map(str::to_owned));
    if body["with_droplet_agent"] != false {
        features.push("droplet_agent".to_owned());
    }
    Ok(Order {
        names,
        region,
        size,
        image,
        tags,
        volumes,
        features,
        doomed: !user_data.is_ascii(),
        keys,
        user_data: user_data.to_owned(),
    })
}

fn names(body: &Value) -> Result<Vec<String>, Refusal> {
    let several = texts(body, "names")?;
    let names =
        if several.is_empty() { body["name"].as_str().map(str::to_owned).into_iter().collect() } else { several };
    if names.is_empty() {
        return Err(invalid("Name can't be blank"));
    }
    if names.len() > AT_ONCE {
        return Err(invalid("You can only create up to 10 Droplets at once."));
    }
    let of_host = |name: &String| {
        name.len() <= 255
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            && name.ends_with(|last: char| last.is_ascii_alphanumeric())
    };
    if !names.iter().all(of_host) {
        return Err(invalid("Name Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"));
    }
    Ok(names)
}

/// The region that was asked for, by its slug or the beginning of one, or any.
fn region(asked: Option<&str>, size: &Size) -> Result<&'static str, Refusal> {
    let asked = asked.unwrap_or_default();
    let meant: Vec<_> = match catalog::region(asked) {
        Some(exact) => vec![exact],
        None => catalog::regions().iter().filter(|region| region.slug.starts_with(asked)).collect(),
    };
    if meant.is_empty() {
        return Err(invalid("You specified an invalid region for Droplet creation."));
    }
    if !meant.iter().any(|region| region.available) {
        return Err(invalid("Region is not available"));
    }
    let sold = meant.iter().find(|region| region.available && size.is_in(region.slug));
    sold.map(|region| region.slug).ok_or_else(|| invalid("Size is not available in this region."))
}

fn droplet(id: u64, name: &str, order: &Order, tags: Vec<String>, moment: &Moment<'_>, call: &Call) -> Droplet {
    let quirks = &moment.sim.quirks;
    let guest = guests::new(name, order.keys.clone(), &order.user_data, moment);
    Droplet {
        id,
        name: name.to_owned(),
        region: order.region.to_owned(),
        size: order.size.slug.to_owned(),
        disk: order.size.disk,
        image: order.image.clone(),
        status: "new".to_owned(),
        features: order.features.clone(),
        tags,
        tags_at: after(moment.now, quirks.late_tags),
        created_at: moment.now,
        found_at: after(moment.now, quirks.hidden),
        listed_at: after(moment.now, call.veil.late.unwrap_or(quirks.list_lag)),
        gone_at: None,
        pending: None,
        guest,
    }
}

/// A droplet of somebody's who knows nothing of us.
pub(super) fn foreign(world: &mut World, moment: &Moment<'_>) -> u64 {
    let now = moment.now;
    let id = world.next();
    let droplet = Droplet {
        id,
        name: format!("foreign-{id}"),
        region: "nyc3".to_owned(),
        size: "s-1vcpu-1gb".to_owned(),
        disk: 25,
        image: "ubuntu-24-04-x64".to_owned(),
        status: "active".to_owned(),
        features: vec!["private_networking".to_owned()],
        tags: Vec::new(),
        tags_at: now,
        created_at: now,
        found_at: now,
        listed_at: now,
        gone_at: None,
        pending: None,
        guest: None,
    };
    moment.sim.bill.open(droplet.charge(now));
    world.droplets.insert(id, droplet);
    id
}
