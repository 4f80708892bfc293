//! `machine check`.

use clap::Args;
use machine_core::{Completeness, Error, Layers, ProviderExt as _, Selector};

use crate::failure::{Failure, code};
use crate::printer::Printer;
use crate::setup::Setup;

const EXAMPLES: &str = "\
Examples:
  machine check
  machine check --provider work";

/// Checks the configuration of an account, strictly, and that its credential is accepted. Changes nothing.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Check {}

impl Check {
    /// Checks everything that can be checked, a line each.
    ///
    /// # Errors
    /// A configuration or provider that cannot be opened; [`code::CREDENTIALS`] where the credential is not accepted,
    /// [`code::FAILED`] where something else is wrong.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let section = setup.choose()?.section;
        let lines = Lines { printer: &setup.printer };
        setup.printer.line(format_args!("Checking config for provider: {}", section.kind().info().title))?;
        let mut good = true;
        match setup.flaws(&section)?.as_slice() {
            [] => {}
            flaws => {
                good = false;
                flaws.iter().try_for_each(|flaw| lines.fail("Configuration", flaw))?;
            }
        }
        let provider = match setup.open(&section) {
            Ok(opened) => Layers::default().around(opened.provider),
            Err(error) => {
                lines.fail("Configuration", &error)?;
                setup.printer.line("\nSome checks failed.")?;
                return Err(Failure::Said(Failure::from(error).code()));
            }
        };
        if good {
            lines.pass("Configuration", &file(setup))?;
        }
        match provider.account().await {
            Ok(account) => lines.pass("API authentication", &account.name)?,
            Err(error) => {
                lines.fail("API authentication", &error)?;
                setup.printer.line("\nAPI authentication failed, skipping remaining checks.")?;
                return Err(Failure::Said(Failure::from(error).code()));
            }
        }
        match provider.list_all(Selector::all()).await {
            Ok((machines, Completeness::Complete, _)) => {
                lines.pass("Machines", &format!("{} listed", machines.len()))?;
            }
            Ok((_, Completeness::Partial, problems)) => {
                good = false;
                problems.iter().try_for_each(|problem| lines.line("FAIL", "Machines", problem))?;
            }
            Err(error) => {
                good = false;
                lines.fail("Machines", &error)?;
            }
        }
        setup.printer.line(if good { "\nAll checks passed." } else { "\nSome checks failed." })?;
        if good { Ok(code::OK) } else { Err(Failure::Said(code::FAILED)) }
    }
}

fn file(setup: &Setup) -> String {
    setup.config.file().map_or_else(|| "no file, and none is needed".to_owned(), |file| file.display().to_string())
}

/// The lines of a check.
struct Lines<'a> {
    printer: &'a Printer,
}

impl Lines<'_> {
    fn pass(&self, what: &str, detail: &str) -> Result<(), Failure> {
        self.line("PASS", what, detail)
    }

    fn fail(&self, what: &str, error: &Error) -> Result<(), Failure> {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.line("FAIL", what, &format!("{error}{hint}"))
    }

    fn line(&self, outcome: &str, what: &str, detail: &str) -> Result<(), Failure> {
        self.printer.line(format_args!("  {outcome}: {what} ({detail})"))
    }
}
