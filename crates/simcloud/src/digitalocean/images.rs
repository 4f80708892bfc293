//! `/v2/images`: what everybody can use, and the account's own snapshots of droplets.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{body, invalid, missing, page, text, time};
use crate::digitalocean::catalog;
use crate::digitalocean::snapshots::{self, Snapshot};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// `GET /v2/images`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let own = own(world).map(|(id, snapshot)| Cow::Owned(show_own(id, snapshot)));
    let public = |plain: Option<bool>| {
        let images = catalog::images().iter().filter(move |image| plain.is_none_or(|plain| image.plain == plain));
        images.map(|image| Cow::Borrowed(image.show()))
    };
    let images: Vec<Cow<'_, Value>> = match (call.query("type"), call.query("private"), call.query("tag_name")) {
        (Some("distribution"), ..) => public(Some(true)).collect(),
        (Some("application"), ..) => public(Some(false)).collect(),
        (_, Some("true"), _) => own.collect(),
        (.., Some(tag)) => {
            own.filter(|image| image["tags"].as_array().is_some_and(|tags| tags.iter().any(|has| has == tag))).collect()
        }
        _ => public(None).chain(own).collect(),
    };
    Ok(page(call, "images", &images, Clone::clone))
}

/// `GET /v2/images/{id or slug}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let image = show(world, call.param("id"));
    if image.is_null() { Err(missing()) } else { Ok(Reply::json(200, &json!({"image": image}))) }
}

/// `PUT /v2/images/{id}`
pub(super) fn update(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = call.param("id");
    let snapshot = world.snapshots.get_mut(id).filter(|snapshot| snapshot.droplet.is_some()).ok_or_else(missing)?;
    text(&body, "name")?.clone_into(&mut snapshot.name);
    Ok(Reply::json(200, &json!({"image": show(world, id)})))
}

/// `DELETE /v2/images/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    if catalog::images().iter().any(|image| image.id.to_string() == call.param("id")) {
        return Err(invalid("You can not delete a public image."));
    }
    if own(world).any(|(id, _)| id == call.param("id")) {
        snapshots::delete(world, moment, call)
    } else {
        Err(missing())
    }
}

/// The word by which an image is remembered: the slug of a public one, the id of one's own.
pub(super) fn resolve(world: &World, asked: &str, region: &str) -> Option<String> {
    if let Some(image) = public(asked) {
        return Some(image.slug.to_owned());
    }
    own(world).find(|(id, snapshot)| *id == asked && snapshot.region == region).map(|(id, _)| id.clone())
}

/// The image of that id or slug as an answer shows it; null if there is none.
pub(super) fn show(world: &World, asked: &str) -> Cow<'static, Value> {
    if let Some(image) = public(asked) {
        return Cow::Borrowed(image.show());
    }
    let own = own(world).find(|(id, _)| *id == asked);
    Cow::Owned(own.map_or(Value::Null, |(id, snapshot)| show_own(id, snapshot)))
}

fn public(asked: &str) -> Option<&'static catalog::Image> {
    catalog::images().iter().find(|image| image.slug == asked || image.id.to_string() == asked)
}

fn own(world: &World) -> impl Iterator<Item = (&String, &Snapshot)> {
    world.snapshots.iter().filter(|(_, snapshot)| snapshot.droplet.is_some())
}

fn show_own(id: &str, snapshot: &Snapshot) -> Value {
    json!({
        "id": id.parse::<u64>().unwrap_or_default(),
        "name": snapshot.name,
        "type": "snapshot",
        "distribution": "Ubuntu",
        "slug": null,
        "public": false,
        "regions": [snapshot.region],
        "created_at": time(snapshot.created_at),
        "min_disk_size": snapshot.min_disk,
        "size_gigabytes": snapshot.size,
        "description": "",
        "tags": snapshot.tags,
        "status": "available",
        "error_message": "",
    })
}
