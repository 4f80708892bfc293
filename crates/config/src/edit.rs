//! Changing the text of a configuration file as a person would: the lines that are meant, and no others.

use machine_core::{Error, ErrorKind, Result, Secret};

/// How far a setting is indented in a section that is new.
const INDENT: &str = "  ";

/// A section with one setting, which may be there in part already.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// The section's name.
    pub section: &'a str,
    /// Its kind, which is written down where the name does not say it.
    pub kind: &'a str,
    /// The setting.
    pub key: &'a str,
    /// Its value: one line of text.
    pub value: &'a Value<'a>,
}

/// A value of a setting.
#[derive(Debug)]
pub enum Value<'a> {
    /// This secret.
    Secret(&'a Secret),
    /// What this environment variable says at the time.
    Variable(&'a str),
}

impl Value<'_> {
    /// As it stands in the file.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a text that would not be read as it is meant.
    fn written(&self) -> Result<String> {
        match self {
            Self::Variable(name) if is_variable(name) => Ok(format!("\"${{{name}}}\"")),
            Self::Variable(name) => {
                Err(Error::new(ErrorKind::Invalid, format!("`{name}` is not the name of an environment variable")))
            }
            Self::Secret(secret) => {
                let text = secret.expose();
                let odd = |sign: char| sign.is_control() || matches!(sign, '"' | '\\');
                if text.is_empty() || text.contains(odd) || text.contains("${") {
                    let what =
                        "this cannot be a token: it is empty, or has quotes, backslashes or control characters in it";
                    return Err(Error::new(ErrorKind::Invalid, what).with_hint("give the token alone, on one line"));
                }
                Ok(format!("\"{text}\""))
            }
        }
    }
}

/// The text with that setting: in its section where that is there, in place of what the setting was; else in a new section at
/// the end. Everything else stays as it is, comments too.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a value that cannot be written, [`ErrorKind::Config`] for a section whose form leaves no place for
/// it. What comes out may still be no good where the file is written in an odd way: read it before it is put in place.
pub fn with_account(text: &str, account: &NewAccount<'_>) -> Result<String> {
    let NewAccount { section, kind, key, value } = account;
    let value = value.written()?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    match lines.iter().enumerate().find(|(_, line)| behind(line, section).is_some()) {
        Some((head, line)) => {
            if !is_block(line, section) {
                let what = format!("the section `{section}` is written in one line, which is not changed from here");
                return Err(Error::new(ErrorKind::Config, what).with_hint(format!("write `{key}` into it by hand")));
            }
            set_in(&mut lines, head, key, &value);
        }
        None => {
            if lines.last().is_some_and(|line| !line.trim().is_empty()) {
                lines.push(String::new());
            }
            lines.push(format!("{section}:"));
            if section != kind {
                lines.push(format!("{INDENT}kind: {kind}"));
            }
            lines.push(format!("{INDENT}{key}: {value}"));
        }
    }
    Ok(joined(&lines))
}

/// The text that says which section is used where nobody else does.
pub fn with_provider(text: &str, section: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let is_content = |line: &String| !line.trim().is_empty() && !line.starts_with(['#', '%']);
    // Behind the mark of the document's start, where there is one; and before the first section with its comment.
    let start = lines
        .iter()
        .position(|line| line.starts_with("---"))
        .filter(|start| lines.iter().position(is_content).is_some_and(|first| first == *start));
    lines.insert(start.map_or(0, |start| start + 1), format!("provider: {section}"));
    joined(&lines)
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn is_variable(name: &str) -> bool {
    let word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    name.chars().all(word) && !name.is_empty() && !name.starts_with(|sign: char| sign.is_ascii_digit())
}

/// What stands behind `key:` on a line that begins with it.
fn behind<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let bare = line.strip_prefix(key);
    let quoted = || line.strip_prefix(&format!("\"{key}\"")).or_else(|| line.strip_prefix(&format!("'{key}'")));
    bare.or_else(quoted)?.trim_start().strip_prefix(':')
}

