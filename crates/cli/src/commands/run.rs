//! `machine run`.

use clap::Args;
use machine_agent::JobSpec;
use machine_core::Result;

use crate::app::App;
use crate::failure::{Failure, code};
use crate::job_args::{CarriedOn, JobArgs};
use crate::jobs::{Asked, Facts, Kept, Narrator, Store};
use crate::sweeps::{self, Reach};
use crate::{detached, job, reaper, stdin};

const EXAMPLES: &str = "\
Examples:
  machine run -- uname -a
  machine run --sync . -- cargo test                     in a copy of this directory
  machine run --sync . --fetch out -- make out           and bring the directory `out` back
  machine run --sync . --patch fix.patch -- ./fix-it     and write what it changed as a patch
  machine run --repo https://example.org/app.git#main -- make
  machine run --detach -- make world                     and follow it with `machine jobs attach`
  machine run -it -- bash
  machine run --repo https://github.com/you/app -p 'fix the failing test' --patch fix.patch
  git diff | machine run -p 'review this change'         an agent, Claude Code where nothing else is said
  pg_dump shop | machine run --timeout 10m -- sh -c 'gzip | wc -c'";

/// Runs a command, or an agent with a prompt, on a new machine, which is gone afterwards, and exits as it does.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Run {
    /// What is run.
    #[command(flatten)]
    pub(crate) job: JobArgs,
}

impl Run {
    /// Runs it.
    ///
    /// # Errors
    /// What keeps the job from being run, or its end from being known; the job's own failure is no error but the code.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        stdin::check_terminal(app.printer.streams(), self.job.tty)?;
        let spec = self.job.spec(app, &CarriedOn::default()).await?;
        let store = Store::open(app.state())?;
        let begun = detached::of_this_process(app);
        if self.job.detach && begun.is_none() {
            let facts = Facts::new(app.section(), &spec, app.clock());
            drop(store.begin(facts.clone())?);
            detached::start(app, &store, &facts).await?;
            app.printer.line(&facts.id)?;
            return Ok(code::OK);
        }
        let kept = self.kept(app, &store, &spec, begun)?;
        let mut narrator = Narrator::new(&app.printer, app.clock(), kept, self.job.json);
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        reaper::watched(app, Box::pin(job::carry(app, spec, &mut narrator))).await
    }

    /// What is kept of the job, which another process may have begun.
    fn kept(&self, app: &App, store: &Store, spec: &JobSpec, begun: Option<&str>) -> Result<Kept> {
        match begun.filter(|_| self.job.detach) {
            Some(id) => store.take(Facts { pid: std::process::id(), asked: Asked::of(spec), ..store.find(id)? }),
            None => store.begin(Facts::new(app.section(), spec, app.clock())),
        }
    }
}
