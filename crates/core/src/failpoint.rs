//! Places at which a test can end the program as a crash would. A build without debug assertions has none of this.

#[cfg(debug_assertions)]
use std::sync::OnceLock;

#[cfg(debug_assertions)]
static REACHED: OnceLock<fn(&str)> = OnceLock::new();

/// Has `reached` called at every place from now on. The first call counts.
#[cfg(debug_assertions)]
pub fn install(reached: fn(&str)) {
    // A second one comes from a test that runs the program twice in one process.
    let _ = REACHED.set(reached);
}

/// Says that this place is reached, by its name.
#[cfg(debug_assertions)]
pub fn reached(place: &str) {
    if let Some(reached) = REACHED.get() {
        reached(place);
    }
}

/// Says that this place is reached, by its name.
#[cfg(not(debug_assertions))]
#[inline]
pub fn reached(_: &str) {}
