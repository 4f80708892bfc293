//! The toolchains of the home directory: found through `PATH` and the variables by which tools name their directories, so
//! that a program that runs outside runs inside too.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use machine_core::OsText;

use super::creator_env::{CreatorEnv, plain};
use super::mounts::SECRETS;
use crate::record::Toolchain;

/// Variables by which tools name their directories.
pub(crate) const TOOLCHAIN_VARIABLES: &[&str] = &[
    "CARGO_HOME",
    "RUSTUP_HOME",
    "NVM_DIR",
    "NVM_BIN",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "NODENV_ROOT",
    "GOENV_ROOT",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "FNM_DIR",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "SDKMAN_DIR",
    "VOLTA_HOME",
    "BUN_INSTALL",
    "DENO_INSTALL",
    "PNPM_HOME",
    "DOTNET_ROOT",
    "CONDA_PREFIX",
    "VIRTUAL_ENV",
];

/// A directory below the home directory that is known to hold a toolchain.
struct Known {
    /// Its path below the home directory.
    root: &'static str,
    /// Whether the tools write caches into it, so that they need to be able to.
    writable: bool,
    /// Credentials below it.
    hidden: &'static [&'static str],
    /// Others that it does not work without.
    companions: &'static [&'static str],
}

const fn known(root: &'static str) -> Known {
    Known { root, writable: false, hidden: &[], companions: &[] }
}

/// What tools keep where. A directory that is not here is shown only as far as it is on `PATH` itself, because nobody knows
/// what else is in it.
const KNOWN: &[Known] = &[
    Known { root: ".cargo", writable: true, hidden: &["credentials", "credentials.toml"], companions: &[".rustup"] },
    known(".rustup"),
    known(".nvm"),
    known(".pyenv"),
    known(".nodenv"),
    known(".goenv"),
    known(".asdf"),
    known(".deno"),
    known(".sdkman"),
    known(".dotnet"),
    known(".elan"),
    known(".ghcup"),
    known(".juliaup"),
    known(".opam"),
    known(".fnm"),
    Known { writable: true, ..known(".rbenv") },
    Known { writable: true, ..known(".bun") },
    Known { writable: true, ..known(".volta") },
    Known { writable: true, ..known("go") },
    Known { writable: true, hidden: &["credentials"], ..known(".gem") },
    known("miniconda3"),
    known("anaconda3"),
    known("miniforge3"),
    known(".local/share/mise"),
    known(".local/share/uv"),
    known(".local/share/pipx"),
    known(".local/share/pnpm"),
    known(".local/share/fnm"),
    known(".local/pipx"),
    Known {
        companions: &[
            ".local/lib",
            ".local/pipx",
            ".local/share/mise",
            ".local/share/uv",
            ".local/share/pipx",
            ".local/share/pnpm",
            ".local/share/fnm",
        ],
        ..known(".local/bin")
    },
];

/// The toolchains below `home`, each directory once and none inside another, sorted by path.
pub(crate) fn discover(home: &Path, creator: &CreatorEnv, state_dir: &Path) -> Vec<Toolchain> {
    let home = plain(home);
    let mut found = Found { home: &home, state_dir, toolchains: Vec::new() };
    for dir in creator.path() {
        found.add_on_path(&dir);
        // A link on PATH needs what it leads to as well.
        if let Ok(real) = dir.canonicalize()
            && real != dir
        {
            found.add_on_path(&real);
        }
    }
    for (name, value) in TOOLCHAIN_VARIABLES.iter().filter_map(|name| Some((*name, creator.get(name)?))) {
        for dir in std::env::split_paths(value) {
            found.add_named(name, &plain(&dir));
        }
    }
    found.outermost()
}

struct Found<'a> {
    home: &'a Path,
    state_dir: &'a Path,
    toolchains: Vec<Toolchain>,
}

