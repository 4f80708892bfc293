//! Three words of the cloud's to one state of ours.
//!
//! | status | power | server | ours |
//! |---|---|---|---|
//! | pending | any | any | pending |
//! | active | stopped | none, locked, installingbooting | pending: it is being installed |
//! | active | running | none, locked | starting |
//! | active | running | installingbooting, ok | running |
//! | active | running | ok | running |
//! | active | stopped | ok | stopped |
//! | resizing | any | any | updating |
//! | suspended | any | any | failed: a bill or an abuse, and no call starts it again |
//!
//! A word that is not in the table is kept as it is.

use machine_core::MachineState;

use crate::convert::address;
use crate::wire::Instance;

/// The state in our words, and the cloud's word that tells most about it.
pub(crate) fn state(instance: &Instance) -> (MachineState, String) {
    use MachineState as S;
    let words = (instance.status.as_str(), instance.power_status.as_str(), instance.server_status.as_str());
    let (state, raw) = match words {
        ("pending", _, _) => (S::Pending, "pending"),
        ("resizing", _, _) => (S::Updating, "resizing"),
        ("suspended", _, _) => (S::Failed, "suspended"),
        ("active", "running", "ok") => (S::Running, "running"),
        // Powered, unlocked and booting: what other clouds call running too. `ok` may come minutes later, or never.
        ("active", "running", "installingbooting") => (S::Running, "installingbooting"),
        ("active", "stopped", "ok") => (S::Stopped, "stopped"),
        ("active", "running", server @ "locked") => (S::Starting, server),
        ("active", "stopped", server @ ("locked" | "installingbooting")) => (S::Pending, server),
        ("active", "running", "none") => (S::Starting, "active"),
        ("active", "stopped", "none") => (S::Pending, "active"),
        ("active", "running" | "stopped", word) | ("active", word, _) | (word, _, _) => {
            let word = if word.is_empty() { "unknown" } else { word };
            (S::Other(word.to_owned()), word)
        }
    };
    (state, raw.to_owned())
}

/// Whether it can be worked with: placed, powered, past its installation's lock, and with an address. The last word, `ok`, may
/// come minutes later, or never for an image of one's own.
pub(crate) fn ready(instance: &Instance) -> bool {
    let addressed = [&instance.main_ip, &instance.v6_main_ip].into_iter().any(|text| address(text).is_some());
    instance.status == "active"
        && instance.power_status == "running"
        && !matches!(instance.server_status.as_str(), "none" | "locked" | "")
        && addressed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(status: &str, power: &str, server: &str) -> Instance {
        Instance {
            status: status.into(),
            power_status: power.into(),
            server_status: server.into(),
            main_ip: "203.0.113.9".into(),
            ..Instance::default()
        }
    }

    #[test]
    fn every_row_of_the_table() {
        use MachineState as S;
        let other = |word: &str| S::Other(word.to_owned());
        let rows = [
            (("pending", "running", "ok"), S::Pending, "pending"),
            (("pending", "stopped", "none"), S::Pending, "pending"),
            (("pending", "", "locked"), S::Pending, "pending"),
            (("active", "stopped", "none"), S::Pending, "active"),
            (("active", "stopped", "locked"), S::Pending, "locked"),
            (("active", "stopped", "installingbooting"), S::Pending, "installingbooting"),
            (("active", "running", "none"), S::Starting, "active"),
            (("active", "running", "locked"), S::Starting, "locked"),
            (("active", "running", "installingbooting"), S::Running, "installingbooting"),
            (("active", "running", "ok"), S::Running, "running"),
            (("active", "stopped", "ok"), S::Stopped, "stopped"),
            (("resizing", "running", "ok"), S::Updating, "resizing"),
            (("resizing", "stopped", "locked"), S::Updating, "resizing"),
            (("suspended", "running", "ok"), S::Failed, "suspended"),
            (("suspended", "stopped", "none"), S::Failed, "suspended"),
            (("frobnicating", "running", "ok"), other("frobnicating"), "frobnicating"),
            (("active", "humming", "ok"), other("humming"), "humming"),
            (("active", "running", "dancing"), other("dancing"), "dancing"),
            (("active", "stopped", "dancing"), other("dancing"), "dancing"),
            (("active", "", "ok"), other("unknown"), "unknown"),
            (("", "", ""), other("unknown"), "unknown"),
        ];
        for ((status, power, server), expected, word) in rows {
            let told = state(&instance(status, power, server));
            assert_eq!(told, (expected, word.to_owned()), "{status} {power} {server}");
        }
    }

    #[test]
    fn ready_is_powered_unlocked_and_addressed() {
        assert!(ready(&instance("active", "running", "ok")));
        assert!(ready(&instance("active", "running", "installingbooting")));
        for (status, power, server) in [
            ("pending", "running", "ok"),
            ("active", "stopped", "ok"),
            ("active", "running", "locked"),
            ("active", "running", "none"),
        ] {
            assert!(!ready(&instance(status, power, server)), "{status} {power} {server}");
        }
        for nowhere in ["", "0.0.0.0", "::"] {
            assert!(!ready(&Instance { main_ip: nowhere.into(), ..instance("active", "running", "ok") }), "{nowhere}");
        }
        let only_six = Instance {
            main_ip: "0.0.0.0".into(),
            v6_main_ip: "2001:db8::9".into(),
            ..instance("active", "running", "ok")
        };
        assert!(ready(&only_six));
    }
}
