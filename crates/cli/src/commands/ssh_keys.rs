//! `machine ssh-keys`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use machine_core::{Error, ErrorKind, Lifetime, Result, SshKey, SshKeySpec};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::named;
use crate::show::{self, Column, ListOutput};
use crate::sweeps::{self, Reach};
use crate::{confirm, reaper};

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine ssh-keys
  machine ssh-keys add laptop ~/.ssh/id_ed25519.pub
  machine ssh-keys destroy laptop";
const ADD: &str = "\
Examples:
  machine ssh-keys add laptop ~/.ssh/id_ed25519.pub";
const DESTROY: &str = "\
Examples:
  machine ssh-keys destroy laptop
  machine ssh-keys destroy --yes 512190";

/// What is wanted in place of another file.
const HINT: &str = "give the .pub file beside it, one line such as `ssh-ed25519 AAAA… me@here`";

/// The largest file that is read as a public key.
const LARGEST: usize = 1 << 16;

/// Shows the public ssh keys that are registered with the account, and changes them.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns()), args_conflicts_with_subcommands = true)]
pub(crate) struct SshKeys {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
    /// What to change; nothing otherwise.
    #[command(subcommand)]
    change: Option<Change>,
}

/// What is changed.
#[derive(Debug, Subcommand)]
enum Change {
    /// Register a public key.
    Add(Add),
    /// Take keys off the account; machines that have them keep them.
    #[command(visible_alias = "rm")]
    Destroy(Destroy),
}

/// Registers a public key.
#[derive(Debug, Args)]
#[command(before_help = ADD)]
struct Add {
    /// Its name in the account.
    name: String,
    /// The file that it is in, one line as ssh-keygen writes it.
    #[arg(value_name = "FILE.pub")]
    file: PathBuf,
}

/// Takes keys off the account; machines that have them keep them.
#[derive(Debug, Args)]
#[command(before_help = DESTROY)]
struct Destroy {
    /// Which, by name or id.
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl SshKeys {
    /// Lists them, or does what was asked for.
    ///
    /// # Errors
    /// `Unsupported` where the provider keeps no keys; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        of(app)?;
        match &self.change {
            None => self.list(app).await,
            Some(change) => {
                sweeps::settle_dead_clients(app, Reach::Everywhere).await;
                match change {
                    Change::Add(add) => add.run(app).await,
                    Change::Destroy(destroy) => destroy.run(app).await,
                }
            }
        }
    }

    async fn list(&self, app: &App) -> Result<u8, Failure> {
        let keys = of(app)?.list().await?;
        let list = show::List::new(&keys, columns(), |key: &SshKey| key.id.to_string()).line(|key| {
            show::clean(&format!("{}: {} ({})", key.id, key.name, key.fingerprint.as_deref().unwrap_or_default()))
        });
        self.output.show(&app.printer, list)?;
        Ok(code::OK)
    }
}

fn columns() -> Vec<Column<'static, SshKey>> {
    vec![
        Column::whole("ID", |key: &SshKey| key.id.to_string()),
        Column::new("NAME", |key: &SshKey| key.name.clone()),
        Column::whole("FINGERPRINT", |key: &SshKey| key.fingerprint.clone().unwrap_or_default()),
    ]
}

impl Add {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let spec = SshKeySpec { name: self.name.clone(), public_key: self.read()? };
        if app.only_tells(format_args!("register ssh key {}", show::clean(&spec.name)))? {
            return Ok(code::OK);
        }
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create_ssh_key(&spec, Lifetime::Deadline, None).await?) };
        let key = reaper::watched_where_it_costs(app, create).await?;
        app.printer.line(&key.id)?;
        Ok(code::OK)
    }

    /// The public key in the file. Another file, a private key above all, goes nowhere.
    fn read(&self) -> Result<String> {
        let shown = self.file.display();
        let bytes = fs::read(&self.file).map_err(|error| Error::io(format!("cannot read {shown}"), error))?;
        let bad = |what: &str, hint: &'static str| {
            Err(Error::new(ErrorKind::Invalid, format!("{shown} {what}")).with_hint(hint))
        };
        let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= LARGEST) else {
            return bad("is no public ssh key", HINT);
        };
        if text.contains("PRIVATE KEY") {
            return bad("is a private key, which nobody else is to have", HINT);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (lines.next(), lines.next()) {
            (Some(line), None) if line.split_whitespace().nth(1).is_some_and(|body| body.starts_with("AAAA")) => {
                Ok(line.to_owned())
            }
            (Some(_), Some(_)) => bad("has more than one line", "register one key at a time"),
            _ => bad("is no public ssh key", HINT),
        }
    }
}

impl Destroy {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let keys = of(app)?.list().await?;
        let destroy = super::each(&app.printer, &self.keys, async |wanted| {
            let key = named::among(&keys, wanted)?;
            if app.only_tells(format_args!("destroy ssh key {} ({})", show::clean(&key.name), key.id))? {
                return Ok(());
            }
            if !self.yes {
                confirm::destroying(&app.printer, "ssh key", &key.name, key.id.as_str())?;
            }
            app.fleet().await?.destroy_ssh_key(&key.id, app.destroy_deadline()).await?;
            app.printer.progress(format_args!("{}: taken off the account", key.name));
            Ok(())
        });
        reaper::watched_where_it_costs(app, destroy).await
    }
}

fn of(app: &App) -> Result<&dyn machine_core::SshKeys> {
    app.provider()
        .ssh_keys()
        .ok_or_else(|| Error::unsupported(app.provider().info().kind, "no ssh keys are registered with it"))
}
