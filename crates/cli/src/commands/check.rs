//! `machine check`.

use clap::Args;
use machine_config::Section;
use machine_core::{Completeness, Error, Layers, ProviderExt as _, Selector};
use serde::Serialize;

use crate::failure::{Failure, code};
use crate::printer::Printer;
use crate::setup::Setup;
use crate::show::{Format, Output};

const EXAMPLES: &str = "\
Examples:
  machine check
  machine check --provider work
  machine check -o json | jq .passed";

/// Checks the configuration of an account, strictly, and that its credential is accepted. Changes nothing.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Check {
    /// How to show what comes of it.
    #[command(flatten)]
    output: Output,
}

impl Check {
    /// Checks everything that can be checked, a line each.
    ///
    /// # Errors
    /// A configuration or provider that cannot be opened; [`code::CREDENTIALS`] where the credential is not accepted,
    /// [`code::FAILED`] where something else is wrong.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let section = setup.choose()?.section;
        let mut report = Report::new(&setup.printer, self.output.for_programs());
        report.text(format_args!("Checking config for provider: {}", section.kind().info().title))?;
        let checked = check(setup, &section, &mut report).await;
        // What could not even be begun is told as every failure is.
        if !matches!(checked, Err(Failure::Error(_))) {
            report.conclude(section.name(), section.kind().info().kind)?;
        }
        checked
    }
}

async fn check(setup: &Setup, section: &Section, report: &mut Report<'_>) -> Result<u8, Failure> {
    let flaws = setup.flaws(section)?;
    flaws.iter().try_for_each(|flaw| report.fail("Configuration", flaw))?;
    let provider = match setup.open(section) {
        Ok(opened) => Layers::default().around(opened.provider),
        Err(error) => {
            report.fail("Configuration", &error)?;
            report.text("\nSome checks failed.")?;
            return Err(Failure::Said(Failure::from(error).code()));
        }
    };
    if flaws.is_empty() {
        report.pass("Configuration", &file(setup))?;
    }
    match provider.account().await {
        Ok(account) => report.pass("API authentication", &account.name)?,
        Err(error) => {
            report.fail("API authentication", &error)?;
            report.text("\nAPI authentication failed, skipping remaining checks.")?;
            return Err(Failure::Said(Failure::from(error).code()));
        }
    }
    match provider.list_all(Selector::all()).await {
        Ok((machines, Completeness::Complete, _)) => report.pass("Machines", &format!("{} listed", machines.len()))?,
        Ok((_, Completeness::Partial, problems)) => {
            problems.iter().try_for_each(|problem| report.add(Outcome::Fail, "Machines", problem))?;
        }
        Err(error) => report.fail("Machines", &error)?,
    }
    report.text(if report.is_good() { "\nAll checks passed." } else { "\nSome checks failed." })?;
    if report.is_good() { Ok(code::OK) } else { Err(Failure::Said(code::FAILED)) }
}

fn file(setup: &Setup) -> String {
    setup.config.file().map_or_else(|| "no file, and none is needed".to_owned(), |file| file.display().to_string())
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Pass,
    Fail,
}

/// One check.
#[derive(Debug, Serialize)]
struct Checked {
    what: &'static str,
    outcome: Outcome,
    detail: String,
}

/// What came of the checks: a line each to a person at once, all of it to a program at the end.
struct Report<'a> {
    printer: &'a Printer,
    format: Option<Format>,
    checks: Vec<Checked>,
}

/// The whole of it, for a program.
#[derive(Serialize)]
struct Shown<'a> {
    account: &'a str,
    provider: &'a str,
    passed: bool,
    checks: &'a [Checked],
}

impl<'a> Report<'a> {
    fn new(printer: &'a Printer, format: Option<Format>) -> Self {
        Self { printer, format, checks: Vec::new() }
    }

    fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.outcome == Outcome::Pass)
    }

    fn pass(&mut self, what: &'static str, detail: &str) -> Result<(), Failure> {
        self.add(Outcome::Pass, what, detail)
    }

    fn fail(&mut self, what: &'static str, error: &Error) -> Result<(), Failure> {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.add(Outcome::Fail, what, &format!("{error}{hint}"))
    }

    fn add(&mut self, outcome: Outcome, what: &'static str, detail: &str) -> Result<(), Failure> {
        let word = match outcome {
            Outcome::Pass => "PASS",
            Outcome::Fail => "FAIL",
        };
        self.checks.push(Checked { what, outcome, detail: detail.to_owned() });
        self.text(format_args!("  {word}: {what} ({detail})"))
    }

    /// Says it to a person.
    fn text(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if self.format.is_none() { self.printer.line(text) } else { Ok(()) }
    }

    /// Says all of it to a program.
    fn conclude(&self, account: &str, provider: &str) -> Result<(), Failure> {
        let shown = Shown { account, provider, passed: self.is_good(), checks: &self.checks };
        self.format.map_or(Ok(()), |format| self.printer.value(format, &shown))
    }
}
