//! The file as it may be shown: as it is written, without its secrets.

use serde_yaml::Value;

use crate::agents::{AGENTS_KEY, GIT_KEY};
use crate::config::{ABSENT, Config, OWN_KEYS};
use crate::path::{Path, Step};
use crate::registry::Kind;
use crate::schema;

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// A text of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// As it is written, with its secrets hidden.
    Text(String),
    /// A secret is written in a way in which it cannot be found again, so that nothing can be shown.
    Nothing,
}

impl Config {
    /// The file's text without its secrets: what the settings of an account have of them, and whatever stands under a key that
    /// nobody knows, for that may be one whose name is misspelt. A value that is nothing but names of variables, as in `${TOKEN}`,
    /// is none. Nothing where there is no file.
    pub fn shown(&self) -> Option<Shown> {
        self.file()?;
        let mut secrets = Vec::new();
        for (name, value) in &self.document().root {
            let name = name.as_str().unwrap_or_default();
            let open = OWN_KEYS.contains(&name) && name != AGENTS_KEY && name != GIT_KEY;
            if open || name == ABSENT {
                continue;
            }
            // A section of no known kind is hidden as a whole; so are the credentials of jobs.
            let schema = self.kind_of(name).ok().flatten().map_or(serde_json::Value::Null, Kind::schema);
            collect(value, &schema, &Path::default(), &mut secrets);
        }
        // One may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let written = self.document().text();
        if secrets.iter().any(|secret| !written.contains(secret)) {
            return Some(Shown::Nothing);
        }
        let text = without_comments_of(written, &self.secret_keys());
        Some(Shown::Text(secrets.iter().fold(text, |text, secret| text.replace(secret, HIDDEN))))
    }

    /// The names of all settings that are secrets.
    fn secret_keys(&self) -> Vec<&'static str> {
        let kinds = self.registry().iter();
        let mut keys: Vec<_> = kinds.filter_map(|kind| Some(kind.credential()?.key)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// Gathers the secrets in a section's `value`.
fn collect(value: &Value, schema: &serde_json::Value, path: &Path, secrets: &mut Vec<String>) {
    match value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                collect(value, schema, &path.key(key.as_str().unwrap_or_default()), secrets);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, schema, &path.step(Step::Index(index)), secrets);
            }
        }
        Value::Null | Value::Bool(_) | Value::Tagged(_) => {}
        Value::Number(number) => hide(&number.to_string(), schema, path, secrets),
        Value::String(text) => hide(text.trim(), schema, path, secrets),
    }
}

fn hide(text: &str, schema: &serde_json::Value, path: &Path, secrets: &mut Vec<String>) {
    // Every section has these, and no kind's schema.
    let common = matches!(path.to_string().as_str(), "kind" | "ttl");
    let secret = schema::is_secret(schema, path) || schema::at(schema, path).is_empty();
    if secret && !common && !text.is_empty() && !is_names_only(text) {
        secrets.push(text.to_owned());
    }
}

/// Whether the text is nothing but names of variables. A default is a value.
fn is_names_only(text: &str) -> bool {
    let mut rest = text;
    while let Some((name, after)) = rest.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        if name.contains(":-") {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

/// The text with nothing behind such a key in a comment: a setting that was put out of use is a secret still.
fn without_comments_of(text: &str, keys: &[&str]) -> String {
    let line = |line: &str| {
        let Some((_, comment)) = line.split_once('#') else { return line.to_owned() };
        let named = keys.iter().filter_map(|key| Some(comment.find(&format!("{key}:"))? + key.len() + 1)).min();
        let Some(end) = named.filter(|end| !comment[*end..].trim().is_empty()) else { return line.to_owned() };
        let kept = line.len() - comment.len() + end;
        format!("{} {HIDDEN}", &line[..kept])
    };
    let shown: Vec<_> = text.split('\n').map(line).collect();
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use machine_core::Environment;

    use super::*;
    use crate::Registry;
    use crate::tests::Sky;

    fn shown(text: &str) -> Shown {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        std::fs::write(&file, text).unwrap();
        let registry = Registry::new().with::<Sky>();
        Config::load(registry, Environment::default(), Some(&file)).unwrap().shown().unwrap()
    }

    #[test]
    fn secrets_are_hidden_and_all_else_is_as_it_is_written() {
        for (written, expected) in [
            (
                "# mine\nsky:\n  image: x # y\n  access-token: hunter2\n",
                "# mine\nsky:\n  image: x # y\n  access-token: (hidden)\n",
            ),
            ("sky: {access-token: \"hunter2\"}\n", "sky: {access-token: \"(hidden)\"}\n"),
            ("work: {kind: sky, access-token: 1234}\n", "work: {kind: sky, access-token: (hidden)}\n"),
            ("sky:\n  acess-token: hunter2\n", "sky:\n  acess-token: (hidden)\n"),
            ("skyy:\n  any: hunter2\n", "skyy:\n  any: (hidden)\n"),
            (
                "agents: {claude: {token: hunter2}}\ngit: {github.com: {token: '${G}'}}\n",
                "agents: {claude: {token: (hidden)}}\ngit: {github.com: {token: '${G}'}}\n",
            ),
            ("sky: {access-token: '${A}${B}'}\n", "sky: {access-token: '${A}${B}'}\n"),
            ("sky: {access-token: '${A:-hunter2}'}\n", "sky: {access-token: '(hidden)'}\n"),
            (
                "sky: {ttl: 2h}\n#  access-token: old\ngcp: {project-id: p}\n",
                "sky: {ttl: 2h}\n#  access-token: (hidden)\ngcp: {project-id: p}\n",
            ),
        ] {
            assert_eq!(shown(written), Shown::Text(expected.to_owned()), "{written}");
        }
        assert_eq!(shown("sky:\n  access-token: \"hun\\x74er2\"\n"), Shown::Nothing);
    }
}
