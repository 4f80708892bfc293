//! No machine is leaked and none is destroyed wrongly, whenever the program dies: the real command, killed at every place where
//! it writes its ledger or speaks with a cloud, and what is left then, by the simulated clouds' own bill.
//!
//! Without more it runs what fits into two minutes. `cargo xtask kill-matrix` runs all of it.
//!
//! Beside the matrix stands what no kill at a place can show: the order of system calls, races, disks that are full, and a death
//! among hundreds of requests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test; with a harness of its own the lints do not see that"
)]

mod batch;
mod command;
mod disk;
mod lane;
mod plan;
mod race;
mod scene;
mod tally;
mod trace;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use libtest_mimic::{Arguments, Trial};
use machine_cli::Runner;
use machine_simcloud::Cloud;

use crate::command::AS_COMMAND;
use crate::plan::{Extent, Lane, lanes};
use crate::scene::Scene;
use crate::tally::Tally;

/// How many lanes run at once. Most of the time of each is waiting.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    // What is killed is this program, started again: its `main` is the command's then.
    if std::env::var_os(AS_COMMAND).is_some() {
        return Runner::builtin().run();
    }
    if std::env::var_os(batch::AS_BATCH).is_some() {
        batch::make();
    }
    if let Some(extent) = Extent::asked_for() {
        return everything(extent);
    }
    let trial = |cloud: Cloud| {
        Trial::test(format!("matrix: {}", plan::name(cloud)), move || {
            let began = Instant::now();
            let tally = matrix(&lanes(cloud, Extent::Fast));
            println!("{}: {tally}, in {} s", plan::name(cloud), began.elapsed().as_secs());
            if tally.is_good() { Ok(()) } else { Err(tally.to_string().into()) }
        })
    };
    let mut trials: Vec<_> = plan::CLOUDS.into_iter().map(trial).collect();
    for cloud in plan::CLOUDS {
        let name = plan::name(cloud);
        trials.push(single(format!("synced before it is sent: {name}"), move || {
            trace::the_record_is_synced_before_the_request_is_sent(cloud);
        }));
        trials.push(single(format!("one name wanted twice: {name}"), move || {
            race::two_create_the_same_name_at_once(cloud);
        }));
    }
    trials.push(single("two hundred, killed half-way".to_owned(), || {
        batch::two_hundred_killed_half_way_are_swept_without_a_question();
    }));
    trials.push(single("a full disk".to_owned(), disk::a_full_disk_makes_nothing_and_loses_nothing));
    trials.push(single("a state that may only be read".to_owned(), || {
        disk::what_may_only_be_read_is_refused_before_any_request();
    }));
    // The places and the speed of a simulated cloud's time are in builds with debug assertions only.
    let trials = trials.into_iter().map(|trial| trial.with_ignored_flag(!cfg!(debug_assertions))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A case that fails by panicking.
fn single(name: String, case: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        case();
        Ok(())
    })
}

/// All of it, with a line for each lane.
fn everything(extent: Extent) -> ExitCode {
    let began = Instant::now();
    let only = std::env::var("MACHINE_KILL_CLOUD").ok();
    let clouds = plan::CLOUDS.into_iter().filter(|&cloud| only.as_ref().is_none_or(|only| plan::name(cloud) == only));
    let all: Vec<Lane> = clouds.flat_map(|cloud| lanes(cloud, extent)).collect();
    let tally = matrix(&all);
    println!("{tally}");
    println!("in {} s", began.elapsed().as_secs());
    if tally.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs lanes side by side.
fn matrix(lanes: &[Lane]) -> Tally {
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(lane) = lanes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = lane::run(lane, &Scene::new(lane.cloud));
                    tally.lock().unwrap().add(lane, done);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}
