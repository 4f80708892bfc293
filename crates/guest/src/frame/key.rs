//! The secret that a job's maker and its guest share.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Kind, MAC};

/// A job's key: 32 random bytes, made for it alone. It is secret, so it has no `Debug` of its contents.
#[derive(Clone)]
pub struct JobKey([u8; 32]);

impl JobKey {
    /// A key of these bytes, which must come from the system's random numbers.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The MAC of a frame.
    pub(super) fn mac(&self, number: u64, kind: Kind, payload: &[u8]) -> [u8; MAC] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"machine frame v1\0").update(&number.to_le_bytes()).update(&[kind.letter()]).update(payload);
        let mut mac = [0; MAC];
        mac.copy_from_slice(&hasher.finalize().as_bytes()[..MAC]);
        mac
    }

    /// What a client shows at the guest's socket to prove that it knows the key.
    pub fn control_token(&self) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, b"machine control v1\0").as_bytes()
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobKey(..)")
    }
}

impl Serialize for JobKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for JobKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        // Not even a wrong key is repeated in an error.
        bytes.map(Self).ok_or_else(|| D::Error::custom("a job key is 32 bytes in base64"))
    }
}

/// Whether two secrets are equal, in a time that does not tell where they differ.
pub(crate) fn same_secret(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}
