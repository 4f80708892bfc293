//! The fingerprint of a public key as `ssh-keygen -E md5` has it, by which clouds list keys and DigitalOcean addresses them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::{Digest as _, Md5};

/// The MD5 fingerprint of a public key in one line (`ssh-ed25519 AAAA... comment`), in pairs of digits with colons between them;
/// nothing where that is no key.
pub fn fingerprint(public_key: &str) -> Option<String> {
    let body = public_key.split_whitespace().nth(1)?;
    let bytes = STANDARD.decode(body).or_else(|_| STANDARD_NO_PAD.decode(body)).ok()?;
    let pairs: Vec<String> = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_ssh_keygen_has_it() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@here";
        assert_eq!(fingerprint(key).as_deref(), Some("0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba"));
        assert_eq!(fingerprint("ssh-ed25519"), None);
        assert_eq!(fingerprint("ssh-ed25519 !!!"), None);
    }
}
