//! Which machines are meant: by whose they are, and by what is known of them.

use clap::Args;
use machine_core::{Machine, OwnerId, Result, Selector};
use machine_fleet::StateDir;

use crate::app::App;
use crate::client_id::{self, Whose};
use crate::values;

/// Flags that say which machines are meant. All of them have to fit.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which machines")]
pub(crate) struct Which {
    /// Also those that other tools, other clients and other computers made.
    #[arg(long, short)]
    pub(crate) all: bool,
    /// Only the one of this id.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only those of this name.
    #[arg(long, short, value_name = "NAME")]
    name: Option<String>,
    /// Only those that have this tag.
    #[arg(long, short, value_name = "TAG")]
    tag: Option<String>,
    /// Only those made by this type.
    #[arg(long = "type", short = 'm', value_name = "TYPE")]
    of_type: Option<String>,
    /// Only those in this region.
    #[arg(long, short, value_name = "REGION")]
    region: Option<String>,
    /// Only those in this state.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only those that carry this label.
    #[arg(long, short, value_name = "K=V", value_parser = values::label)]
    label: Vec<(String, String)>,
}

/// The machines that are meant, by name and then by id.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// They.
    pub(crate) machines: Vec<Machine>,
    /// How many more would have been meant with `--all`.
    pub(crate) elsewhere: usize,
}

impl Which {
    /// Whether nothing narrows it down: all of ours are meant.
    pub(crate) fn is_open(&self) -> bool {
        let Self { all, id, name, tag, of_type, region, state, label } = self;
        !all && label.is_empty() && [id, name, tag, of_type, region, state].into_iter().all(Option::is_none)
    }

    /// What the provider is asked for. It may answer with more.
    pub(crate) fn selector(&self) -> Selector {
        Selector {
            name: self.name.clone(),
            labels: self.label.iter().cloned().collect(),
            tag: self.tag.clone(),
            ..Selector::all()
        }
    }

    /// Those of `machines` that are meant.
    ///
    /// # Errors
    /// A client id that cannot be read.
    pub(crate) fn of(&self, app: &App, mut machines: Vec<Machine>) -> Result<Chosen> {
        let (selector, of_type) = (self.selector(), self.of_type.as_ref().map(|name| name.to_lowercase()));
        machines.retain(|machine| selector.matches(machine) && self.fits(machine, of_type.as_deref()));
        machines.sort_unstable_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        let before = machines.len();
        if !self.all {
            let us = Us::of(app)?;
            machines.retain(|machine| us.whose(machine) == Whose::Ours);
        }
        Ok(Chosen { elsewhere: before - machines.len(), machines })
    }

    /// What no provider is asked for.
    fn fits(&self, machine: &Machine, of_type: Option<&str>) -> bool {
        let is = |wanted: Option<&str>, found: Option<&str>| wanted.is_none() || wanted == found;
        let state = self.state.as_deref();
        is(self.id.as_deref(), Some(machine.id.as_str()))
            && is(of_type, client_id::type_of(machine))
            && is(self.region.as_deref(), machine.region.as_deref())
            && (is(state, Some(machine.state.as_str())) || is(state, Some(&machine.raw_state)))
    }
}

/// Who asks.
#[derive(Debug)]
pub(crate) struct Us {
    client: Option<String>,
    owner: Option<OwnerId>,
}

impl Us {
    /// Who we are here. Makes nothing.
    ///
    /// # Errors
    /// A client id or an owner that cannot be read.
    pub(crate) fn of(app: &App) -> Result<Self> {
        Ok(Self { client: client_id::known(app.setup())?, owner: StateDir::owner_at(app.state())? })
    }

    /// Whose the machine is.
    pub(crate) fn whose(&self, machine: &Machine) -> Whose {
        client_id::whose(machine, self.client.as_deref(), self.owner.as_ref())
    }
}
