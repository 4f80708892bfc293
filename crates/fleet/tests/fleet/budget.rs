//! What may be spent, held before anything is asked of the cloud.

use crate::fake::CreateFault;
use crate::rig::*;
use machine_core::{Budget, Effect, ErrorKind, Money, VolumeSpec};
use machine_fleet::{FleetBuilder, Quote, Rate, SweepOptions};
use std::sync::Mutex;

const DOLLAR: i64 = 1_000_000;

fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * DOLLAR)
}

/// One whose machines cost a dollar an hour, and so 24 a day.
fn dollar_an_hour() -> Arc<Fake> {
    Fake::priced(Some(dollars(1)))
}

fn per_day(most: i64) -> Budget {
    Budget { per_day: Some(dollars(most)), ..Budget::default() }
}

/// A fleet of the rig's ledger and cloud that may spend so much.
async fn builder(rig: &Rig, budget: Budget) -> FleetBuilder {
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&rig.dir).await.unwrap());
    Fleet::builder(Arc::clone(&rig.fake) as _, ledger)
        .create_within(Duration::from_millis(200))
        .resolve_within(Duration::from_millis(50))
        .budget(budget)
}

async fn with(rig: &Rig, budget: Budget) -> Fleet {
    builder(rig, budget).await.build()
}

async fn create(fleet: &Fleet, name: &str) -> Result<Machine> {
    fleet.create(&spec(name), Lifetime::Deadline, None).await
}

#[tokio::test]
async fn what_costs_too_much_is_neither_recorded_nor_asked_for() {
    let rig = Rig::on(dollar_an_hour()).await;
    let fleet = with(&rig, per_day(30)).await;
    create(&fleet, "one").await.unwrap();
    let error = create(&fleet, "two").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Budget, Effect::None));
    assert!(error.hint().unwrap().contains("budget.per-day"), "{error:?}");
    assert_eq!((rig.entries().await.len(), rig.fake.count("create"), rig.fake.bill().len()), (1, 1, 1));
    // The line knows its price, and another process counts with it.
    assert_eq!(rig.entry().await.rate.unwrap().hourly, dollars(1));
    create(&with(&rig, per_day(30)).await, "two").await.unwrap_err();
    create(&with(&rig, per_day(48)).await, "two").await.unwrap();
}

#[tokio::test]
async fn an_uncertain_wish_holds_its_money_until_it_is_settled() {
    let rig = Rig::on(dollar_an_hour()).await;
    let fleet = with(&rig, per_day(30)).await;
    rig.fake.fail_create(CreateFault::LostRequest);
    rig.fake.world().partial = true;
    let error = create(&fleet, "one").await.unwrap_err();
    assert_eq!((error.effect(), rig.entry().await.state), (Effect::Unknown, State::Uncertain));
    assert_eq!(create(&fleet, "two").await.unwrap_err().kind(), ErrorKind::Budget);
    rig.fake.world().partial = false;
    fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(rig.entry().await.state, State::Void);
    create(&fleet, "two").await.unwrap();
}

#[tokio::test]
async fn what_is_gone_holds_nothing_and_what_it_cost_outlives_its_line() {
    let rig = Rig::on(dollar_an_hour()).await;
    let fleet = with(&rig, per_day(30)).await;
    let machine = create(&fleet, "one").await.unwrap();
    fleet.destroy(&machine.id, soon()).await.unwrap();
    let sums = |books: machine_fleet::Books| books.sums(Some("fake"), jiff::Timestamp::now());
    let before = sums(fleet.ledger().books().await.unwrap());
    assert_eq!((before.ever, before.held), (dollars(1), Money::ZERO), "the hour that was begun");
    // The ledger knows milliseconds, and this one may not be over.
    let soon = jiff::Timestamp::now() + Duration::from_millis(10);
    assert_eq!(fleet.ledger().prune(soon).await.unwrap(), 1);
    let books = fleet.ledger().books().await.unwrap();
    assert!(books.entries.is_empty());
    assert_eq!(sums(books).ever, dollars(1));
    // Of another owner's money nothing is known.
    let other = Rig::on(dollar_an_hour()).await;
    assert_eq!(sums(other.fleet.ledger().books().await.unwrap()).ever, Money::ZERO);
}

#[tokio::test]
async fn what_nobody_knows_the_price_of_is_refused_or_assumed() {
    let limited = per_day(30);
    for fake in [Fake::priced(None), Fake::mute()] {
        let rig = Rig::on(fake).await;
        create(&rig.fleet, "free").await.unwrap();
        create(&with(&rig, limited.clone()).await, "one").await.unwrap_err();
        assert_eq!(rig.entries().await.len(), 1, "what is refused is not recorded");
    }
    let rig = Rig::on(Fake::priced(None)).await;
    let error = create(&with(&rig, limited.clone()).await, "one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert!(error.hint().unwrap().contains("unknown-hour"), "{error:?}");
    let assuming = with(&rig, Budget { unknown_hour: Some(dollars(1)), ..limited }).await;
    create(&assuming, "one").await.unwrap();
    assert_eq!(create(&assuming, "two").await.unwrap_err().kind(), ErrorKind::Budget);
}

#[tokio::test]
async fn volumes_have_their_price_too() {
    let rig = Rig::on(dollar_an_hour()).await;
    let fleet = with(&rig, Budget { per_machine: Some(dollars(5)), ..Budget::default() }).await;
    let volume = |size_gib| VolumeSpec { name: "data".parse().unwrap(), size_gib, region: None };
    let error = fleet.create_volume(&volume(6), Lifetime::Deadline, None).await.unwrap_err();
    assert_eq!(error.to_string(), "`data` costs up to $6.00 in a month, and the budget allows $5.00 for one volume");
    fleet.create_volume(&volume(5), Lifetime::Deadline, None).await.unwrap();
}

#[tokio::test]
async fn a_price_is_told_once_and_never_of_what_is_refused_or_free() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let rig = Rig::on(dollar_an_hour()).await;
    let hear = |told: &Arc<Mutex<Vec<String>>>| {
        let told = Arc::clone(told);
        move |quote: &Quote| told.lock().unwrap().push(quote.to_string())
    };
    let fleet = builder(&rig, per_day(30)).await.announce(hear(&told)).build();
    create(&fleet, "one").await.unwrap();
    create(&fleet, "two").await.unwrap_err();
    let free = Rig::new().await;
    let fleet = builder(&free, per_day(1)).await.announce(hear(&told)).build();
    create(&fleet, "three").await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["one: $1.00 an hour, $744.00 a month at most"]);
    assert_eq!(free.entry().await.rate, Some(Rate::FREE));
}
