//! One job of a batch, as it is written down.

use std::collections::BTreeMap;

use machine_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent_args::{AgentName, Format};

/// The longest name of a job in its batch.
const NAME: usize = 64;

/// One job of a batch: a command or a prompt, and what differs from the defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Item {
    /// What it is called in its batch; its number, from 1, otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The program and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<Vec<String>>,
    /// What an agent is to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    /// Which agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<AgentName>,
    /// What the agent writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_format: Option<Format>,
    /// Repositories, each `URL[#REF[:DIR]]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repos: Option<Vec<String>>,
    /// Variables; one without a value takes that of this computer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, Value>,
    /// The names of variables of this computer that hold secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) secrets: Vec<String>,
    /// What its machine is made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
    /// How big its machine is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<String>,
    /// Where its machine is; several with commas between, in order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// Whose its machine is; several with commas between, in order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// The longest that it may run: 90s, 10m, 2h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
    /// Whatever the caller knows it by; it stands in its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
}

impl Item {
    /// The item with what it leaves open taken from `defaults`. A prompt of its own takes no command from there, nor the other
    /// way round; of variables and secrets it has both.
    #[must_use]
    pub(crate) fn over(self, defaults: &Self) -> Self {
        let of_defaults = self.command.is_none() && self.prompt.is_none();
        let command = self.command.or_else(|| defaults.command.clone().filter(|_| of_defaults));
        let prompt = self.prompt.or_else(|| defaults.prompt.clone().filter(|_| of_defaults));
        let is_prompt = prompt.is_some();
        let mut env = defaults.env.clone();
        env.extend(self.env);
        let mut secrets = defaults.secrets.clone();
        secrets.extend(self.secrets.into_iter().filter(|name| !defaults.secrets.contains(name)));
        let or = |own: Option<String>, default: &Option<String>| own.or_else(|| default.clone());
        Self {
            name: self.name,
            command,
            prompt,
            agent: self.agent.or(defaults.agent.filter(|_| is_prompt)),
            output_format: self.output_format.or(defaults.output_format.filter(|_| is_prompt)),
            repos: self.repos.or_else(|| defaults.repos.clone()),
            env,
            secrets,
            image: or(self.image, &defaults.image),
            size: or(self.size, &defaults.size),
            region: or(self.region, &defaults.region),
            provider: or(self.provider, &defaults.provider),
            timeout: or(self.timeout, &defaults.timeout),
            tag: or(self.tag, &defaults.tag),
        }
    }

    /// What holds for an item whatever is around it.
    ///
    /// # Errors
    /// `Invalid`, and why.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Invalid, why));
        match (&self.command, &self.prompt) {
            (None, None) => return refuse("it has neither a `command` nor a `prompt`".to_owned()),
            (Some(_), Some(_)) => return refuse("it has both a `command` and a `prompt`".to_owned()),
            (Some(_), None) if self.agent.is_some() || self.output_format.is_some() => {
                return refuse("an agent takes a `prompt`, and it has a `command`".to_owned());
            }
            _ => {}
        }
        let Some(name) = &self.name else { return Ok(()) };
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > NAME || name.starts_with('.') || !name.chars().all(fits) {
            // It names a directory where files are brought back.
            let what = format!("`{name}` is no name for a job: take up to {NAME} letters, digits, `-`, `_` and `.`");
            return refuse(what);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(value: Value) -> Item {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_an_item_leaves_open_is_the_defaults() {
        let defaults =
            item(json!({"prompt": "fix", "agent": "codex", "env": {"A": 1, "B": 2}, "secrets": ["X"], "size": "s"}));
        let own = item(json!({"env": {"B": 3}, "secrets": ["X", "Y"], "tag": "t"})).over(&defaults);
        assert_eq!(
            own,
            item(json!({
                "prompt": "fix", "agent": "codex", "env": {"A": 1, "B": 3}, "secrets": ["X", "Y"], "size": "s", "tag": "t",
            }))
        );
        let command = item(json!({"command": ["true"]})).over(&defaults);
        assert_eq!((&command.prompt, command.agent, command.size.as_deref()), (&None, None, Some("s")));
        command.check().unwrap();
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let wrong = [
            json!({}),
            json!({"command": ["true"], "prompt": "x"}),
            json!({"command": ["true"], "agent": "claude"}),
            json!({"command": ["true"], "name": "../x"}),
            json!({"command": ["true"], "name": ".x"}),
            json!({"command": ["true"], "name": ""}),
        ];
        for value in wrong {
            assert_eq!(item(value.clone()).check().unwrap_err().kind(), ErrorKind::Invalid, "{value}");
        }
    }
}
