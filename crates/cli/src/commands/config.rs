//! `machine config`: what holds, where it came from, and what could be said.

use clap::{Args, Subcommand};
use machine_config::{Origin, Setting, Why};
use serde_json::{Value, json};

use crate::failure::{Failure, code};
use crate::setup::Setup;
use crate::show::{Output, Table};

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine config show
  machine config show --provider work -o json
  machine config schema > ~/.config/machine/schema.json";

const SHOW: &str = "\
Examples:
  machine config show
  machine config show --provider work -o json";

const SCHEMA: &str = "\
Examples:
  machine config schema > ~/.config/machine/schema.json
  machine config schema | jq '.properties | keys'";

/// Shows what is configured, and what can be.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show the settings that hold and where each came from; secrets are hidden.
    #[command(before_help = SHOW)]
    Show(Show),
    /// Show the JSON schema of the configuration file.
    #[command(before_help = SCHEMA)]
    Schema,
}

/// How to show them.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// How to show them.
    #[command(flatten)]
    output: Output,
}

impl Config {
    /// Shows it.
    ///
    /// # Errors
    /// A provider that there is none of; a section that cannot be read.
    pub(crate) fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        match self {
            Self::Show(show) => show.run(setup),
            Self::Schema => {
                setup.printer.json(&setup.config.registry().schema())?;
                Ok(code::OK)
            }
        }
    }
}

impl Show {
    fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let choice = setup.choose()?;
        let (section, settings) = (&choice.section, choice.section.settings());
        let ttl = setup.config.ttl(section)?;
        for flaw in setup.flaws(section)? {
            setup.printer.warn_of(&flaw);
        }
        let budget = setup.config.budget_settings();
        let file = setup.config.file().map(|file| file.display().to_string());
        let kind = section.kind().info().kind;
        match self.output.for_programs() {
            Some(format) => setup.printer.value(
                format,
                &json!({
                    "file": file,
                    "provider": { "name": section.name(), "kind": kind, "chosen_by": why(choice.why) },
                    "ttl": ttl.as_ref().map(machine_config::Written::text),
                    "settings": settings.iter().map(to_json).collect::<Vec<_>>(),
                    "budget": budget.iter().map(to_json).collect::<Vec<_>>(),
                }),
            )?,
            None => {
                let mut table = Table::new(&["SETTING", "VALUE", "ORIGIN"]);
                table.row(["file".to_owned(), file.unwrap_or_else(|| "none".to_owned()), String::new()]);
                table.row(["provider".to_owned(), section.name().to_owned(), why(choice.why)]);
                if section.name() != kind {
                    table.row([format!("{}.kind", section.name()), kind.to_owned(), String::new()]);
                }
                if let Some(ttl) = &ttl {
                    table.row([ttl.key().to_owned(), ttl.text().to_owned(), origin(ttl.origin())]);
                }
                for setting in &settings {
                    let key = format!("{}.{}", section.name(), setting.key);
                    table.row([key, value(setting), origin(&setting.origin)]);
                }
                for setting in &budget {
                    table.row([setting.key.clone(), value(setting), origin(&setting.origin)]);
                }
                setup.printer.out(table.text(setup.printer.page()))?;
            }
        }
        Ok(code::OK)
    }
}

fn value(setting: &Setting) -> String {
    match &setting.value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "(hidden)".to_owned(),
    }
}

fn why(why: Why) -> String {
    match why {
        Why::Asked => "--provider".to_owned(),
        Why::Variable => format!("${}", machine_config::PROVIDER_VARIABLE),
        Why::File(Some(place)) => format!("line {}, column {}", place.line, place.column),
        Why::File(None) => "the file".to_owned(),
        Why::Only => "the only section".to_owned(),
        Why::Default => "default".to_owned(),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::File(place) => format!("line {}, column {}", place.line, place.column),
        Origin::Variables(place, names) => {
            format!("line {}, column {}, ${}", place.line, place.column, names.join(", $"))
        }
        Origin::Environment(name) => format!("${name}"),
        Origin::Flag(name) => (*name).to_owned(),
        Origin::Default => "default".to_owned(),
    }
}

fn to_json(setting: &Setting) -> Value {
    let (place, variables) = match &setting.origin {
        Origin::File(place) => (Some(place), Vec::new()),
        Origin::Variables(place, names) => (Some(place), names.clone()),
        Origin::Environment(name) => (None, vec![(*name).to_owned()]),
        Origin::Flag(_) | Origin::Default => (None, Vec::new()),
    };
    json!({
        "key": setting.key,
        "value": setting.value,
        "hidden": setting.value.is_none(),
        "default": setting.origin == Origin::Default,
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "variables": variables,
        "flag": match &setting.origin {
            Origin::Flag(name) => Some(*name),
            _ => None,
        },
    })
}
