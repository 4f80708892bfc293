//! `--publish H:G`, and the ends of a copy.

use std::ffi::OsStr;
use std::path::PathBuf;

use machine_core::{OsText, Port};

/// Reads `HOST:GUEST`, or one port for both.
///
/// # Errors
/// One sentence that shows how a published port is written.
pub(crate) fn port(text: &str) -> Result<Port, String> {
    let bad = || format!("`{text}` is not HOST:GUEST, such as 8080:80, with ports from 1 to 65535");
    let (host, guest) = text.split_once(':').unwrap_or((text, text));
    let read = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(bad);
    Ok(Port { host: read(host)?, guest: read(guest)? })
}

/// One end of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopyEnd {
    /// A path on this computer.
    Here(PathBuf),
    /// A path inside a machine.
    Inside {
        /// The machine, by name or id.
        machine: String,
        /// The path inside.
        path: OsText,
    },
}

/// Reads `NAME:path` as a path inside a machine and anything else as a path here. What starts with `/` or `.` is always
/// here, as with `scp`, so that a local file with a `:` in its name can be written as `./a:b`.
pub(crate) fn copy_end(text: &OsStr) -> CopyEnd {
    let bytes = OsText::from(text);
    let bytes = bytes.as_bytes();
    let inside = bytes.iter().position(|byte| *byte == b':').and_then(|colon| {
        let machine = std::str::from_utf8(&bytes[..colon]).ok()?;
        let named = !machine.is_empty() && !machine.contains('/') && !machine.starts_with('.');
        named.then(|| CopyEnd::Inside { machine: machine.to_owned(), path: OsText::from(bytes[colon + 1..].to_vec()) })
    });
    inside.unwrap_or_else(|| CopyEnd::Here(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports() {
        assert_eq!(port("8080:80"), Ok(Port { host: 8080, guest: 80 }));
        assert_eq!(port("80"), Ok(Port { host: 80, guest: 80 }));
        for bad in ["", "0:80", "80:0", "65536:1", "a:b", "1:2:3", "-1:2"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ends() {
        let inside = |machine: &str, path: &str| CopyEnd::Inside { machine: machine.into(), path: path.into() };
        assert_eq!(copy_end("web-1:/etc/hosts".as_ref()), inside("web-1", "/etc/hosts"));
        assert_eq!(copy_end("web-1:".as_ref()), inside("web-1", ""));
        assert_eq!(copy_end("web-1:a:b".as_ref()), inside("web-1", "a:b"));
        for here in ["a", "./a:b", "/a:b", "dir/a:b", ":a", "../x:y"] {
            assert_eq!(copy_end(here.as_ref()), CopyEnd::Here(here.into()), "{here}");
        }
    }
}
