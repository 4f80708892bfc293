//! What the configuration says of machines on this computer.

use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Mount, OsText, Result};
use serde::{Deserialize, Serialize};

use crate::isolation::Isolation;
use crate::mount_text::path_of;

/// The settings of provider `local`. All have defaults, so that it works without a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// The state directory; `$MACHINE_STATE_DIR/local`, else `$XDG_STATE_HOME/machine/local`, else
    /// `~/.local/state/machine/local`.
    pub state: Option<PathBuf>,
    /// The program that becomes a machine's supervisor and is shown inside as the guest; the running one otherwise.
    pub helper: Option<PathBuf>,
    /// How far machines are kept apart from the computer, where a machine does not say so itself.
    pub isolation: Isolation,
    /// Directories and files of this computer that every machine shows.
    pub mounts: Vec<ConfigMount>,
}

/// A directory or file of this computer that every machine shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigMount {
    /// The absolute path on this computer.
    pub source: PathBuf,
    /// The absolute path inside; the same one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<PathBuf>,
    /// Whether machines may write to it.
    #[serde(default)]
    pub writable: bool,
}

impl From<Mount> for ConfigMount {
    fn from(mount: Mount) -> Self {
        Self {
            source: path_of(&mount.source).to_owned(),
            target: Some(path_of(&mount.target).to_owned()),
            writable: mount.writable,
        }
    }
}

impl ConfigMount {
    /// The mount as a machine's specification has it.
    pub(crate) fn to_mount(&self) -> Mount {
        let target = self.target.as_ref().unwrap_or(&self.source);
        Mount {
            source: OsText::from(self.source.as_os_str()),
            target: OsText::from(target.as_os_str()),
            writable: self.writable,
        }
    }
}

impl LocalConfig {
    /// The state directory that these settings and the environment (read through `var`) lead to.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is not absolute, or nothing says where it is.
    pub(crate) fn state_dir(&self, var: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
        let set = |name: &str| var(name).filter(|value| !value.as_os_str().is_empty());
        let dir = match &self.state {
            Some(dir) => dir.clone(),
            None => set("MACHINE_STATE_DIR")
                .or_else(|| set("XDG_STATE_HOME").filter(|dir| dir.is_absolute()).map(|dir| dir.join("machine")))
                .or_else(|| set("HOME").map(|home| home.join(".local/state/machine")))
                .ok_or_else(|| {
                    Error::new(ErrorKind::Config, "nothing says where to keep machines: HOME is not set")
                        .with_hint("set MACHINE_STATE_DIR to a directory of yours")
                })?
                .join("local"),
        };
        absolute(&dir, "state directory")?;
        Ok(dir)
    }

    /// The helper program.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is not absolute; [`ErrorKind::System`] when the running program cannot be named.
    pub(crate) fn helper_program(&self) -> Result<PathBuf> {
        match &self.helper {
            Some(helper) => absolute(helper, "helper program").map(|()| helper.clone()),
            None => std::env::current_exe().map_err(|error| Error::io("this program's own path is not known", error)),
        }
    }
}

fn absolute(path: &Path, what: &str) -> Result<()> {
    if path.is_absolute() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, format!("the {what} `{}` is not an absolute path", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(config: &LocalConfig, vars: &[(&str, &str)]) -> Result<PathBuf> {
        config.state_dir(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
    }

    #[test]
    fn the_state_directory_follows_settings_then_environment() {
        let none = LocalConfig::default();
        let all = [("MACHINE_STATE_DIR", "/s"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(state(&none, &all).unwrap(), Path::new("/s/local"));
        assert_eq!(state(&none, &all[1..]).unwrap(), Path::new("/x/machine/local"));
        assert_eq!(state(&none, &all[2..]).unwrap(), Path::new("/h/.local/state/machine/local"));
        assert_eq!(
            state(&none, &[("MACHINE_STATE_DIR", ""), ("HOME", "/h")]).unwrap(),
            Path::new("/h/.local/state/machine/local")
        );
        assert_eq!(state(&none, &[]).unwrap_err().kind(), ErrorKind::Config);
        let own = LocalConfig { state: Some("/own".into()), ..LocalConfig::default() };
        assert_eq!(state(&own, &all).unwrap(), Path::new("/own"));
        let relative = LocalConfig { state: Some("own".into()), ..LocalConfig::default() };
        assert!(state(&relative, &all).unwrap_err().to_string().contains("`own`"));
    }

    #[test]
    fn a_misspelt_setting_is_named() {
        let error = serde_json::from_str::<LocalConfig>(r#"{"isolatoin":"auto"}"#).unwrap_err().to_string();
        assert!(error.contains("isolatoin"), "{error}");
        let config: LocalConfig =
            serde_json::from_str(r#"{"isolation":"process","mounts":[{"source":"/opt"}]}"#).unwrap();
        assert_eq!(config.isolation, Isolation::Process);
        assert_eq!(config.mounts[0].to_mount().target, OsText::from("/opt"));
    }
}
