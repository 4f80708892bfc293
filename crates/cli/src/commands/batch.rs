//! `machine batch`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use machine_agent::Batch as Runner;
use machine_core::{Error, ErrorKind, Result};

use crate::agent_args::{AgentName, Format};
use crate::batch::{self, Asked, BatchStore, Counts, Item, ItemResult, Kept, Planned, Planner, Watcher};
use crate::failure::{Failure, code};
use crate::interrupt::{Interrupts, signal_name};
use crate::jobs::Store;
use crate::progress::Progress;
use crate::setup::Setup;
use crate::streams::Streams;
use crate::sweeps::{self, Reach};
use crate::ttl::{self, Ttl};
use crate::{reaper, several, values};

/// The largest document that is read.
const DOCUMENT: usize = 64 << 20;

const EXAMPLES: &str = "\
Examples:
  machine batch jobs.yml                                 a job for each of its `items:`
  machine batch --repos repos.txt -p 'add a licence'     one prompt for each line, a repository
  generate-jobs | machine batch -                        lines of JSON: {\"command\": [\"make\"]}
  machine batch jobs.yml --concurrency 50 --provider fly,vultr
  machine batch jobs.yml --fetch out --into results      and bring `out` of each back to results/NAME
  machine batch resume 01J9                              go on with one whose command was ended

Each job ends with a line of JSON on standard output; `machine jobs logs` has what it wrote.";

/// Runs many commands or prompts, each on a machine of its own.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Batch {
    /// What to do with one that was begun.
    #[command(subcommand)]
    then: Option<Then>,
    /// The jobs, as YAML or lines of JSON; `-` is standard input.
    #[arg(value_name = "FILE", required_unless_present = "repos", conflicts_with = "repos")]
    file: Option<PathBuf>,
    /// A job for each line of FILE, a repository: URL[#REF[:DIR]].
    #[arg(long, value_name = "FILE", requires = "prompt")]
    repos: Option<PathBuf>,
    /// What an agent is to do in each of them.
    #[arg(long, short, value_name = "PROMPT", requires = "repos")]
    prompt: Option<String>,
    /// Which agent; the program has to be in the machine [default: claude].
    #[arg(long, value_name = "claude|codex|shell", requires = "prompt", hide_possible_values = true)]
    agent: Option<AgentName>,
    /// What the agent writes [default: text].
    #[arg(long, value_name = "text|json|stream-json", requires = "prompt", hide_possible_values = true)]
    output_format: Option<Format>,
    /// How many run at the same time.
    #[arg(long, short = 'j', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
    /// What to do when a job does not succeed: `keep` going, or `stop` beginning others.
    #[arg(long, value_name = "keep|stop", default_value = "keep", hide_possible_values = true)]
    on_failure: OnFailure,
    /// Bring files back from each job that has ended.
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "into")]
    fetch: Vec<PathBuf>,
    /// Where to: a directory, with one in it for each job, of its name.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Write what each job changed to DIR/NAME.patch, for `git apply`.
    #[arg(long, value_name = "DIR")]
    patch: Option<PathBuf>,
    /// End each job after this time, unless it says otherwise itself (90s, 10m, 2h).
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    timeout: Option<Duration>,
    /// The longest that the machine of a job may live [default: a day].
    #[arg(long, value_name = "DURATION", value_parser = ttl::parse)]
    ttl: Option<Ttl>,
}

/// What to do with a batch that was begun.
#[derive(Debug, Subcommand)]
enum Then {
    /// Run what was not run to its end.
    #[command(before_help = RESUME)]
    Resume {
        /// Its id, or the beginning of it.
        id: String,
    },
}

const RESUME: &str = "\
Examples:
  machine batch resume 01J9                              jobs that have ended are not run again";

/// What to do when a job does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnFailure {
    /// Go on.
    Keep,
    /// Begin no other.
    Stop,
}

