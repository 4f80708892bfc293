//! `machine status`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use futures::StreamExt as _;
use machine_core::{Clock, Completeness, Error, ErrorKind, Machine, ProviderExt as _};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::json;

use crate::app::App;
use crate::choose::{Chosen, Which};
use crate::failure::{Failure, code};
use crate::show::{self, Column, ListOutput};
use crate::{probe, values};

/// How many machines are asked at a time.
const AT_ONCE: usize = 64;

/// Where the check stands among the keys of JSON.
const CHECK_AT: usize = 3;

const EXAMPLES: &str = "\
Examples:
  machine status                         one line for each machine
  machine status web-1                   all that there is to know about one
  machine status --type web -o json | jq -r '.[].state'";

/// Shows how machines are: in the cloud's words, and in their own, which they are asked for at port 4242.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns(&Clock::default())))]
pub(crate) struct Status {
    /// Which, by name or id; all of ours otherwise.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// What machines are asked for.
    #[arg(long = "status-check", value_name = "CHECK", default_value = "cloud-init-status")]
    check: String,
    /// How long a machine may take to answer.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = values::duration)]
    timeout: Duration,
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
    /// Which.
    #[command(flatten)]
    which: Which,
}

impl Status {
    /// Shows them.
    ///
    /// # Errors
    /// `NotFound` with the nearest names; a list that is not whole, after what there is of it.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_' || letter == '.';
        if self.check.is_empty() || !self.check.chars().all(fine) {
            let what = format!("`--status-check {}` is no name of a check", self.check.escape_debug());
            return Err(Error::new(ErrorKind::Invalid, what).into());
        }
        self.output.check(&columns(app.clock()))?;
        if self.names.is_empty() {
            return self.all(app).await;
        }
        if self.output.is_chosen() {
            let mut asked = Vec::new();
            let done = super::each(&app.printer, &self.names, async |name| {
                let machine = app.provider().resolve(name).await?;
                asked.push(self.asked(machine).await);
                Ok(())
            })
            .await;
            self.show(app, &asked)?;
            return done;
        }
        let mut first = true;
        super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            let gap = if first { "" } else { "\n" };
            first = false;
            app.printer.out(format!("{gap}{}", describe(&machine, app.clock())))
        })
        .await
    }

    async fn all(&self, app: &App) -> Result<u8, Failure> {
        let (machines, completeness, problems) = app.provider().list_all(self.which.selector()).await?;
        for problem in &problems {
            app.printer.warn(problem);
        }
        let Chosen { machines, elsewhere } = self.which.of(app, machines)?;
        let asked = futures::stream::iter(machines).map(|machine| self.asked(machine)).buffered(AT_ONCE);
        let asked: Vec<_> = asked.collect().await;
        self.show(app, &asked)?;
        if elsewhere > 0 {
            app.printer.note(format_args!("{elsewhere} more made elsewhere; --all shows them"));
        }
        match completeness {
            Completeness::Complete => Ok(code::OK),
            Completeness::Partial => Err(Failure::Said(code::PARTLY)),
        }
    }

    fn show(&self, app: &App, asked: &[Asked<'_>]) -> Result<(), Failure> {
        let list = show::List::new(asked, columns(app.clock()), |asked| asked.machine.id.to_string()).line(Asked::line);
        self.output.show(&app.printer, list)
    }

    /// How the machine is, by its own word too.
    async fn asked(&self, machine: Machine) -> Asked<'_> {
        let says = probe::status(show::public_ip(&machine), &self.check, self.timeout).await;
        Asked { machine, check: &self.check, says }
    }
}

/// A machine that was asked how it is.
struct Asked<'a> {
    machine: Machine,
    check: &'a str,
    says: String,
}

impl AsRef<Machine> for Asked<'_> {
    fn as_ref(&self) -> &Machine {
        &self.machine
    }
}

impl Asked<'_> {
    fn line(&self) -> String {
        let Machine { name, id, raw_state, .. } = &self.machine;
        let cells =
            [format!("{name} ({id}):"), format!("machine-status={raw_state}"), format!("{}={}", self.check, self.says)];
        cells.map(|cell| show::clean(&cell)).join("\t")
    }
}

impl Serialize for Asked<'_> {
    /// First what scripts of the older tool read, in its order. The fourth key is called as the check is.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Machine { name, id, raw_state, provider, state, exit, notes, .. } = &self.machine;
        let facts = [
            ("name", json!(name)),
            ("id", json!(id)),
            ("machine-status", json!(raw_state)),
            (self.check, json!(self.says)),
            ("provider", json!(provider)),
            ("state", json!(state)),
            ("raw_state", json!(raw_state)),
            ("exit", json!(exit)),
            ("notes", json!(notes)),
        ];
        let mut map = serializer.serialize_map(None)?;
        for (at, (key, value)) in facts.iter().enumerate() {
            // A check may be called as one of the others is; it was asked for.
            if at == CHECK_AT || *key != self.check {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

fn columns(clock: &Clock) -> Vec<Column<'_, Asked<'_>>> {
    let mut columns = show::machine_columns(clock);
    columns.insert(2, Column::new("CHECK", |asked: &Asked<'_>| asked.says.clone()));
    columns
}

fn describe(machine: &Machine, clock: &Clock) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<9} {}", format!("{key}:"), show::clean(value));
    };
    let ago = |at| format!("{} ({} ago)", show::time(at), show::age(at, clock));
    line("name", &machine.name);
    line("id", machine.id.as_str());
    line("state", &show::state(machine));
    line("provider", &machine.provider);
    if let Some(created) = machine.created_at {
        line("created", &ago(created));
    }
    if let Some(started) = machine.started_at {
        line("started", &ago(started));
    }
    if let Some(deadline) = machine.markers.as_ref().and_then(|markers| markers.deadline) {
        line("deadline", &show::time(deadline));
    }
    if let Some(exit) = &machine.exit {
        let oom = if exit.oom { ", out of memory" } else { "" };
        let how = exit.message.clone().unwrap_or_else(|| format!("{}{oom}", exit.reason.in_words()));
        line("ended", &exit.at.map_or_else(|| how.clone(), |at| format!("{how}, {}", ago(at))));
    }
    for address in machine.addresses.public.iter().chain(&machine.addresses.private) {
        line("address", &address.to_string());
    }
    for volume in &machine.volumes {
        line("volume", &format!("{} at {}", volume.volume, volume.path));
    }
    for (key, value) in &machine.labels {
        line("label", &format!("{key}={value}"));
    }
    for note in &machine.notes {
        line("note", note);
    }
    text
}
