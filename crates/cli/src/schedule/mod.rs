//! A sweep that runs regularly: a timer of the user's systemd, or a line in the crontab.

mod cron;
mod process;
mod sweep;
mod systemd;

use std::fmt;
use std::path::PathBuf;

use machine_core::{Error, ErrorKind, Result};

pub(crate) use sweep::Sweep;

use crate::setup::Setup;

/// The environment variable that says that something else sweeps.
const VARIABLE: &str = "MACHINE_GC_SCHEDULED";

/// Who sweeps regularly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scheduled {
    /// Something that the environment vouches for.
    Variable,
    /// Something that the configuration vouches for.
    Config,
    /// Our timer, which is this file.
    Timer(PathBuf),
    /// Our line in the crontab.
    Cron,
}

impl fmt::Display for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => write!(f, "{VARIABLE} says that one is scheduled"),
            Self::Config => f.write_str("the configuration says that one is scheduled"),
            Self::Timer(file) => write!(f, "every ten minutes, by {}", file.display()),
            Self::Cron => f.write_str("every ten minutes, by a line in the crontab"),
        }
    }
}

/// What would be done, or was.
#[derive(Debug)]
pub(crate) enum Plan {
    /// Files for systemd, and what is told to systemctl.
    Systemd(Vec<(PathBuf, String)>),
    /// The line for the crontab.
    Cron(String),
}

/// Who sweeps regularly, where somebody does. Programs are asked only where no file answers.
///
/// # Errors
/// A configuration that cannot be read. A crontab that cannot is none.
pub(crate) async fn find(setup: &Setup) -> Result<Option<Scheduled>> {
    let environment = &setup.surroundings.environment;
    if environment.get(VARIABLE).is_some_and(|value| value == "1" || value == "true") {
        return Ok(Some(Scheduled::Variable));
    }
    if setup.config.is_swept_elsewhere()? {
        return Ok(Some(Scheduled::Config));
    }
    if let Some(timer) = systemd::timer(environment).filter(|timer| timer.exists()) {
        return Ok(Some(Scheduled::Timer(timer)));
    }
    let crontab = cron::read(environment).await.ok().flatten();
    Ok(crontab.filter(|crontab| cron::has_line(crontab)).map(|_| Scheduled::Cron))
}

/// What [`install`] would do here.
///
/// # Errors
/// [`ErrorKind::Unsupported`] with the line to add by hand, where there is neither a systemd nor a crontab.
pub(crate) async fn plan(setup: &Setup, sweep: &Sweep) -> Result<Plan> {
    let environment = &setup.surroundings.environment;
    if systemd::is_reachable(environment).await {
        return systemd::files(environment, sweep).map(Plan::Systemd);
    }
    let line = cron::line(sweep)?;
    match cron::read(environment).await {
        Ok(Some(_)) => Ok(Plan::Cron(line)),
        Ok(None) => {
            let what = "nothing here runs a sweep regularly: neither a systemd of yours nor `crontab` answers";
            let hint = format!("have something run this line, which is written as for cron: {line}");
            Err(Error::new(ErrorKind::Unsupported, what).with_hint(hint))
        }
        Err(error) => Err(error.with_hint(format!("add this line to it by hand: {line}"))),
    }
}

/// Has the sweep run every ten minutes from now on, in place of one that was scheduled before.
///
/// # Errors
/// As [`plan`]; what systemctl or crontab say.
pub(crate) async fn install(setup: &Setup, sweep: &Sweep) -> Result<Scheduled> {
    let environment = &setup.surroundings.environment;
    match plan(setup, sweep).await? {
        Plan::Systemd(_) => systemd::install(environment, sweep).await.map(Scheduled::Timer),
        Plan::Cron(line) => {
            let crontab = cron::read(environment).await?.unwrap_or_default();
            let wanted = cron::with_line(&crontab, &line);
            if wanted != crontab {
                cron::write(environment, &wanted).await?;
            }
            Ok(Scheduled::Cron)
        }
    }
}

/// What [`install`] has made here, of both kinds.
///
/// # Errors
/// A crontab that cannot be read.
pub(crate) async fn installed(setup: &Setup) -> Result<Vec<Scheduled>> {
    let environment = &setup.surroundings.environment;
    let timer = systemd::timer(environment).filter(|timer| timer.exists());
    let mut installed: Vec<_> = timer.map(Scheduled::Timer).into_iter().collect();
    let crontab = cron::read(environment).await?.unwrap_or_default();
    installed.extend(cron::has_line(&crontab).then_some(Scheduled::Cron));
    Ok(installed)
}

/// Takes away what [`install`] has made, of both kinds. What there was.
///
/// # Errors
/// A file that cannot be removed; what systemctl or crontab say.
pub(crate) async fn remove(setup: &Setup) -> Result<Vec<Scheduled>> {
    let environment = &setup.surroundings.environment;
    let mut removed = Vec::new();
    if let Some(timer) = systemd::timer(environment)
        && systemd::remove(environment).await?
    {
        removed.push(Scheduled::Timer(timer));
    }
    let crontab = cron::read(environment).await?.unwrap_or_default();
    if cron::has_line(&crontab) {
        cron::write(environment, &cron::without_line(&crontab)).await?;
        removed.push(Scheduled::Cron);
    }
    Ok(removed)
}

/// What is told to systemctl once its files are written, a line each.
pub(crate) fn systemctl_lines() -> impl Iterator<Item = String> {
    systemd::COMMANDS.iter().map(|args| format!("systemctl {}", args.join(" ")))
}
