//! The host key, and the keys that let somebody in.

use std::fs;
use std::io;
use std::path::Path;

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::authorized_keys::Entry;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PublicKey};

use crate::inside::accounts::User;
use crate::inside::disk;

/// Where the host keys are; a new one takes effect when the server is told.
const HOST_KEYS: &[&str] = &["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ecdsa_key"];

/// The largest file of keys that is read.
const LONGEST: u64 = 1 << 20;

/// The host keys in their places.
pub(super) fn host_keys() -> io::Result<Vec<PrivateKey>> {
    let mut keys = Vec::new();
    for path in HOST_KEYS.iter().filter(|path| Path::new(path).exists()) {
        let key = PrivateKey::from_openssh(fs::read(path)?);
        keys.push(key.map_err(|error| io::Error::other(format!("{path}: {error}")))?);
    }
    if keys.is_empty() {
        return Err(io::Error::other(format!("there is no host key at {}", HOST_KEYS[0])));
    }
    Ok(keys)
}

/// Puts a host key of that algorithm in its place.
///
/// # Errors
/// What is wrong with the key, or why it cannot be written.
pub(in crate::inside) fn put(algorithm: &str, private: &str) -> io::Result<()> {
    let key = PrivateKey::from_openssh(private.trim_start()).map_err(|error| {
        io::Error::other(format!("the {algorithm} host key in the user data is no private key of OpenSSH: {error}"))
    })?;
    write(algorithm, &key)
}

/// Makes a host key where there is none.
pub(in crate::inside) fn make_missing() -> io::Result<()> {
    if HOST_KEYS.iter().any(|path| Path::new(path).exists()) {
        return Ok(());
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    write("ed25519", &PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}

fn write(algorithm: &str, key: &PrivateKey) -> io::Result<()> {
    let path = format!("/etc/ssh/ssh_host_{algorithm}_key");
    let private = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
    let public = key.public_key().to_openssh().map_err(io::Error::other)?;
    disk::write_private(Path::new(&path), private.as_bytes())?;
    disk::write(Path::new(&format!("{path}.pub")), format!("{public}\n").as_bytes(), 0o644)
}

/// Whether the user lets in whoever holds `key`.
pub(super) fn lets_in(user: &User, key: &PublicKey) -> bool {
    let file = user.home.join(".ssh/authorized_keys");
    let small = fs::metadata(&file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LONGEST);
    small && fs::read_to_string(&file).is_ok_and(|text| text.lines().any(|line| is_of(line, key)))
}

/// Whether a line of a file of keys is about `key`. One that restricts what may be run lets nobody in: that is not obeyed here.
fn is_of(line: &str, key: &PublicKey) -> bool {
    let Ok(entry) = line.trim().parse::<Entry>() else { return false };
    let forced = entry.config_opts().iter().any(|option| option.to_ascii_lowercase().starts_with("command="));
    !forced && entry.public_key().key_data() == key.key_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_options_are_read_and_forced_commands_let_nobody_in() {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
        let public = key.public_key();
        let text = public.to_openssh().unwrap();
        assert!(is_of(&format!("{text} someone@somewhere\r"), public));
        assert!(is_of(&format!("no-pty,from=\"10.0.0.0/8, 127.0.0.1\" {text}"), public));
        assert!(!is_of(&format!("command=\"echo no\" {text}"), public));
        assert!(!is_of(&format!("# {text}"), public));
        let other = PrivateKey::from(Ed25519Keypair::from_seed(&[8; 32]));
        assert!(!is_of(&text, other.public_key()));
    }
}
