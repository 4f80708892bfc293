//! `machine list`.

use clap::Args;
use machine_core::{Clock, Completeness, Error, ErrorKind, ProviderExt as _};

use crate::app::App;
use crate::choose::{Chosen, Which};
use crate::failure::{Failure, code};
use crate::known_names;
use crate::printer::Printer;
use crate::show::{self, Column, ListOutput, MachineJson};
use crate::sweeps::{self, Reach};

const EXAMPLES: &str = "\
Examples:
  machine list
  machine list --all                     those that other tools and other computers made as well
  machine list --type web --region nyc3
  machine list --provider fly,vultr      several accounts at once; `all` is every one
  machine list --columns name,state,ip
  machine list -o json | jq -r '.[].name'
  machine destroy --yes $(machine list -o ids --label team=web)";

/// Lists the machines that this client made.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns(&Clock::default(), false)))]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    pub(super) output: ListOutput,
    /// Fail where more than one is listed.
    #[arg(long)]
    unique: bool,
    /// Which.
    #[command(flatten)]
    pub(super) which: Which,
}

impl List {
    /// Lists them. With `--quiet` and no format, ids only.
    ///
    /// # Errors
    /// Where the provider cannot list; what could be listed of a list with gaps is shown, and the code is
    /// [`code::PARTLY`].
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        self.output.check(&columns(app.clock(), false))?;
        let (machines, completeness, problems) = app.provider().list_all(self.which.selector()).await?;
        for problem in &problems {
            app.printer.warn(problem);
        }
        let Chosen { machines, elsewhere } = self.which.of(app, machines)?;
        let rows: Vec<_> = machines.iter().map(MachineJson::of).collect();
        self.show(&app.printer, columns(app.clock(), false), &rows, elsewhere)?;
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

    /// Shows these, and says how many more there are.
    pub(super) fn show<'a>(
        &self,
        printer: &Printer,
        columns: Vec<Column<'a, MachineJson<'a>>>,
        rows: &'a [MachineJson<'a>],
        elsewhere: usize,
    ) -> Result<(), Failure> {
        if self.unique && rows.len() > 1 {
            let what = format!("--unique match required but {} matches found", rows.len());
            return Err(Error::new(ErrorKind::Conflict, what).with_hint(names_of(rows)).into());
        }
        let list = show::List::new(rows, columns, |row| row.as_ref().id.to_string()).line(MachineJson::line);
        let list = match elsewhere {
            0 => list.nothing("There are no machines. `machine create NAME` makes one."),
            _ => list,
        };
        self.output.show(printer, list)?;
        if elsewhere > 0 {
            printer.note(format_args!("{elsewhere} more made elsewhere; --all shows them"));
        }
        Ok(())
    }
}

/// The columns: which account a machine is in is shown where it is asked for, or where there are several.
pub(super) fn columns(clock: &Clock, several: bool) -> Vec<Column<'_, MachineJson<'_>>> {
    let mut columns = show::machine_columns(clock);
    let provider = Column::new("PROVIDER", |row: &MachineJson<'_>| row.account().to_owned());
    if several {
        columns.insert(1, provider);
    } else {
        columns.push(provider.on_request());
    }
    columns
}

fn names_of(rows: &[MachineJson<'_>]) -> String {
    let machines = rows.iter().map(MachineJson::as_ref);
    let names: Vec<_> = machines.map(|machine| format!("{} ({})", machine.name, machine.id)).collect();
    format!("there are {}", names.join(", "))
}
