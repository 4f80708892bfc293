//! `/etc`: who is who is written anew, and of the computer's own only what programs need.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::MountFlags;

use super::STAGE;
use super::root::{Root, split};
use crate::fault::{During as _, Step};

/// Shown where the computer has it.
const SHOWN: &[&str] = &[
    "alternatives",
    "bash.bashrc",
    "bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "default",
    "dotnet",
    "fonts",
    "gai.conf",
    "gitattributes",
    "gitconfig",
    "host.conf",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "ld.so.preload",
    "locale.alias",
    "locale.conf",
    "localtime",
    "login.defs",
    "lsb-release",
    "magic",
    "magic.mime",
    "mailcap",
    "manpath.config",
    "maven",
    "mime.types",
    "nanorc",
    "networks",
    "nsswitch.conf",
    "os-release",
    "pip.conf",
    "pki",
    "profile",
    "profile.d",
    "protocols",
    "python3",
    "resolv.conf",
    "rpc",
    "services",
    "shells",
    "skel",
    "ssl",
    "terminfo",
    "timezone",
    "vim",
    "wgetrc",
    "xdg",
    "zsh",
];

/// Shown where its name begins like this: the version is part of it.
const SHOWN_FAMILIES: &[&str] = &["ImageMagick", "java", "openssl", "perl", "php", "python3.", "ruby"];

/// Keys that programs of the machine have no business with.
const COVERED: &[&str] = &["/etc/ssl/private", "/etc/pki/tls/private", "/etc/pki/entitlement"];

/// Fills `/etc`.
pub(super) fn fill(root: &Root, name: &str, home: &Path, computers_network: bool) -> Step<()> {
    let etc = Path::new("/etc");
    root.directory(etc)?;
    for entry in fs::read_dir(etc).during(STAGE, || "cannot read `/etc`".to_owned())?.flatten() {
        let file = entry.file_name();
        let is_shown = file.to_str().is_some_and(|file| {
            SHOWN.binary_search(&file).is_ok() || SHOWN_FAMILIES.iter().any(|family| file.starts_with(family))
        });
        if is_shown {
            show(root, &entry.path())?;
        }
    }
    for path in COVERED.iter().map(Path::new) {
        if root.open(path).is_ok() {
            root.mount("tmpfs", path, MountFlags::NODEV | MountFlags::RDONLY, c"mode=755,size=4k")?;
        }
    }
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let home = home.display();
    let passwd = format!(
        "root:x:0:0:root:{home}:{shell}\nuser:x:1000:1000:user:{home}:{shell}\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    );
    write(root, "/etc/passwd", &passwd)?;
    write(root, "/etc/group", "root:x:0:\ntty:x:5:\nuser:x:1000:\nnogroup:x:65534:\n")?;
    write(root, "/etc/hostname", &format!("{name}\n"))?;
    write(root, "/etc/hosts", &hosts(name, computers_network))
}

/// Names that the computer knows are known in the machine as long as they share a network.
fn hosts(name: &str, computers_network: bool) -> String {
    let own = format!("127.0.1.1 {name}\n");
    let common = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
    match fs::read_to_string("/etc/hosts") {
        Ok(computers) if computers_network => format!("{own}{computers}"),
        _ => format!("{common}{own}"),
    }
}

/// Shows one entry. A link to something that is there inside as well stays a link (`localtime` tells the zone's name by
/// it); another is followed.
fn show(root: &Root, path: &Path) -> Step<()> {
    let Ok(link) = fs::read_link(path) else { return root.bind(path, path, true) };
    let target = path.parent().map_or_else(|| link.clone(), |parent| parent.join(&link));
    if is_shown_elsewhere(&target) {
        return root.link(path, &link);
    }
    match fs::canonicalize(path) {
        Ok(real) => root.bind(&real, path, true),
        // A link to nothing is nothing.
        Err(_) => Ok(()),
    }
}

fn is_shown_elsewhere(target: &Path) -> bool {
    let mut clean = PathBuf::new();
    for component in target.components() {
        match component {
            std::path::Component::ParentDir => _ = clean.pop(),
            other => clean.push(other),
        }
    }
    ["/usr", "/opt", "/nix", "/gnu"].iter().any(|shown| clean.starts_with(shown))
}

/// Writes a small file of ours.
fn write(root: &Root, path: &str, contents: &str) -> Step<()> {
    let path = Path::new(path);
    let (parent, name) = split(path)?;
    let parent = root.directory(parent)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::from(openat(&parent, name, flags, Mode::from_raw_mode(0o644))?);
        std::io::Write::write_all(&mut file, contents.as_bytes())
    };
    write().during(STAGE, || format!("cannot write `{}` of the machine", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_sorted() {
        assert!(SHOWN.is_sorted());
    }

    #[test]
    fn links_are_kept_where_they_lead_inside() {
        assert!(is_shown_elsewhere(Path::new("/etc/../usr/share/zoneinfo/Etc/UTC")));
        assert!(!is_shown_elsewhere(Path::new("/etc/../run/systemd/resolve/stub-resolv.conf")));
        assert!(!is_shown_elsewhere(Path::new("/usr/../run/x")));
    }
}
