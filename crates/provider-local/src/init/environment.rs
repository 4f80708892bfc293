//! What every program of a machine finds around it.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use machine_core::{EnvVar, OsText};

use crate::mount_text::path_of;
use crate::order::StartOrder;
use crate::record::SpecRecord;
use crate::rootfs::Plain;
use crate::{GUEST_PATH, WORK_PATH};

/// Where programs are looked for when nobody says.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The variables that say how far the machine is kept apart and where its things are.
const ISOLATION: &str = "MACHINE_ISOLATION";
const WORK: &str = "MACHINE_WORK";
const FILES: &str = "MACHINE_FILES";

/// What every program of the machine finds around it.
#[derive(Debug)]
pub(crate) struct Surroundings {
    env: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Where a program starts that nobody says anything about.
    default_directory: PathBuf,
    /// Without namespaces: the helper program and `/work` are elsewhere.
    moved: Option<Moved>,
}

#[derive(Debug)]
struct Moved {
    helper: PathBuf,
    work: PathBuf,
}

impl Surroundings {
    /// In a machine with a file system of its own.
    pub(crate) fn inside(spec: &SpecRecord) -> Self {
        let mut env = common(spec);
        // It is root whatever the creator is called.
        for name in ["USER", "LOGNAME"] {
            env.insert(name.into(), b"root".to_vec());
        }
        env.insert(ISOLATION.into(), b"namespaces".to_vec());
        env.insert(WORK.into(), WORK_PATH.into());
        env.insert(FILES.into(), b"/".to_vec());
        let default_directory = path_of(spec.workdir.as_ref().unwrap_or(&spec.home)).to_owned();
        Self { env, default_directory, moved: None }
    }

    /// In a machine that sees the computer as it is.
    pub(crate) fn outside(order: &StartOrder, plain: Plain) -> Self {
        let mut env = common(&order.spec);
        env.insert(ISOLATION.into(), b"process".to_vec());
        env.insert(WORK.into(), plain.work.as_os_str().as_bytes().to_vec());
        env.insert(FILES.into(), plain.files.as_os_str().as_bytes().to_vec());
        let moved = Moved { helper: path_of(&order.helper).to_owned(), work: plain.work };
        let wanted = path_of(order.spec.workdir.as_ref().unwrap_or(&order.spec.home));
        let default_directory = moved.directory(wanted);
        Self { env, default_directory, moved: Some(moved) }
    }

    /// The environment with `more` on top, as it is handed to a program.
    pub(crate) fn environment(&self, more: &[EnvVar], has_terminal: bool) -> Vec<CString> {
        let mut env = self.env.clone();
        env.extend(more.iter().map(|var| (var.name.as_bytes().to_vec(), var.value.as_bytes().to_vec())));
        if has_terminal {
            env.entry(b"TERM".to_vec()).or_insert_with(|| b"xterm".to_vec());
        }
        // A name or value with a zero byte cannot be handed over by any system; it is left out.
        env.into_iter().filter_map(|(name, value)| CString::new([&name[..], b"=", &value[..]].concat()).ok()).collect()
    }

    /// The `PATH` of a program that is given `more`.
    pub(crate) fn search_path<'a>(&'a self, more: &'a [EnvVar]) -> &'a OsStr {
        let given = more.iter().rev().find(|var| var.name.as_bytes() == b"PATH").map(|var| var.value.as_bytes());
        let own = || self.env.get(&b"PATH"[..]).map(Vec::as_slice);
        OsStr::from_bytes(given.or_else(own).unwrap_or(USUAL_PATH.as_bytes()))
    }

    /// Where a program starts that is to start in `wanted`.
    pub(crate) fn directory(&self, wanted: Option<&OsText>) -> PathBuf {
        match (wanted, &self.moved) {
            (None, _) => self.default_directory.clone(),
            (Some(wanted), None) => path_of(wanted).to_owned(),
            (Some(wanted), Some(moved)) => moved.directory(path_of(wanted)),
        }
    }

    /// Whether there are no namespaces.
    pub(super) fn is_plain(&self) -> bool {
        self.moved.is_some()
    }

    /// The program that `name` means, where it does not mean itself.
    pub(crate) fn stands_for(&self, name: &[u8]) -> Option<&Path> {
        self.moved.as_ref().filter(|_| name == GUEST_PATH.as_bytes()).map(|moved| moved.helper.as_path())
    }
}

impl Moved {
    fn directory(&self, wanted: &Path) -> PathBuf {
        match wanted.strip_prefix(WORK_PATH) {
            // Joining an empty path would append a slash.
            Ok(rest) if rest.as_os_str().is_empty() => self.work.clone(),
            Ok(rest) => self.work.join(rest),
            Err(_) => wanted.to_owned(),
        }
    }
}

fn common(spec: &SpecRecord) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut env: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    env.insert(b"PATH".to_vec(), USUAL_PATH.into());
    env.insert(b"HOME".to_vec(), spec.home.as_bytes().to_vec());
    env.extend(spec.env.iter().map(|var| (var.name.as_bytes().to_vec(), var.value.as_bytes().to_vec())));
    env
}
