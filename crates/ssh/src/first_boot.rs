//! The user data of a machine, with its first host key in it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use machine_core::{Error, ErrorKind, Result};
use russh::keys::{PrivateKey, PublicKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde_yaml::{Mapping, Value};

use crate::HostKey;
use crate::host_key::line;

/// The most that ASCII user data grows by.
pub const OVERHEAD: usize = 2048;

/// How a configuration begins.
const HEAD: &str = "#cloud-config\n";

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

/// Puts `key` into the user data, where there is one, and lets those in who hold one of `logins`.
///
/// The user's own document arrives in the machine byte for byte: a configuration with our lines behind it where they say
/// nothing that it says too, and else as a part of its own before ours, whatever its kind (a configuration, a script, a mail
/// of several parts). Host keys that its configuration states are the machine's, and ours is left out, unless they are of
/// kinds that we do not take (RSA): then the machine has both. Those that stand in a mail of several parts are not read here;
/// they win in the machine, which then proves itself by a key that nobody pinned and is not believed.
///
/// # Errors
/// [`ErrorKind::Invalid`] for host keys that are none.
pub fn first_boot(users: Option<&SecretString>, key: Option<&HostKey>, logins: &[PublicKey]) -> Result<FirstBoot> {
    let users = users.map(SecretString::expose_secret).filter(|text| !text.trim().is_empty());
    let stated = users.map(stated_keys).transpose()?.unwrap_or_default();
    let mut ours = String::new();
    if let Some(key) = key.filter(|_| stated.is_empty()) {
        ours.push_str("ssh_keys:\n  ed25519_private: |\n");
        for text in key.private()?.expose().lines() {
            ours.push_str(&format!("    {text}\n"));
        }
        ours.push_str(&format!("  ed25519_public: {}\n", line(key.public())?));
    }
    if !logins.is_empty() {
        ours.push_str("ssh_authorized_keys:\n");
        for login in logins {
            // A comment may hold anything that means something in YAML, and means nothing to the machine.
            ours.push_str(&format!("  - {}\n", line(&PublicKey::new(login.key_data().clone(), ""))?));
        }
    }
    if !users.is_some_and(|users| users.contains("chpasswd")) {
        // A cloud may give root a password that has expired, and sshd then lets nobody in without a terminal, whatever the key.
        ours.push_str("chpasswd:\n  expire: false\n");
    }
    let host_keys = if stated.is_empty() { key.map(HostKey::public).cloned().into_iter().collect() } else { stated };
    let user_data = match users {
        None => format!("{HEAD}{ours}"),
        Some(users) => match appended(users, &ours) {
            Some(one) => one,
            None => mail(users, &format!("{HEAD}{ours}"))?,
        },
    };
    Ok(FirstBoot { user_data: user_data.into(), host_keys })
}

/// The user's configuration with our lines behind it: where both are simple enough that the whole says what each says, and
/// nothing else.
fn appended(users: &str, ours: &str) -> Option<String> {
    if !users.is_ascii() || !users.starts_with(HEAD) {
        return None;
    }
    let end = if users.ends_with('\n') { "" } else { "\n" };
    let whole = format!("{users}{end}{ours}");
    let read = |text: &str| serde_yaml::from_str::<Mapping>(text).ok();
    let (mut both, added) = (read(users)?, read(ours)?);
    for (key, value) in added {
        if both.insert(key, value).is_some() {
            return None;
        }
    }
    (read(&whole)? == both).then_some(whole)
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
        let logins: Vec<PublicKey> = logins.iter().map(|login| PublicKey::from_openssh(login).unwrap()).collect();
        let made = first_boot(users.map(SecretString::from).as_ref(), Some(&key), &logins);
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
        assert_eq!(made.user_data.expose_secret().matches("ed25519_private").count(), 1);
    }

    #[test]
    fn it_grows_by_no_more_than_is_said() {
        for users in ["#!/bin/sh\n", "#cloud-config\nruncmd: [true]\n"] {
            let made = make(Some(users), &[LOGIN]).1.unwrap();
            let grown = made.user_data.expose_secret().len() - users.len();
            // A key to log in with may be of RSA, and longer.
            assert!(grown + 700 < OVERHEAD, "{grown}");
        }
    }

    #[test]
    fn our_lines_follow_a_simple_configuration() {
        for (users, simple) in [
            ("#cloud-config\nruncmd: [true]\n", true),
            ("#cloud-config\npackages:\n  - jq", true),
            ("#cloud-config\nssh_authorized_keys: [x]\n", false),
            ("#cloud-config\n{runcmd: [true]}\n", false),
            ("#cloud-config\n  runcmd: [true]\n", false),
            ("#cloud-config\nmotd: |+\n  hello\n\n", true),
            ("#cloud-config\na: b\n---\nc: d\n", false),
            ("#cloud-config\nmotd: \u{17c}\n", false),
            ("#!/bin/sh\n", false),
        ] {
            let made = make(Some(users), &[LOGIN]).1.unwrap();
            let text = made.user_data.expose_secret();
            assert_eq!(text.starts_with(users), simple, "{text}");
            assert_eq!(text.starts_with("Content-Type"), !simple, "{text}");
        }
    }

    #[test]
    fn passwords_that_the_user_sets_expire_as_the_user_says() {
        let says = |users| make(users, &[]).1.unwrap().user_data.expose_secret().contains("expire: false");
        assert!(says(None) && says(Some("#!/bin/sh\n")));
        assert!(!says(Some("#cloud-config\nchpasswd: {list: ['root:x']}\n")));
    }

    #[test]
    fn what_is_no_key_is_told_without_showing_it() {
        let (_, made) = make(Some("#cloud-config\nssh_keys: {ecdsa_private: hunter2}\n"), &[]);
        let error = made.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let words = format!("{error} {error:?}");
        assert!(words.contains("ecdsa_private") && !words.contains("hunter2"), "{words}");
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