impl Found<'_> {
    /// Adds what a directory on `PATH` belongs to.
    fn add_on_path(&mut self, dir: &Path) {
        let Some(below) = self.below_home(dir) else { return };
        match KNOWN.iter().find(|known| below.starts_with(known.root)) {
            Some(known) => self.add_known(known),
            None => self.add(&below, false, &[]),
        }
    }

    /// Adds a directory that variable `name` names: it is a toolchain's whatever it is called.
    fn add_named(&mut self, name: &str, dir: &Path) {
        let usual = match name {
            "CARGO_HOME" => Some(".cargo"),
            "GOPATH" => Some("go"),
            "BUN_INSTALL" => Some(".bun"),
            "VOLTA_HOME" => Some(".volta"),
            "RBENV_ROOT" => Some(".rbenv"),
            _ => None,
        };
        let Some(below) = self.below_home(dir) else { return self.add_elsewhere(usual, dir) };
        let by_path = KNOWN.iter().find(|known| below == Path::new(known.root));
        match by_path.or_else(|| KNOWN.iter().find(|known| Some(known.root) == usual)) {
            Some(known) => self.add(&below, known.writable, known.hidden),
            None => self.add(&below, false, &[]),
        }
    }

    /// Adds a directory outside of the home directory where tools write caches and whoever runs us may, as in containers
    /// that are made for one toolchain: it shows as it is in any case, but could not be written.
    fn add_elsewhere(&mut self, usual: Option<&str>, dir: &Path) {
        let Some(known) = KNOWN.iter().find(|known| known.writable && Some(known.root) == usual) else { return };
        let is_ours = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok();
        if dir.is_absolute() && dir.starts_with("/usr/local") && dir.is_dir() && is_ours {
            let hidden = known.hidden.iter().map(|name| OsText::from(*name)).collect();
            self.toolchains.push(Toolchain { path: OsText::from(dir.as_os_str()), writable: true, hidden });
        }
    }

    fn add_known(&mut self, known: &Known) {
        self.add(Path::new(known.root), known.writable, known.hidden);
        for companion in known.companions {
            match KNOWN.iter().find(|known| known.root == *companion) {
                Some(known) => self.add(Path::new(known.root), known.writable, known.hidden),
                None => self.add(Path::new(companion), false, &[]),
            }
        }
    }

    /// Adds a directory below the home directory, where it exists and is nobody's secret.
    fn add(&mut self, below: &Path, writable: bool, hidden: &[&str]) {
        let path = self.home.join(below);
        let Ok(real) = path.canonicalize() else { return };
        if !real.is_dir() || self.is_private(&path) || self.is_private(&real) {
            return;
        }
        let path = OsText::from(path.as_os_str());
        match self.toolchains.iter_mut().find(|toolchain| toolchain.path == path) {
            Some(known) => known.writable |= writable,
            None => {
                let hidden = hidden.iter().map(|name| OsText::from(*name)).collect();
                self.toolchains.push(Toolchain { path, writable, hidden });
            }
        }
    }

    /// Whether showing `path` would show credentials, our own state, or all of the home directory.
    fn is_private(&self, path: &Path) -> bool {
        let overlaps = |other: &Path| path.starts_with(other) || other.starts_with(path);
        overlaps(self.state_dir)
            || self.home.starts_with(path)
            || SECRETS.iter().any(|secret| {
                let secret = self.home.join(secret);
                path.starts_with(&secret) || (secret.starts_with(path) && secret.exists())
            })
    }

    /// The path of `dir` below the home directory, whichever way the home directory is written.
    fn below_home(&self, dir: &Path) -> Option<PathBuf> {
        let below = match dir.strip_prefix(self.home) {
            Ok(below) => below.to_owned(),
            Err(_) => dir.strip_prefix(self.home.canonicalize().ok()?).ok()?.to_owned(),
        };
        let is_plain = below.components().all(|part| matches!(part, Component::Normal(_)));
        (is_plain && !below.as_os_str().is_empty()).then_some(below)
    }

    /// What was found, without what lies inside another: an inner directory shows with the outer one.
    fn outermost(mut self) -> Vec<Toolchain> {
        self.toolchains.sort_by(|a, b| a.path.cmp(&b.path));
        let mut kept: Vec<Toolchain> = Vec::new();
        for toolchain in self.toolchains {
            let path = as_path(&toolchain.path);
            if !kept.iter().any(|outer| path.starts_with(as_path(&outer.path))) {
                kept.push(toolchain);
            }
        }
        kept
    }
}

fn as_path(text: &OsText) -> &Path {
    Path::new(OsStr::from_bytes(text.as_bytes()))
}
