//! `machine jobs`: what was run from this computer, what came out, and how it ended.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, Subcommand};
use machine_core::{Clock, Deadline, Error, ErrorKind, OsText};
use rustix::process::{Pid, Signal, kill_process};

use super::each;
use crate::failure::{Failure, code};
use crate::jobs::{Ended, Event, Facts, Receipt, State, Store};
use crate::pump::Pump;
use crate::session;
use crate::setup::Setup;
use crate::show::{self, Column, ListOutput};
use crate::streams::Target;

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine jobs list
  machine run --detach -- make world        says the job's id
  machine jobs attach 01k3                  the beginning of an id will do
  machine jobs logs 01k3                    long after its machine is gone
  machine jobs cancel 01k3";

/// How long a job that was told to end may take to end.
const ENDS_WITHIN: Duration = Duration::from_mins(2);
/// How long to wait before looking again whether more has come.
const LOOK: Duration = Duration::from_millis(50);
/// The most of a command that is shown in a list.
const COMMAND: usize = 60;

/// What was run from this computer.
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List the jobs that are kept, the newest last.
    #[command(visible_alias = "ls")]
    List(List),
    /// Show everything about a job but its output, as JSON.
    Show(Show),
    /// Show what a job wrote.
    Logs(Logs),
    /// Write what shows how a job ended and that its machine is gone, for `machine verify`.
    Receipt(WriteReceipt),
    /// Follow a job from its beginning to its end, and exit as it does.
    Attach(Attach),
    /// End jobs, and their machines with them.
    Cancel(Cancel),
    /// Forget jobs that have ended, with what they wrote.
    #[command(visible_alias = "remove")]
    Rm(Rm),
}

/// `machine jobs list`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs list\n  machine jobs list -o json")]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// `machine jobs show`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs show 01k3")]
pub(crate) struct Show {
    /// A job's id, or the beginning of one, or its machine's name.
    job: String,
}

/// `machine jobs receipt`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs receipt 01k3 > receipt.json")]
pub(crate) struct WriteReceipt {
    /// A job's id, or the beginning of one, or its machine's name.
    job: String,
}

/// `machine jobs logs`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs logs 01k3\n  machine jobs logs 01k3 --json")]
pub(crate) struct Logs {
    /// A job's id, or the beginning of one, or its machine's name.
    job: String,
    /// As lines of JSON, as `machine run --json` prints them.
    #[arg(long)]
    json: bool,
}

/// `machine jobs attach`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs attach 01k3")]
pub(crate) struct Attach {
    /// A job's id, or the beginning of one, or its machine's name.
    job: String,
    /// As lines of JSON, as `machine run --json` prints them.
    #[arg(long)]
    json: bool,
}

/// `machine jobs cancel`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs cancel 01k3")]
pub(crate) struct Cancel {
    /// Their ids, or beginnings of them, or their machines' names.
    #[arg(required = true, value_name = "JOB")]
    jobs: Vec<String>,
}

/// `machine jobs rm`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  machine jobs rm 01k3\n  machine jobs rm --all")]
pub(crate) struct Rm {
    /// Their ids, or beginnings of them, or their machines' names.
    #[arg(required_unless_present = "all", value_name = "JOB")]
    jobs: Vec<String>,
    /// All that have ended.
    #[arg(long, conflicts_with = "jobs")]
    all: bool,
}

impl Jobs {
    /// Whether it changes nothing.
    pub(crate) fn only_shows(&self) -> bool {
        !matches!(self, Self::Cancel(_) | Self::Rm(_))
    }

    /// Does it. No provider is asked.
    ///
    /// # Errors
    /// A state directory that cannot be used; a job that there is none of.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let store = Store::open(&setup.state()?)?;
        match self {
            Self::List(list) => list.run(setup, &store),
            Self::Show(show) => setup.printer.json(&store.find(&show.job)?).map(|()| code::OK),
            Self::Receipt(wanted) => {
                let receipt = Receipt::of(&store, &store.find(&wanted.job)?)?;
                setup.printer.json(&receipt).map(|()| code::OK)
            }
            Self::Logs(logs) => {
                replay(setup, &store, &store.find(&logs.job)?, logs.json, false).await?;
                Ok(code::OK)
            }
            Self::Attach(attach) => match replay(setup, &store, &store.find(&attach.job)?, attach.json, true).await? {
                Some(ended) => Ok(ended.exit_code),
                None => {
                    let unknown = session::unknown_end("whoever looked after it was killed");
                    Err(Failure::from(unknown).around_job(&setup.printer))
                }
            },
            Self::Cancel(cancel) => {
                each(&setup.printer, &cancel.jobs, async |job| end(&store, &store.find(job)?).await).await
            }
            Self::Rm(rm) if rm.all => {
                for facts in store.all()?.iter().filter(|facts| !store.is_minded(facts)) {
                    store.remove(facts)?;
                }
                Ok(code::OK)
            }
            Self::Rm(rm) => each(&setup.printer, &rm.jobs, async |job| Ok(store.remove(&store.find(job)?)?)).await,
        }
    }
}

