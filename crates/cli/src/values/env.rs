//! `--env K=V`, `--env K`, `--env-file FILE` and `--label k=v`.

use std::ffi::OsStr;
use std::path::Path;

use machine_core::{EnvVar, Environment, Error, ErrorKind, OsText, Result};

/// Reads `K=V`, or `K` alone for the value that it has here. A `K` that is not set here is left out, as by `docker`.
///
/// # Errors
/// [`ErrorKind::Invalid`] for an empty name.
pub(crate) fn from_flag(here: &Environment, text: &OsStr) -> Result<Option<EnvVar>> {
    from_bytes(OsText::from(text).as_bytes(), here)
}

/// Reads a file of such lines. Empty lines and those that start with `#` are skipped; values are taken as they stand.
///
/// # Errors
/// The file that cannot be read, or the line that is no variable.
pub(crate) fn from_file(here: &Environment, path: &Path) -> Result<Vec<EnvVar>> {
    let bytes =
        std::fs::read(path).map_err(|error| Error::io(format_args!("cannot read `{}`", path.display()), error))?;
    let mut variables = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = &line[line.iter().take_while(|byte| byte.is_ascii_whitespace()).count()..];
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let variable = from_bytes(line, here).map_err(|error| {
            Error::new(ErrorKind::Invalid, format!("`{}`, line {}: {error}", path.display(), index + 1))
        })?;
        variables.extend(variable);
    }
    Ok(variables)
}

/// Reads `k=v`.
///
/// # Errors
/// One sentence that shows how a label is written.
pub(crate) fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not a label; write it like team=web")),
    }
}

fn from_bytes(text: &[u8], here: &Environment) -> Result<Option<EnvVar>> {
    let (name, value) = match text.iter().position(|byte| *byte == b'=') {
        Some(at) => (&text[..at], Some(OsText::from(text[at + 1..].to_vec()))),
        None => (text, None),
    };
    if name.is_empty() {
        let shown = String::from_utf8_lossy(text);
        return Err(Error::new(ErrorKind::Invalid, format!("`{shown}` has no variable name before the `=`")));
    }
    let name = OsText::from(name.to_vec());
    let value = value.or_else(|| here.get_or_empty(&crate::os_string(&name)).map(OsText::from));
    Ok(value.map(|value| EnvVar { name, value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Option<EnvVar>> {
        from_bytes(text, &Environment::from_iter([("HERE", "is here")]))
    }

    #[test]
    fn variables_come_from_the_flag_or_from_here() {
        assert_eq!(read(b"A=b=c\nd").unwrap(), Some(EnvVar::new("A", "b=c\nd")));
        assert_eq!(read(b"A=").unwrap(), Some(EnvVar::new("A", "")));
        assert_eq!(read(b"A=\xff").unwrap().unwrap().value.as_bytes(), b"\xff");
        assert_eq!(read(b"HERE").unwrap(), Some(EnvVar::new("HERE", "is here")));
        assert_eq!(read(b"ABSENT").unwrap(), None);
        assert_eq!(read(b"=x").unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_file_names_its_bad_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "# comment\n\nA=1 # kept\r\n  B=2\n").unwrap();
        let read = from_file(&Environment::default(), file.path()).unwrap();
        assert_eq!(read, [EnvVar::new("A", "1 # kept"), EnvVar::new("B", "2")]);
        std::fs::write(file.path(), "A=1\n=2\n").unwrap();
        assert!(from_file(&Environment::default(), file.path()).unwrap_err().to_string().contains("line 2"));
    }
}
