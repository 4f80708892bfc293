//! The suite on trial: a provider that keeps every promise passes, and each that breaks one is caught by the case that the
//! promise is named for.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test; its helpers fail by panicking")]
#![expect(clippy::disallowed_methods, reason = "a machine that is played lives on its own, and goes with the test")]
#![forbid(unsafe_code)]

mod breakage;
mod cloud;
mod create;
mod exec;
mod lists;
mod machine;
mod parts;
mod process;
mod provider;
mod subject;
mod volumes;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use machine_conformance::{Verdict, case_names, check};

use breakage::{Breakage, CAUGHT_BY};
use subject::ReferenceSubject;

/// As many trials of broken providers as are under way at the same time; most wait for what never comes.
const AT_ONCE: usize = 512;
/// How long they wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_keeps_every_promise_passes() {
    let subject = ReferenceSubject::new(None, Duration::from_secs(20));
    let report = check(Arc::new(subject), "").await;
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let missing: Vec<_> = report.0.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Missing(_))).collect();
    assert!(missing.is_empty(), "only a capability explains a skip here: {missing:#?}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/conformance.snap");
    if std::env::var_os("MACHINE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        return std::fs::write(path, report.to_string()).unwrap();
    }
    let kept = include_str!("conformance.snap");
    assert!(report.to_string() == kept, "MACHINE_UPDATE_SNAPSHOTS=1 writes what ran and what was skipped:\n{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_promise_is_caught_by_the_case_named_for_it() {
    let names: Vec<_> = case_names().collect();
    // Nothing broken is tried along, so that what is caught is not caught for want of time.
    let all = CAUGHT_BY.iter().map(|(breakage, _)| Some(*breakage)).chain([None]);
    let trials = all.flat_map(|broken| names.iter().map(move |name| (broken, *name)));
    let verdicts: BTreeMap<_, _> = futures::stream::iter(trials)
        .map(|(broken, name)| async move {
            // An account for each, so that none waits for another's turn.
            let subject = ReferenceSubject::new(broken, PATIENCE);
            let mut report = check(Arc::new(subject), name).await;
            ((format!("{broken:?}"), name), report.0.remove(name))
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let verdict = |broken: Option<Breakage>, name| verdicts[&(format!("{broken:?}"), name)].as_ref();
    let mut escaped = Vec::new();
    for (breakage, name) in CAUGHT_BY {
        assert!(names.contains(name), "there is no case {name}");
        assert_eq!(verdict(None, name), Some(&Verdict::Kept), "{name}, and nothing is broken");
        match verdict(Some(*breakage), name) {
            Some(Verdict::Broken(_)) => {}
            other => escaped.push(format!("{breakage:?} escaped {name}: {other:?}")),
        }
    }
    assert!(escaped.is_empty(), "{escaped:#?}");
}
