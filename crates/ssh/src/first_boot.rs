//! The user data of a machine, with its first host key in it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use machine_core::{Error, ErrorKind, Result};
use russh::keys::{PrivateKey, PublicKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde_yaml::Value;

use crate::HostKey;
use crate::host_key::line;

/// How our part is joined to what else the user data says: lists are made longer, and what is said already stays.
const MERGE: &str = "list(append)+dict(no_replace,recurse_list)+str()";

/// What a machine is made with, and what it will prove itself by.
#[derive(Debug)]
pub struct FirstBoot {
    /// Its whole user data, in ASCII but for what a mail of the user's own holds.
    pub user_data: SecretString,
    /// The host keys that it will have. Only these may be believed at the first connection.
    pub host_keys: Vec<PublicKey>,
}

/// Puts `key` into the user data, and lets those in who hold one of `logins` (lines as of a file of authorized keys).
///
/// The user's own document arrives in the machine byte for byte, as a part of its own before ours, whatever its kind
/// (a configuration, a script, a mail of several parts). Host keys that its configuration states are the machine's, and
/// ours is left out, unless they are of kinds that we do not take (RSA): then the machine has both. Those that stand in a mail of several parts are not read here; they win in the machine, which then
/// proves itself by a key that nobody pinned and is not believed.
///
/// # Errors
/// [`ErrorKind::Invalid`] for host keys or logins that are none.
pub fn first_boot(users: Option<&SecretString>, key: &HostKey, logins: &[String]) -> Result<FirstBoot> {
    let users = users.map(SecretString::expose_secret).filter(|text| !text.trim().is_empty());
    let stated = users.map(stated_keys).transpose()?.unwrap_or_default();
    let mut ours = "#cloud-config\n".to_owned();
    if stated.is_empty() {
        ours.push_str("ssh_keys:\n  ed25519_private: |\n");
        for text in key.private()?.expose().lines() {
            ours.push_str(&format!("    {text}\n"));
        }
        ours.push_str(&format!("  ed25519_public: {}\n", line(key.public())?));
    }
    if !logins.is_empty() {
        ours.push_str("ssh_authorized_keys:\n");
        for login in logins {
            let login = PublicKey::from_openssh(login.trim()).map_err(|error| {
                Error::new(ErrorKind::Invalid, "a key to log in with is no public key of OpenSSH").with_source(error)
            })?;
            // A comment may hold anything that means something in YAML, and means nothing to the machine.
            ours.push_str(&format!("  - {}\n", line(&PublicKey::new(login.key_data().clone(), ""))?));
        }
    }
    let host_keys = if stated.is_empty() { vec![key.public().clone()] } else { stated };
    let user_data = match users {
        None => ours,
        Some(users) => mail(users, &ours)?,
    };
    Ok(FirstBoot { user_data: user_data.into(), host_keys })
}

/// The host keys that a configuration states, of the kinds that we take.
fn stated_keys(users: &str) -> Result<Vec<PublicKey>> {
    if !users.trim_start().starts_with("#cloud-config") {
        return Ok(Vec::new());
    }
    // One that cannot be read is cloud-init's to complain of: it goes on without it, and with our part.
    let Ok(Value::Mapping(document)) = serde_yaml::from_str(users) else { return Ok(Vec::new()) };
    let Some(Value::Mapping(keys)) = document.get("ssh_keys") else { return Ok(Vec::new()) };
    let invalid = |name: &str, error: russh::keys::ssh_key::Error| {
        let what = format!("`ssh_keys.{name}` in the user data is no private key of OpenSSH that a machine can use");
        Error::new(ErrorKind::Invalid, what)
            .with_source(error)
            .with_hint("give one without a passphrase, as `ssh-keygen` makes it, or leave `ssh_keys` out")
    };
    let mut stated = Vec::new();
    for (name, key) in keys {
        // Public halves and certificates say nothing that the private half does not.
        if let (Some(name @ ("ed25519_private" | "ecdsa_private")), Some(key)) = (name.as_str(), key.as_str()) {
            let key = PrivateKey::from_openssh(key.trim_start()).map_err(|error| invalid(name, error))?;
            if key.is_encrypted() {
                return Err(invalid(name, russh::keys::ssh_key::Error::Encrypted));
            }
            stated.push(key.public_key().clone());
        }
    }
    Ok(stated)
}

/// Both, as a mail of two parts. The type of the user's is left to cloud-init, which goes by its first line.
fn mail(users: &str, ours: &str) -> Result<String> {
    let boundary = boundary(users)?;
    let part = part(users);
    Ok(format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n\
         --{boundary}\n{part}\n\
         --{boundary}\nContent-Type: text/cloud-config; charset=\"us-ascii\"\nMIME-Version: 1.0\n\
         Content-Transfer-Encoding: 7bit\nMerge-Type: {MERGE}\n\n{ours}\n--{boundary}--\n"
    ))
}

