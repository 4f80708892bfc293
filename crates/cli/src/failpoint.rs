//! Ending the program at the place that a test names, and time that goes faster for one. Builds for use have none of this.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use machine_core::{Clock, Environment, failpoint};
use rustix::process::{Signal, getpid, kill_process};

/// The number of the place at which the program is killed, counted from one.
const KILL_AT: &str = "MACHINE_TEST_KILL_AT";
/// A file that gets the names of all places that are reached, a line each.
const PLACES: &str = "MACHINE_TEST_PLACES";
/// How many times as fast as ours the time of the cloud goes.
const SPEED: &str = "MACHINE_TEST_SPEED";
/// How many seconds later it is than it is.
const LATER: &str = "MACHINE_TEST_LATER";

#[derive(Debug)]
struct Plan {
    kill_at: u32,
    places: Option<PathBuf>,
}

static PLAN: OnceLock<Plan> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Does from now on as the environment says.
pub(crate) fn install(environment: &Environment) {
    let kill_at = number(environment, KILL_AT);
    let places = environment.get(PLACES).map(PathBuf::from);
    if (kill_at.is_some() || places.is_some())
        && PLAN.set(Plan { kill_at: kill_at.unwrap_or_default(), places }).is_ok()
    {
        failpoint::install(reached);
    }
}

/// How many times as fast as ours the time of the cloud goes.
pub(crate) fn speed(environment: &Environment) -> u32 {
    number(environment, SPEED).unwrap_or(1)
}

/// The time of day, which may be later than it is.
pub(crate) fn clock(environment: &Environment, clock: Clock) -> Clock {
    match number(environment, LATER) {
        Some(seconds) => {
            let later = Duration::from_secs(seconds.into());
            Clock::from_fn(move || clock.now().checked_add(later).unwrap_or(jiff::Timestamp::MAX))
        }
        None => clock,
    }
}

fn number(environment: &Environment, name: &str) -> Option<u32> {
    environment.get(name)?.to_str()?.parse().ok()
}

fn reached(place: &str) {
    let Some(plan) = PLAN.get() else { return };
    let count = COUNT.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(file) = &plan.places
        && let Ok(mut file) = OpenOptions::new().append(true).create(true).open(file)
    {
        drop(writeln!(file, "{count} {place}"));
    }
    if count == plan.kill_at {
        let _ = kill_process(getpid(), Signal::KILL);
        // The signal ends us before this does.
        std::thread::sleep(Duration::from_mins(1));
    }
}
