//! Directories and files of the computer that a machine is to show: which may be, and which never.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Mount, OsText, Result};

use super::checks::check_inside;
use super::creator_env::plain;

/// What below a home directory holds credentials and is never shown.
pub(crate) const SECRETS: &[&str] = &[
    ".ssh",
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".config/doctl",
    ".config/op",
    ".kube",
    ".docker",
    ".gnupg",
    ".password-store",
    ".netrc",
    ".git-credentials",
    ".npmrc",
    ".pypirc",
    ".fly",
    ".vultr-cli.yaml",
];

/// Checks `mounts` and resolves their sources.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a source that is not there, and for one that holds credentials or our own state.
pub(crate) fn check(mounts: Vec<Mount>, state_dir: &Path, home: Option<&Path>) -> Result<Vec<Mount>> {
    let mut checked: Vec<Mount> = Vec::with_capacity(mounts.len());
    for mount in mounts {
        check_inside("mount", mount.target.as_bytes())?;
        let source = resolve(&mount.source)?;
        refuse_secrets(&source, state_dir, home)?;
        let target = plain(Path::new(OsStr::from_bytes(mount.target.as_bytes())));
        let target = OsText::from(target.as_os_str());
        // What a machine asks for stands after what all have, and wins.
        checked.retain(|other| other.target != target);
        checked.push(Mount { source: OsText::from(source.as_os_str()), target, writable: mount.writable });
    }
    Ok(checked)
}

fn resolve(source: &OsText) -> Result<PathBuf> {
    let path = Path::new(OsStr::from_bytes(source.as_bytes()));
    let shown = path.display();
    if !path.is_absolute() {
        return Err(Error::new(ErrorKind::Invalid, format!("the mount `{shown}` is not an absolute path")));
    }
    path.canonicalize().map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("the mount `{shown}` cannot be shown: {error}")).with_source(error)
    })
}

fn refuse_secrets(source: &Path, state_dir: &Path, home: Option<&Path>) -> Result<()> {
    let overlaps = |other: &Path| source.starts_with(other) || other.starts_with(source);
    let refuse = |what: String| {
        let hint = "mount something smaller; a single secret can be handed over as a file";
        Error::new(ErrorKind::Invalid, format!("`{}` cannot be mounted: {what}", source.display())).with_hint(hint)
    };
    if overlaps(state_dir) {
        let shown = state_dir.display();
        return Err(refuse(format!("it would show machine's own state directory `{shown}` inside")));
    }
    for secret in home.into_iter().flat_map(|home| SECRETS.iter().map(move |secret| home.join(secret))) {
        // One that is a link shows in both places.
        let real = secret.canonicalize().ok();
        if let Some(real) = real
            && (overlaps(&real) || overlaps(&secret))
        {
            return Err(refuse(format!("it would show the credentials in `{}` inside", secret.display())));
        }
    }
    Ok(())
}
