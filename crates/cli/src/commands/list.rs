//! `machine list`.

use std::collections::BTreeMap;

use clap::Args;
use machine_core::{Clock, Completeness, Machine, ProviderExt as _, Selector};
use machine_fleet::StateDir;

use crate::app::App;
use crate::failure::{Failure, code};
use crate::known_names;
use crate::show::{self, Format, Table};
use crate::sweeps::{self, Reach};
use crate::values;

const EXAMPLES: &str = "\
Examples:
  machine list
  machine list --all                     those that other tools and other computers made as well
  machine list -o json | jq -r '.[].name'
  machine destroy --yes $(machine list -o ids --label team=web)";

/// Lists the machines that this computer made.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct List {
    /// Also those that other tools and other computers made.
    #[arg(long, short)]
    all: bool,
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
    /// Only machines that carry this label.
    #[arg(long, short, value_name = "K=V", value_parser = values::label)]
    label: Vec<(String, String)>,
}

impl List {
    /// Lists them. With `--quiet` and no format, ids only.
    ///
    /// # Errors
    /// Where the provider cannot list; what could be listed of a list with gaps is shown, and the code is
    /// [`code::PARTLY`].
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let labels: BTreeMap<_, _> = self.label.iter().cloned().collect();
        let (mut machines, completeness, problems) =
            app.provider().list_all(Selector { labels, ..Selector::all() }).await?;
        let elsewhere = if self.all { 0 } else { keep_ours(app, &mut machines)? };
        machines.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        for problem in &problems {
            app.printer.warn(problem);
        }
        match self.output.unwrap_or_else(|| self.usual(app)) {
            Format::Table if machines.is_empty() && elsewhere == 0 => {
                app.printer.note("There are no machines. `machine create NAME` makes one.");
            }
            Format::Table => app.printer.out(people(&machines, app.clock()).columns())?,
            Format::Text => app.printer.out(programs(&machines).tabs())?,
            Format::Json => app.printer.json(&machines)?,
            Format::Ids => app.printer.out(ids(&machines))?,
        }
        if elsewhere > 0 {
            app.printer.note(format_args!("{elsewhere} more made elsewhere; --all shows them"));
        }
        // What was asked for is said by now.
        if !self.all && self.label.is_empty() && completeness == Completeness::Complete {
            known_names::listed(app, &machines).await;
        }
        sweeps::settle_dead_clients(app, Reach::Clouds).await;
        match completeness {
            Completeness::Complete => Ok(code::OK),
            Completeness::Partial => Err(Failure::Said(code::PARTLY)),
        }
    }

    fn usual(&self, app: &App) -> Format {
        match (app.printer.is_quiet(), app.printer.to_terminal()) {
            (true, _) => Format::Ids,
            (false, true) => Format::Table,
            (false, false) => Format::Text,
        }
    }
}

/// Takes out what this computer has not made; how many these were.
fn keep_ours(app: &App, machines: &mut Vec<Machine>) -> Result<usize, Failure> {
    let (owner, before) = (StateDir::owner_at(app.state())?, machines.len());
    machines.retain(|machine| machine.markers.as_ref().is_some_and(|markers| Some(&markers.owner) == owner.as_ref()));
    Ok(before - machines.len())
}

fn people(machines: &[Machine], clock: &Clock) -> Table {
    let mut table = Table::new(&["NAME", "STATE", "AGE", "ID", "NOTES"]);
    for machine in machines {
        let age = machine.created_at.map(|at| show::age(at, clock)).unwrap_or_default();
        let notes = match machine.notes.as_slice() {
            [] => String::new(),
            [note] => note.clone(),
            [note, rest @ ..] => format!("{note} (+{})", rest.len()),
        };
        table.row([machine.name.clone(), show::state(machine), age, machine.id.to_string(), notes]);
    }
    table
}

fn programs(machines: &[Machine]) -> Table {
    let mut table = Table::new(&["NAME", "ID", "STATE", "CREATED"]);
    for machine in machines {
        let created = machine.created_at.map(show::time).unwrap_or_default();
        table.row([machine.name.clone(), machine.id.to_string(), machine.state.to_string(), created]);
    }
    table
}

fn ids(machines: &[Machine]) -> String {
    machines.iter().map(|machine| format!("{}\n", machine.id)).collect()
}
