//! `machine status`.

use std::fmt::Write as _;

use clap::Args;
use machine_core::{Clock, Machine, ProviderExt as _};

use super::version::TextOrJson;
use crate::app::App;
use crate::failure::Failure;
use crate::show;

const EXAMPLES: &str = "\
Examples:
  machine status web-1
  machine status web-1 web-2 -o json";

/// Shows how machines are.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Status {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// In which shape; JSON is one object per line.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
}

impl Status {
    /// Shows them.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let mut first = true;
        super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            let text = match self.output {
                TextOrJson::Text if first => describe(&machine, app.clock()),
                TextOrJson::Text => format!("\n{}", describe(&machine, app.clock())),
                TextOrJson::Json => format!("{}\n", in_short(&machine)),
            };
            first = false;
            app.printer.out(text)
        })
        .await
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

fn in_short(machine: &Machine) -> serde_json::Value {
    serde_json::json!({
        "name": machine.name,
        "id": machine.id,
        "provider": machine.provider,
        "state": machine.state,
        "raw_state": machine.raw_state,
        "exit": machine.exit,
        "notes": machine.notes,
    })
}
