//! What a section of the configuration says about ssh.

use std::path::PathBuf;

use machine_core::{Error, ErrorKind, OpenContext, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{HostKeyFrom, SshConfig};

/// Settings of how machines are reached, to be flattened into a provider's section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct SshSection {
    /// Who logs in; `root` otherwise. Anybody else has to be allowed `sudo` without a password for logs.
    pub ssh_user: Option<String>,
    /// The port of the machines' ssh; 22 otherwise.
    pub ssh_port: Option<u16>,
    /// The file of the key to log in with: a private one, or a public one of which the ssh agent has the other half. A key of
    /// its own for each machine otherwise, kept in the state directory.
    pub ssh_key_file: Option<PathBuf>,
    /// By which host key machines prove themselves: `ours` (the default), which goes into the machine with its user data and is
    /// replaced at the first connection, or `cloud`: whichever a machine shows first, which also reaches machines that were made
    /// by other programs.
    pub ssh_host_key: Option<HostKeyWord>,
}

/// By which host key machines prove themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostKeyWord {
    /// By the one that we gave them.
    Ours,
    /// By the one that they show first.
    Cloud,
}

impl SshSection {
    /// The settings, for a provider that is opened.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a setting that cannot be right.
    pub fn config(self, context: &OpenContext) -> Result<SshConfig> {
        let wrong = |setting: &'static str, what: &str, hint: &'static str| {
            Error::new(ErrorKind::Config, format!("`{setting}` {what}"))
                .with_context("setting", setting)
                .with_hint(hint)
        };
        let port = self.ssh_port.unwrap_or(22);
        if port == 0 {
            return Err(wrong("ssh-port", "is no port", "give a number from 1 to 65535"));
        }
        let user = self.ssh_user.unwrap_or_else(|| "root".to_owned());
        if user.trim().is_empty() || user.starts_with('-') || user.chars().any(char::is_whitespace) {
            return Err(wrong("ssh-user", "can be nobody's name", "give the name of a user of the machines"));
        }
        let home = context.environment.home();
        let key_file = self.ssh_key_file.map(|file| match (file.strip_prefix("~"), &home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => file,
        });
        let agent = context.environment.get("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from);
        let host_key = match self.ssh_host_key {
            Some(HostKeyWord::Cloud) => HostKeyFrom::FirstShown,
            Some(HostKeyWord::Ours) | None => HostKeyFrom::Ours,
        };
        Ok(SshConfig { dir: context.state_dir.join("ssh"), user, port, key_file, agent, host_key })
    }
}

#[cfg(test)]
mod tests {
    use machine_core::{Clock, Environment, OwnerId, OwnerSource};

    use super::*;

    fn read(section: &str) -> Result<SshConfig> {
        let section: SshSection = serde_json::from_str(section).unwrap();
        section.config(&OpenContext {
            state_dir: "/state".into(),
            program: "/program".into(),
            environment: Environment::from_iter([("HOME", "/home/me"), ("SSH_AUTH_SOCK", "/run/agent")]),
            clock: Clock::system(),
            owner: OwnerSource::known(OwnerId::new("me")),
        })
    }

    #[test]
    fn what_is_not_said_is_usual() {
        let config = read("{}").unwrap();
        assert_eq!((config.user.as_str(), config.port, config.host_key), ("root", 22, HostKeyFrom::Ours));
        assert_eq!((config.dir, config.key_file), ("/state/ssh".into(), None));
        assert_eq!(config.agent, Some("/run/agent".into()));
    }

    #[test]
    fn what_is_said_counts() {
        let said = r#"{"ssh-user":"ops","ssh-port":2222,"ssh-key-file":"~/.ssh/id.pub","ssh-host-key":"cloud"}"#;
        let config = read(said).unwrap();
        assert_eq!((config.user.as_str(), config.port, config.host_key), ("ops", 2222, HostKeyFrom::FirstShown));
        assert_eq!(config.key_file, Some("/home/me/.ssh/id.pub".into()));
    }

    #[test]
    fn what_cannot_be_is_told() {
        for said in [r#"{"ssh-port":0}"#, r#"{"ssh-user":""}"#, r#"{"ssh-user":"-oProxyCommand=x"}"#] {
            let error = read(said).unwrap_err();
            assert!(error.kind() == ErrorKind::Config && !error.context().is_empty(), "{said}: {error}");
        }
    }
}
