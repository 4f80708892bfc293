//! Which boot of the computer this is.

use std::sync::OnceLock;

/// The computer's present boot; empty where the system does not say, which no boot's id ever equals.
pub(crate) fn id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| machine_sys::boot_id().unwrap_or_default())
}