/// Whether the section's settings stand on the lines below.
fn is_block(line: &str, section: &str) -> bool {
    behind(line, section).is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Sets the key in the section that begins on the line `head`.
fn set_in(lines: &mut Vec<String>, head: usize, key: &str, value: &str) {
    let inside = |line: &String| is_blank(line) || line.starts_with(char::is_whitespace);
    let length = lines.iter().skip(head + 1).take_while(|line| inside(line)).count();
    let body = head + 1..head + 1 + length;
    let first = body.clone().find(|index| lines.get(*index).is_some_and(|line| !is_blank(line)));
    let indent: String = first
        .and_then(|index| lines.get(index))
        .map_or_else(|| INDENT.to_owned(), |line| line.chars().take_while(|sign| sign.is_whitespace()).collect());
    let set = format!("{indent}{key}: {value}");
    let is_set = |line: &String| line.strip_prefix(indent.as_str()).is_some_and(|rest| behind(rest, key).is_some());
    match lines.get_mut(body).and_then(|body| body.iter_mut().find(|line| is_set(line))) {
        Some(line) => *line = set,
        None => lines.insert(head + 1, set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, section: &str, value: &Value<'_>) -> String {
        with_account(text, &NewAccount { section, kind: "fly", key: "access-token", value }).unwrap()
    }

    #[test]
    fn a_new_section_goes_to_the_end() {
        let secret = Secret::new("FlyV1 a,b");
        let token = Value::Secret(&secret);
        assert_eq!(written("", "fly", &token), "fly:\n  access-token: \"FlyV1 a,b\"\n");
        let variable = Value::Variable("TOKEN");
        let text = written("# mine\nlocal:\n  isolation: auto # so\n", "work", &variable);
        assert_eq!(
            text,
            "# mine\nlocal:\n  isolation: auto # so\n\nwork:\n  kind: fly\n  access-token: \"${TOKEN}\"\n"
        );
    }

    #[test]
    fn a_section_that_is_there_keeps_its_other_lines() {
        let text =
            "fly: # at work\n    # the token\n    access-token: old\n    region: iad\n\nlocal:\n  access-token: x\n";
        let now = written(text, "fly", &Value::Secret(&Secret::new("new")));
        assert_eq!(now, text.replace("access-token: old", "access-token: \"new\""));
        let now = written("fly:\n   region: iad\n", "fly", &Value::Secret(&Secret::new("new")));
        assert_eq!(now, "fly:\n   access-token: \"new\"\n   region: iad\n");
        assert_eq!(
            written("fly:\nlocal:\n", "fly", &Value::Secret(&Secret::new("n"))),
            "fly:\n  access-token: \"n\"\nlocal:\n"
        );
    }

    #[test]
    fn what_could_be_read_otherwise_is_refused() {
        let refused = |text: &str, value: &Value<'_>| {
            with_account(text, &NewAccount { section: "fly", kind: "fly", key: "access-token", value }).unwrap_err()
        };
        for bad in ["", "a\"b", "a\\b", "a\nb", "${HOME}"] {
            let error = refused("", &Value::Secret(&Secret::new(bad)));
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(bad.is_empty() || !format!("{error:?}").contains(bad));
        }
        assert_eq!(refused("", &Value::Variable("A-B")).kind(), ErrorKind::Invalid);
        assert_eq!(refused("fly: {region: iad}\n", &Value::Secret(&Secret::new("x"))).kind(), ErrorKind::Config);
    }

    #[test]
    fn the_choice_goes_to_the_top() {
        assert_eq!(with_provider("# a\nfly:\n", "fly"), "provider: fly\n# a\nfly:\n");
        assert_eq!(with_provider("# a\n---\nfly:\n", "fly"), "# a\n---\nprovider: fly\nfly:\n");
    }
}
