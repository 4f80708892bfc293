//! Running the cases: each on a bench of its own, within a time, and with everything put away afterwards.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::RwLock;

use crate::Subject;
use crate::bench::Bench;
use crate::case::Case;
use crate::cases;
use crate::outcome::{Outcome, Stop};
use crate::report::{Report, Verdict};

/// How many cases run at the same time.
const AT_ONCE: usize = 8;

/// The names of all cases.
pub fn case_names() -> impl Iterator<Item = &'static str> {
    cases::all().map(|case| case.name)
}

/// Tries all cases whose names contain `filter` on `subject`. Needs a runtime with its clock and its drivers running.
pub async fn check(subject: Arc<dyn Subject>, filter: &str) -> Report {
    let suite = Suite::new(subject);
    let verdicts = futures::stream::iter(cases::all().filter(|case| case.name.contains(filter)))
        .map(|case| suite.run(case).map(|verdict| (case.name, verdict)))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    Report(verdicts.await.into_iter().collect())
}

/// A subject, and whose turn it is with it.
pub(crate) struct Suite {
    subject: Arc<dyn Subject>,
    turn: RwLock<()>,
}

impl Suite {
    /// Cases about `subject`.
    pub(crate) fn new(subject: Arc<dyn Subject>) -> Self {
        Self { subject, turn: RwLock::new(()) }
    }

    /// The longest that a case can take, tidying up included.
    pub(crate) fn longest(&self) -> std::time::Duration {
        self.subject.deadline() + self.subject.patience()
    }

    /// Runs a case to its end, whatever end it is.
    pub(crate) async fn run(&self, case: &Case) -> Verdict {
        // A fault that one case orders may not hit another.
        let _turn = if case.is_alone() {
            futures::future::Either::Left(self.turn.write().await)
        } else {
            futures::future::Either::Right(self.turn.read().await)
        };
        let bench = match Bench::new(Arc::clone(&self.subject)) {
            Ok(bench) => bench,
            Err(error) => return Verdict::Broken(format!("it cannot be opened: {error:?}")),
        };
        let tried = match self.ready(case, &bench) {
            Ok(()) => {
                let tried = self.attempt(case, &bench).await;
                if let (true, Some(cloud)) = (case.is_alone(), self.subject.cloud()) {
                    cloud.calm().await;
                }
                // What is left behind counts only where nothing else went wrong.
                tried.and(bench.put_away().await)
            }
            skipped => skipped,
        };
        match tried {
            Ok(()) => Verdict::Kept,
            Err(Stop::Broken(how)) => Verdict::Broken(how),
            Err(Stop::Lacks(what)) => Verdict::Lacks(what),
            Err(Stop::Missing(what)) => Verdict::Missing(what),
        }
    }

    /// Whether there is all that the case needs. What a capability explains is not put down to the surroundings.
    fn ready(&self, case: &Case, bench: &Bench) -> Outcome {
        let mut missing = self.subject.surroundings_lack(case.name).map_or(Ok(()), |why| Err(Stop::Missing(why)));
        for need in case.needs {
            match need.check(&*self.subject, &*bench.provider) {
                Err(Stop::Missing(why)) => missing = missing.and(Err(Stop::Missing(why))),
                other => other?,
            }
        }
        missing
    }

    async fn attempt(&self, case: &Case, bench: &Bench) -> Outcome {
        let limit = self.subject.deadline();
        let work = AssertUnwindSafe((case.run)(bench)).catch_unwind();
        match tokio::time::timeout(limit, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                Err(Stop::Broken(format!("it panicked: {text}")))
            }
            Err(_) => Err(Stop::Broken(format!("it was given up after {limit:?}"))),
        }
    }
}
