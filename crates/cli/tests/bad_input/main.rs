//! What people get wrong at the clouds, by the real command before the simulated ones: one sentence with the cloud's own words,
//! what to do about it, the documented exit code, and nothing left behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helper fails by panicking")]

mod lists;
mod rows;
mod scene;

use rows::{DO, FLY, ROWS, VULTR};
use scene::Scene;

#[test]
fn what_goes_wrong_at_fly() {
    all_rows(FLY);
}

#[test]
fn what_goes_wrong_at_digitalocean() {
    all_rows(DO);
}

#[test]
fn what_goes_wrong_at_vultr() {
    all_rows(VULTR);
}

fn all_rows(cloud: &'static str) {
    let scene = Scene::new(cloud);
    let wrong: Vec<_> =
        ROWS.iter().filter(|row| row.clouds.contains(&cloud)).filter_map(|row| scene.wrong(row)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
