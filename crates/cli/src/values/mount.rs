//! `--mount SRC[:DST][:rw]`, on the command line and in the configuration alike.

use std::ffi::OsString;

use machine_core::{Error, ErrorKind, Mount, OsText, Result};

/// A directory or file of this computer to show inside, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MountArg(OsText);

impl From<OsString> for MountArg {
    fn from(text: OsString) -> Self {
        Self(text.into())
    }
}

impl From<String> for MountArg {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl MountArg {
    /// What it asks for. A leading `~/` is the home directory, a relative source is below the current directory, and
    /// the source shows at its own path unless the text says otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a text that is no mount, a source that does not exist, or a relative target.
    pub(crate) fn resolve(&self) -> Result<Mount> {
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
        let source = crate::os_string(&OsText::from(source.to_vec()));
        let source = match source.to_str().and_then(|text| text.strip_prefix("~/")) {
            Some(rest) => std::env::home_dir().unwrap_or_default().join(rest),
            None => source.into(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Result<Mount> {
        MountArg::from(text.to_owned()).resolve()
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
