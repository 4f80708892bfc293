//! `machine session`.

use clap::{Args, Subcommand};
use machine_agent::{Conversation, JobSpec, Session};
use machine_core::{Error, ErrorKind, MachineName, Result, SizeRequest, VolumeSpec};

use super::each;
use crate::app::App;
use crate::failure::{Failure, code};
use crate::job_args::{CarriedOn, JobArgs};
use crate::jobs::{self, Narrator};
use crate::sessions::{Facts, Inherited, Kept, Store};
use crate::setup::Setup;
use crate::show::{self, Column, ListOutput};
use crate::sweeps::{self, Reach};
use crate::ttl::Ttl;
use crate::{confirm, job, reaper, values};

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine session create fix --repo https://github.com/you/app -p 'find out why the test fails'
  machine session turn fix -p 'now mend it' --patch fix.patch
  machine session turn fix -- git log -1
  machine session list
  machine session destroy fix";

/// Jobs that share a workspace and a conversation.
#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// Make a session, with its first turn.
    Create(Box<Create>),
    /// Give a session another turn.
    Turn(Box<Turn>),
    /// List the sessions.
    #[command(visible_alias = "ls")]
    List(List),
    /// Show everything about a session, as JSON.
    Show(Show),
    /// Destroy sessions and what is in their workspaces.
    #[command(visible_alias = "rm")]
    Destroy(Destroy),
}

/// `machine session create`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  machine session create fix --repo https://github.com/you/app -p 'find out why the test fails'
  machine session create box --volume-size 20g --session-ttl 30d -- git clone https://github.com/you/app")]
pub(crate) struct Create {
    /// What to call it; its volume is called so too.
    #[arg(value_name = "NAME")]
    session: String,
    /// How big its workspace is, in whole GiB (20g, 1t) [default: the smallest that there is].
    #[arg(long, value_name = "SIZE", value_parser = values::gib)]
    volume_size: Option<u64>,
    /// How long it is kept: `machine gc` destroys it then (12h, 30d; `none`).
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = crate::ttl::parse)]
    session_ttl: Ttl,
    /// Its first turn.
    #[command(flatten)]
    job: JobArgs,
}

/// `machine session turn`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  machine session turn fix -p 'now mend it' --patch fix.patch
  machine session turn fix -- git log -1")]
pub(crate) struct Turn {
    /// Which.
    #[arg(value_name = "NAME")]
    session: String,
    /// What is done.
    #[command(flatten)]
    job: JobArgs,
}

/// `machine session list`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine session list\n  machine session list -o json")]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// `machine session show`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine session show fix")]
pub(crate) struct Show {
    /// Which.
    name: String,
}

/// `machine session destroy`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine session destroy fix\n  machine session destroy --yes fix box")]
pub(crate) struct Destroy {
    /// Which.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Sessions {
    /// Whether nothing is changed by it.
    pub(crate) fn only_shows(&self) -> bool {
        matches!(self, Self::List(_) | Self::Show(_))
    }

    /// Whether it exits as a job does.
    pub(crate) fn is_job(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Turn(_))
    }

    /// Does what was asked for.
    ///
    /// # Errors
    /// What keeps it from being done.
    pub(crate) async fn run(&self, setup: Setup) -> Result<u8, Failure> {
        match self {
            Self::Create(create) => create.run(&App::open(setup)?).await,
            Self::Turn(turn) => turn.run(setup).await,
            Self::List(list) => list.run(&setup),
            Self::Show(show) => {
                setup.printer.json(&Store::open(&setup.state()?)?.find(&show.name)?)?;
                Ok(code::OK)
            }
            Self::Destroy(destroy) => destroy.run(&setup).await,
        }
    }
}

impl Create {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let name: MachineName = self.session.parse()?;
        let store = Store::open(app.state())?;
        let kept = store.begin(&name)?;
        check(&self.job)?;
        // All of the first turn is understood before anything is made.
        let conversation = Conversation::fresh()?;
        let carried_on = CarriedOn { conversation: Some(conversation.clone()), ..CarriedOn::default() };
        let spec = self.job.spec(app, &carried_on).await?;
        let deadline = self.session_ttl.deadline(app.clock())?;
        let smallest = app.provider().capabilities().limits.smallest_volume_gib;
        let volume = VolumeSpec {
            name: name.clone(),
            size_gib: self.volume_size.unwrap_or(smallest),
            region: spec.machine.regions.first().cloned(),
        };
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        let fleet = app.fleet().await?;
        let making = async { Ok(Session::create(fleet, &volume, deadline, conversation).await?) };
        let session = reaper::watched_where_it_costs(app, making).await?;
        let size = match &spec.machine.size {
            SizeRequest::Named(size) => Some(size.clone()),
            _ => None,
        };
        let mut facts = Facts {
            name: name.to_string(),
            account: app.section().to_owned(),
            provider: app.provider().info().kind.to_owned(),
            created_at: app.clock().now(),
            deadline,
            turns: 0,
            last_turn_at: None,
            session,
            inherited: Inherited {
                image: spec.machine.image.clone(),
                size,
                env: self.job.machine.env(app)?,
                secrets: self.job.secret.clone(),
                agent: self.job.agent.agent,
            },
        };
        kept.save(&facts)?;
        let turned = turn(app, &self.job, spec, &kept, &mut facts).await;
        if facts.turns == 0 {
            // Nothing has been done in it: a session that could not be begun is none.
            let destroy = async { Ok(facts.session.destroy(fleet, app.destroy_deadline()).await?) };
            reaper::watched_where_it_costs(app, destroy).await?;
            kept.forget()?;
        }
        turned
    }
}

