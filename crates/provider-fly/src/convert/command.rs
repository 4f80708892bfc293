//! Commands as the API takes them: a list of words, without a directory or variables of their own.

use machine_core::{EnvVar, Error, ErrorKind, OsText, Result};

/// Starts what follows in the directory that comes first. Whoever is not let in there cannot execute anything.
const IN_DIRECTORY: &str = "cd -- \"$1\" || exit 126; shift; exec \"$@\"";

/// The words that run `command` in that directory with these variables. What has neither passes through no shell.
///
/// # Errors
/// [`ErrorKind::Invalid`] for what is not UTF-8, or is no variable's name: the API takes JSON.
pub(crate) fn wrapped(command: &[OsText], workdir: Option<&OsText>, env: &[EnvVar]) -> Result<Vec<String>> {
    let mut words = Vec::new();
    if let Some(dir) = workdir {
        words.extend(["/bin/sh", "-c", IN_DIRECTORY, "sh"].map(str::to_owned));
        words.push(text(dir, "the directory")?.to_owned());
    }
    if !env.is_empty() {
        words.push("/usr/bin/env".to_owned());
        for variable in env {
            let (name, value) = self::variable(variable)?;
            words.push(format!("{name}={value}"));
        }
    }
    for word in command {
        words.push(text(word, "a word of the command")?.to_owned());
    }
    Ok(words)
}

/// The name and value of a variable.
///
/// # Errors
/// [`ErrorKind::Invalid`], without the value.
pub(super) fn variable(variable: &EnvVar) -> Result<(String, String)> {
    let name = text(&variable.name, "the name of a variable")?;
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(Error::new(ErrorKind::Invalid, format!("a variable cannot be called `{name}`")));
    }
    let refused = || Error::new(ErrorKind::Invalid, format!("the value of the variable `{name}` is not UTF-8"));
    Ok((name.to_owned(), variable.value.as_str().ok_or_else(refused)?.to_owned()))
}

fn text<'a>(text: &'a OsText, what: &str) -> Result<&'a str> {
    text.as_str().ok_or_else(|| {
        let shown = text.to_string_lossy();
        Error::new(ErrorKind::Invalid, format!("{what}, `{shown}`, is not UTF-8, and Fly takes nothing else"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        let command = ["printf", "%s", "a b", "$HOME", ""].map(OsText::from);
        assert_eq!(wrapped(&command, None, &[]).unwrap(), ["printf", "%s", "a b", "$HOME", ""]);
        let env = [EnvVar::new("ONE", "a b\nc"), EnvVar::new("TWO", "")];
        assert_eq!(
            wrapped(&command[..1], Some(&"/usr".into()), &env).unwrap(),
            ["/bin/sh", "-c", IN_DIRECTORY, "sh", "/usr", "/usr/bin/env", "ONE=a b\nc", "TWO=", "printf"]
        );
    }

    #[test]
    fn what_cannot_be_said_is_refused_without_showing_it() {
        assert!(wrapped(&[OsText::from(vec![0xff])], None, &[]).is_err());
        for name in ["", "A=B"] {
            assert!(wrapped(&[], None, &[EnvVar::new(name, "x")]).is_err(), "{name}");
        }
        let error = wrapped(&[], None, &[EnvVar::new("TOKEN", b"hunter2\xff".to_vec())]).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
