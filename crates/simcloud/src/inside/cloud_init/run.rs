//! Running what the user data says.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_yaml::Value;

use crate::inside::cloud_init::config::text;
use crate::inside::cloud_init::{INSTANCE, output};
use crate::inside::{PATH, disk, proxy};

/// Runs a list of commands as one script, as cloud-init does: one that fails does not keep the next from running.
pub(super) fn commands(name: &str, list: &Value, env: &[(&'static str, String)]) -> io::Result<()> {
    let script = shell(list).map_err(|error| io::Error::other(format!("{name}: {error}")))?;
    self::script(&Path::new(INSTANCE).join("scripts").join(name), script.as_bytes(), env)
}

/// The script of a list of commands: a text is a line for the shell, a list is a program with its arguments.
fn shell(list: &Value) -> Result<String, String> {
    let Value::Sequence(list) = list else { return Err("it is not a list".to_owned()) };
    let mut script = String::from("#!/bin/sh\n");
    for (number, command) in list.iter().enumerate() {
        match command {
            Value::Sequence(words) => {
                let quoted: Option<Vec<String>> =
                    words.iter().map(|word| text(word).map(|word| quote(&word))).collect();
                let quoted = quoted.ok_or_else(|| format!("command {} has a word that is no text", number + 1))?;
                script.push_str(&quoted.join(" "));
            }
            Value::String(line) => script.push_str(line),
            _ => return Err(format!("command {} is neither a text nor a list", number + 1)),
        }
        script.push('\n');
    }
    Ok(script)
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Writes a script to `path` and runs it.
pub(super) fn script(path: &Path, script: &[u8], env: &[(&'static str, String)]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        disk::make(parent, 0o700)?;
    }
    disk::write(path, script, 0o700)?;
    let output = output()?;
    let mut command = if script.starts_with(b"#!") {
        Command::new(path)
    } else {
        // A hook says nothing of who is to read it.
        let mut shell = Command::new("/bin/sh");
        shell.arg(path);
        shell
    };
    command.env_clear().env("PATH", PATH).env("HOME", "/root").env("USER", "root").env("LOGNAME", "root");
    command.env("SHELL", "/bin/sh").envs(proxy::environment()).envs(env.iter().cloned());
    command.current_dir("/").stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let shown = path.display();
    let status = command.status().map_err(|error| io::Error::other(format!("cannot run {shown}: {error}")))?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("Running {shown} failed: {status}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_lines_and_lists_are_words() {
        let yaml = "- 'echo one: two > /tmp/x'\n- [sh, -c, \"printf '%s' \\\"$1\\\"\", it's, 3]\n- 'echo \"é\"'\n";
        let script = shell(&serde_yaml::from_str(yaml).unwrap()).unwrap();
        let expected =
            "#!/bin/sh\necho one: two > /tmp/x\n'sh' '-c' 'printf '\\''%s'\\'' \"$1\"' 'it'\\''s' '3'\necho \"é\"\n";
        assert_eq!(script, expected);
    }

    #[test]
    fn a_command_with_a_colon_and_without_quotes_is_said_to_be_none() {
        // The trap that everybody falls into: YAML reads a mapping.
        let list = serde_yaml::from_str("- echo one: two\n").unwrap();
        assert_eq!(shell(&list).unwrap_err(), "command 1 is neither a text nor a list");
        assert!(shell(&Value::from("echo")).is_err());
    }
}
