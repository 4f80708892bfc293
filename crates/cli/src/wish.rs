//! What is asked for when a machine is created: the flags, its type and the configuration put together.

use std::ffi::OsStr;

use jiff::Timestamp;
use machine_core::{Error, MachineName, MachineSpec, OsText, Result};

use crate::app::App;
use crate::client_id;
use crate::dns;
use crate::machine_args::MachineArgs;
use crate::ttl::{self, Ttl};
use crate::typed::Typed;

/// What the command line says of every machine that it creates.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// What kind of machine.
    pub(crate) machine: &'a MachineArgs,
    /// Its own command.
    pub(crate) command: Vec<&'a OsStr>,
    /// Its type.
    pub(crate) of_type: Option<&'a str>,
    /// Tags of the user's.
    pub(crate) tags: &'a [String],
    /// Whether it is set up as its type says.
    pub(crate) initialize: bool,
    /// Whether it is to have a name in the account's zone.
    pub(crate) update_dns: bool,
}

/// What is asked for, of one machine.
#[derive(Debug)]
pub(crate) struct Wish {
    /// The machine.
    pub(crate) spec: MachineSpec,
    /// How long it may stay.
    pub(crate) ttl: Option<Ttl>,
    /// When it must be gone.
    pub(crate) deadline: Option<Timestamp>,
    /// The zone that is to have its name.
    pub(crate) zone: Option<String>,
}

impl Wish {
    /// The wish for the machine of that name. Makes nothing in the cloud.
    ///
    /// # Errors
    /// The flag, type or setting that cannot be fulfilled.
    pub(crate) async fn of(app: &App, name: MachineName, asked: &Asked<'_>) -> Result<Self> {
        let args = asked.machine;
        let typed = asked.of_type.map(|name| Typed::find(app, name)).transpose()?;
        let ttl = ttl::effective(app, args.ttl, typed.as_ref())?;
        let deadline = ttl.map(|ttl| ttl.deadline(app.clock())).transpose()?.flatten();
        let configured = dns::configured_zone(app);
        let fqdn = configured.as_deref().map(|zone| dns::whole_name(name.as_str(), zone)).unwrap_or_default();
        let zone = configured.filter(|_| asked.update_dns && app.provider().dns().is_some());
        let mut spec = args.spec(app, name).await?;
        spec.env = args.env(app)?;
        spec.command = asked.command.iter().map(|part| OsText::from(*part)).collect();
        spec.workdir = args.workdir.as_deref().map(OsText::from);
        if let Some(typed) = &typed {
            typed.complete(app, &mut spec).await?;
            if asked.initialize {
                typed.initialize(app, &mut spec, &fqdn).await?;
            }
        }
        if app.provider().capabilities().tags {
            spec.tags = client_id::tags(&client(app)?, asked.of_type, asked.tags);
        } else if let Some(tag) = asked.tags.first() {
            let what = format!("a machine cannot have tags, `{tag}` or any other");
            return Err(Error::unsupported(app.provider().info().kind, what).with_hint("`--label K=V` does the same"));
        }
        Ok(Self { spec, ttl, deadline, zone })
    }
}

/// The client id. Where nothing is to be done, none is made up and written down either.
fn client(app: &App) -> Result<String> {
    if !app.setup().globals.dry_run {
        return client_id::settled(app.setup());
    }
    Ok(client_id::known(app.setup())?.unwrap_or_else(|| "new".to_owned()))
}
