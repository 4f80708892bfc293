//! From what people write to what a request takes: image names and keys.

use machine_core::{Error, ErrorKind, Result, nearest};

use super::VultrProvider;
use crate::convert::images;
use crate::wire::{Key, Os};

/// What a machine is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// An operating system of the cloud's.
    Os(u64),
    /// A snapshot of the account's.
    Snapshot(String),
}

impl VultrProvider {
    /// What the image of that name is. A number is an operating system, a UUID a snapshot; everything else is a name, neutral or
    /// the cloud's own.
    pub(super) async fn source(&self, wanted: &str) -> Result<Source> {
        if is_uuid(wanted) {
            return Ok(Source::Snapshot(wanted.to_owned()));
        }
        system(&self.api.systems().await?, wanted).map(Source::Os)
    }

    /// The ids of the keys, each once.
    pub(super) async fn key_ids(&self, wanted: &[String]) -> Result<Vec<String>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.api.keys.get(self.api.all(&["ssh-keys"])).await?;
        let mut ids = Vec::new();
        for wanted in wanted {
            let id = key_id(&keys, wanted)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn system(systems: &[Os], wanted: &str) -> Result<u64> {
    let images = images(systems);
    let is_it = |image: &&machine_core::Image| {
        image.id == wanted || image.neutral.as_deref() == Some(wanted) || image.name.eq_ignore_ascii_case(wanted)
    };
    if let Some(id) = images.iter().find(is_it).and_then(|image| image.id.parse().ok()) {
        return Ok(id);
    }
    let known = images.iter().filter_map(|image| image.neutral.as_deref());
    Err(none_called("image", wanted, nearest(wanted, known), "https://api.vultr.com/v2/os lists them"))
}

fn key_id(keys: &[Key], wanted: &str) -> Result<String> {
    if let Some(key) = keys.iter().find(|key| key.id == wanted) {
        return Ok(key.id.clone());
    }
    let mut called = keys.iter().filter(|key| key.name == wanted);
    let Some(first) = called.next() else {
        let near = nearest(wanted, keys.iter().map(|key| key.name.as_str()));
        return Err(none_called("ssh key", wanted, near, "https://api.vultr.com/v2/ssh-keys lists them"));
    };
    // Several may have one name; that matters only where they are not the same key.
    if called.any(|other| material(&other.line) != material(&first.line)) {
        let what = format!("more than one ssh key is called `{wanted}`");
        return Err(Error::new(ErrorKind::Invalid, what)
            .with_hint("name it by its id, which https://api.vultr.com/v2/ssh-keys tells"));
    }
    Ok(first.id.clone())
}

/// What makes a public key the key that it is: its kind and its number, without the comment.
pub(super) fn material(line: &str) -> Vec<&str> {
    line.split_whitespace().take(2).collect()
}

/// The error for a thing of which there is none by that name.
pub(super) fn none_called(what: &str, wanted: &str, near: Vec<&str>, otherwise: &'static str) -> Error {
    let error = Error::not_found(what, wanted).with_provider(crate::KIND);
    match near.first() {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(otherwise),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_number_a_neutral_name_and_one_of_its_own() {
        let os = |id, name: &str| Os { id, name: name.into(), ..Os::default() };
        let systems = [os(2136, "Debian 12 x64 (bookworm)"), os(2284, "Ubuntu 24.04 LTS x64")];
        for wanted in ["2284", "ubuntu-24.04", "Ubuntu 24.04 LTS x64", "ubuntu 24.04 lts x64"] {
            assert_eq!(system(&systems, wanted).unwrap(), 2284, "{wanted}");
        }
        let error = system(&systems, "debain-12").unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NotFound, Some("did you mean `debian-12`?")));
        assert!(is_uuid("cb676a46-66fd-4dfb-b839-443f2e6c0b60") && !is_uuid("ubuntu-24.04"));
    }

    #[test]
    fn a_key_that_two_share_the_name_of_is_named_by_id() {
        let key = |id: &str, name: &str, line: &str| Key { id: id.into(), name: name.into(), line: line.into() };
        let keys = [
            key("1", "me", "ssh-ed25519 AAAA me@home"),
            key("2", "me", "ssh-ed25519 AAAA me@work"),
            key("3", "you", "ssh-ed25519 BBBB"),
            key("4", "you", "ssh-ed25519 CCCC"),
        ];
        assert_eq!(key_id(&keys, "me").unwrap(), "1");
        assert_eq!(key_id(&keys, "4").unwrap(), "4");
        assert_eq!(key_id(&keys, "you").unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(key_id(&keys, "yuo").unwrap_err().hint(), Some("did you mean `you`?"));
    }
}
