//! What a droplet cannot have, told before anything is asked.

use machine_core::{Capabilities, Error, ErrorKind, MachineSpec, Network, Result};
use secrecy::{ExposeSecret as _, SecretString};

use crate::kind::KIND;

/// The most user data, in bytes.
pub(crate) const USER_DATA: usize = 64 * 1024;

/// The most volumes on one droplet.
pub(crate) const VOLUMES: usize = 15;

/// Refuses what a droplet cannot have.
///
/// # Errors
/// `Unsupported` for what there is none of, `Invalid` for what is too much.
pub(crate) fn refuse(spec: &MachineSpec, can: &Capabilities) -> Result<()> {
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
    let length = spec.user_data.as_ref().map_or(0, |data| data.expose_secret().len());
    match can.limits.user_data_bytes {
        Some(limit) if length > limit => {
            let kept = USER_DATA - limit;
            let ours = if kept > 0 { format!(", {kept} of which we need ourselves") } else { String::new() };
            let what = format!("the user data has {length} bytes; DigitalOcean takes {USER_DATA} at most{ours}");
            Err(Error::new(ErrorKind::Invalid, what).with_hint("have it fetch what is large"))
        }
        _ => Ok(()),
    }
}

/// Refuses user data that would not arrive: it travels as it is, and what is not ASCII in it makes the creation fail after it
/// was accepted. `users` is what was asked for, `whole` what it has become.
///
/// # Errors
/// `Invalid`.
pub(crate) fn travels(users: Option<&SecretString>, whole: Option<&SecretString>) -> Result<()> {
    let text = |data: Option<&SecretString>| data.map(|data| data.expose_secret().to_owned()).unwrap_or_default();
    let invalid = |what: String, hint: &'static str| Err(Error::new(ErrorKind::Invalid, what).with_hint(hint));
    let whole = text(whole);
    if whole.len() > USER_DATA {
        let what = format!("the user data travels as {} bytes; DigitalOcean takes {USER_DATA} at most", whole.len());
        return invalid(what, "have it fetch what is large, or leave out what is not ASCII");
    }
    if whole.is_ascii() {
        return Ok(());
    }
    let text = text(users);
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
    use crate::provider::capabilities;

    fn refused(ssh: bool, change: impl Fn(&mut MachineSpec)) -> Option<(ErrorKind, String)> {
        let mut spec = MachineSpec::new("web-1".parse().unwrap());
        change(&mut spec);
        let can = capabilities(crate::Pace::default(), ssh);
        refuse(&spec, &can).err().map(|error| (error.kind(), error.to_string()))
    }

    #[test]
    fn what_a_droplet_cannot_have() {
        assert_eq!(refused(false, |_| {}), None);
        assert_eq!(refused(false, |spec| spec.env.push(EnvVar::new("A", "b"))).unwrap().0, ErrorKind::Unsupported);
        assert_eq!(refused(false, |spec| spec.command.push("true".into())).unwrap().0, ErrorKind::Unsupported);
        let port = Port { host: 80, guest: 80 };
        assert_eq!(refused(false, |spec| spec.ports.push(port)).unwrap().0, ErrorKind::Unsupported);
    }

    #[test]
    fn user_data_is_not_too_long() {
        let long = |bytes: usize| move |spec: &mut MachineSpec| spec.user_data = Some("x".repeat(bytes).into());
        assert_eq!(refused(false, long(USER_DATA)), None);
        let (kind, words) = refused(false, long(USER_DATA + 1)).unwrap();
        assert!(kind == ErrorKind::Invalid && words.contains("65537"), "{words}");
        let (_, words) = refused(true, long(USER_DATA)).unwrap();
        assert!(words.contains("2048 of which"), "{words}");
    }

    #[test]
    fn user_data_travels_in_ascii() {
        let travels = |users: &str, whole: &str| {
            let (users, whole) = (SecretString::from(users), SecretString::from(whole));
            travels(Some(&users), Some(&whole)).map_err(|error| (error.kind(), error.to_string()))
        };
        let users = "#cloud-config\nmotd: żółw\n";
        assert_eq!(travels(users, "in base64"), Ok(()));
        let (kind, words) = travels(users, &format!("mail\n\n{users}")).unwrap_err();
        assert!(kind == ErrorKind::Invalid && words.contains("line 2") && words.contains("'ż'"), "{words}");
        assert!(!words.contains("motd"), "{words}");
        assert!(travels(users, &"x".repeat(USER_DATA + 1)).unwrap_err().1.contains("65537"));
    }
}
