//! Arguments and environment values as the operating system sees them: bytes, nearly always text.

use std::ffi::{OsStr, OsString};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string of bytes that is nearly always UTF-8 and does not have to be.
///
/// In JSON it is a plain string where it is UTF-8, and `{"base64": "..."}` where it is not, so that nothing is lost and
/// the usual case stays readable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OsText(Vec<u8>);

impl OsText {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, where it is UTF-8: clouds that take JSON can carry nothing else.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The text with every byte that is not UTF-8 replaced; for people, never for programs.
    pub fn to_string_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The bytes, taken out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for OsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string_lossy())
    }
}

impl From<&str> for OsText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for OsText {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl From<Vec<u8>> for OsText {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

#[cfg(unix)]
impl From<OsString> for OsText {
    fn from(text: OsString) -> Self {
        Self(std::os::unix::ffi::OsStringExt::into_vec(text))
    }
}

#[cfg(unix)]
impl From<&OsStr> for OsText {
    fn from(text: &OsStr) -> Self {
        Self(std::os::unix::ffi::OsStrExt::as_bytes(text).to_vec())
    }
}

#[cfg(not(unix))]
impl From<OsString> for OsText {
    fn from(text: OsString) -> Self {
        Self(text.to_string_lossy().into_owned().into_bytes())
    }
}

#[cfg(not(unix))]
impl From<&OsStr> for OsText {
    fn from(text: &OsStr) -> Self {
        Self::from(text.to_owned())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire<'a> {
    Text(std::borrow::Cow<'a, str>),
    Bytes { base64: std::borrow::Cow<'a, str> },
}

impl Serialize for OsText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_str() {
            Some(text) => Wire::Text(text.into()),
            None => Wire::Bytes { base64: BASE64.encode(&self.0).into() },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OsText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Wire::deserialize(deserializer)? {
            Wire::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Wire::Bytes { base64 } => BASE64.decode(base64.as_bytes()).map(Self).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive_json() {
        for bytes in [&b"plain"[..], b"", b"new\nline \"quoted\" \\", b"\xff\xfe not utf-8 \x80", "żółw".as_bytes()]
        {
            let text = OsText::from(bytes.to_vec());
            let json = serde_json::to_string(&text).unwrap();
            assert_eq!(serde_json::from_str::<OsText>(&json).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn utf8_is_a_plain_json_string() {
        assert_eq!(serde_json::to_string(&OsText::from("a b")).unwrap(), r#""a b""#);
    }
}
