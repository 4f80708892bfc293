//! `machine info`.

use std::fmt::Write as _;

use clap::Args;
use machine_config::Shown as ShownFile;
use machine_core::{Capabilities, OwnerId, Report};
use serde::Serialize;

use crate::app::App;
use crate::client_id;
use crate::failure::{Failure, code};
use crate::show::Output;

const EXAMPLES: &str = "\
Examples:
  machine info
  machine info -o json | jq .capabilities";

/// Shows the configuration file without its secrets, the client id, the provider, where things are kept, and what can be done here.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Info {
    /// How to show it.
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Shown<'a> {
    config_file: Option<String>,
    /// Nothing where there is no file, and where it has a secret that cannot be hidden.
    config: Option<String>,
    session_id_file: Option<String>,
    session_id: Option<String>,
    supported_providers: Vec<&'static str>,
    active_provider: &'a str,
    version: &'static str,
    provider: &'static str,
    state_dir: String,
    owner: OwnerId,
    local: serde_json::Value,
    #[serde(skip)]
    report: Report,
    volumes: bool,
    snapshots: bool,
    dns: bool,
    capabilities: &'a Capabilities,
}

impl Info {
    /// Shows it.
    ///
    /// # Errors
    /// A ledger that cannot be read.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let provider = app.provider();
        let report = app.housekeeping().map(machine_core::Housekeeping::report).unwrap_or_default();
        let config = &app.setup().config;
        let shown = Shown {
            config_file: config.file().map(|file| file.display().to_string()),
            config: match config.shown() {
                Some(ShownFile::Text(text)) => Some(text),
                Some(ShownFile::Nothing) | None => None,
            },
            session_id_file: client_id::path(app.setup()).map(|path| path.display().to_string()),
            session_id: client_id::known(app.setup())?,
            supported_providers: config.registry().iter().map(|kind| kind.info().kind).collect(),
            active_provider: app.section(),
            version: env!("CARGO_PKG_VERSION"),
            provider: provider.info().kind,
            state_dir: app.state().display().to_string(),
            owner: app.fleet().await?.ledger().owner().clone(),
            local: report.details.clone(),
            report,
            volumes: provider.volumes().is_some(),
            snapshots: provider.snapshots().is_some(),
            dns: provider.dns().is_some(),
            capabilities: provider.capabilities(),
        };
        match self.output.for_programs() {
            Some(format) => app.printer.value(format, &shown)?,
            None => app.printer.out(describe(&shown))?,
        }
        Ok(code::OK)
    }
}

fn describe(shown: &Shown<'_>) -> String {
    let mut text = written(shown);
    let mut line = |key: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key:<12} {value}");
    };
    line("version", shown.version);
    line("provider", shown.provider);
    line("state", &shown.state_dir);
    line("owner", shown.owner.as_str());
    for (key, value) in &shown.report.facts {
        line(key, value);
    }
    text.push_str("\nWhat the provider can do:\n");
    for (what, can) in abilities(shown) {
        // As above.
        let _ = writeln!(text, "  {what:<22} {can}");
    }
    text
}

/// What is written on this computer, as the older tool of this name shows it: scripts look for these lines.
fn written(shown: &Shown<'_>) -> String {
    let contents = match (&shown.config_file, &shown.config) {
        (None, _) => "",
        (Some(_), Some(text)) => text,
        (Some(_), None) => "(not shown: a secret in it is written in a way that cannot be hidden)",
    };
    let none = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    format!(
        "Config file: {}\n\nConfig file contents:\n{}\n\nSession ID file: {}\nSession ID: {}\n\n\
         Supported providers: {}\nActive provider: {}\n\n",
        none(&shown.config_file, "none"),
        contents.trim_end_matches('\n'),
        none(&shown.session_id_file, "none"),
        none(&shown.session_id, "none yet; the next `create` makes one"),
        shown.supported_providers.join(", "),
        shown.active_provider,
    )
}

fn abilities(shown: &Shown<'_>) -> Vec<(&'static str, String)> {
    let can = |can: bool| if can { "yes" } else { "no" }.to_owned();
    let capabilities = shown.capabilities;
    vec![
        ("exec", word(capabilities.exec)),
        (
            "exec with input",
            match capabilities.exec_input_limit {
                Some(_) => "whole, as text".to_owned(),
                None => can(capabilities.exec_stdin),
            },
        ),
        ("exec with a terminal", can(capabilities.exec_tty)),
        ("exec while it runs", can(capabilities.exec_live)),
        ("logs", word(capabilities.logs)),
        ("output byte for byte", can(capabilities.exact_output)),
        ("own command", can(capabilities.command)),
        ("files at creation", can(capabilities.files)),
        ("mounts", can(capabilities.mounts)),
        ("no network", can(capabilities.network_none)),
        ("published ports", can(capabilities.ports)),
        ("volumes", can(shown.volumes)),
        ("volumes at their path", can(capabilities.volume_paths)),
        ("attach while running", can(capabilities.attach_live)),
        ("attach while stopped", can(capabilities.attach_stopped)),
        ("suspend", can(capabilities.suspend)),
        ("images", can(capabilities.images)),
        ("snapshots", can(shown.snapshots)),
        ("dns", can(shown.dns)),
        ("price", word(capabilities.price_source)),
        ("what ends the bill", word(capabilities.stops_bill)),
    ]
}

/// The word by which a value stands in JSON.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // None of the values here has another shape.
        Ok(_) | Err(_) => String::new(),
    }
}
