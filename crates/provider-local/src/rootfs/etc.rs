//! `/etc`: who is who is written anew, and of the computer's own only what programs need.

use std::fs::{self, DirEntry, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat, symlinkat};
use rustix::mount::MountFlags;

use super::STAGE;
use super::bind::{Show, bind_new};
use super::root::Root;
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
    let etc = root.directory(Path::new("/etc"))?;
    for entry in fs::read_dir("/etc").during(STAGE, || "cannot read `/etc`".to_owned())?.flatten() {
        let file = entry.file_name();
        let is_shown = file.to_str().is_some_and(|file| {
            SHOWN.binary_search(&file).is_ok() || SHOWN_FAMILIES.iter().any(|family| file.starts_with(family))
        });
        if is_shown {
            show(&etc, &entry)?;
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
    write(&etc, "passwd", &passwd)?;
    write(&etc, "group", "root:x:0:\ntty:x:5:\nuser:x:1000:\nnogroup:x:65534:\n")?;
    write(&etc, "hostname", &format!("{name}\n"))?;
    write(&etc, "hosts", &hosts(name, computers_network))
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
fn show(etc: &OwnedFd, entry: &DirEntry) -> Step<()> {
    let (path, name) = (entry.path(), entry.file_name());
    let (source, is_directory) = match entry.file_type() {
        Ok(kind) if kind.is_symlink() => {
            let Ok(link) = fs::read_link(&path) else { return Ok(()) };
            if is_shown_elsewhere(&Path::new("/etc").join(&link)) {
                return symlinkat(&link, etc, &name).during(STAGE, || format!("cannot link `{}`", path.display()));
            }
            // A link to nothing is nothing.
            let Ok(real) = fs::canonicalize(&path) else { return Ok(()) };
            let is_directory = real.is_dir();
            (real, is_directory)
        }
        Ok(kind) => (path, kind.is_dir()),
        Err(_) => return Ok(()),
    };
    bind_new(etc, &name, &source, if is_directory { Show::Directory } else { Show::File })
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
fn write(etc: &OwnedFd, name: &str, contents: &str) -> Step<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let write = || -> io::Result<()> {
        let mut file = File::from(openat(etc, name, flags, Mode::from_raw_mode(0o644))?);
        file.write_all(contents.as_bytes())
    };
    write().during(STAGE, || format!("cannot write `/etc/{name}` of the machine"))
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