/// The user's own as a part of a mail.
fn part(users: &str) -> String {
    let begins = |word: &str| users.trim_start().get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if begins("content-type:") || begins("mime-version:") {
        // A mail has headers of its own, and is a part as it stands.
        return users.trim_start().to_owned();
    }
    let text = "Content-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding";
    if users.is_ascii() {
        return format!("{text}: 7bit\n\n{users}");
    }
    // cloud-init reads the mail as text, and what is not ASCII in its parts comes out as something else.
    format!("{text}: base64\n\n{}", BASE64_STANDARD.encode(users))
}

/// A line that does not occur in `text`.
fn boundary(text: &str) -> Result<String> {
    loop {
        let number = getrandom::u64().map_err(|error| {
            Error::new(ErrorKind::Config, "this computer gives no random numbers").with_source(error)
        })?;
        let boundary = format!("machine-{number:016x}");
        if !text.contains(&boundary) {
            return Ok(boundary);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOGIN: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ a: #b\n";

    fn make(users: Option<&str>, logins: &[&str]) -> (HostKey, Result<FirstBoot>) {
        let key = HostKey::generate().unwrap();
        let logins: Vec<String> = logins.iter().map(|&login| login.to_owned()).collect();
        let made = first_boot(users.map(SecretString::from).as_ref(), &key, &logins);
        (key, made)
    }

    /// What our part says, the last of a mail or the whole.
    fn ours(text: &str) -> Value {
        let start = text.rfind("#cloud-config\n").unwrap();
        let end = text[start..].find("\n--machine-").map_or(text.len(), |length| start + length);
        serde_yaml::from_str(&text[start..end]).unwrap()
    }

    #[test]
    fn alone_it_is_a_configuration() {
        let (key, made) = make(None, &[LOGIN]);
        let made = made.unwrap();
        let text = made.user_data.expose_secret();
        assert!(text.starts_with("#cloud-config\n"), "{text}");
        assert_eq!(made.host_keys, [key.public().clone()]);
        let ours = ours(text);
        let private = PrivateKey::from_openssh(ours["ssh_keys"]["ed25519_private"].as_str().unwrap()).unwrap();
        assert_eq!(private.public_key(), key.public());
        let public = PublicKey::from_openssh(ours["ssh_keys"]["ed25519_public"].as_str().unwrap()).unwrap();
        assert_eq!(&public, key.public());
        let login = LOGIN.rsplit_once(" a").unwrap().0;
        assert_eq!(ours["ssh_authorized_keys"][0].as_str(), Some(login));
    }

    #[test]
    fn a_users_own_host_keys_are_the_machines() {
        let theirs = HostKey::generate().unwrap();
        let private = theirs.private().unwrap().expose().replace('\n', "\n    ");
        let users = format!("#cloud-config\nssh_keys:\n  ed25519_private: |\n    {private}\n");
        let (_, made) = make(Some(&users), &[LOGIN]);
        let made = made.unwrap();
        assert_eq!(made.host_keys, [theirs.public().clone()]);
        assert!(ours(made.user_data.expose_secret()).get("ssh_keys").is_none());
    }

    #[test]
    fn what_is_no_key_is_told_without_showing_it() {
        let (_, made) = make(Some("#cloud-config\nssh_keys: {ecdsa_private: hunter2}\n"), &[]);
        let error = made.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let words = format!("{error} {error:?}");
        assert!(words.contains("ecdsa_private") && !words.contains("hunter2"), "{words}");
        assert_eq!(make(None, &["nonsense"]).1.unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn ours_joins_keys_of_kinds_that_we_do_not_take() {
        let (key, made) =
            make(Some("#cloud-config\nssh_keys: {rsa_private: '-----BEGIN RSA PRIVATE KEY-----'}\n"), &[]);
        let made = made.unwrap();
        assert_eq!(made.host_keys, [key.public().clone()]);
        assert!(ours(made.user_data.expose_secret())["ssh_keys"].get("ed25519_private").is_some());
    }

    #[test]
    fn a_mail_is_a_part_as_it_stands() {
        let users = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\n#!/bin/sh\n--b--\n";
        let made = make(Some(users), &[]).1.unwrap();
        let text = made.user_data.expose_secret();
        let boundary = text.split('"').nth(1).unwrap();
        let part = text.split(&format!("--{boundary}\n")).nth(1).unwrap();
        assert_eq!(part, format!("{users}\n"));
    }

    proptest! {
        #[test]
        fn the_users_own_arrives_byte_for_byte(text in "[#!a-z:\u{17c} \n-]{1,80}") {
            prop_assume!(!text.trim().is_empty());
            let made = make(Some(&text), &[]).1.unwrap();
            let whole = made.user_data.expose_secret();
            let boundary = whole.split('"').nth(1).unwrap();
            let part = whole.split(&format!("--{boundary}\n")).nth(1).unwrap();
            let (headers, body) = part.split_once("\n\n").unwrap();
            let body = body.strip_suffix('\n').unwrap();
            let arrived = if headers.contains("Encoding: base64") {
                String::from_utf8(BASE64_STANDARD.decode(body).unwrap()).unwrap()
            } else {
                body.to_owned()
            };
            prop_assert!(whole.is_ascii());
            prop_assert_eq!(arrived, text);
        }
    }
}
