//! What a droplet cannot have, told before anything is asked.

use machine_core::{Error, ErrorKind, MachineSpec, Network, Result};
use secrecy::ExposeSecret as _;

use crate::kind::KIND;

/// The most user data, in bytes.
pub(crate) const USER_DATA: usize = 64 * 1024;

/// The most volumes on one droplet.
pub(crate) const VOLUMES: usize = 15;

/// Refuses what a droplet cannot have.
///
/// # Errors
/// `Unsupported` for what there is none of, `Invalid` for what is too much.
pub(crate) fn refuse(spec: &MachineSpec) -> Result<()> {
    let lacking = [
        (!spec.command.is_empty(), "a droplet has no command of its own; user data can start one"),
        (!spec.env.is_empty(), "variables are for a machine's own command, and a droplet has none"),
        (spec.workdir.is_some(), "a directory is for a machine's own command, and a droplet has none"),
        (!spec.files.is_empty(), "files cannot be placed before a droplet starts; user data can write them"),
        (!spec.mounts.is_empty(), "directories of this computer cannot be shown inside"),
        (spec.network == Network::None, "a droplet cannot be without a network"),
        (
            !spec.ports.is_empty(),
            "ports are not published: a droplet has an address of its own, and all its ports are open",
        ),
        (spec.volumes.len() > VOLUMES, "a droplet has 15 volumes at most"),
    ];
    if let Some((_, what)) = lacking.into_iter().find(|(asked, _)| *asked) {
        return Err(Error::unsupported(KIND, what));
    }
    match &spec.user_data {
        Some(data) => user_data(data.expose_secret()),
        None => Ok(()),
    }
}

/// User data travels as it is, and what is not ASCII in it makes the creation fail after it was accepted.
fn user_data(text: &str) -> Result<()> {
    let invalid = |what: String, hint: &'static str| Err(Error::new(ErrorKind::Invalid, what).with_hint(hint));
    if text.len() > USER_DATA {
        let what = format!("the user data has {} bytes; DigitalOcean takes {USER_DATA} at most", text.len());
        return invalid(what, "have it fetch what is large");
    }
    match text.chars().position(|it| !it.is_ascii()) {
        None => Ok(()),
        Some(at) => {
            let before: String = text.chars().take(at).collect();
            let line = before.matches('\n').count() + 1;
            let odd = text.chars().nth(at).unwrap_or_default();
            invalid(
                format!(
                    "line {line} of the user data holds {odd:?}, and DigitalOcean makes no machine from what is not ASCII"
                ),
                "leave it out, or write it in base64 (`write_files` has `encoding: b64`)",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use machine_core::{EnvVar, Port};

    use super::*;

    fn refused(change: impl Fn(&mut MachineSpec)) -> Option<(ErrorKind, String)> {
        let mut spec = MachineSpec::new("web-1".parse().unwrap());
        change(&mut spec);
        refuse(&spec).err().map(|error| (error.kind(), error.to_string()))
    }

    #[test]
    fn what_a_droplet_cannot_have() {
        assert_eq!(refused(|_| {}), None);
        assert_eq!(refused(|spec| spec.env.push(EnvVar::new("A", "b"))).unwrap().0, ErrorKind::Unsupported);
        assert_eq!(refused(|spec| spec.command.push("true".into())).unwrap().0, ErrorKind::Unsupported);
        assert_eq!(refused(|spec| spec.ports.push(Port { host: 80, guest: 80 })).unwrap().0, ErrorKind::Unsupported);
    }

    #[test]
    fn user_data_is_ascii_and_not_too_long() {
        assert_eq!(refused(|spec| spec.user_data = Some("x".repeat(USER_DATA).into())), None);
        let (kind, words) = refused(|spec| spec.user_data = Some("x".repeat(USER_DATA + 1).into())).unwrap();
        assert!(kind == ErrorKind::Invalid && words.contains("65537"), "{words}");
        let (kind, words) = refused(|spec| spec.user_data = Some("#cloud-config\nmotd: żółw\n".into())).unwrap();
        assert!(kind == ErrorKind::Invalid && words.contains("line 2") && words.contains("'ż'"), "{words}");
        assert!(!words.contains("motd"), "{words}");
    }
}
