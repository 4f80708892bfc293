//! `machine list`.

use clap::Args;
use machine_core::{Clock, Completeness, Error, ErrorKind, Machine, ProviderExt as _};

use crate::app::App;
use crate::choose::{Chosen, Which};
use crate::failure::{Failure, code};
use crate::known_names;
use crate::show::{self, Format, MachineJson, Table};
use crate::sweeps::{self, Reach};

const EXAMPLES: &str = "\
Examples:
  machine list
  machine list --all                     those that other tools and other computers made as well
  machine list --type web --region nyc3
  machine list -o json | jq -r '.[].name'
  machine destroy --yes $(machine list -o ids --label team=web)";

/// Lists the machines that this client made.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct List {
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
    /// Fail where more than one is listed.
    #[arg(long)]
    unique: bool,
    /// Which.
    #[command(flatten)]
    which: Which,
}

impl List {
    /// Lists them. With `--quiet` and no format, ids only.
    ///
    /// # Errors
    /// Where the provider cannot list; what could be listed of a list with gaps is shown, and the code is
    /// [`code::PARTLY`].
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let (machines, completeness, problems) = app.provider().list_all(self.which.selector()).await?;
        for problem in &problems {
            app.printer.warn(problem);
        }
        let Chosen { machines, elsewhere } = self.which.of(app, machines)?;
        if self.unique && machines.len() > 1 {
            let what = format!("--unique match required but {} matches found", machines.len());
            return Err(Error::new(ErrorKind::Conflict, what).with_hint(names_of(&machines)).into());
        }
        match self.output.unwrap_or_else(|| self.usual(app)) {
            Format::Table if machines.is_empty() && elsewhere == 0 => {
                app.printer.note("There are no machines. `machine create NAME` makes one.");
            }
            Format::Table => app.printer.out(people(&machines, app.clock()).columns())?,
            Format::Text => {
                app.printer.out(machines.iter().map(|machine| show::line(machine) + "\n").collect::<String>())?;
            }
            Format::Json => app.printer.json(&machines.iter().map(MachineJson::of).collect::<Vec<_>>())?,
            Format::Ids => app.printer.out(ids(&machines))?,
        }
        if elsewhere > 0 {
            app.printer.note(format_args!("{elsewhere} more made elsewhere; --all shows them"));
        }
        // What was asked for is said by now.
        if self.which.is_open() && completeness == Completeness::Complete {
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

fn names_of(machines: &[Machine]) -> String {
    let names: Vec<_> = machines.iter().map(|machine| format!("{} ({})", machine.name, machine.id)).collect();
    format!("there are {}", names.join(", "))
}

fn ids(machines: &[Machine]) -> String {
    machines.iter().map(|machine| format!("{}\n", machine.id)).collect()
}
