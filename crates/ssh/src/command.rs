//! A command as the line that a login shell reads, and what it is told before its input.

use machine_core::{Error, ErrorKind, Exec, OsText, Result, Signal};

/// What the first line of output begins with; then comes the number of the command's process group. Start-up files of a login
/// shell may print lines too, and a number of theirs is not to be sent signals.
pub(crate) const GROUP: &str = "machine-group:";

/// A command on its way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What the login shell is given. The first line of its output tells the process group of the command.
    pub(crate) line: Vec<u8>,
    /// What goes before the input, or into a file where the input is a terminal: variables, which would be on show as arguments.
    pub(crate) preamble: Vec<u8>,
}

/// The line for a command.
///
/// # Errors
/// [`ErrorKind::Invalid`] for what no process can have.
pub(crate) fn line(command: &Exec) -> Result<Line> {
    if command.command.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "there is no command to run"));
    }
    let mut preamble = Vec::new();
    for variable in &command.env {
        let name = variable.name.as_bytes();
        let is_name = name.first().is_some_and(|byte| !byte.is_ascii_digit())
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !is_name {
            let what = format!("`{}` cannot be the name of a variable there", variable.name.to_string_lossy());
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("take letters, digits and `_`"));
        }
        preamble.extend_from_slice(b"export ");
        preamble.extend_from_slice(name);
        preamble.push(b'=');
        quote(&variable.value, &mut preamble)?;
        preamble.push(b'\n');
    }
    let mut line = format!("echo {GROUP}$$; ").into_bytes();
    if !preamble.is_empty() && command.tty.is_none() {
        // Byte by byte: what follows is the command's own input, none of which may be taken from it.
        line.extend_from_slice(format!("eval \"$(dd bs=1 count={} 2>/dev/null)\" && ", preamble.len()).as_bytes());
    }
    if let Some(dir) = &command.workdir {
        line.extend_from_slice(b"cd -- ");
        quote(dir, &mut line)?;
        // Nothing was executed, and the shell's own status would look like the command's.
        line.extend_from_slice(b" || exit 126; ");
    }
    line.extend_from_slice(b"exec");
    for word in &command.command {
        line.push(b' ');
        quote(word, &mut line)?;
    }
    Ok(Line { line, preamble })
}

/// The line that keeps its input in a file and tells where.
pub(crate) const KEEP: &[u8] = b"umask 077; f=$(mktemp) && cat > \"$f\" && echo \"$f\"";

/// A line with the variables from a file of ours, which goes at once.
pub(crate) fn sourced(file: &[u8], line: &[u8]) -> Vec<u8> {
    let file = String::from_utf8_lossy(file).replace('\'', r"'\''");
    let mut whole = format!(". '{file}'; rm -f '{file}'; ").into_bytes();
    whole.extend_from_slice(line);
    whole
}

/// What goes before a command that only root may run. Nobody is there to type a password.
pub(crate) fn sudo(user: &str) -> &'static [&'static str] {
    if user == "root" { &[] } else { &["sudo", "-n"] }
}

/// The line that sends a signal to a command's process group.
pub(crate) fn kill(group: u32, signal: Signal) -> Vec<u8> {
    format!("kill -{} -- -{group} 2>/dev/null; true", signal.0).into_bytes()
}

/// Appends a word so that a shell takes it for exactly that word.
fn quote(word: &OsText, line: &mut Vec<u8>) -> Result<()> {
    if word.as_bytes().contains(&0) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "a command, its directory and its variables cannot hold a zero byte",
        ));
    }
    line.push(b'\'');
    for &byte in word.as_bytes() {
        if byte == b'\'' { line.extend_from_slice(br"'\''") } else { line.push(byte) }
    }
    line.push(b'\'');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use machine_core::EnvVar;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        let kind = |command: Exec| line(&command).unwrap_err().kind();
        assert_eq!(kind(Exec::default()), ErrorKind::Invalid);
        assert_eq!(kind(Exec::of(["a\0b"])), ErrorKind::Invalid);
        let with = |name: &str| Exec { env: vec![EnvVar::new(name, "x")], ..Exec::of(["true"]) };
        assert!(["", "1A", "A=B", "A B", "A;b"].iter().all(|name| kind(with(name)) == ErrorKind::Invalid));
    }

    #[test]
    fn values_of_variables_are_not_in_the_line() {
        let command = Exec { env: vec![EnvVar::new("TOKEN", "hunter2")], ..Exec::of(["true"]) };
        let made = line(&command).unwrap();
        assert!(!String::from_utf8(made.line).unwrap().contains("hunter2"));
        assert_eq!(made.preamble, b"export TOKEN='hunter2'\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_takes_words_as_they_are(words in prop::collection::vec("[^\0]{0,12}", 1..4)) {
            let command = Exec::of(["printf", "%s\\0"].into_iter().chain(words.iter().map(String::as_str)));
            let made = String::from_utf8(line(&command).unwrap().line).unwrap();
            let output = Command::new("sh").args(["-c", &made]).output().unwrap();
            let (_, rest) = std::str::from_utf8(&output.stdout).unwrap().split_once('\n').unwrap();
            let seen: Vec<&str> = rest.strip_suffix('\0').unwrap().split('\0').collect();
            prop_assert_eq!(seen, words);
        }
    }
}
