//! `groups` and `users`.

use std::path::{Path, PathBuf};

use serde_yaml::Value;

use crate::inside::accounts::{self, Wish};
use crate::inside::cloud_init::config::{Config, is_true, text, words};
use crate::inside::cloud_init::report::Report;
use crate::inside::disk;

/// Makes all of them.
pub(super) fn make_all(config: &Config, report: &Report) {
    for group in config.get("groups").into_iter().flat_map(entries) {
        if let Err(error) = make_group(&group) {
            report.error("init", &format!("groups: {error}"));
        }
    }
    for user in config.get("users").into_iter().flat_map(entries) {
        if let Err(error) = make(&user, report) {
            report.error("init", &format!("users: {error}"));
        }
    }
}

/// The entries of a list; a text is a list with commas.
fn entries(value: &Value) -> Vec<Value> {
    match value {
        Value::Sequence(list) => list.clone(),
        Value::String(text) => text.split(',').map(|name| Value::from(name.trim())).collect(),
        Value::Mapping(map) => map
            .iter()
            .map(|(key, value)| Value::Mapping([(key.clone(), value.clone())].into_iter().collect()))
            .collect(),
        _ => Vec::new(),
    }
}

fn make_group(group: &Value) -> std::io::Result<()> {
    if let Some(name) = text(group) {
        return accounts::make_group(&name, None, false).map(drop);
    }
    for (name, members) in group.as_mapping().into_iter().flatten() {
        let name = text(name).unwrap_or_default();
        accounts::make_group(&name, None, false)?;
        for member in words(members) {
            accounts::join(&member, &name)?;
        }
    }
    Ok(())
}

fn make(user: &Value, report: &Report) -> std::io::Result<()> {
    let name = text(user).or_else(|| user.get("name").and_then(text)).unwrap_or_default();
    // The default user of these clouds is root, who is there.
    if name == "default" {
        return Ok(());
    }
    let of = |key: &str| user.get(key).and_then(text);
    let is = |key: &str| user.get(key).is_some_and(is_true);
    let list = |key: &str| match user.get(key) {
        Some(Value::String(text)) => text.split(',').map(|word| word.trim().to_owned()).collect(),
        Some(value) => words(value),
        None => Vec::new(),
    };
    let wish = Wish {
        about: of("gecos").unwrap_or_default(),
        home: of("homedir").map(PathBuf::from),
        shell: of("shell"),
        uid: of("uid").and_then(|uid| uid.parse().ok()),
        primary: of("primary_group").or_else(|| of("primary-group")),
        groups: list("groups"),
        system: is("system"),
        no_home: is("no_create_home") || is("no-create-home"),
        name,
    };
    let made = accounts::make_user(&wish)?;
    let mut keys = Vec::new();
    for key in ["ssh_authorized_keys", "ssh-authorized-keys"] {
        keys.extend(user.get(key).map(words).unwrap_or_default());
    }
    accounts::authorize(&made, &keys)?;
    for key in ["passwd", "hashed_passwd", "plain_text_passwd"] {
        if user.get(key).is_some() {
            report.warn(&format!("the password of {} is not set: a simulated machine knows keys only", made.name));
            break;
        }
    }
    let rules: Vec<String> = match user.get("sudo") {
        None | Some(Value::Null | Value::Bool(_)) => Vec::new(),
        Some(rules) => words(rules),
    };
    if rules.is_empty() {
        return Ok(());
    }
    let lines: String = rules.iter().map(|rule| format!("{} {}\n", made.name, rule.replace('\n', " "))).collect();
    disk::write(
        &Path::new("/etc/sudoers.d").join(format!("90-cloud-init-users-{}", made.name)),
        lines.as_bytes(),
        0o440,
    )
}
