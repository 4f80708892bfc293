//! What people get wrong at the clouds: one sentence with the cloud's own words, what to do about it, the documented exit code,
//! and nothing left behind.

use crate::rows::{DO, FLY, ROWS, VULTR};
use crate::scene::Scene;

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
