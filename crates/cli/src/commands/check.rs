//! `machine check`.

use std::fmt;

use clap::Args;
use machine_config::Section;
use machine_core::{
    CloudProvider, Completeness, Error, ErrorKind, Layers, ProviderExt as _, Result, Selector, nearest,
};
use serde::Serialize;
use serde_json::json;

use super::version::TextOrJson;
use crate::dns;
use crate::failure::{Failure, code};
use crate::setup::Setup;
use crate::typed;

const EXAMPLES: &str = "\
Examples:
  machine check
  machine check --provider work
  machine check -o json | jq '.checks[] | select(.outcome == \"fail\")'";

/// Checks the configuration of an account, strictly, that its credential is accepted, and that what it names is there. Changes
/// nothing.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Check {
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Pass,
    Fail,
    Skip,
}

/// One line.
#[derive(Debug, Serialize)]
struct Line {
    check: &'static str,
    outcome: Outcome,
    detail: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.outcome {
            Outcome::Pass => "PASS",
            Outcome::Fail => "FAIL",
            Outcome::Skip => "SKIP",
        };
        write!(f, "  {word}: {} ({})", self.check, self.detail)
    }
}

/// The lines as they come: a text is shown line by line, JSON at the end.
struct Lines<'a> {
    setup: &'a Setup,
    section: &'a Section,
    output: TextOrJson,
    lines: Vec<Line>,
}

impl Check {
    /// Checks everything that can be checked, a line each.
    ///
    /// # Errors
    /// A configuration that cannot be read; the code of what keeps the provider from being asked at all,
    /// [`code::CREDENTIALS`] where the credential is not accepted, [`code::FAILED`] where something else is wrong.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let section = setup.choose()?.section;
        let flaws = setup.flaws(&section)?;
        let mut lines = Lines { setup, section: &section, output: self.output, lines: Vec::new() };
        lines.begin()?;
        for flaw in &flaws {
            lines.told("Configuration", Err(flaw))?;
        }
        let provider = match setup.open(&section) {
            Ok(opened) => Layers::default().around(opened.provider),
            Err(error) => {
                lines.told("Configuration", Err(&error))?;
                return lines.end("Some checks failed.", Failure::from(error).code());
            }
        };
        match provider.account().await {
            Ok(account) => lines.told("API authentication", Ok(account.name))?,
            Err(error) => {
                lines.told("API authentication", Err(&error))?;
                let end = "API authentication failed, skipping remaining checks.";
                return lines.end(end, Failure::from(error).code());
            }
        }
        ssh_keys(&mut lines, &*provider).await?;
        lines.named("DNS zone", "dns-zone", async |zone| zone_of(&*provider, zone).await).await?;
        lines.named("Project", "project", async |name| project(&*provider, name).await).await?;
        lines.named("Region", "region", async |region| region_of(&*provider, region).await).await?;
        lines.named("Image", "image", async |image| image_of(&*provider, image).await).await?;
        machines(&mut lines, &*provider).await?;
        if lines.lines.iter().any(|line| line.outcome == Outcome::Fail) {
            return lines.end("Some checks failed.", code::FAILED);
        }
        lines.end("All checks passed.", code::OK)
    }
}

/// What was found of a thing that the configuration names: what to say of it, or why it cannot be told.
enum Found {
    There,
    Unsure(String),
}

impl Lines<'_> {
    fn begin(&self) -> Result<(), Failure> {
        match self.output {
            TextOrJson::Json => Ok(()),
            TextOrJson::Text => {
                let title = self.section.kind().info().title;
                self.setup.printer.line(format_args!("Checking config for provider: {title}"))
            }
        }
    }

    fn add(&mut self, check: &'static str, outcome: Outcome, detail: String) -> Result<(), Failure> {
        let line = Line { check, outcome, detail };
        if self.output == TextOrJson::Text {
            self.setup.printer.line(&line)?;
        }
        self.lines.push(line);
        Ok(())
    }

    fn told(&mut self, check: &'static str, found: Result<String, &Error>) -> Result<(), Failure> {
        match found {
            Ok(detail) => self.add(check, Outcome::Pass, detail),
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                self.add(check, Outcome::Fail, format!("{error}{hint}"))
            }
        }
    }

    /// Checks what the setting `key` names, where it names anything.
    async fn named(
        &mut self,
        check: &'static str,
        key: &str,
        find: impl AsyncFnOnce(&str) -> Result<Found>,
    ) -> Result<(), Failure> {
        let section = self.section;
        let Some(name) = section.text(key).filter(|name| !name.is_empty()) else {
            return self.add(check, Outcome::Skip, format!("no `{key}` is configured"));
        };
        match find(name).await {
            Ok(Found::There) => self.add(check, Outcome::Pass, name.to_owned()),
            Ok(Found::Unsure(why)) => self.add(check, Outcome::Skip, why),
            Err(error) => self.told(check, Err(&error)),
        }
    }

    fn end(self, sentence: &str, code: u8) -> Result<u8, Failure> {
        match self.output {
            TextOrJson::Text => self.setup.printer.line(format_args!("\n{sentence}"))?,
            TextOrJson::Json => self.setup.printer.json(&json!({
                "provider": { "name": self.section.name(), "kind": self.section.kind().info().kind },
                "file": self.setup.config.file().map(|file| file.display().to_string()),
                "passed": code == code::OK,
                "checks": self.lines,
            }))?,
        }
        if code == code::OK { Ok(code) } else { Err(Failure::Said(code)) }
    }
}

