//! `machine plan`.

use std::ffi::OsString;

use clap::Args;
use machine_core::{Error, ErrorKind};

use crate::failure::{Failure, code};
use crate::machine_args::MachineArgs;
use crate::planning::{self, Choice, Document, PLANNED, Refused, Thoroughness};
use crate::setup::Setup;
use crate::several;
use crate::show::{self, Column, Format, ListOutput};
use crate::wish::Asked;

const EXAMPLES: &str = "\
Examples:
  machine plan --cpus 2 --memory 4g --provider all
  machine plan --cpus 2 --provider fly,vultr --max-price 0.02
  machine plan --size s-1vcpu-1gb --region fra1,ams3 --provider digitalocean
  machine plan --cpus 2 --provider all -o json > plan.json && machine create web-1 --plan plan.json";

/// How many choices are shown unless all are asked for.
const SHOWN: usize = 10;
/// How many are looked at for that, of each account.
const LOOKS: usize = 20;
/// How many are shown, and looked at, where all are asked for.
const ALL: usize = 100;
/// How many regions are named before the rest is a number.
const REGIONS_SHOWN: usize = 3;

/// Ranks where a machine could be, as what, and at which price; and says why not something else. Makes nothing.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns()))]
pub(crate) struct Plan {
    /// Its own command, which not every provider has.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// By which type of the configuration (`machines:`) it is to be set up.
    #[arg(long = "type", short = 'm', value_name = "TYPE")]
    of_type: Option<String>,
    /// Put a tag on it.
    #[arg(long, short, value_name = "TAG")]
    tag: Vec<String>,
    /// Take from the type only how big it is, from what and where.
    #[arg(long)]
    no_initialize: bool,
    /// Show all choices, and all that was refused; the best 10 of each otherwise.
    #[arg(long)]
    all: bool,
    /// How to show it.
    #[command(flatten)]
    output: ListOutput,
    /// What kind of machine.
    #[command(flatten)]
    machine: MachineArgs,
}

impl Plan {
    /// Asks the accounts that `--provider` names, and shows the choices, best first.
    ///
    /// # Errors
    /// `OutOfCapacity` where there is no choice; [`code::PARTLY`] where an account could not be asked.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        self.output.check(&columns())?;
        let accounts = match several::accounts(setup)? {
            Some(accounts) => accounts,
            None => vec![several::usual(setup)?],
        };
        let asked = Asked {
            machine: &self.machine,
            command: self.command.iter().map(OsString::as_os_str).collect(),
            of_type: self.of_type.as_deref(),
            tags: &self.tag,
            initialize: !self.no_initialize,
            update_dns: false,
        };
        let far = if self.all {
            Thoroughness { choices: ALL, looks: ALL }
        } else {
            Thoroughness { choices: SHOWN, looks: LOOKS }
        };
        let plan = planning::look(setup, accounts, &PLANNED.parse()?, &asked, far).await;
        self.show(setup, &plan)?;
        conclude(setup, &plan)
    }

    fn show(&self, setup: &Setup, plan: &Document) -> Result<(), Failure> {
        let (printer, format) = (&setup.printer, self.output.format(&setup.printer));
        if let Format::Json | Format::Jsonl | Format::Yaml = format {
            return printer.value(format, plan);
        }
        self.output.show(printer, show::List::new(&plan.choices, columns(), place))?;
        let refused = plan.refused.get(..SHOWN).filter(|_| !self.all).unwrap_or(&plan.refused);
        if refused.is_empty() || format == Format::Ids {
            return Ok(());
        }
        if format == Format::Table {
            let list = show::List::new(refused, refused_columns(), |refused| refused.provider.clone());
            printer.line("")?;
            printer.pieces(|out| list.write_table(out, printer.page(), true))?;
        } else {
            // What is no choice is none of the lines that a program reads.
            for Refused { provider, regions, size, why } in refused {
                let size = size.as_deref().unwrap_or_default();
                printer.note(format_args!("refused\t{provider}\t{}\t{size}\t{why}", regions.join(",")));
            }
        }
        let more = plan.refused.len() - refused.len();
        if more > 0 {
            printer.note(format_args!("{more} more were refused; --all shows them"));
        }
        Ok(())
    }
}

/// What is known of a choice.
fn columns() -> Vec<Column<'static, Choice>> {
    vec![
        Column::new("CHOICE", |choice: &Choice| choice.number.to_string()),
        Column::new("PROVIDER", |choice: &Choice| choice.provider.clone()),
        Column::new("REGION", |choice: &Choice| everywhere(choice).join(",")).short(|choice| some(&everywhere(choice))),
        Column::new("SIZE", |choice: &Choice| choice.size.clone().unwrap_or_default()),
        Column::new("CPUS", |choice: &Choice| choice.cpus.map(|cpus| cpus.to_string()).unwrap_or_default()),
        Column::new("MEMORY", |choice: &Choice| choice.memory_mib.map(|mib| format!("{mib}m")).unwrap_or_default()),
        Column::new("HOURLY", |choice: &Choice| choice.price.hourly.to_string()),
        Column::new("MONTHLY", |choice: &Choice| choice.monthly.to_string()),
    ]
}

/// What is known of something that was refused.
fn refused_columns() -> Vec<Column<'static, Refused>> {
    vec![
        Column::new("REFUSED", |refused: &Refused| refused.provider.clone()),
        Column::new("REGION", |refused: &Refused| some(&refused.regions)),
        Column::new("SIZE", |refused: &Refused| refused.size.clone().unwrap_or_default()),
        Column::new("WHY", |refused: &Refused| refused.why.clone()),
    ]
}

/// Provider, region and size in a word.
fn place(choice: &Choice) -> String {
    let words = [Some(choice.provider.as_str()), choice.region.as_deref(), choice.size.as_deref()];
    words.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// All the regions that would do.
fn everywhere(choice: &Choice) -> Vec<String> {
    choice.region.iter().chain(&choice.also_in).cloned().collect()
}

/// The first few, and how many more there are.
fn some(all: &[String]) -> String {
    match all.get(..REGIONS_SHOWN) {
        Some(first) if all.len() > first.len() => format!("{} (+{})", first.join(","), all.len() - first.len()),
        _ => all.join(","),
    }
}

/// Says who could not be asked, and decides the exit code.
fn conclude(setup: &Setup, plan: &Document) -> Result<u8, Failure> {
    for failed in &plan.failed {
        let error = format!("{}: it could not be asked: {}", failed.provider, failed.why);
        match &failed.hint {
            Some(hint) => setup.printer.warn(format_args!("{error}; {hint}")),
            None => setup.printer.warn(error),
        }
    }
    match plan.failed.first() {
        Some(_) if !plan.choices.is_empty() || !plan.refused.is_empty() => Err(Failure::Said(code::PARTLY)),
        Some(failed) => Err(Failure::Said(failed.code)),
        None if plan.choices.is_empty() => {
            let what = "no machine of that kind can be had at any account that was asked";
            Err(Error::new(ErrorKind::OutOfCapacity, what)
                .with_hint("`machine plan --all` shows all that was refused, and why")
                .into())
        }
        None => Ok(code::OK),
    }
}
