//! Names of operating systems to neutral names.

use machine_core::Image;

use crate::wire::Os;

/// The neutral name of what the cloud calls so: `Ubuntu 24.04 LTS x64` is `ubuntu-24.04`, `Debian 12 x64 (bookworm)` is
/// `debian-12`, `CentOS 9 Stream x64` is `centos-9-stream`. What has no version or is for another processor has none, and
/// neither has what costs a licence.
fn neutral(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    let version = words.iter().position(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let is_version = |word: &str| word.chars().all(|found| found.is_ascii_digit() || found == '.');
    let (system, rest) = words.split_at(version);
    let (version, rest) = rest.split_first().filter(|(version, _)| is_version(version))?;
    let suffix = match rest {
        ["x64"] | ["LTS", "x64"] => "",
        ["x64", code] | ["LTS", "x64", code] if code.starts_with('(') => "",
        ["Stream", "x64"] => "-stream",
        _ => return None,
    };
    let system = system.concat().to_ascii_lowercase();
    let known = !system.is_empty() && system != "windows";
    known.then(|| format!("{system}-{version}{suffix}"))
}

/// The images, the first of each neutral name with that name.
pub(crate) fn images(systems: &[Os]) -> Vec<Image> {
    let mut taken = std::collections::BTreeSet::new();
    let offered = systems.iter().filter(|os| !stands_for_something_else(os));
    offered
        .map(|os| Image {
            id: os.id.to_string(),
            name: os.name.clone(),
            neutral: neutral(&os.name).filter(|name| taken.insert(name.clone())),
        })
        .collect()
}

/// Whether this entry of the list says that a machine is made from something else (an ISO, a snapshot, a backup, an
/// application), and is nothing to make one from.
fn stands_for_something_else(os: &Os) -> bool {
    matches!(os.family.as_str(), "iso" | "snapshot" | "backup" | "application")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clouds_names_and_ours() {
        let rows = [
            ("Debian 12 x64 (bookworm)", Some("debian-12")),
            ("Ubuntu 24.04 LTS x64", Some("ubuntu-24.04")),
            ("Ubuntu 25.10 x64", Some("ubuntu-25.10")),
            ("AlmaLinux 9 x64", Some("almalinux-9")),
            ("Rocky Linux 9 x64", Some("rockylinux-9")),
            ("CentOS 9 Stream x64", Some("centos-9-stream")),
            ("Fedora 42 x64", Some("fedora-42")),
            ("FreeBSD 14 x64", Some("freebsd-14")),
            ("Arch Linux x64", None),
            ("Fedora CoreOS Stable", None),
            ("Windows 2022 Standard x64", None),
            ("CentOS 6 i386", None),
            ("Snapshot", None),
            ("", None),
        ];
        for (name, expected) in rows {
            assert_eq!(neutral(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn the_first_of_a_name_has_it() {
        let os = |id, name: &str, family: &str| Os { id, name: name.into(), family: family.into() };
        let systems = [
            os(1, "Debian 12 x64 (bookworm)", "debian"),
            os(2, "Debian 12 x64", "debian"),
            os(164, "Snapshot", "snapshot"),
        ];
        let images = images(&systems);
        assert_eq!(images.len(), 2);
        assert_eq!((images[0].neutral.as_deref(), images[1].neutral.as_deref()), (Some("debian-12"), None));
    }
}