impl List {
    fn run(&self, setup: &Setup, store: &Store) -> Result<u8, Failure> {
        let columns = columns(&setup.surroundings.clock, store);
        self.output.check(&columns)?;
        let all = store.all()?;
        let list = show::List::new(&all, columns, |facts: &Facts| facts.id.clone());
        self.output.show(&setup.printer, list.nothing("No job is kept here."))?;
        Ok(code::OK)
    }
}

fn columns<'a>(clock: &'a Clock, store: &'a Store) -> Vec<Column<'a, Facts>> {
    let command = |facts: &Facts| {
        let words: Vec<_> = facts.asked.command.iter().map(OsText::to_string_lossy).collect();
        words.join(" ")
    };
    vec![
        Column::whole("ID", |facts: &Facts| facts.id.clone()),
        Column::new("MACHINE", |facts: &Facts| facts.asked.name.clone()),
        Column::new("ACCOUNT", |facts: &Facts| facts.account.clone()),
        Column::new("STATE", |facts: &Facts| {
            let state = if facts.ended.is_some() { State::Ended } else { facts.state(store.is_minded(facts)) };
            state.as_str().to_owned()
        }),
        Column::new("OUTCOME", |facts: &Facts| {
            facts.ended.as_ref().map(|ended| ended.outcome.clone()).unwrap_or_default()
        }),
        Column::new("EXIT", |facts: &Facts| {
            facts.ended.as_ref().map(|ended| ended.exit_code.to_string()).unwrap_or_default()
        }),
        Column::time("BEGUN", clock, |facts| Some(facts.begun_at)),
        Column::new("COMMAND", command).short(move |facts| command(facts).chars().take(COMMAND).collect()),
    ]
}

/// Prints what a job wrote, from its beginning; with `follow` until it has ended or nobody looks after it any more. How it
/// ended, where that was among it.
async fn replay(
    setup: &Setup,
    store: &Store,
    facts: &Facts,
    json: bool,
    follow: bool,
) -> Result<Option<Ended>, Failure> {
    let unreadable = |error| Error::io(format_args!("what the job `{}` wrote cannot be read", facts.id), error);
    let mut reader = BufReader::new(store.events(facts)?);
    let (mut pump, mut line, mut ended) = (Pump::start(setup.printer.streams()), Vec::new(), None);
    loop {
        // Asked before looking: what was written by whoever is gone by then is all there.
        let minded = follow && store.is_minded(facts);
        while reader.read_until(b'\n', &mut line).map_err(unreadable)? > 0 && line.ends_with(b"\n") {
            let whole = std::mem::take(&mut line);
            if let Ok(event) = serde_json::from_slice::<Event>(&whole) {
                if json {
                    pump.write(Target::Stdout, Bytes::from(whole)).await?;
                } else {
                    print(setup, &event, &mut pump).await?;
                }
                if let Event::Ended(how) = event {
                    ended = Some(how);
                }
            }
        }
        if ended.is_some() || !minded {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    pump.finish().await?;
    Ok(ended)
}

async fn print(setup: &Setup, event: &Event, pump: &mut Pump) -> Result<(), Failure> {
    let words = match event {
        Event::Stdout { data } => return pump.write(Target::Stdout, Bytes::copy_from_slice(data.as_bytes())).await,
        Event::Stderr { data } => return pump.write(Target::Stderr, Bytes::copy_from_slice(data.as_bytes())).await,
        Event::Note { text } => text.clone(),
        Event::Lost { frames } => {
            format!("warning: some output was lost on the way: {frames} pieces of at most 32 KiB each")
        }
        Event::Cut => "warning: what follows was too much to be kept".to_owned(),
        // What a code says, nobody has to say again.
        Event::Ended(ended) if ended.is_plain() => return Ok(()),
        Event::Ended(ended) => ended.why.clone().unwrap_or_default(),
        Event::Started { .. } => return Ok(()),
    };
    // By the same way as the output, so that it stands where it was said.
    if setup.printer.is_quiet() { Ok(()) } else { pump.write(Target::Stderr, Bytes::from(words + "\n")).await }
}

/// Asks whoever looks after the job to end it, and waits until it has.
async fn end(store: &Store, facts: &Facts) -> Result<(), Failure> {
    if !store.is_minded(facts) {
        let what = format!("nobody looks after the job `{}`: it has ended", facts.id);
        return Err(Error::new(ErrorKind::Conflict, what).with_hint("`machine jobs show` says how").into());
    }
    let failed = |error| Error::io(format_args!("the job `{}` cannot be told to end", facts.id), error);
    // The pid is that of whoever holds the job's lock, so that it cannot be another's by now.
    if let Some(pid) = i32::try_from(facts.pid).ok().and_then(Pid::from_raw) {
        kill_process(pid, Signal::TERM).map_err(|errno| failed(errno.into()))?;
    }
    let deadline = Deadline::after(ENDS_WITHIN);
    while store.is_minded(facts) {
        if deadline.passed() {
            let what = format!("the job `{}` was told to end and has not within two minutes", facts.id);
            return Err(Error::new(ErrorKind::Timeout, what).into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
