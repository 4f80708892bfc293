//! What the layers do around every call, sub-traits included.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs, reason = "a test's helper fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::StreamExt as _;
use machine_core::*;
use support::Stub;

fn layered(stub: &Arc<Stub>, layers: Layers) -> Arc<dyn CloudProvider> {
    layers.around(Arc::clone(stub) as Arc<dyn CloudProvider>)
}

async fn intent() -> RecordedIntent {
    let draft = IntentDraft {
        resource: ResourceKind::Machine,
        name: "web-1".into(),
        provider: "stub".into(),
        lifetime: Lifetime::Client,
        deadline: None,
    };
    RecordedIntent::record(&VolatileIntents::new(OwnerId::new("me")), draft).await.unwrap()
}

#[tokio::test]
async fn an_error_says_where_it_happened_whatever_was_called() {
    let stub = Arc::new(Stub::new(Duration::ZERO));
    let provider = layered(&stub, Layers::default());
    let id = MachineId::new("m-1");
    let error = provider.destroy(&id).await.unwrap_err();
    assert_eq!((error.operation(), error.provider()), (Some("destroy"), Some("stub")));
    assert!(error.context().contains(&("subject", "m-1".to_owned())), "{error:?}");
    let error = provider.volumes().unwrap().destroy(&VolumeId::new("v-1")).await.unwrap_err();
    assert_eq!(error.operation(), Some("volumes.destroy"));
    let error = provider.catalog().sizes().await.unwrap_err();
    assert_eq!(error.operation(), Some("catalog.sizes"));
    let error = provider.list(Selector::all()).next().await.unwrap().unwrap_err();
    assert_eq!(error.operation(), Some("list"));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn parts_that_a_provider_lacks_do_not_appear() {
    let provider = layered(&Arc::new(Stub::new(Duration::ZERO)), Layers::default());
    assert!(provider.volumes().is_some());
    assert!(provider.snapshots().is_none() && provider.ssh_keys().is_none());
    assert!(provider.dns().is_none() && provider.projects().is_none());
}

#[tokio::test]
async fn what_a_capability_excludes_never_reaches_the_provider() {
    let stub = Arc::new(Stub::new(Duration::ZERO));
    let provider = layered(&stub, Layers::default());
    let (intent, id) = (intent().await, MachineId::new("m-1"));
    let plain = || MachineSpec::new("web-1".parse().unwrap());
    let mount = VolumeMount { volume: VolumeId::new("v"), path: "/v".into() };
    let excluded = [
        MachineSpec { image: Some("debian-12".into()), ..plain() },
        MachineSpec { size: SizeRequest::Named("big".into()), ..plain() },
        MachineSpec { regions: vec!["here".into()], ..plain() },
        MachineSpec { command: vec!["true".into()], ..plain() },
        MachineSpec { files: vec![FileSpec::private("/f", *b"x")], ..plain() },
        MachineSpec { user_data: Some("#!".into()), ..plain() },
        MachineSpec { network: Network::None, ..plain() },
        MachineSpec { ports: vec![Port { host: 1, guest: 1 }], ..plain() },
        MachineSpec { volumes: vec![mount.clone(), mount], ..plain() },
    ];
    for spec in excluded {
        let error = provider.create(&intent, &spec).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Unsupported, Effect::None), "{spec:?}");
    }
    assert_eq!(provider.power(&id, Power::Suspend).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(provider.exec(&id, Exec::default()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let logs = provider.logs(id, LogOptions::default()).next().await.unwrap();
    assert_eq!(logs.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(stub.calls.load(Ordering::SeqCst), 0);
    assert_eq!(provider.create(&intent, &plain()).await.unwrap_err().kind(), ErrorKind::Busy);
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_given_up_at_its_deadline_and_says_what_may_have_happened() {
    let provider =
        layered(&Arc::new(Stub::new(Duration::from_mins(1))), Layers::default().operation(Duration::from_secs(2)));
    let id = MachineId::new("m-1");
    let read = provider.get(&id).await.unwrap_err();
    assert_eq!((read.kind(), read.effect()), (ErrorKind::Timeout, Effect::None));
    let mutation = provider.destroy(&id).await.unwrap_err();
    assert_eq!((mutation.kind(), mutation.effect()), (ErrorKind::Timeout, Effect::Unknown));
    let part = provider.volumes().unwrap().detach(&VolumeId::new("v")).await.unwrap_err();
    assert_eq!((part.kind(), part.effect()), (ErrorKind::Timeout, Effect::Unknown));
    let patient = provider.power(&id, Power::Stop { grace: Duration::from_secs(90) }).await.unwrap_err();
    assert_eq!(patient.kind(), ErrorKind::Busy, "a stop may take its grace");
    let hasty = provider.power(&id, Power::Stop { grace: Duration::from_secs(1) }).await.unwrap_err();
    assert_eq!(hasty.kind(), ErrorKind::Timeout);
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_mins(10)) };
    assert_eq!(provider.wait(&id, &until).await.unwrap_err().kind(), ErrorKind::Busy, "a wait has its own deadline");
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_allowed() {
    let stub = Arc::new(Stub::new(Duration::from_secs(1)));
    let provider = layered(&stub, Layers::default().at_once(3));
    let id = MachineId::new("m-1");
    let calls = (0..20).map(|_| provider.get(&id));
    futures::future::join_all(calls).await;
    assert_eq!(stub.calls.load(Ordering::SeqCst), 20);
    assert_eq!(stub.most.load(Ordering::SeqCst), 3);
}
