//! `machine status`.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use futures::StreamExt as _;
use machine_core::{Clock, Completeness, Error, ErrorKind, Machine, ProviderExt as _};
use serde_json::{Value, json};

use super::version::TextOrJson;
use crate::app::App;
use crate::choose::{Chosen, Which};
use crate::failure::{Failure, code};
use crate::{probe, show, values};

/// How many machines are asked at a time.
const AT_ONCE: usize = 64;

const EXAMPLES: &str = "\
Examples:
  machine status                         one line for each machine
  machine status web-1                   all that there is to know about one
  machine status --type web -o json | jq -r '.[].state'";

/// Shows how machines are: in the cloud's words, and in their own, which they are asked for at port 4242.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
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
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
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
        if self.names.is_empty() {
            return self.all(app).await;
        }
        let (mut first, mut shown) = (true, Vec::new());
        let done = super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            match self.output {
                TextOrJson::Json => shown.push(self.asked(machine).await.0),
                TextOrJson::Text => {
                    let gap = if first { "" } else { "\n" };
                    app.printer.out(format!("{gap}{}", describe(&machine, app.clock())))?;
                }
            }
            first = false;
            Ok(())
        })
        .await;
        if let TextOrJson::Json = self.output {
            app.printer.json(&shown)?;
        }
        done
    }

    async fn all(&self, app: &App) -> Result<u8, Failure> {
        let (machines, completeness, problems) = app.provider().list_all(self.which.selector()).await?;
        for problem in &problems {
            app.printer.warn(problem);
        }
        let Chosen { machines, elsewhere } = self.which.of(app, machines)?;
        let asked = futures::stream::iter(machines).map(|machine| self.asked(machine)).buffered(AT_ONCE);
        let asked: Vec<_> = asked.collect().await;
        match (self.output, app.printer.is_quiet()) {
            (TextOrJson::Json, _) => app.printer.json(&asked.iter().map(|(json, _)| json).collect::<Vec<_>>())?,
            (TextOrJson::Text, true) => {
                for (json, _) in &asked {
                    app.printer.line(json["id"].as_str().unwrap_or_default())?;
                }
            }
            (TextOrJson::Text, false) => {
                for (_, line) in &asked {
                    app.printer.line(line)?;
                }
            }
        }
        if elsewhere > 0 {
            app.printer.note(format_args!("{elsewhere} more made elsewhere; --all shows them"));
        }
        match completeness {
            Completeness::Complete => Ok(code::OK),
            Completeness::Partial => Err(Failure::Said(code::PARTLY)),
        }
    }

    /// How the machine is, as JSON and as a line.
    async fn asked(&self, machine: Machine) -> (Value, String) {
        let check = &self.check;
        let says = probe::status(show::public_ip(&machine), check, self.timeout).await;
        let Machine { name, id, raw_state, .. } = &machine;
        let line = format!("{name} ({id}):\tmachine-status={raw_state}\t{check}={says}");
        let line = line.split('\t').map(show::clean).collect::<Vec<_>>().join("\t");
        let mut json = json!({
            "name": name,
            "id": id,
            "machine-status": raw_state,
            "provider": machine.provider,
            "state": machine.state,
            "raw_state": raw_state,
            "exit": machine.exit,
            "notes": machine.notes,
        });
        json[check.as_str()] = json!(says);
        (json, line)
    }
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
