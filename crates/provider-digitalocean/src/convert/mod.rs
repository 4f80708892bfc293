//! Between what travels and our words: pure functions.

mod droplet;
mod ids;
mod image;
mod path;
mod record;
mod size;
mod snapshot;
mod tags;
mod volume;

pub(crate) use droplet::{Listed, is_locked, machine, state};
pub(crate) use ids::{droplet_id, is_uuid, number, timestamp};
pub(crate) use image::image;
pub(crate) use record::{from_record, to_record};
pub(crate) use size::{price, region, size};
pub(crate) use snapshot::{marked_name, snapshot};
pub(crate) use tags::{
    Tags, deadline_tag, intent_tag, is_deadline, is_marker, is_mount_of, is_tag_of_label, label_tag, marker_tags,
    mount_tag, owner_tag, plain_tag,
};
pub(crate) use volume::volume;
