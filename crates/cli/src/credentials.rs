//! What a job proves itself with: the token of its agent, those of git servers, and secrets of ours. Found, or missed, before
//! anything is asked of a cloud.

use machine_agent::{Agent, RepoSpec};
use machine_core::{EnvVar, Environment, Error, ErrorKind, OsText, Result};

use crate::app::App;

/// The user that GitHub takes with any token.
const GITHUB_USER: &str = "x-access-token";
/// The host that variables of the environment are for.
const GITHUB: &str = "github.com";

/// The variables of ours that a job gets as secrets.
///
/// # Errors
/// One that is not set, and what is no name of one.
pub(crate) fn secrets(here: &Environment, names: &[String]) -> Result<Vec<EnvVar>> {
    names.iter().map(|name| secret(here, name)).collect()
}

fn secret(here: &Environment, name: &str) -> Result<EnvVar> {
    if let Some((name, _)) = name.split_once('=') {
        let what = format!("`--secret {name}=...` would show the secret to whoever lists the processes");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint(format!("set {name} here and say --secret {name}")));
    }
    let value = here.get_or_empty(name.as_ref()).filter(|_| !name.is_empty());
    let missing = || Error::new(ErrorKind::Invalid, format!("`--secret {name}`: there is no such variable here"));
    value.map(|value| EnvVar::new(name, OsText::from(value))).ok_or_else(missing)
}

/// The token of an agent, unless the job has one already: what the configuration says, else the first of its variables that is
/// set here.
///
/// # Errors
/// [`ErrorKind::Unauthenticated`] where it needs one and there is none.
pub(crate) fn of_agent(app: &App, agent: Agent, env: &[EnvVar], secrets: &[EnvVar]) -> Result<Option<EnvVar>> {
    let variables = agent.token_variables();
    let given = |name: &str| env.iter().chain(secrets).any(|variable| variable.name.as_str() == Some(name));
    if variables.is_empty() || variables.iter().any(|variable| given(variable.inside)) {
        return Ok(None);
    }
    if let Some(token) = app.setup().config.agent_token(agent.as_str())? {
        let variable = agent.variable_of(token.expose());
        return Ok(variable.map(|name| EnvVar::new(name, token.expose())));
    }
    let here = variables.iter().find_map(|variable| Some((variable.inside, app.environment().get(variable.here)?)));
    if let Some((inside, token)) = here {
        return Ok(Some(EnvVar::new(inside, OsText::from(token))));
    }
    let names: Vec<_> = variables.iter().map(|variable| variable.here).collect();
    let what = format!("{agent} needs a token, and there is none");
    Err(Error::new(ErrorKind::Unauthenticated, what).with_hint(format!(
        "set {}; or write `agents: {{{agent}: {{token: \"${{{}}}\"}}}}` into the configuration",
        names.join(" or "),
        names.first().copied().unwrap_or_default()
    )))
}

/// The repositories, those by `https://` with the credential for their host where there is one: what the configuration says,
/// else for GitHub the variables that are usual for it.
///
/// # Errors
/// What is no repository; what of the configuration cannot be read.
pub(crate) fn repositories(app: &App, texts: &[String]) -> Result<Vec<RepoSpec>> {
    texts.iter().map(|text| with_credential(app, RepoSpec::parse(text)?)).collect()
}

fn with_credential(app: &App, repo: RepoSpec) -> Result<RepoSpec> {
    let Some(host) = repo.https_host().map(str::to_owned) else { return Ok(repo) };
    if let Some(server) = app.setup().config.git_server(&host)? {
        let username = server.username.as_deref().unwrap_or(GITHUB_USER);
        return Ok(repo.with_credential(username, server.token.expose()));
    }
    let text = |name| app.environment().get(name).and_then(std::ffi::OsStr::to_str);
    match text("GITHUB_TOKEN").filter(|_| host == GITHUB) {
        Some(token) => Ok(repo.with_credential(text("GITHUB_USERNAME").unwrap_or(GITHUB_USER), token)),
        None => Ok(repo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_here_and_is_never_written_in_a_command_line() {
        let here = Environment::from_iter([("TOKEN", "hunter2")]);
        let found = secrets(&here, &["TOKEN".to_owned()]).unwrap();
        assert_eq!(found, [EnvVar::new("TOKEN", "hunter2")]);
        for wrong in ["ABSENT", "", "TOKEN=hunter2"] {
            let error = secrets(&here, &[wrong.to_owned()]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
