//! `machine doctor`.

use clap::Args;
use machine_config::{Config, Kind};
use machine_core::{Error, IntentStore as _, Layers};
use machine_fleet::{Ledger as _, SqliteLedger, StateDir};

use crate::cli::Globals;
use crate::computer;
use crate::failure::{Failure, code};
use crate::finding::{Finding, Status};
use crate::printer::{Page, Printer};
use crate::schedule;
use crate::setup::Setup;
use crate::show::{Output, Table};
use crate::surroundings::Surroundings;

const EXAMPLES: &str = "\
Examples:
  machine doctor
  machine doctor -o json | jq '.[] | select(.status == \"fail\")'";

/// Finds out what works here and what does not, and how to mend it: the state directory and its disk, the ledger, the
/// configuration, the programs that are needed, every provider.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Doctor {
    /// How to show what is found.
    #[command(flatten)]
    output: Output,
}

impl Doctor {
    /// Looks at everything, and says what it finds.
    ///
    /// # Errors
    /// [`code::FAILED`] where something that is needed does not work.
    pub(crate) async fn run(
        &self,
        globals: Globals,
        surroundings: Surroundings,
        printer: &Printer,
    ) -> Result<u8, Failure> {
        let mut findings = state(&surroundings).await;
        findings.push(computer::helper(&surroundings.program).await);
        findings.push(computer::ssh_client(&surroundings.environment));
        match Setup::load(globals, surroundings, printer.clone()) {
            Ok(setup) => {
                findings.extend(configuration(&setup));
                findings.extend(computer::file_permissions(&setup.config));
                findings.push(scheduled(&setup).await);
                for kind in setup.config.registry().iter() {
                    findings.push(provider(&setup, kind).await);
                }
                // Whoever has answered by now has said what time it is.
                findings.extend(computer::clock(&setup.surroundings.clock));
            }
            Err(error) => findings.push(Finding::of("configuration", Status::Fail, &error)),
        }
        match self.output.for_programs() {
            Some(format) => printer.values(format, &findings)?,
            None => show(&findings, printer)?,
        }
        let failed = findings.iter().any(|finding| finding.status == Status::Fail);
        if failed { Err(Failure::Said(code::FAILED)) } else { Ok(code::OK) }
    }
}

fn show(findings: &[Finding], printer: &Printer) -> Result<(), Failure> {
    let mut table = Table::new(&["WHAT", "STATUS", "FINDING"]);
    for Finding { what, status, detail, hint } in findings {
        let status = match status {
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
            Status::Off => "off",
        };
        let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        table.row([what.clone(), status.to_owned(), format!("{detail}{hint}")]);
    }
    printer.out(table.text(Page { width: None, ..printer.page() }))
}

/// Where things are kept, and the ledger.
async fn state(surroundings: &Surroundings) -> Vec<Finding> {
    let opened = StateDir::resolve(&surroundings.environment).and_then(StateDir::open);
    let dir = match opened {
        Ok(dir) => dir,
        Err(error) => return vec![Finding::of("state", Status::Fail, &error)],
    };
    let ledger = async {
        let ledger = SqliteLedger::open(&dir).await?;
        let open = ledger.open_entries().await?.len();
        Ok::<_, Error>((ledger.owner().clone(), open))
    };
    let ledger = match ledger.await {
        Ok((owner, 0)) => Finding::new("ledger", Status::Ok, format!("owner {owner}, nothing open")),
        Ok((owner, open)) => Finding::new("ledger", Status::Warn, format!("owner {owner}, {open} intents open"))
            .mended_by("`machine gc` settles what dead commands left"),
        Err(error) => Finding::of("ledger", Status::Fail, &error),
    };
    vec![
        Finding::new("state", Status::Ok, dir.path().display().to_string()),
        computer::state_permissions(dir.path()),
        computer::free_space(dir.path()),
        ledger,
    ]
}

/// Whether something sweeps regularly.
async fn scheduled(setup: &Setup) -> Finding {
    match schedule::find(setup).await {
        Ok(Some(scheduled)) => Finding::new("sweep", Status::Ok, scheduled.to_string()),
        Ok(None) => Finding::new("sweep", Status::Off, "not scheduled").mended_by(
            "`machine gc --install-timer` has machines destroyed at their deadline where they are paid for until then",
        ),
        Err(error) => Finding::of("sweep", Status::Fail, &error),
    }
}

/// The file, and which account is used.
fn configuration(setup: &Setup) -> Vec<Finding> {
    let file = setup.config.file().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let choice = match setup.choose() {
        Ok(choice) => choice,
        Err(error) => return vec![Finding::of("configuration", Status::Fail, &error)],
    };
    match setup.flaws(&choice.section) {
        Err(error) => vec![Finding::of("configuration", Status::Fail, &error)],
        Ok(flaws) if flaws.is_empty() => {
            let detail = format!("{file}; provider `{}` is used where none is named", choice.section.name());
            vec![Finding::new("configuration", Status::Ok, detail)]
        }
        Ok(flaws) => flaws.iter().map(|flaw| Finding::of("configuration", Status::Warn, flaw)).collect(),
    }
}

/// Whether a kind of provider can be used: with its section, or with what the environment has.
async fn provider(setup: &Setup, kind: &Kind) -> Finding {
    let name = kind.info().kind;
    if !is_wanted(&setup.config, kind, setup) {
        return Finding::new(name, Status::Off, "not configured")
            .mended_by(format!("`machine init --provider {name}`, or set {}", kind.credentials().join(" or ")));
    }
    let opened = setup.config.section(name).and_then(|section| setup.open(&section));
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => return Finding::of(name, Status::Fail, &error),
    };
    match Layers::default().around(opened.provider).account().await {
        Err(error) => Finding::of(name, Status::Fail, &error),
        Ok(account) => {
            let report = opened.housekeeping.map(|housekeeping| housekeeping.report()).unwrap_or_default();
            match report.problems.as_slice() {
                [] => Finding::new(name, Status::Ok, account.name),
                problems => Finding::new(name, Status::Warn, problems.join("; "))
                    .mended_by("`machine info` shows what is missing; docs/guide/local.md says how to allow it"),
            }
        }
    }
}

/// Whether somebody means to use it: it has a section, or a variable, or needs neither.
fn is_wanted(config: &Config, kind: &Kind, setup: &Setup) -> bool {
    let set = |name: &str| setup.surroundings.environment.get(name).is_some();
    kind.environment().is_empty()
        || kind.credentials().into_iter().any(set)
        || config.sections().iter().any(|(_, found)| found.info().kind == kind.info().kind)
}
