//! `machine gc --install-timer` and `--remove-timer`.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use machine_config::{Origin, Section};

use crate::accounts;
use crate::failure::{Failure, code};
use crate::schedule::{self, Plan, Scheduled, Sweep};
use crate::setup::Setup;

/// Has a sweep run regularly, or shows what that would write.
///
/// # Errors
/// A computer without systemd and cron, with the line to add by hand; what they say.
pub(crate) async fn install(setup: &Setup, flags: &[&str], dry_run: bool) -> Result<u8, Failure> {
    let sweep = Sweep::of(setup, flags)?;
    if dry_run {
        match schedule::plan(setup, &sweep).await? {
            Plan::Systemd(files) => {
                for (path, text) in files {
                    setup.printer.line(format_args!("would write {}:\n\n{text}", path.display()))?;
                }
                for line in schedule::systemctl_lines() {
                    setup.printer.line(format_args!("would run {line}"))?;
                }
            }
            Plan::Cron(line) => setup.printer.line(format_args!("would add to the crontab:\n\n{line}"))?,
        }
    } else {
        let scheduled = schedule::install(setup, &sweep).await?;
        setup.printer.line(format_args!("A sweep is scheduled: {scheduled}."))?;
        if matches!(scheduled, Scheduled::Timer(_)) {
            setup.printer.note(
                "It runs while you are logged in; `loginctl enable-linger` has it run for as long as this computer does.",
            );
        }
    }
    warn_of_what_it_does_not_see(setup)?;
    Ok(code::OK)
}

/// Takes away what was installed, or shows what that would be.
///
/// # Errors
/// What systemd and cron say.
pub(crate) async fn remove(setup: &Setup, dry_run: bool) -> Result<u8, Failure> {
    let found = if dry_run { schedule::installed(setup).await? } else { schedule::remove(setup).await? };
    let done = if dry_run { "would be removed" } else { "removed" };
    for scheduled in &found {
        setup.printer.line(format_args!("{done}: {scheduled}"))?;
    }
    if found.is_empty() {
        setup.printer.note("There is no timer of ours.");
    }
    Ok(code::OK)
}

/// A timer has neither our environment nor our terminal: what an account has from there it will lack.
fn warn_of_what_it_does_not_see(setup: &Setup) -> Result<(), Failure> {
    let accounts = match accounts::named(setup)? {
        Some(account) => vec![account],
        None => accounts::every(setup, &BTreeSet::new())?,
    };
    let file =
        setup.config.file().map_or_else(|| "~/.config/machine/config.yml".into(), |file| file.display().to_string());
    let mut secrets = false;
    for section in accounts.iter().filter_map(|account| account.section.as_ref().ok()) {
        for (key, variable) in from_the_environment(section) {
            setup.printer.warn(format_args!(
                "the timer does not see {variable}, from which `{name}` has its `{key}`: write `{key}:` below `{name}:` in \
                 {file}, which only you may read (chmod 600)",
                name = section.name(),
            ));
        }
        secrets |= section
            .settings()
            .iter()
            .any(|setting| setting.value.is_none() && matches!(setting.origin, Origin::File(_)));
    }
    let mode = setup.config.file().and_then(|file| Some(file.metadata().ok()?.permissions().mode()));
    if secrets && mode.is_some_and(|mode| mode & 0o077 != 0) {
        setup.printer.warn(format_args!("{file} has a token in it and can be read by others: chmod 600 {file}"));
    }
    Ok(())
}

/// The settings that an account has from environment variables, each with the variables.
fn from_the_environment(section: &Section) -> Vec<(String, String)> {
    let of = |origin: &Origin| match origin {
        Origin::Environment(name) => Some((*name).to_owned()),
        Origin::Variables(_, names) => Some(names.join(", ")),
        _ => None,
    };
    section.settings().into_iter().filter_map(|setting| Some((setting.key, of(&setting.origin)?))).collect()
}
