//! `--mount SRC[:DST][:rw]`, on the command line and in the configuration alike.

use std::ffi::OsString;

use std::path::Path;

use machine_core::{Error, ErrorKind, Mount, OsText, Result};

/// A directory or file of this computer to show inside, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountText(OsText);

impl From<OsString> for MountText {
    fn from(text: OsString) -> Self {
        Self(text.into())
    }
}

impl From<String> for MountText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl MountText {
    /// What it asks for. A leading `~/` is the directory `home`, a relative source is below the current directory, and
    /// the source shows at its own path unless the text says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a text that is no mount, a source that does not exist, or a relative target.
    pub fn resolve(&self, home: Option<&Path>) -> Result<Mount> {
        let shown = self.0.to_string_lossy();
        let invalid = |what: &str| {
            Error::new(ErrorKind::Invalid, format!("the mount `{shown}` {what}"))
                .with_hint("write it as SRC, SRC:DST or SRC:DST:rw; without `rw` it is read-only")
        };
        let mut parts: Vec<&[u8]> = self.0.as_bytes().split(|byte| *byte == b':').collect();
        let writable = match parts.last() {
            Some(&b"rw") if parts.len() > 1 => true,
            Some(&b"ro") if parts.len() > 1 => false,
            _ => {
                parts.push(b"ro");
                false
            }
        };
        parts.pop();
        let (source, target) = match parts.as_slice() {
            [source] => (*source, None),
            [source, target] => (*source, Some(*target)),
            _ => return Err(invalid("has too many `:`")),
        };
        if source.is_empty() {
            return Err(invalid("has no source"));
        }
        let source = path_of(&OsText::from(source.to_vec())).to_owned();
        let source = match (source.strip_prefix("~"), home) {
            (Ok(below), Some(home)) => home.join(below),
            (Ok(_), None) => return Err(invalid("is below the home directory, and HOME is not set")),
            (Err(_), _) => source,
        };
        let source = source.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => invalid("names a source that does not exist on this computer"),
            _ => invalid(&format!("cannot be shown: {error}")),
        })?;
        let source = OsText::from(source.into_os_string());
        let target = target.map_or_else(|| source.clone(), |target| OsText::from(target.to_vec()));
        if !target.as_bytes().starts_with(b"/") {
            return Err(invalid("has a target that is not an absolute path"));
        }
        Ok(Mount { source, target, writable })
    }
}

/// The text as a path.
pub(crate) fn path_of(text: &OsText) -> &Path {
    use std::os::unix::ffi::OsStrExt as _;
    Path::new(std::ffi::OsStr::from_bytes(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<Mount> {
        MountText::from(text.to_owned()).resolve(None)
    }

    #[test]
    fn all_spellings() {
        let usr = |target: &str, writable| Mount { source: "/usr/share".into(), target: target.into(), writable };
        assert_eq!(resolve("/usr/share").unwrap(), usr("/usr/share", false));
        assert_eq!(resolve("/usr/share:rw").unwrap(), usr("/usr/share", true));
        assert_eq!(resolve("/usr/share:/opt/x").unwrap(), usr("/opt/x", false));
        assert_eq!(resolve("/usr/share/../share:/opt/x:rw").unwrap(), usr("/opt/x", true));
        assert_eq!(resolve("/usr/share:/opt/x:ro").unwrap(), usr("/opt/x", false));
    }

    #[test]
    fn bad_ones_are_refused_before_anything_is_made() {
        for (bad, why) in [
            ("/no/such/dir", "does not exist"),
            ("/usr:opt", "absolute"),
            ("/usr:/a:/b", "too many"),
            ("", "no source"),
        ] {
            let error = resolve(bad).unwrap_err();
            assert!(error.to_string().contains(why), "{bad}: {error}");
        }
    }
}
