use machine_core::{Environment, ErrorKind};

use super::*;
use crate::Registry;

fn config(text: &str) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    std::fs::write(&file, text).unwrap();
    let environment = Environment::from_iter([("TOKEN", "hunter2")]);
    Config::load(Registry::new().with::<crate::tests::Sky>(), environment, Some(&file)).unwrap()
}

#[test]
fn a_token_is_read_where_it_stands_and_the_variables_of_others_are_not() {
    let file = "agents:\n  claude: {token: \"${TOKEN}\"}\n  codex: {token: \"${UNSET}\"}\n";
    let config = config(file);
    assert_eq!(config.agent_token("claude").unwrap().unwrap().expose(), "hunter2");
    let error = config.agent_token("codex").unwrap_err();
    assert!(
        error.kind() == ErrorKind::Config
            && error.to_string().contains("line 3")
            && error.to_string().contains("`UNSET`"),
        "{error}"
    );
    assert!(config.unknown_keys().is_empty(), "{:?}", config.unknown_keys());
}

#[test]
fn nothing_is_there_where_nothing_is_said() {
    for text in ["", "agents:\ngit:\n", "agents: {claude: }\ngit: {github.com: }\n", "agents: {claude: {}}\n"] {
        let config = config(text);
        assert!(config.agent_token("claude").unwrap().is_none(), "{text:?}");
        assert!(config.git_server("github.com").unwrap().is_none(), "{text:?}");
    }
}

#[test]
fn a_git_server_is_found_by_its_host() {
    let config =
        config("git:\n  github.com: {token: \"${TOKEN}\"}\n  git.example.com:8443: {username: me, token: x}\n");
    let server = config.git_server("github.com").unwrap().unwrap();
    assert_eq!((server.username.as_deref(), server.token.expose()), (None, "hunter2"));
    assert!(!format!("{server:?}").contains("hunter2"));
    assert_eq!(config.git_server("git.example.com:8443").unwrap().unwrap().username.as_deref(), Some("me"));
    assert!(config.git_server("example.com").unwrap().is_none());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, says) in [
        ("agents: yes\n", "`agents` is not a mapping"),
        ("agents:\n  claude: x\n", "line 2"),
        ("agents:\n  claude: {tokne: x}\n", "unknown field `tokne`"),
    ] {
        let error = config(text).agent_token("claude").unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains(says), "{text:?}: {error}");
    }
    assert!(config("git:\n  h: {username: me}\n").git_server("h").unwrap_err().to_string().contains("`token`"));
    let unknown = config("agents:\n  cluade: {token: x}\n  codex: {tokne: x}\ngit:\n  h: {tokne: x}\n").unknown_keys();
    let hints: Vec<_> = unknown.iter().map(|error| error.hint().unwrap_or_default()).collect();
    assert_eq!(hints, ["did you mean `claude`?", "did you mean `token`?", "did you mean `token`?"], "{unknown:?}");
}
