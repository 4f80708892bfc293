//! `machine gc`.

use clap::Args;
use machine_fleet::{Action, Outcome, SweepItem, SweepOptions, SweepReport};

use super::version::TextOrJson;
use crate::app::App;
use crate::failure::{Failure, code};

const EXAMPLES: &str = "\
Examples:
  machine gc --dry-run
  machine gc";

/// Cleans up what crashed commands left behind, and machines past their deadline. What is in use stays.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Gc {
    /// Only show what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Go ahead even where much would be destroyed that the ledger has no record of.
    #[arg(long, short)]
    yes: bool,
    /// Also destroy what other owners made, once its deadline and ten minutes more are over.
    #[arg(long, requires = "expired")]
    all_owners: bool,
    /// Says with `--all-owners` that only what has expired is meant; there is nothing else that it could mean.
    #[arg(long, requires = "all_owners")]
    expired: bool,
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
}

impl Gc {
    /// Cleans up, and shows what was done, a line each.
    ///
    /// # Errors
    /// The provider's and the ledger's; [`code::PARTLY`] where something could not be settled.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let mut options = SweepOptions::default();
        (options.dry_run, options.confirmed) = (self.dry_run, self.yes);
        options.expired_of_others = self.all_owners && self.expired;
        // The ledger first: what it destroys leaves nothing for the provider to find.
        let report = app.fleet().await?.sweep(options).await?;
        let local = app.tidy(self.dry_run).await?;
        match self.output {
            TextOrJson::Json => app.printer.json(&serde_json::json!({ "fleet": report, "local": local }))?,
            TextOrJson::Text => {
                for item in &report.items {
                    app.printer.line(sentence(item))?;
                }
                for line in &local {
                    app.printer.line(line)?;
                }
                if report.items.is_empty() && local.is_empty() {
                    app.printer.note("There is nothing to clean up.");
                }
            }
        }
        self.conclude(app, &report)
    }

    fn conclude(&self, app: &App, report: &SweepReport) -> Result<u8, Failure> {
        for problem in &report.problems {
            app.printer.warn(problem);
        }
        for of in &report.elsewhere {
            let account = of.account.as_str();
            let lines = if of.lines == 1 { "line of the ledger is" } else { "lines of the ledger are" };
            let lines = format!("{} {lines}", of.lines);
            app.printer.warn(format_args!("{lines} for the account `{account}`, which this credential cannot see"));
        }
        if let Some(brake) = &report.brake {
            app.printer.warn(format_args!(
                "{} things carry our mark and the ledger has no record of them; at most {} are destroyed without a \
                 question. Look at them with --dry-run, then go ahead with --yes",
                brake.unrecorded, brake.limit
            ));
        }
        let open = report.items.iter().any(|item| matches!(item.outcome, Outcome::Open(_) | Outcome::Held));
        if open || report.brake.is_some() || !report.complete || report.elsewhere.iter().any(|of| of.open > 0) {
            return Err(Failure::Said(code::PARTLY));
        }
        Ok(code::OK)
    }
}

/// What was found and what came of it, in one line.
fn sentence(item: &SweepItem) -> String {
    let done = match (&item.outcome, item.action) {
        (Outcome::Planned, Action::Destroy) => "would be destroyed".to_owned(),
        (Outcome::Planned, Action::Resolve | Action::Confirm) => "would be looked into".to_owned(),
        (Outcome::Planned, _) => "left alone".to_owned(),
        (Outcome::Held, _) => "held back".to_owned(),
        (Outcome::Destroyed, _) => "destroyed".to_owned(),
        (Outcome::Kept, _) => "kept, and recorded".to_owned(),
        (Outcome::NeverMade, _) => "was never made".to_owned(),
        (Outcome::LeftToOthers, _) => "left to another command that is at it".to_owned(),
        (Outcome::Open(why), _) => format!("not settled yet: {why}"),
        _ => "looked at".to_owned(),
    };
    format!("{} `{}`: {done} ({})", item.resource.as_str(), crate::show::clean(&item.name), item.evidence)
}
