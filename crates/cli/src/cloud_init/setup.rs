//! From a type to a configuration.

use machine_config::{MachineType, ScriptArgs};
use machine_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::{shell, yaml};

/// What a configuration is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup<'a> {
    /// The name of the type.
    pub(crate) type_name: &'a str,
    /// The full name of the machine in the DNS; empty where it has none.
    pub(crate) fqdn: &'a str,
    /// The public keys that open it, in order.
    pub(crate) public_keys: &'a [String],
    /// A configuration to merge with it, with what to call it in an error.
    pub(crate) merged: Option<(&'a str, &'a str)>,
}

/// What a machine of that type is set up by.
///
/// # Errors
/// [`ErrorKind::Config`] for a type without a user, a script that is only half described, or what cannot be merged.
pub(crate) fn user_data(of: &MachineType, setup: Setup<'_>) -> Result<String> {
    let place = format!("machines.{}", setup.type_name);
    let Some(user) = of.new_user_name.as_deref().filter(|user| !user.is_empty()) else {
        let what = format!("Required key 'new-user-name' not found in '{place}' section of config file");
        return Err(Error::new(ErrorKind::Config, what).with_hint("or add --no-initialize"));
    };
    let mut top = match setup.merged {
        Some((text, name)) => parsed(text, name)?,
        None => Map::new(),
    };
    let keys: Vec<&str> = setup.public_keys.iter().map(|key| key.trim()).collect();
    let account = json!({
        "name": user,
        "groups": "sudo",
        "shell": "/bin/bash",
        "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
        "ssh-authorized-keys": keys,
    });
    append(&mut top, "users", vec![account], &place)?;
    append(&mut top, "packages", of.packages.iter().map(|name| json!(name)).collect(), &place)?;
    let files = of.write_files.iter().map(|file| {
        let mut entry = json!({ "path": file.path, "content": file.content });
        for (key, value) in [("permissions", &file.permissions), ("owner", &file.owner)] {
            if let Some(value) = value {
                entry[key] = json!(value);
            }
        }
        entry
    });
    append(&mut top, "write_files", files.collect(), &place)?;
    let mut commands = script(of, user, setup.fqdn, &place)?;
    commands.extend(of.run.iter().map(|command| json!(command)));
    append(&mut top, "runcmd", commands, &place)?;
    Ok(yaml::cloud_config(&top))
}

/// The commands that fetch and run the script, where there is one.
fn script(of: &MachineType, user: &str, fqdn: &str, place: &str) -> Result<Vec<Value>> {
    let [Some(url), Some(dir), Some(path)] = [&of.script_url, &of.script_dir, &of.script_path] else {
        if of.script_sha256.is_some() {
            let what = format!(
                "`{place}.script-sha256` is for a script, and `script-url`, `script-dir` or `script-path` is missing"
            );
            return Err(Error::new(ErrorKind::Config, what));
        }
        return Ok(Vec::new());
    };
    let known = [("MACHINE_SCRIPT_URL", &**url), ("MACHINE_SCRIPT_DIR", &**dir), ("MACHINE_FQDN", fqdn)];
    let args = match &of.script_args {
        ScriptArgs::Line(line) => shell::with_variables(line, &known),
        ScriptArgs::List(items) => {
            let words = items.iter().map(|item| shell::word(&shell::with_variables(&item.to_string(), &known)));
            words.collect::<Vec<_>>().join(" ")
        }
    };
    let environment: Vec<_> = known.iter().map(|(name, value)| format!("{name}={}", shell::quoted(value))).collect();
    let command = format!("env {} {} {args}", environment.join(" "), shell::word(path));
    let mut commands = vec![
        json!(format!("mkdir -p {}", shell::word(dir))),
        json!(format!("curl -L {} -o {}", shell::word(url), shell::word(path))),
    ];
    let mut run = json!(["su", "-c", command.trim_end(), "-", user]);
    if let Some(sum) = &of.script_sha256 {
        if sum.len() != 64 || !sum.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            let what = format!("`{place}.script-sha256`: `{sum}` is no SHA-256 in hexadecimal");
            return Err(Error::new(ErrorKind::Config, what));
        }
        // A script that is another one is neither made executable nor run: each line of runcmd is run whatever came of the last.
        let check = format!("echo {} | sha256sum -c", shell::quoted(&format!("{sum}  {path}")));
        commands.push(json!(format!("{check} || rm -f {}", shell::word(path))));
        run = json!([
            "sh",
            "-c",
            format!(
                "test -e {} && exec su -c {} - {}",
                shell::word(path),
                shell::quoted(command.trim_end()),
                shell::word(user)
            )
        ]);
    }
    commands.push(json!(format!("chmod +x {}", shell::word(path))));
    commands.push(run);
    Ok(commands)
}

/// A configuration that is to be merged, as data.
fn parsed(text: &str, name: &str) -> Result<Map<String, Value>> {
    let refuse = |why: String| {
        Err(Error::new(ErrorKind::Config, format!("{name} cannot be merged with the type: {why}"))
            .with_hint("only a `#cloud-config` can; a script goes with --no-initialize"))
    };
    if !text.starts_with("#cloud-config") {
        return refuse("it does not begin with `#cloud-config`".to_owned());
    }
    match serde_yaml::from_str::<Value>(text) {
        Ok(Value::Object(top)) => Ok(top),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => refuse("it is not a mapping".to_owned()),
        Err(error) => refuse(error.to_string()),
    }
}

/// Puts items behind those that are there.
fn append(top: &mut Map<String, Value>, key: &str, items: Vec<Value>, place: &str) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    match top.entry(key).or_insert_with(|| json!([])) {
        Value::Array(there) => there.extend(items),
        _ => {
            let what = format!("`{key}` of the configuration to merge with `{place}` is no list");
            return Err(Error::new(ErrorKind::Config, what));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "setup_tests.rs"]
mod tests;
