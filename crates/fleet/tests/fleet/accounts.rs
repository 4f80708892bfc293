//! One ledger, several accounts of one cloud.

use crate::rig::*;
use machine_core::{AccountId, ErrorKind};
use machine_fleet::{Elsewhere, SweepOptions};

/// A fleet on `fake` with the ledger of `rig`, whose credential is for `account`.
async fn of(account: &str, fake: &Arc<Fake>, rig: &Rig) -> Fleet {
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&rig.dir).await.unwrap());
    Fleet::builder(Arc::clone(fake) as _, ledger).account(AccountId::new(account)).build()
}

#[tokio::test]
async fn nothing_is_believed_of_an_account_that_cannot_be_seen() {
    let rig = Rig::new().await;
    let here = of("work", &rig.fake, &rig).await;
    let kept = here.create(&spec("kept"), Lifetime::Deadline, None).await.unwrap();
    let open = of("work", &rig.fake, &rig).await;
    open.create(&spec("waited-for"), Lifetime::Client, None).await.unwrap();
    drop(open);

    let there = of("home", &Fake::new(), &rig).await;
    assert!(!there.needs_sweep().await.unwrap(), "it is not there that something is to be done");
    for _ in 0..2 {
        let report = there.sweep(SweepOptions::default()).await.unwrap();
        assert!(report.items.is_empty(), "{report:#?}");
        assert_eq!(report.elsewhere, [Elsewhere { account: AccountId::new("work"), lines: 2, open: 1 }]);
    }
    let error = there.destroy(&kept.id, soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "that it is not there does not mean that it is gone");
    assert!(error.to_string().contains("`work`") && error.to_string().contains("`home`"), "{error}");
    assert_eq!(rig.states().await, [State::Bound, State::Bound]);

    here.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!((rig.count_in(State::Bound).await, rig.count_in(State::Gone).await), (1, 1));
    assert_eq!(rig.fake.bill(), [kept.id.as_str()]);
}

#[tokio::test]
async fn an_account_that_is_called_otherwise_now_keeps_its_machines() {
    let rig = Rig::new().await;
    let before = of("me@old.example", &rig.fake, &rig).await;
    let machine = before.create(&spec("web-1"), Lifetime::Deadline, None).await.unwrap();
    let after = of("me@new.example", &rig.fake, &rig).await;
    let report = after.sweep(SweepOptions::default()).await.unwrap();
    assert!(report.items.is_empty() && report.elsewhere.is_empty(), "{report:#?}");
    assert_eq!(report.in_order, 1);
    after.destroy(&machine.id, soon()).await.unwrap();
    assert_eq!(rig.states().await, [State::Gone], "its own line says so, and no second one");
}

#[tokio::test]
async fn lines_that_name_no_account_are_everybodys() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    let fleet = of("work", &rig.fake, &rig).await;
    assert_eq!(fleet.sweep(SweepOptions::default()).await.unwrap().in_order, 1);
    fleet.destroy(&machine.id, soon()).await.unwrap();
    assert_eq!(rig.states().await, [State::Gone]);
}
