//! The environment inside: what tools need to work as they do outside, and nothing else. Nothing is inherited wholesale,
//! because credentials travel in environments.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use machine_core::{EnvVar, Mount, OsText};

use super::creator_env::CreatorEnv;
use super::toolchains::TOOLCHAIN_VARIABLES;
use crate::record::Toolchain;

/// Where the system's own programs are, in every machine.
const SYSTEM_PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// What of the computer's root directory every machine shows.
const SYSTEM_DIRS: [&str; 9] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/opt", "/nix", "/gnu"];
/// Variables that are taken over as they are: how people read and when it is.
const PLAIN_VARIABLES: [&str; 3] = ["LANG", "LANGUAGE", "TZ"];
/// Variables that name a proxy. One with a password in it is left out.
const PROXY_VARIABLES: [&str; 8] =
    ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
/// Variables that name certificates: taken over where what they name shows inside.
const CERTIFICATE_VARIABLES: [&str; 8] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "PIP_CERT",
];

/// The directories of the computer that will show inside.
#[derive(Debug)]
pub(crate) struct Shown(Vec<PathBuf>);

impl Shown {
    /// Those of the system, `toolchains` and `mounts`.
    pub(crate) fn new(toolchains: &[Toolchain], mounts: &[Mount]) -> Self {
        let path = |text: &OsText| PathBuf::from(OsStr::from_bytes(text.as_bytes()));
        let mut dirs: Vec<PathBuf> = SYSTEM_DIRS.iter().map(PathBuf::from).collect();
        dirs.extend(toolchains.iter().map(|toolchain| path(&toolchain.path)));
        dirs.extend(mounts.iter().map(|mount| path(&mount.target)));
        Self(dirs)
    }

    /// Whether `path` will be there.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.0.iter().any(|dir| path.starts_with(dir))
    }
}

/// The variables for everything that runs inside; those in `own` win.
pub(crate) fn build(creator: &CreatorEnv, home: &OsText, shown: &Shown, own: &[EnvVar]) -> Vec<EnvVar> {
    let mut env = vec![EnvVar::new("PATH", search_path(creator, shown)), EnvVar::new("HOME", home.clone())];
    let mut take = |name: &OsStr, value: &OsStr| env.push(EnvVar::new(OsText::from(name), OsText::from(value)));
    for name in PLAIN_VARIABLES {
        if let Some(value) = creator.get(name) {
            take(OsStr::new(name), value);
        }
    }
    for (name, value) in creator.starting_with("LC_") {
        take(name, value);
    }
    for name in PROXY_VARIABLES {
        if let Some(value) = creator.get(name).filter(|value| !value.as_bytes().contains(&b'@')) {
            take(OsStr::new(name), value);
        }
    }
    for name in CERTIFICATE_VARIABLES.iter().chain(TOOLCHAIN_VARIABLES) {
        if let Some(value) = creator.get(name).filter(|value| shows(value, home, shown)) {
            take(OsStr::new(name), value);
        }
    }
    // A toolchain's name, not a path.
    if let Some(value) = creator.get("RUSTUP_TOOLCHAIN") {
        take(OsStr::new("RUSTUP_TOOLCHAIN"), value);
    }
    env.retain(|variable| !own.iter().any(|other| other.name == variable.name));
    env.extend(
        own.iter()
            .enumerate()
            .filter(|(at, variable)| {
                // Of a variable that is set twice, the last one counts.
                !own[at + 1..].iter().any(|later| later.name == variable.name)
            })
            .map(|(_, variable)| variable.clone()),
    );
    env
}

/// Whether every path in `value` (one, or several with colons) will be there, or lies in the home directory, where tools make
/// what they do not find.
fn shows(value: &OsStr, home: &OsText, shown: &Shown) -> bool {
    let home = Path::new(OsStr::from_bytes(home.as_bytes()));
    std::env::split_paths(value).all(|path| path.is_absolute() && (shown.has(&path) || path.starts_with(home)))
}

fn search_path(creator: &CreatorEnv, shown: &Shown) -> OsText {
    let mut dirs = creator.path();
    dirs.retain(|dir| shown.has(dir));
    for dir in SYSTEM_PATH.map(PathBuf::from) {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    let dirs: Vec<&[u8]> = dirs.iter().map(|dir| dir.as_os_str().as_bytes()).collect();
    OsText::from(dirs.join(&b':'))
}
