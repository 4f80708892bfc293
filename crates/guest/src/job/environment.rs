//! The job's environment: what the machine was given, what every program expects, and the orders' own on top.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use machine_core::EnvVar;

/// Where programs are looked for when the machine does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables of the machine that are no business of the job's.
const OURS: &[&str] = &["MACHINE_FILES"];

/// All variables, by name; the last of one name wins.
pub(super) fn build(orders: &[EnvVar], root: bool, tty: bool) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut all: BTreeMap<Vec<u8>, Vec<u8>> = std::env::vars_os()
        .filter(|(name, _)| !OURS.iter().any(|ours| name == OsStr::new(ours)))
        .map(|(name, value)| (name.into_vec(), value.into_vec()))
        .collect();
    let mut default = |name: &str, value: &str| {
        all.entry(name.into()).or_insert_with(|| value.into());
    };
    default("PATH", DEFAULT_PATH);
    default("HOME", "/");
    default("LANG", "C.UTF-8");
    if tty {
        default("TERM", "xterm-256color");
    }
    let id = if root { "0" } else { super::process::JOB_ID_TEXT };
    let user = user_name(id).unwrap_or_else(|| if root { "root".to_owned() } else { "user".to_owned() });
    all.insert("USER".into(), user.clone().into());
    all.insert("LOGNAME".into(), user.into());
    all.extend(orders.iter().map(|var| (var.name.as_bytes().to_vec(), var.value.as_bytes().to_vec())));
    all
}

/// The name of the user with this id, as the machine knows it.
fn user_name(id: &str) -> Option<String> {
    let passwd = std::fs::read("/etc/passwd").ok()?;
    passwd.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next()?;
        (fields.nth(1)? == id.as_bytes()).then(|| OsStr::from_bytes(name).to_string_lossy().into_owned())
    })
}
