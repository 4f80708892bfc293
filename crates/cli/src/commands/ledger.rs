//! `machine ledger`: what this computer has made and not seen go.

use clap::{Args, Subcommand};
use machine_core::{Clock, Error, nearest};
use machine_fleet::{Entry, SqliteLedger, StateDir};

use crate::failure::{Failure, code};
use crate::setup::Setup;
use crate::show::{self, Column, Format, ListOutput, Output};

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine ledger list
  machine ledger show web-1
  machine ledger export > ledger.jsonl";

/// What is done with it.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// List what was asked for and is not known to be gone.
    List(List),
    /// Show the lines of one thing, by its name, its id or its intent.
    Show(Show),
    /// Print every line as JSON, one each, those of what is gone included.
    Export(Export),
}

/// `machine ledger list`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine ledger list\n  machine ledger list --all -o json")]
#[command(after_help = show::columns_help(&columns(&Clock::default())))]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
    /// Also what is gone and what was never made; such lines are kept for three days.
    #[arg(long, short)]
    all: bool,
}

/// `machine ledger show`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine ledger show web-1")]
pub(crate) struct Show {
    /// A name, an id, or an intent.
    thing: String,
    /// How to show them.
    #[command(flatten)]
    output: Output,
}

/// `machine ledger export`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine ledger export > ledger.jsonl")]
pub(crate) struct Export {}

impl Ledger {
    /// Does it. No provider is asked.
    ///
    /// # Errors
    /// A state directory or ledger that cannot be used; [`machine_core::ErrorKind::NotFound`] for a thing without a line.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let ledger = SqliteLedger::open(&StateDir::open(setup.state()?)?).await?;
        let entries = ledger.all_entries().await?;
        match self {
            Self::List(list) => list.run(setup, entries),
            Self::Show(show) => show.run(setup, &entries),
            Self::Export(_) => {
                setup.printer.values(Format::Jsonl, &entries)?;
                Ok(code::OK)
            }
        }
    }
}

impl List {
    fn run(&self, setup: &Setup, mut entries: Vec<Entry>) -> Result<u8, Failure> {
        entries.retain(|entry| self.all || !entry.state.is_tombstone());
        let list = show::List::new(&entries, columns(&setup.surroundings.clock), |entry| entry.intent.id.to_string())
            .nothing("The ledger has nothing that could still be there.");
        self.output.show(&setup.printer, list)?;
        Ok(code::OK)
    }
}

impl Show {
    fn run(&self, setup: &Setup, entries: &[Entry]) -> Result<u8, Failure> {
        let is_it = |entry: &&Entry| {
            entry.intent.name == self.thing
                || entry.resource_id.as_deref() == Some(self.thing.as_str())
                || entry.intent.id.to_string() == self.thing
        };
        let found: Vec<&Entry> = entries.iter().filter(is_it).collect();
        if found.is_empty() {
            let near = nearest(&self.thing, entries.iter().map(|entry| entry.intent.name.as_str()));
            let error = Error::not_found("line of the ledger", &self.thing);
            return Err(match near.first() {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint("`machine ledger list --all` shows what there is"),
            }
            .into());
        }
        if let Some(format) = self.output.for_programs() {
            setup.printer.values(format, &found)?;
            return Ok(code::OK);
        }
        for (index, entry) in found.into_iter().enumerate() {
            if index > 0 {
                setup.printer.line("")?;
            }
            for (key, value) in facts(entry) {
                setup.printer.line(format_args!("{:<10} {}", format!("{key}:"), show::clean(&value)))?;
            }
        }
        Ok(code::OK)
    }
}

fn columns(clock: &Clock) -> Vec<Column<'_, Entry>> {
    vec![
        Column::new("PROVIDER", |entry: &Entry| entry.intent.provider.clone()),
        Column::new("KIND", |entry: &Entry| entry.intent.resource.as_str().to_owned()),
        Column::new("NAME", |entry: &Entry| entry.intent.name.clone()),
        Column::new("STATE", |entry: &Entry| entry.state.as_str().to_owned()),
        Column::time("SINCE", clock, |entry| Some(entry.updated_at)),
        Column::whole("ID", |entry: &Entry| entry.resource_id.clone().unwrap_or_default()),
        Column::whole("INTENT", |entry: &Entry| entry.intent.id.to_string()),
    ]
}

fn facts(entry: &Entry) -> Vec<(&'static str, String)> {
    let some = |key, value: Option<String>| value.map(|value| (key, value));
    let lifetime = match entry.intent.lifetime {
        machine_core::Lifetime::Client => "that of the command that made it",
        machine_core::Lifetime::Deadline => "its own",
    };
    [
        Some(("intent", entry.intent.id.to_string())),
        Some(("name", entry.intent.name.clone())),
        Some(("kind", entry.intent.resource.as_str().to_owned())),
        Some(("provider", entry.intent.provider.clone())),
        some("account", entry.account.as_ref().map(ToString::to_string)),
        some("id", entry.resource_id.clone()),
        Some(("state", entry.state.as_str().to_owned())),
        Some(("lifetime", lifetime.to_owned())),
        some(
            "price",
            entry
                .rate
                .filter(|rate| !rate.is_free())
                .map(|rate| format!("{} an hour, {} a month at most", rate.hourly, rate.month())),
        ),
        some("deadline", entry.intent.deadline.map(|at| format!("{at:.0}"))),
        Some(("asked for", format!("{:.0}", entry.intent.minted_at))),
        Some(("changed", format!("{:.0}", entry.updated_at))),
        some("missing", entry.missing_since.map(|at| format!("since {at:.0}"))),
        some("last error", entry.last_error.clone()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
