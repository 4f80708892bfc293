//! Cases of batches.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use machine_agent::{Batch, BatchItem, BatchResult, BatchWatcher, JobEvent, JobSpec, Outcome};
use machine_core::{ErrorKind, Machine, ProviderExt as _, Result, Selector};

use crate::world::{Case, World, cases, shell};

pub(crate) const BATCHES: &[(&str, Case)] = cases![
    a_batch_keeps_its_order_and_its_limit,
    batches_share_a_limit,
    a_batch_stops_where_it_is_told_to,
    a_job_that_cannot_be_run_is_no_matter_of_the_others,
    whoever_watches_can_end_a_job,
    dropping_a_batch_ends_its_machines,
];

/// What happened, in its order.
#[derive(Debug, Default)]
struct Seen {
    live: Mutex<Vec<usize>>,
    most: Mutex<usize>,
    words: Mutex<Vec<String>>,
    /// The number in the name of its first machine.
    first: usize,
    /// The job whose output nobody can keep.
    full: Option<usize>,
}

#[async_trait]
impl BatchWatcher for Seen {
    async fn beginning(&self, index: usize) -> Result<()> {
        let mut live = self.live.lock().unwrap();
        live.push(index);
        let mut most = self.most.lock().unwrap();
        *most = live.len().max(*most);
        Ok(())
    }

    async fn started(&self, index: usize, machine: &Machine) -> Result<()> {
        assert_eq!(machine.name, format!("job-{}", index + self.first));
        Ok(())
    }

    async fn event(&self, index: usize, event: JobEvent) -> Result<()> {
        if self.full == Some(index) {
            return Err(machine_core::Error::new(ErrorKind::System, "the disk is full"));
        }
        if let JobEvent::Stdout(bytes) = event {
            self.words.lock().unwrap().push(String::from_utf8_lossy(&bytes).trim().to_owned());
        }
        Ok(())
    }

    async fn ended(&self, index: usize, _: &BatchResult) {
        self.live.lock().unwrap().retain(|other| *other != index);
    }
}

fn items(world: &World, scripts: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<BatchItem> {
    let item = |(index, script): (usize, _)| {
        let mut spec: JobSpec = shell(AsRef::<str>::as_ref(&script));
        spec.machine.name = format!("job-{index}").parse().unwrap();
        BatchItem { fleets: vec![world.fleet.clone()], spec }
    };
    scripts.into_iter().enumerate().map(item).collect()
}

fn codes(results: &[BatchResult]) -> Vec<Option<u8>> {
    let code = |result: &BatchResult| match result {
        BatchResult::Ended(finished) => Some(finished.outcome.exit_code()),
        _ => None,
    };
    results.iter().map(code).collect()
}

async fn a_batch_keeps_its_order_and_its_limit(world: &World) {
    let seen = Seen::default();
    // The first are the slowest.
    let scripts = (0..6).map(|number| format!("sleep 0.{}; echo {number}; exit {number}", 6 - number));
    let results = Batch::new(3).run(items(world, scripts), &seen).await;
    assert_eq!(codes(&results), [0, 1, 2, 3, 4, 5].map(Some));
    assert_eq!(*seen.most.lock().unwrap(), 3);
    let mut words = seen.words.lock().unwrap().clone();
    words.sort();
    assert_eq!(words, ["0", "1", "2", "3", "4", "5"]);
    assert!(Batch::new(0).run(Vec::new(), &seen).await.is_empty());
}

async fn batches_share_a_limit(world: &World) {
    let seen = Seen::default();
    let batch = Batch::new(2);
    let again = batch.clone();
    let all = items(world, ["sleep 0.2"; 6]);
    let (first, second) = (all[..3].to_vec(), all[3..].to_vec());
    let others = Seen { first: 3, ..Seen::default() };
    let watch = async {
        let mut most = 0;
        loop {
            let live = seen.live.lock().unwrap().len() + others.live.lock().unwrap().len();
            most = live.max(most);
            tokio::time::sleep(Duration::from_millis(5)).await;
            if most > 2 {
                return most;
            }
        }
    };
    tokio::select! {
        (one, two) = async { tokio::join!(batch.run(first, &seen), again.run(second, &others)) } => {
            assert_eq!((codes(&one), codes(&two)), (vec![Some(0); 3], vec![Some(0); 3]));
        }
        most = watch => panic!("{most} jobs at the same time"),
    }
}

async fn a_batch_stops_where_it_is_told_to(world: &World) {
    let seen = Seen::default();
    let scripts = ["exit 0", "exit 3", "exit 0", "exit 0"];
    let results = Batch::new(1).stop_at_failure().run(items(world, scripts), &seen).await;
    assert_eq!(codes(&results), [Some(0), Some(3), None, None]);
    assert!(matches!(results[3], BatchResult::NotBegun));
    let results = Batch::new(1).run(items(world, scripts), &seen).await;
    assert_eq!(codes(&results), [0, 3, 0, 0].map(Some));
}

async fn a_job_that_cannot_be_run_is_no_matter_of_the_others(world: &World) {
    let mut items = items(world, ["true", "true", "true"]);
    items[1].spec.command.clear();
    items[2].fleets.clear();
    let results = Batch::new(3).run(items, &Seen::default()).await;
    assert_eq!(codes(&results), [Some(0), None, None]);
    for result in &results[1..] {
        let BatchResult::Failed(error) = result else { panic!("{result:?}") };
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

async fn whoever_watches_can_end_a_job(world: &World) {
    let seen = Seen { full: Some(0), ..Seen::default() };
    let results = Batch::new(2).run(items(world, ["echo x; sleep 60", "echo y"]), &seen).await;
    assert!(matches!(&results[0], BatchResult::Failed(error) if error.kind() == ErrorKind::System), "{results:?}");
    assert!(matches!(&results[1], BatchResult::Ended(finished) if finished.outcome == Outcome::Succeeded));
}

async fn dropping_a_batch_ends_its_machines(world: &World) {
    let seen = Seen::default();
    let batch = Batch::new(4);
    let running = batch.run(items(world, ["echo runs; sleep 60"; 4]), &seen);
    let begun = async {
        while seen.words.lock().unwrap().len() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        results = running => panic!("{results:?}"),
        () = begun => {}
    }
    assert!(world.fleet.finish(machine_core::Deadline::after(Duration::from_secs(20))).await);
    assert!(world.fleet.provider().list_all(Selector::all()).await.unwrap().0.is_empty());
}
