//! The suite as a test program.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::Subject;
use crate::case::Case;
use crate::cases;
use crate::report::{Report, Verdict};
use crate::require::Required;
use crate::snapshot;
use crate::suite::Suite;

/// How many cases run at once where nobody says otherwise.
const AT_ONCE: usize = 16;

/// What a case may take beyond its own limits before it is named: others may have their turn before it.
const GRACE: Duration = Duration::from_secs(30);

/// Tries everything on `subject` as the arguments of this test program say, each case as one test, and compares what ran and
/// what was skipped with the file `kept`.
pub fn run(subject: impl Subject, kept: impl AsRef<Path>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Cases wait far more than they work.
    arguments.test_threads.get_or_insert(AT_ONCE);
    let report = Arc::new(Mutex::new(Report::default()));
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let conclusion = libtest_mimic::run(&arguments, trials(&subject, &report));
    let report = report.lock().unwrap_or_else(PoisonError::into_inner);
    // Part of a run says nothing about the rest.
    if conclusion.has_failed() || report.0.len() != cases::all().count() {
        return conclusion.exit_code();
    }
    match keep(&report, kept.as_ref()) {
        Ok(()) => conclusion.exit_code(),
        Err(why) => {
            writeln!(std::io::stderr(), "{why}").ok();
            ExitCode::FAILURE
        }
    }
}

/// Each case as one test, which writes into `report` how it went.
pub(crate) fn trials(subject: &Arc<dyn Subject>, report: &Arc<Mutex<Report>>) -> Vec<Trial> {
    let required = Arc::new(Required::parse(&std::env::var("MACHINE_REQUIRE").unwrap_or_default()));
    let suite = Arc::new(Suite::new(Arc::clone(subject)));
    let trials = cases::all().map(|case| {
        let (suite, report, required) = (Arc::clone(&suite), Arc::clone(report), Arc::clone(&required));
        Trial::ignorable_test(case.name, move || {
            let verdict = attempt(&suite, case)?;
            report.lock().unwrap_or_else(PoisonError::into_inner).0.insert(case.name, verdict.clone());
            match verdict {
                Verdict::Kept => Ok(Completion::Completed),
                Verdict::Broken(how) => Err(how.into()),
                Verdict::Missing(what) if required.includes(case.name) => {
                    Err(format!("MACHINE_REQUIRE says that this must run: {what}").into())
                }
                Verdict::Lacks(what) | Verdict::Missing(what) => Ok(Completion::ignored_with(what)),
            }
        })
    });
    trials.collect()
}

fn attempt(suite: &Suite, case: &Case) -> Result<Verdict, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (done, waiting) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || watch(suite, case, &waiting));
        let verdict = runtime.block_on(suite.run(case));
        drop(done);
        Ok(verdict)
    })
}

/// Names a case that is not over long after its deadline: a provider that blocks its thread keeps every deadline on it from
/// coming, and would hang the suite without a word.
fn watch(suite: &Suite, case: &Case, waiting: &std::sync::mpsc::Receiver<()>) {
    let patience = suite.longest() + GRACE;
    while waiting.recv_timeout(patience) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
        writeln!(
            std::io::stderr(),
            "{} is not over after {patience:?}: the provider blocks its thread, perhaps by a lock that it holds over an await",
            case.name
        )
        .ok();
    }
}

/// Compares with what was kept, or keeps it where that is asked for.
fn keep(report: &Report, kept: &Path) -> Result<(), String> {
    let now = report.to_string();
    if std::env::var_os("MACHINE_UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        return std::fs::write(kept, now).map_err(|error| format!("cannot write {}: {error}", kept.display()));
    }
    // A test program may be run where its sources are not, or by somebody who may not read them.
    if kept.parent().is_none_or(|dir| std::fs::read_dir(dir).is_err()) {
        return Ok(());
    }
    let update = "MACHINE_UPDATE_SNAPSHOTS=1 writes it anew";
    let before = match std::fs::read_to_string(kept) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(()),
        Err(error) => return Err(format!("cannot read {}: {error}; {update}", kept.display())),
    };
    match snapshot::differences(&before, &now).as_slice() {
        [] => Ok(()),
        lines => Err(format!(
            "what ran and what was skipped is not what {} says; {update}:\n{}",
            kept.display(),
            lines.join("\n")
        )),
    }
}
