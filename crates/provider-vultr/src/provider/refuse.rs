//! What cannot be asked of this cloud, refused before anything is sent.

use machine_core::{Error, ErrorKind, MachineSpec, Network, Result};
use secrecy::ExposeSecret as _;

use super::unsupported;

/// Refuses what this cloud has no place for, and user data of more than `most` bytes.
pub(super) fn refuse(spec: &MachineSpec, most: Option<usize>) -> Result<()> {
    let excluded = [
        (!spec.command.is_empty(), "a machine has no command of its own; put it into user data"),
        (
            !spec.env.is_empty(),
            "a machine has no command of its own that variables could be for; put them into user data",
        ),
        (spec.workdir.is_some(), "a machine has no command of its own that could start in a directory"),
        (!spec.files.is_empty(), "files cannot be placed before a machine starts; put them into user data"),
        (!spec.mounts.is_empty(), "directories of this computer cannot be shown inside"),
        (!spec.ports.is_empty(), "there is nothing to publish: every port can be reached at the machine's own address"),
        (spec.network == Network::None, "a machine cannot be without a network"),
    ];
    if let Some((_, what)) = excluded.into_iter().find(|(asked, _)| *asked) {
        return Err(unsupported(what));
    }
    let length = spec.user_data.as_ref().map_or(0, |data| data.expose_secret().len());
    if let Some(most) = most.filter(|&most| length > most) {
        let what = format!("the user data has {length} bytes, and at most {most} are taken");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint("let it fetch the rest when it runs"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use machine_core::{EnvVar, FileSpec, Port};

    use super::*;

    #[test]
    fn what_has_no_place_is_refused() {
        let spec = || MachineSpec::new("web-1".parse().unwrap());
        let kind = |spec: MachineSpec| refuse(&spec, Some(9)).map_err(|error| error.kind());
        assert_eq!(kind(spec()), Ok(()));
        let refused = [
            MachineSpec { command: vec!["true".into()], ..spec() },
            MachineSpec { env: vec![EnvVar::new("A", "b")], ..spec() },
            MachineSpec { workdir: Some("/".into()), ..spec() },
            MachineSpec { files: vec![FileSpec::private("/a", *b"b")], ..spec() },
            MachineSpec { ports: vec![Port { host: 1, guest: 1 }], ..spec() },
            MachineSpec { network: Network::None, ..spec() },
        ];
        for spec in refused {
            assert_eq!(kind(spec), Err(ErrorKind::Unsupported));
        }
        let data = |length| MachineSpec { user_data: Some("x".repeat(length).into()), ..spec() };
        assert_eq!(kind(data(9)), Ok(()));
        assert_eq!(kind(data(10)), Err(ErrorKind::Invalid));
    }
}
