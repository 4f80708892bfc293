//! Paths in tags, which have no slash.

/// The path in characters that a tag may hold: `:` for a slash, `_` and two hexadecimal digits for whatever else it may not.
pub(super) fn to_tag(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'/' => ":".to_owned(),
            b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
            other => format!("_{other:02x}"),
        })
        .collect()
}

/// The path again; nothing where it was not written by us.
pub(super) fn from_tag(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b':' => bytes.push(b'/'),
            b'_' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = rest.get(2..)?;
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_path_comes_back(path in ".*") {
            let tag = to_tag(&path);
            prop_assert!(tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':')));
            prop_assert_eq!(from_tag(&tag), Some(path));
        }
    }

    #[test]
    fn what_we_did_not_write_is_no_path() {
        assert_eq!(from_tag(":mnt:data").as_deref(), Some("/mnt/data"));
        assert_eq!(from_tag("_4"), None);
        assert_eq!(from_tag("_zz"), None);
        assert_eq!(from_tag("_ff"), None);
    }
}
