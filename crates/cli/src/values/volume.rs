//! `--volume NAME:/path`.

use std::str::FromStr;

/// A volume by name or id, and where it is to show inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VolumeArg {
    /// Its name or id.
    pub(crate) name: String,
    /// The absolute path inside.
    pub(crate) path: String,
}

impl FromStr for VolumeArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((name, path)) if !name.is_empty() && path.starts_with('/') && path.len() > 1 => {
                Ok(Self { name: name.to_owned(), path: path.to_owned() })
            }
            _ => Err(match text.split(':').next() {
                Some(name) if !name.is_empty() => format!("`{text}` is not NAME:/path; write it like `{name}:/data`"),
                _ => format!("`{text}` is not NAME:/path, such as data:/var/lib/data"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_absolute_path() {
        let arg: VolumeArg = "data:/srv/data".parse().unwrap();
        assert_eq!((arg.name.as_str(), arg.path.as_str()), ("data", "/srv/data"));
        for bad in ["data", ":/srv", "data:srv", "data:/", ""] {
            assert!(bad.parse::<VolumeArg>().is_err(), "{bad}");
        }
        let told = "web-1".parse::<VolumeArg>().unwrap_err();
        assert_eq!(told, "`web-1` is not NAME:/path; write it like `web-1:/data`");
    }
}
