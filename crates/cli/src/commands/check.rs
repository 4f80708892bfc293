//! `machine check`.

use clap::Args;
use machine_config::Section;
use machine_core::{
    CloudProvider, Completeness, Error, ErrorKind, Layers, ProviderExt as _, Result, Selector, nearest,
};
use serde::Serialize;

use crate::dns;
use crate::failure::{Failure, code};
use crate::printer::Printer;
use crate::setup::Setup;
use crate::show::{Format, Output};
use crate::typed;

const EXAMPLES: &str = "\
Examples:
  machine check
  machine check --provider work
  machine check -o json | jq .passed";

/// Checks the configuration of an account, strictly, that its credential is accepted, and that what it names is there. Changes
/// nothing.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Check {
    /// How to show what comes of it.
    #[command(flatten)]
    output: Output,
}

impl Check {
    /// Checks everything that can be checked, a line each.
    ///
    /// # Errors
    /// A configuration or provider that cannot be opened; [`code::CREDENTIALS`] where the credential is not accepted,
    /// [`code::FAILED`] where something else is wrong.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let section = setup.choose()?.section;
        let mut report = Report::new(&setup.printer, self.output.for_programs());
        report.text(format_args!("Checking config for provider: {}", section.kind().info().title))?;
        let checked = check(setup, &section, &mut report).await;
        // What could not even be begun is told as every failure is.
        if !matches!(checked, Err(Failure::Error(_))) {
            report.conclude(section.name(), section.kind().info().kind)?;
        }
        checked
    }
}

async fn check(setup: &Setup, section: &Section, report: &mut Report<'_>) -> Result<u8, Failure> {
    let flaws = setup.flaws(section)?;
    flaws.iter().try_for_each(|flaw| report.fail("Configuration", flaw))?;
    let provider = match setup.open(section) {
        Ok(opened) => Layers::default().around(opened.provider),
        Err(error) => {
            report.fail("Configuration", &error)?;
            report.text("\nSome checks failed.")?;
            return Err(Failure::Said(Failure::from(error).code()));
        }
    };
    match provider.account().await {
        Ok(account) => report.pass("API authentication", &account.name)?,
        Err(error) => {
            report.fail("API authentication", &error)?;
            report.text("\nAPI authentication failed, skipping remaining checks.")?;
            return Err(Failure::Said(Failure::from(error).code()));
        }
    }
    ssh_keys(report, section, &*provider).await?;
    report.named(section, "DNS zone", "dns-zone", async |zone| zone_of(&*provider, zone).await).await?;
    report.named(section, "Project", "project", async |name| project(&*provider, name).await).await?;
    report.named(section, "Region", "region", async |region| region_of(&*provider, region).await).await?;
    report.named(section, "Image", "image", async |image| image_of(&*provider, image).await).await?;
    machines(report, &*provider).await?;
    report.text(if report.is_good() { "\nAll checks passed." } else { "\nSome checks failed." })?;
    if report.is_good() { Ok(code::OK) } else { Err(Failure::Said(code::FAILED)) }
}

async fn ssh_keys(report: &mut Report<'_>, section: &Section, provider: &dyn CloudProvider) -> Result<(), Failure> {
    const CHECK: &str = "SSH key";
    let names = section.texts("ssh-key");
    let Some(keys) = provider.ssh_keys() else {
        return report.add(Outcome::Skip, CHECK, "no ssh keys are registered there");
    };
    if names.is_empty() {
        return report.add(Outcome::Skip, CHECK, "no `ssh-key` is configured");
    }
    match keys.list().await {
        Err(error) => report.fail(CHECK, &error),
        Ok(registered) => {
            names.into_iter().try_for_each(|name| match typed::registered(&registered, name, provider.info().title) {
                Ok(_) => report.pass(CHECK, name),
                Err(error) => report.fail(CHECK, &error),
            })
        }
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
    if images.iter().any(is) {
        return Ok(Found::There);
    }
    Ok(Found::Unsure(format!("`{image}` is not listed by `machine images`; `create` finds out")))
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

async fn machines(report: &mut Report<'_>, provider: &dyn CloudProvider) -> Result<(), Failure> {
    const CHECK: &str = "Machines";
    match provider.list_all(Selector::all()).await {
        Ok((machines, Completeness::Complete, _)) => report.pass(CHECK, &format!("{} listed", machines.len())),
        Ok((_, Completeness::Partial, problems)) => {
            problems.iter().try_for_each(|problem| report.add(Outcome::Fail, CHECK, problem))
        }
        Err(error) => report.fail(CHECK, &error),
    }
}

/// What was found of a thing that the configuration names.
enum Found {
    There,
    /// Why nobody can tell.
    Unsure(String),
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Pass,
    Fail,
    Skip,
}

/// One check.
#[derive(Debug, Serialize)]
struct Checked {
    what: &'static str,
    outcome: Outcome,
    detail: String,
}

/// What came of the checks: a line each to a person at once, all of it to a program at the end.
struct Report<'a> {
    printer: &'a Printer,
    format: Option<Format>,
    checks: Vec<Checked>,
}

/// The whole of it, for a program.
#[derive(Serialize)]
struct Shown<'a> {
    account: &'a str,
    provider: &'a str,
    passed: bool,
    checks: &'a [Checked],
}

impl<'a> Report<'a> {
    fn new(printer: &'a Printer, format: Option<Format>) -> Self {
        Self { printer, format, checks: Vec::new() }
    }

    fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.outcome != Outcome::Fail)
    }

    fn pass(&mut self, what: &'static str, detail: &str) -> Result<(), Failure> {
        self.add(Outcome::Pass, what, detail)
    }

    fn fail(&mut self, what: &'static str, error: &Error) -> Result<(), Failure> {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        self.add(Outcome::Fail, what, &format!("{error}{hint}"))
    }

    fn add(&mut self, outcome: Outcome, what: &'static str, detail: &str) -> Result<(), Failure> {
        let word = match outcome {
            Outcome::Pass => "PASS",
            Outcome::Fail => "FAIL",
            Outcome::Skip => "SKIP",
        };
        self.checks.push(Checked { what, outcome, detail: detail.to_owned() });
        self.text(format_args!("  {word}: {what} ({detail})"))
    }

    /// Checks what the setting `key` names, where it names anything.
    async fn named(
        &mut self,
        section: &Section,
        what: &'static str,
        key: &str,
        find: impl AsyncFnOnce(&str) -> Result<Found>,
    ) -> Result<(), Failure> {
        let Some(name) = section.text(key).filter(|name| !name.is_empty()) else {
            return self.add(Outcome::Skip, what, &format!("no `{key}` is configured"));
        };
        match find(name).await {
            Ok(Found::There) => self.pass(what, name),
            Ok(Found::Unsure(why)) => self.add(Outcome::Skip, what, &why),
            Err(error) => self.fail(what, &error),
        }
    }

    /// Says it to a person.
    fn text(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        if self.format.is_none() { self.printer.line(text) } else { Ok(()) }
    }

    /// Says all of it to a program.
    fn conclude(&self, account: &str, provider: &str) -> Result<(), Failure> {
        let shown = Shown { account, provider, passed: self.is_good(), checks: &self.checks };
        self.format.map_or(Ok(()), |format| self.printer.value(format, &shown))
    }
}
