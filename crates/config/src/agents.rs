//! `agents:` and `git:`, the credentials of jobs: of no provider, so that they stand at the top of the file.

use std::collections::BTreeMap;

use machine_core::{Error, Result, Secret, nearest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::Value;

use crate::config::Config;
use crate::path::Path;
use crate::settled::Variables;

/// The key under which agents stand by their names.
pub(crate) const AGENTS_KEY: &str = "agents";
/// The key under which git servers stand by their hosts.
pub(crate) const GIT_KEY: &str = "git";
/// The agents that have settings.
const AGENTS: [&str; 2] = ["claude", "codex"];
/// The keys of an agent, and those of a git server.
const OF_AGENT: [&str; 1] = ["token"];
const OF_SERVER: [&str; 2] = ["username", "token"];

/// What each agent is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct AgentsSection {
    /// Claude Code: an OAuth token, or a key of the API.
    claude: Option<AgentSection>,
    /// Codex: a key of the API.
    codex: Option<AgentSection>,
}

/// What one agent is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct AgentSection {
    /// What it proves with who pays; best as a variable, `${NAME}`.
    token: Option<Secret>,
}

/// Git servers by their hosts, for repositories that jobs clone by `https://`.
pub(crate) type GitSection = BTreeMap<String, GitServer>;

/// What a git server wants to see.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GitServer {
    /// The user's name; most servers take any with a token.
    #[serde(default)]
    pub username: Option<String>,
    /// The password or token; best as a variable, `${NAME}`.
    pub token: Secret,
}

impl Config {
    /// The token of that agent, where the file has one. Variables of the others are not looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](machine_core::ErrorKind::Config) with the place of what is not as it has to be.
    pub fn agent_token(&self, agent: &str) -> Result<Option<Secret>> {
        let hint = "as in `agents: {claude: {token: \"${CLAUDE_CODE_OAUTH_TOKEN}\"}}`";
        Ok(self.below::<AgentSection>(AGENTS_KEY, agent, hint)?.and_then(|section| section.token))
    }

    /// What the git server at that host wants to see, where the file says it.
    ///
    /// # Errors
    /// As [`agent_token`](Self::agent_token).
    pub fn git_server(&self, host: &str) -> Result<Option<GitServer>> {
        self.below(GIT_KEY, host, "as in `git: {github.com: {token: \"${GITHUB_TOKEN}\"}}`")
    }

    /// What stands at `top`, under `key`.
    fn below<T: DeserializeOwned>(&self, top: &str, key: &str, hint: &'static str) -> Result<Option<T>> {
        let path = Path::default().key(top);
        let mapping = match self.document().root.get(top) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Mapping(mapping)) => mapping,
            Some(_) => return Err(self.document().error(&path, format!("`{top}` is not a mapping")).with_hint(hint)),
        };
        match mapping.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                self.read_apart(value, &path.key(key), Variables::AreTexts, Some(hint)).map(|(read, _)| Some(read))
            }
        }
    }

    /// Keys below `agents` and `git` that nobody knows.
    pub(crate) fn unknown_in_agents(&self) -> Vec<Error> {
        let mut unknown = Vec::new();
        let agents = Path::default().key(AGENTS_KEY);
        for (agent, value) in entries(self.document().root.get(AGENTS_KEY)) {
            if AGENTS.contains(&agent) {
                self.unknown_keys_in(value, &agents.key(agent), &OF_AGENT, &mut unknown);
            } else {
                unknown.push(self.unknown_word(&agents.key(agent), agent, &AGENTS));
            }
        }
        let git = Path::default().key(GIT_KEY);
        for (host, value) in entries(self.document().root.get(GIT_KEY)) {
            self.unknown_keys_in(value, &git.key(host), &OF_SERVER, &mut unknown);
        }
        unknown
    }

    fn unknown_keys_in(&self, value: &Value, path: &Path, known: &[&str], unknown: &mut Vec<Error>) {
        for (key, _) in entries(Some(value)).filter(|(key, _)| !known.contains(key)) {
            unknown.push(self.unknown_word(&path.key(key), key, known));
        }
    }

    fn unknown_word(&self, path: &Path, word: &str, known: &[&str]) -> Error {
        let error = self.document().error(path, format!("unknown key `{path}`"));
        match nearest(word, known.iter().copied()).first() {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error.with_hint(format!("there is: {}", known.join(", "))),
        }
    }
}

/// The entries of a mapping; none of anything else.
fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let mapping = value.and_then(Value::as_mapping);
    mapping.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str()?, value)))
}

#[cfg(test)]
#[path = "agents_tests.rs"]
mod tests;