impl Turn {
    async fn run(&self, setup: Setup) -> Result<u8, Failure> {
        let (kept, mut facts) = Store::open(&setup.state()?)?.take(&self.session)?;
        check(&self.job)?;
        let app = of(&setup, &facts)?;
        let inherited = &facts.inherited;
        let carried_on = CarriedOn {
            conversation: Some(facts.session.conversation()),
            agent: inherited.agent,
            env: inherited.env.clone(),
            secrets: inherited.secrets.clone(),
        };
        let mut spec = self.job.spec(&app, &carried_on).await?;
        if spec.machine.image.is_none() {
            spec.machine.image.clone_from(&inherited.image);
        }
        if let (SizeRequest::Default, Some(size)) = (&spec.machine.size, &inherited.size) {
            spec.machine.size = SizeRequest::Named(size.clone());
        }
        sweeps::settle_dead_clients(&app, Reach::Everywhere).await;
        turn(&app, &self.job, spec, &kept, &mut facts).await
    }
}

/// What a turn of a session cannot be asked for.
fn check(job: &JobArgs) -> Result<()> {
    let refuse = |flag: &str, why: &str| Err(Error::new(ErrorKind::Invalid, format!("`{flag}`: {why}")));
    if job.keep {
        return refuse("--keep", "between the turns of a session there is no machine");
    }
    if job.detach {
        return refuse("--detach", "a turn of a session is waited for");
    }
    Ok(())
}

/// The account of a session, whatever is the usual one now.
fn of(setup: &Setup, facts: &Facts) -> Result<App> {
    if let Some(asked) = setup.asked_provider()?.filter(|asked| *asked != facts.account) {
        let what = format!("the session `{}` is in the account `{}`, and not `{asked}`", facts.name, facts.account);
        return Err(Error::new(ErrorKind::Conflict, what));
    }
    crate::accounts::Account::of(setup.tuned(setup.config.section(&facts.account)?), true).open(setup)
}

/// Runs one turn, and writes down what came of it.
async fn turn(app: &App, args: &JobArgs, spec: JobSpec, kept: &Kept, facts: &mut Facts) -> Result<u8, Failure> {
    let spec = facts.session.turn(spec);
    let begun_at = app.clock().now();
    let job = jobs::Store::open(app.state())?.begin(jobs::Facts::new(app.section(), &spec, app.clock()))?;
    let mut narrator = Narrator::new(&app.printer, app.clock(), job, args.json);
    let carried = reaper::watched(app, Box::pin(job::carry(app, spec, &mut narrator))).await;
    if narrator.has_started() {
        facts.turns += 1;
        facts.last_turn_at = Some(begun_at);
        if args.agent.prompt.is_some() {
            facts.session.prompted(matches!(carried, Ok(code::OK)))?;
        }
        kept.save(facts)?;
    }
    carried
}

impl List {
    fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let all = Store::open(&setup.state()?)?.all()?;
        let list = show::List::new(&all, columns(), |facts: &Facts| facts.name.clone())
            .nothing("There are no sessions. `machine session create NAME -p PROMPT` makes one.");
        self.output.show(&setup.printer, list)?;
        Ok(code::OK)
    }
}

fn columns() -> Vec<Column<'static, Facts>> {
    let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    vec![
        Column::new("NAME", |facts: &Facts| facts.name.clone()),
        Column::new("ACCOUNT", |facts: &Facts| facts.account.clone()),
        Column::new("TURNS", |facts: &Facts| facts.turns.to_string()),
        Column::new("LAST", move |facts: &Facts| time(facts.last_turn_at)),
        Column::new("UNTIL", move |facts: &Facts| time(facts.deadline)),
        Column::whole("VOLUME", |facts: &Facts| facts.session.volume.to_string()),
    ]
}

impl Destroy {
    async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let store = Store::open(&setup.state()?)?;
        each(&setup.printer, &self.names, async |name| {
            let (kept, facts) = store.take(name)?;
            if !self.yes {
                confirm::destroying(&setup.printer, "session", &facts.name, facts.session.volume.as_str())?;
            }
            let app = of(setup, &facts)?;
            sweeps::settle_dead_clients(&app, Reach::Everywhere).await;
            let fleet = app.fleet().await?;
            let destroy = async { Ok(facts.session.destroy(fleet, app.destroy_deadline()).await?) };
            reaper::watched_where_it_costs(&app, destroy).await?;
            kept.forget()?;
            setup.printer.progress(format_args!("{name}: destroyed"));
            Ok(())
        })
        .await
    }
}
