//! `machine plan`.

use std::ffi::OsString;

use clap::Args;
use machine_core::{Error, ErrorKind};

use crate::failure::{Failure, code};
use crate::machine_args::MachineArgs;
use crate::planning::{self, Document, PLANNED, Thoroughness};
use crate::setup::Setup;
use crate::several;
use crate::show::{Format, Table};
use crate::wish::Asked;

const EXAMPLES: &str = "\
Examples:
  machine plan --cpus 2 --memory 4g --provider all
  machine plan --cpus 2 --provider fly,vultr --max-price 0.02
  machine plan --size s-1vcpu-1gb --region fra1,ams3 --provider digitalocean
  machine plan --cpus 2 --provider all -o json > plan.json && machine create web-1 --cpus 2 --plan plan.json";

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
#[command(before_help = EXAMPLES)]
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
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
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
        let printer = &setup.printer;
        let usual = if printer.to_terminal() { Format::Table } else { Format::Text };
        match self.output.unwrap_or(usual) {
            Format::Json => printer.json(plan)?,
            Format::Ids => {
                for choice in &plan.choices {
                    let (region, size) = (choice.region.as_deref(), choice.size.as_deref());
                    let words = [Some(choice.provider.as_str()), region, size];
                    printer.line(words.into_iter().flatten().collect::<Vec<_>>().join("/"))?;
                }
            }
            Format::Text => {
                printer.out(choices(plan).tabs())?;
                if !plan.refused.is_empty() {
                    printer.note(self.refused(plan).tabs().trim_end());
                }
            }
            Format::Table => {
                printer.out(choices(plan).columns())?;
                if !plan.refused.is_empty() {
                    printer.out(format!("\n{}", self.refused(plan).columns()))?;
                }
            }
        }
        Ok(())
    }

    /// What was refused, and why.
    fn refused(&self, plan: &Document) -> Table {
        let mut table = Table::new(&["REFUSED", "REGION", "SIZE", "WHY"]);
        let shown = if self.all { plan.refused.len() } else { SHOWN };
        for refused in plan.refused.iter().take(shown) {
            let size = refused.size.clone().unwrap_or_default();
            table.row([refused.provider.clone(), regions(&refused.regions), size, refused.why.clone()]);
        }
        let more = plan.refused.len().saturating_sub(shown);
        if more > 0 {
            table.row([format!("({more} more; --all)"), String::new(), String::new(), String::new()]);
        }
        table
    }
}

/// The choices, best first.
fn choices(plan: &Document) -> Table {
    let mut table = Table::new(&["CHOICE", "PROVIDER", "REGION", "SIZE", "CPUS", "MEMORY", "HOURLY", "MONTHLY"]);
    for choice in &plan.choices {
        let everywhere: Vec<String> = choice.region.iter().chain(&choice.also_in).cloned().collect();
        table.row([
            choice.number.to_string(),
            choice.provider.clone(),
            regions(&everywhere),
            choice.size.clone().unwrap_or_default(),
            choice.cpus.map(|cpus| cpus.to_string()).unwrap_or_default(),
            choice.memory_mib.map(|memory| format!("{memory}m")).unwrap_or_default(),
            choice.price.hourly.to_string(),
            choice.monthly.to_string(),
        ]);
    }
    table
}

/// The first few, and how many more there are.
fn regions(all: &[String]) -> String {
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
