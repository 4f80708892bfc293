//! What goes over the wire to what the field says, and back: pure functions.

mod image;
mod instance;
mod note;
mod plan;
mod record;
mod state;
mod tags;
mod volume;

use std::net::IpAddr;

use jiff::Timestamp;

pub(crate) use image::images;
pub(crate) use instance::machine;
pub(crate) use note::{Note, name_and_note, noted};
pub(crate) use plan::{cheapest, price, sizes};
pub(crate) use record::{apex, quoted, record};
pub(crate) use state::{ready, state};
pub(crate) use tags::{Tagged, check_tag, intent_tag, owner_tag};
pub(crate) use volume::{block_type, held_by, snapshot, volume};

/// The address, where the text is one: an instance that has none yet has `0.0.0.0` or nothing.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())
}

/// The moment, where the text is one.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