async fn ssh_keys(lines: &mut Lines<'_>, provider: &dyn CloudProvider) -> Result<(), Failure> {
    const CHECK: &str = "SSH key";
    let section = lines.section;
    let names = section.texts("ssh-key");
    let Some(keys) = provider.ssh_keys() else {
        return lines.add(CHECK, Outcome::Skip, "no ssh keys are registered there".to_owned());
    };
    if names.is_empty() {
        return lines.add(CHECK, Outcome::Skip, "no `ssh-key` is configured".to_owned());
    }
    match keys.list().await {
        Err(error) => lines.told(CHECK, Err(&error)),
        Ok(registered) => names.into_iter().try_for_each(|name| {
            let found = typed::registered(&registered, name, provider.info().title);
            lines.told(CHECK, found.as_ref().map(|_| name.to_owned()))
        }),
    }
}

async fn zone_of(provider: &dyn CloudProvider, zone: &str) -> Result<Found> {
    let Some(dns) = provider.dns() else {
        return Ok(Found::Unsure(format!("{} hosts no DNS zones", provider.info().title)));
    };
    dns::among(&dns.domains().await?, zone).map(|()| Found::There)
}

async fn project(provider: &dyn CloudProvider, name: &str) -> Result<Found> {
    let Some(projects) = provider.projects() else {
        return Ok(Found::Unsure(format!("{} has no projects", provider.info().title)));
    };
    let names: Vec<_> = projects.list().await?.into_iter().map(|project| project.name).collect();
    there("project", name, &names, "machine projects")
}

async fn region_of(provider: &dyn CloudProvider, region: &str) -> Result<Found> {
    let regions: Vec<_> = provider.catalog().regions().await?.into_iter().map(|region| region.id).collect();
    if regions.is_empty() {
        return Ok(Found::Unsure(format!("{} does not list its regions", provider.info().title)));
    }
    there("region", &region.to_lowercase(), &regions, "machine regions")
}

/// Not every image is listed: a cloud may have more for those who know their names.
async fn image_of(provider: &dyn CloudProvider, image: &str) -> Result<Found> {
    let images = provider.catalog().images().await?;
    let is = |found: &machine_core::Image| {
        found.id == image || found.neutral.as_deref() == Some(image) || found.name == image
    };
    match images.iter().any(is) {
        true => Ok(Found::There),
        false => Ok(Found::Unsure(format!("`{image}` is not listed by `machine images`; `create` finds out"))),
    }
}

fn there(what: &str, name: &str, all: &[String], listed_by: &str) -> Result<Found> {
    if all.iter().any(|one| one == name) {
        return Ok(Found::There);
    }
    let error = Error::new(ErrorKind::NotFound, format!("no {what} is called `{name}`"));
    Err(match nearest(name, all.iter().map(String::as_str)).first() {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint(format!("`{listed_by}` shows what there is")),
    })
}

async fn machines(lines: &mut Lines<'_>, provider: &dyn CloudProvider) -> Result<(), Failure> {
    const CHECK: &str = "Machines";
    match provider.list_all(Selector::all()).await {
        Ok((machines, Completeness::Complete, _)) => lines.told(CHECK, Ok(format!("{} listed", machines.len()))),
        Ok((_, Completeness::Partial, problems)) => {
            problems.iter().try_for_each(|problem| lines.add(CHECK, Outcome::Fail, problem.to_string()))
        }
        Err(error) => lines.told(CHECK, Err(&error)),
    }
}
