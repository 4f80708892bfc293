//! `write_files`.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::{alphabet, engine::DecodePaddingMode};
use serde_yaml::Value;

use crate::inside::cloud_init::config::{Config, is_true, text};
use crate::inside::cloud_init::report::Report;
use crate::inside::{accounts, disk};

/// The most that is unpacked.
const UNPACKED: u64 = 64 << 20;

/// The permissions of a file that names none.
const MODE: u32 = 0o644;

/// Writes those that are `deferred` until the users are there, or the others.
pub(super) fn write_all(config: &Config, deferred: bool, report: &Report) {
    let files = config.get("write_files").and_then(Value::as_sequence);
    for (number, file) in files.into_iter().flatten().enumerate() {
        if file.get("defer").is_some_and(is_true) == deferred
            && let Err(error) = write(file)
        {
            let path = file.get("path").and_then(Value::as_str).unwrap_or("without a path");
            let stage = if deferred { "modules-final" } else { "init" };
            report.error(stage, &format!("write_files entry {} ({path}): {error}", number + 1));
        }
    }
}

fn write(file: &Value) -> io::Result<()> {
    let path = file.get("path").and_then(Value::as_str).filter(|path| path.starts_with('/'));
    let path = Path::new(path.ok_or_else(|| io::Error::other("it has no absolute path"))?);
    let contents = file.get("content").and_then(text).unwrap_or_default();
    let contents = decode(contents.into_bytes(), file.get("encoding").and_then(Value::as_str).unwrap_or_default())?;
    let mode = mode(file.get("permissions"))?;
    if let Some(parent) = path.parent() {
        disk::make(parent, 0o755)?;
    }
    let append = file.get("append").is_some_and(is_true);
    let mut open = fs::OpenOptions::new();
    open.create(true).mode(mode).append(append).write(true).truncate(!append);
    let mut opened = open.open(path)?;
    opened.write_all(&contents)?;
    opened.set_permissions(Permissions::from_mode(mode))?;
    let Some(owner) = file.get("owner").and_then(Value::as_str) else { return Ok(()) };
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let uid = id(user, |name| accounts::find(name).map(|user| user.uid))?;
    let of_group =
        |name: &str| accounts::groups().ok()?.into_iter().find(|group| group.name == name).map(|group| group.gid);
    chown(path, uid, id(group, of_group)?)
}

fn id(name: &str, find: impl Fn(&str) -> Option<u32>) -> io::Result<Option<u32>> {
    if name.is_empty() || name == "-1" {
        return Ok(None);
    }
    let found = find(name).or_else(|| name.parse().ok());
    found.map(Some).ok_or_else(|| io::Error::other(format!("Unknown user or group: {name}")))
}

/// The permissions: a text is octal, a number is what it is.
fn mode(value: Option<&Value>) -> io::Result<u32> {
    let mode = match value {
        None | Some(Value::Null) => Some(MODE),
        Some(Value::Number(number)) => number.as_u64().and_then(|mode| u32::try_from(mode).ok()),
        Some(Value::String(text)) => {
            let digits = text.trim();
            u32::from_str_radix(digits.trim_start_matches("0o"), 8).ok()
        }
        Some(_) => None,
    };
    let mode = mode.filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| io::Error::other("its permissions are no octal number up to 7777"))
}

/// Contents as they are to be written.
fn decode(mut contents: Vec<u8>, encoding: &str) -> io::Result<Vec<u8>> {
    let encoding = encoding.trim().to_ascii_lowercase();
    let (packed, encoded) = match &*encoding {
        "" | "text/plain" => (false, false),
        "b64" | "base64" => (false, true),
        "gz" | "gzip" => (true, false),
        "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => (true, true),
        other => return Err(io::Error::other(format!("there is no encoding `{other}`"))),
    };
    if encoded {
        contents = unbase64(&contents)?;
    }
    if packed { unpack(contents) } else { Ok(contents) }
}

/// Decodes base64, over several lines or one.
pub(super) fn unbase64(text: &[u8]) -> io::Result<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, lenient);
    let dense: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    engine.decode(dense).map_err(|error| io::Error::other(format!("it is not base64: {error}")))
}

/// Unpacks what gzip packed, by the machine's own program.
pub(super) fn unpack(packed: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut command = Command::new("gzip");
    command.arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut unpacked = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(&packed)));
        stdout.map(|stdout| stdout.take(UNPACKED + 1).read_to_end(&mut unpacked)).transpose()
    })?;
    let fits = u64::try_from(unpacked.len()).is_ok_and(|size| size <= UNPACKED);
    if !fits {
        child.kill()?;
    }
    if child.wait()?.success() && fits { Ok(unpacked) } else { Err(io::Error::other("it cannot be unpacked")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_octal_where_they_are_text() {
        let read = |yaml: &str| mode(Some(&serde_yaml::from_str(yaml).unwrap()));
        assert_eq!(read("'0755'").unwrap(), 0o755);
        assert_eq!(read("\"0o600\"").unwrap(), 0o600);
        assert_eq!(read("0644").unwrap(), 0o644);
        assert_eq!(mode(None).unwrap(), 0o644);
        assert!(read("rwx").is_err() && read("'99999'").is_err());
    }

    #[test]
    fn contents_come_as_they_were_before_they_were_encoded() {
        let packed = Command::new("sh").args(["-c", "printf 'a: \"b\"' | gzip -c | base64"]).output().unwrap().stdout;
        assert_eq!(decode(packed, "gz+b64").unwrap(), b"a: \"b\"");
        assert_eq!(decode(b"w6k=\n".to_vec(), "b64").unwrap(), "é".as_bytes());
        assert_eq!(decode(b"as it is".to_vec(), "").unwrap(), b"as it is");
        assert!(decode(b"%".to_vec(), "base64").is_err());
        assert!(decode(Vec::new(), "rot13").is_err());
    }
}
