//! Two hundred machines that one process waits for, and its death when about half of them are made.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use machine_core::{Lifetime, MachineSpec, Secret};
use machine_digitalocean::DigitalOceanProvider;
use machine_fleet::{Fleet, SqliteLedger, StateDir};
use machine_simcloud::Cloud;

use crate::command::SPEED;
use crate::scene::{Scene, TOKEN};

/// Set where this program is to be the process that makes them; it names the state directory.
pub(crate) const AS_BATCH: &str = "MACHINE_TEST_AS_BATCH";
/// Where that process finds the cloud.
const URL: &str = "MACHINE_TEST_BATCH_URL";
/// How many there are to be.
const MACHINES: usize = 200;
/// How many requests are on their way at once.
const AT_ONCE: usize = 20;
/// What the names begin with.
const NAME: &str = "batch-";
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes them all, through the library, and waits for them until it is killed.
pub(crate) fn make() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let token = Secret::new(TOKEN.to_owned());
        let url = std::env::var(URL).unwrap();
        let provider = DigitalOceanProvider::builder(token).api_url(url).rate_limit(false).open().unwrap();
        let dir = StateDir::open(std::env::var_os(AS_BATCH).unwrap()).unwrap();
        let ledger = Arc::new(SqliteLedger::open(&dir).await.unwrap());
        let fleet = Fleet::builder(Arc::new(provider), ledger).speed(SPEED).build();
        let create = |n| {
            let fleet = fleet.clone();
            async move {
                let spec = MachineSpec::new(format!("{NAME}{n}").parse().unwrap());
                fleet.create(&spec, Lifetime::Client, None).await.unwrap();
            }
        };
        futures::stream::iter((0..MACHINES).map(create)).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        std::future::pending::<()>().await;
    });
}

/// The next `machine gc` ends them all, and asks nobody.
pub(crate) fn two_hundred_killed_half_way_are_swept_without_a_question() {
    let scene = Scene::new(Cloud::DigitalOcean);
    let state = scene.state();
    let mut batch = Command::new(std::env::current_exe().unwrap());
    batch.env(AS_BATCH, &state).env(URL, scene.handle.url()).stdin(Stdio::null()).stdout(Stdio::null());
    let mut batch = batch.spawn().unwrap();
    let began = Instant::now();
    while scene.count(NAME) < MACHINES / 2 {
        assert!(began.elapsed() < PATIENCE, "{} were made", scene.count(NAME));
        assert!(batch.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    batch.kill().unwrap();
    batch.wait().unwrap();
    // What was on its way to the cloud arrives, and shows.
    std::thread::sleep(Duration::from_millis(300));
    let made = scene.count(NAME);
    assert!(made < MACHINES, "it was killed in the middle");

    let swept = scene.call(&state, &["gc"]);
    assert_eq!(scene.open_count(NAME), 0, "one sweep ends all {made}: {}", swept.said);
    assert!(!swept.said.contains("--yes"), "{}", swept.said);
    // Of the requests that the cloud never got it is known a moment later that nothing came of them.
    scene.until_settled(&state, &["gc"], None).unwrap();
    assert_eq!((scene.count(NAME), scene.open_count(NAME)), (made, 0));
    assert!(scene.wronged().is_empty());
}
