//! Numbers, which this API writes with and without a fraction, and leaves out, and writes as null.

use serde::{Deserialize, Deserializer};

/// Whatever is missing or null is as good as nothing.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// A whole number of zero or more.
pub(crate) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    Option::<f64>::deserialize(from).map(|number| rounded(number.unwrap_or_default()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stops at the ends, and nothing below zero is counted"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Counted {
        #[serde(default, deserialize_with = "whole")]
        ram: u64,
    }

    #[test]
    fn every_spelling_of_a_number_is_read() {
        let ram = |text: &str| serde_json::from_str::<Counted>(text).unwrap().ram;
        assert_eq!(ram(r#"{"ram":1024}"#), 1024);
        assert_eq!(ram(r#"{"ram":1024.0}"#), 1024);
        assert_eq!(ram(r#"{"ram":null}"#), 0);
        assert_eq!(ram(r#"{"ram":-1}"#), 0);
        assert_eq!(ram("{}"), 0);
    }
}