impl Batch {
    /// Runs it.
    ///
    /// # Errors
    /// What keeps it from being begun; [`code::PARTLY`] where some jobs have succeeded and not all.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let state = setup.state()?;
        let store = BatchStore::open(&state)?;
        let (asked, begun) = match &self.then {
            Some(Then::Resume { id }) => {
                let (kept, asked, results) = store.resume(id)?;
                (asked, Some((kept, results)))
            }
            None => (self.asked(setup)?, None),
        };
        let done: Vec<ItemResult> = match &begun {
            Some((_, results)) => results.iter().filter(|result| result.is_done()).cloned().collect(),
            None => Vec::new(),
        };
        let planner = Planner::open(setup, &asked)?;
        let mut planned = Vec::new();
        for (index, item) in asked.items.iter().enumerate() {
            if done.iter().all(|result| result.index != index) {
                planned.push(planner.plan(&asked, index, item)?);
            }
        }
        batch::make_places(&asked, &planned)?;
        let kept = match begun {
            Some((kept, _)) => kept,
            None => store.begin(&asked)?,
        };
        for app in planner.apps() {
            sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        }
        let apps: Vec<_> = planner.apps().collect();
        let work = perform(setup, &asked, &planner, &planned, &kept);
        let results = reaper::all_watched(&apps, Box::pin(work)).await?;
        let counts = Counts::of(done.iter().chain(&results));
        setup.printer.note(&counts);
        if planned.len() > results.iter().filter(|result| result.is_done()).count() {
            setup.printer.note(format_args!("`machine batch resume {}` runs what was not run to its end", kept.id()));
        }
        match counts.succeeded() {
            all if all == counts.total() => Ok(code::OK),
            0 => Err(Failure::Said(code::FAILED)),
            _ => Err(Failure::Said(code::PARTLY)),
        }
    }

    /// What the command line asks for.
    fn asked(&self, setup: &Setup) -> Result<Asked> {
        let mut items = match (&self.file, &self.repos) {
            (Some(file), _) => {
                let (source, text) = read(setup.printer.streams(), file)?;
                batch::read(&source, &text)?
            }
            (None, Some(file)) => self.of_repos(&read(setup.printer.streams(), file)?)?,
            (None, None) => return Err(Error::new(ErrorKind::Invalid, "no jobs are named")),
        };
        if let Some(timeout) = self.timeout {
            for item in items.iter_mut().filter(|item| item.timeout.is_none()) {
                item.timeout = Some(format!("{}ms", timeout.as_millis()));
            }
        }
        let accounts = match several::accounts(setup)? {
            Some(accounts) => accounts.into_iter().map(|account| account.name).collect(),
            None => vec![several::usual(setup)?.name],
        };
        let ttl = match self.ttl {
            None => None,
            Some(Ttl::After(span)) => Some(span),
            Some(Ttl::None) => {
                let what = "a job always has a deadline: `--ttl none` is for a machine that stays";
                return Err(Error::new(ErrorKind::Invalid, what).with_hint("say how long: --ttl 7d"));
            }
        };
        let absolute = |path: &PathBuf| {
            std::path::absolute(path).map_err(|error| Error::io("where the current directory is", error))
        };
        Ok(Asked {
            at: setup.surroundings.clock.now(),
            items,
            accounts,
            at_once: usize::from(self.concurrency),
            stop_at_failure: self.on_failure == OnFailure::Stop,
            fetch: self.fetch.clone(),
            into: self.into.as_ref().map(absolute).transpose()?,
            patches: self.patch.as_ref().map(absolute).transpose()?,
            ttl,
        })
    }

    /// A job for each line.
    fn of_repos(&self, (source, text): &(String, String)) -> Result<Vec<Item>> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let item = |repo: &str| Item {
            prompt: self.prompt.clone(),
            agent: self.agent,
            output_format: self.output_format,
            repos: Some(vec![repo.to_owned()]),
            tag: Some(repo.to_owned()),
            ..Item::default()
        };
        let items: Vec<Item> = lines.map(item).collect();
        if items.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, format!("{source}: there is no repository in it")));
        }
        Ok(items)
    }
}

/// Runs what is planned. Answers with what came of it.
async fn perform(
    setup: &Setup,
    asked: &Asked,
    planner: &Planner,
    planned: &[Planned],
    kept: &Kept,
) -> Result<Vec<ItemResult>, Failure> {
    let printer = &setup.printer;
    let mut interrupts = Interrupts::listen()?;
    let jobs = Store::open(&setup.state()?)?;
    let mut items = Vec::with_capacity(planned.len());
    for one in planned {
        items.push(planner.item(one).await?);
    }
    let progress = Progress::new(printer);
    let watcher = Watcher::new(planner, planned, &jobs, kept, &progress, (printer, &setup.surroundings.clock));
    let runner = Runner::new(asked.at_once);
    let runner = if asked.stop_at_failure { runner.stop_at_failure() } else { runner };
    tokio::select! {
        _ = progress.during(runner.run(items, &watcher)) => {}
        number = interrupts.next() => {
            printer.note(format_args!("{}; ending the jobs and their machines", signal_name(number)));
            let finishing = async {
                for app in planner.apps() {
                    if let Ok(fleet) = app.fleet().await {
                        fleet.finish(app.destroy_deadline()).await;
                    }
                }
            };
            tokio::select! {
                () = finishing => {}
                _ = interrupts.next() => printer.note("leaving at once; the machines are ended in the background"),
            }
            printer.note(format_args!("`machine batch resume {}` runs what was not run to its end", kept.id()));
            return Err(Failure::Interrupted(number));
        }
    }
    match watcher.end() {
        (_, Some(failure)) => Err(failure),
        (results, None) => Ok(results),
    }
}

/// A file, or standard input, and what errors call it.
fn read(streams: &Streams, file: &Path) -> Result<(String, String)> {
    let (source, text) = if file.as_os_str() == "-" {
        ("standard input".to_owned(), streams.read_to_end(DOCUMENT).map_err(std::io::Error::from))
    } else {
        let mut text = Vec::new();
        let read = File::open(file).and_then(|file| file.take(DOCUMENT as u64 + 1).read_to_end(&mut text));
        (format!("`{}`", file.display()), read.map(|_| text))
    };
    let refuse = |why: &dyn std::fmt::Display| Error::new(ErrorKind::Invalid, format!("{source}: {why}"));
    let text = text.map_err(|error| refuse(&error))?;
    if text.len() > DOCUMENT {
        return Err(refuse(&"it is larger than 64 MiB"));
    }
    let text = String::from_utf8(text).map_err(|_| refuse(&"it is not UTF-8"))?;
    Ok((source, text))
}
