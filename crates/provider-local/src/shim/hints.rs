//! Which setting of the computer forbids namespaces.

use std::fs;

use crate::order::StartFailure;

/// A setting, the value that forbids, and what it means.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("user.max_user_namespaces", "0", "allows no user namespaces"),
    ("kernel.unprivileged_userns_clone", "0", "allows user namespaces to root only"),
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "takes all power from user namespaces of ordinary users"),
];

/// Adds the setting that is to blame, where one can be read.
pub(super) fn explain(failure: StartFailure) -> StartFailure {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok();
    match blame(read) {
        Some(blame) => StartFailure { message: format!("{} ({blame})", failure.message), ..failure },
        None => failure,
    }
}

fn blame(read: impl Fn(&str) -> Option<String>) -> Option<String> {
    SETTINGS.iter().find_map(|(name, forbids, meaning)| {
        (read(name)?.trim() == *forbids).then(|| format!("the setting `{name} = {forbids}` of this computer {meaning}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_is_named() {
        let ubuntu = |name: &str| (name == "kernel.apparmor_restrict_unprivileged_userns").then(|| "1\n".to_owned());
        assert!(blame(ubuntu).unwrap().contains("`kernel.apparmor_restrict_unprivileged_userns = 1`"));
        assert_eq!(blame(|_| Some("9999\n".to_owned())), None);
        assert_eq!(blame(|_| None), None);
    }
}
