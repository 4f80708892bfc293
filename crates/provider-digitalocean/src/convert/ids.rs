//! Ids and times, as DigitalOcean writes them.

use jiff::Timestamp;
use machine_core::{Error, MachineId, Result};

/// The number that a text is, where it is one as DigitalOcean would write it: an id of another shape is the id of nothing,
/// and need not be asked for.
pub(crate) fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number > 0 && number.to_string() == text).then_some(number)
}

/// The droplet's number.
///
/// # Errors
/// `NotFound` for an id that no droplet can have.
pub(crate) fn droplet_id(id: &MachineId) -> Result<u64> {
    number(id.as_str()).ok_or_else(|| {
        Error::not_found("machine", id.as_str().escape_debug()).with_hint("the id of a droplet is a number")
    })
}

/// Whether a volume or a project can have this id.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A time; one that cannot be read is as good as none.
pub(crate) fn timestamp(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_shape_are_the_ids_of_nothing() {
        assert_eq!(number("3164494"), Some(3_164_494));
        for odd in ["", "0", "007", "-1", "+1", " 1", "1 ", "1.5", "../1", "no-such-machine", "99999999999999999999"] {
            assert_eq!(number(odd), None, "{odd:?}");
        }
        assert!(is_uuid("506f78a4-e098-11e5-ad9f-000f53306ae1"));
        assert!(!is_uuid("no-such-volume") && !is_uuid("506f78a4-e098-11e5-ad9f-000f53306ae") && !is_uuid("../x"));
        assert!(timestamp(Some("2020-07-21T18:37:44Z")).is_some() && timestamp(Some("yesterday")).is_none());
    }
}
