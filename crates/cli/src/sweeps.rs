//! Sweeps of more than one account: those that are asked for, and those that a command makes by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use machine_core::{AccountId, Deadline, Error, ErrorKind, Result};
use machine_fleet::{Entry, Ledger as _, SqliteLedger, StateDir, SweepOptions, SweepReport};

use crate::accounts::{self, Account};
use crate::app::App;
use crate::setup::Setup;
use crate::turn::Turn;

/// The longest that one account may take, lists included.
const ACCOUNT_WITHIN: Duration = Duration::from_mins(3);
/// The longest that a command waits for what clients before it left open.
const SETTLE_AT_MOST: Duration = Duration::from_secs(5);

/// What came of one account.
#[derive(Debug)]
pub(crate) struct Swept {
    /// Its name.
    pub(crate) name: String,
    /// Which kind of provider it is at; nothing where nobody knows.
    pub(crate) kind: Option<&'static str>,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What came of the sweep of an account.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was swept.
    Swept {
        /// Whose bill it is, where that is known.
        account: Option<AccountId>,
        /// What was found and done.
        fleet: Box<SweepReport>,
        /// What the provider left on this computer, a sentence each.
        local: Vec<String>,
    },
    /// It was to be swept, and was not.
    Failed(Error),
    /// It cannot be opened from here, and nothing says that it has to be.
    Skipped(Error),
}

/// Sweeps every account at once, or the one that the command line names. The order is that of the accounts.
///
/// # Errors
/// What keeps the accounts from being known, or the ledger from being read. What is wrong with one account is in its outcome.
pub(crate) async fn sweep(setup: &Setup, options: SweepOptions) -> Result<Vec<Swept>> {
    setup.tolerate(setup.config.unknown_keys())?;
    if let Some(account) = accounts::named(setup)? {
        return Ok(vec![sweep_account(setup, account, options).await]);
    }
    let ledger = SqliteLedger::open(&StateDir::open(setup.state()?)?).await?;
    let open: BTreeSet<_> = abandoned(&ledger).await?.into_iter().map(|entry| entry.intent.provider).collect();
    let accounts = accounts::every(setup, &open)?;
    let swept = join_all(accounts.into_iter().map(|account| sweep_account(setup, account, options))).await;
    Ok(miss(swept, &open))
}

/// Counts as failed what was passed over and is needed: where lines of its kind are open and no other account of the kind could be
/// swept, something may be left.
fn miss(swept: Vec<Swept>, open: &BTreeSet<String>) -> Vec<Swept> {
    let done: BTreeSet<_> = swept
        .iter()
        .filter(|account| matches!(account.outcome, Outcome::Swept { .. }))
        .filter_map(|account| account.kind)
        .collect();
    let missed = |kind: &str| open.contains(kind) && !done.contains(kind);
    let judge = |account: Swept| match account.outcome {
        Outcome::Skipped(error) if account.kind.is_some_and(missed) => {
            Swept { outcome: Outcome::Failed(error), ..account }
        }
        _ => account,
    };
    swept.into_iter().map(judge).collect()
}

async fn sweep_account(setup: &Setup, account: Account, options: SweepOptions) -> Swept {
    let (name, kind, named) = (account.name.clone(), account.kind, account.named);
    let outcome = match account.open(setup) {
        Ok(app) => match tokio::time::timeout(ACCOUNT_WITHIN, sweep_app(&app, options)).await {
            Ok(Ok(swept)) => swept,
            Ok(Err(error)) => Outcome::Failed(error),
            Err(_) => {
                let what = format!("it took longer than {} minutes", ACCOUNT_WITHIN.as_secs() / 60);
                Outcome::Failed(Error::new(ErrorKind::Timeout, what).with_hint("the next sweep goes on"))
            }
        },
        Err(error) if accounts::lacks_credential(&error) && !named => Outcome::Skipped(error),
        Err(error) => Outcome::Failed(error),
    };
    Swept { name, kind, outcome }
}

async fn sweep_app(app: &App, options: SweepOptions) -> Result<Outcome> {
    let fleet = app.fleet().await?;
    // The ledger first: what it destroys leaves nothing for the provider to find.
    let report = fleet.sweep(options).await?;
    let local = app.tidy(options.dry_run).await?;
    Ok(Outcome::Swept { account: fleet.account().cloned(), fleet: Box::new(report), local })
}

/// Where a command settles what others left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// At the clouds, where it costs something.
    Clouds,
    /// On this computer as well.
    Everywhere,
}

/// Settles what clients that are dead by now left open, in whichever account: a cloud is asked at most every ten minutes. Quiet
/// and bounded, because it is not what was asked for and `gc` does it again. Where nothing is open nobody is asked, and a ledger
/// that is not there is not made.
pub(crate) async fn settle_dead_clients(app: &App, reach: Reach) {
    if app.setup().globals.dry_run || !SqliteLedger::is_in(app.state()) {
        return;
    }
    match tokio::time::timeout(SETTLE_AT_MOST, settle(app, reach)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "what dead clients left open was not settled"),
        Err(_) => tracing::warn!("settling what dead clients left open takes long; left to `machine gc`"),
    }
}

async fn settle(app: &App, reach: Reach) -> Result<()> {
    let ledger = SqliteLedger::open(&StateDir::open(app.state())?).await?;
    let open: BTreeSet<_> = abandoned(&ledger).await?.into_iter().map(|entry| entry.intent.provider).collect();
    if open.is_empty() {
        return Ok(());
    }
    let ours = app.provider().info().kind;
    let mut others = accounts::every(app.setup(), &open)?;
    others.retain(|other| other.name != app.section() && other.kind.is_some_and(|kind| open.contains(kind)));
    let ours = async { if open.contains(ours) { settle_account(app, reach).await } else { Ok(()) } };
    let others = join_all(others.into_iter().map(|other| async move {
        let other = App::of(app.setup().clone(), other.section?)?;
        settle_account(&other, reach).await
    }));
    let (ours, others) = tokio::join!(ours, others);
    others.into_iter().fold(ours, Result::and)
}

async fn settle_account(app: &App, reach: Reach) -> Result<()> {
    let provider = app.provider();
    let turn = if provider.capabilities().remote {
        let turn = Turn::take(app.state(), provider.info().kind, app.section(), app.clock());
        let turn = turn.map_err(|error| Error::io("it cannot be told whose turn it is to sweep", error))?;
        let Some(turn) = turn else { return Ok(()) };
        Some(turn)
    } else if reach == Reach::Everywhere {
        None
    } else {
        return Ok(());
    };
    let fleet = app.fleet().await?;
    // Lines of that kind may be another account's.
    if fleet.needs_sweep().await? {
        fleet.sweep(SweepOptions { deadline: Deadline::after(SETTLE_AT_MOST), ..SweepOptions::default() }).await?;
    }
    drop(turn);
    Ok(())
}

/// The open lines that no living client looks after.
async fn abandoned(ledger: &SqliteLedger) -> Result<Vec<Entry>> {
    let mut abandoned = Vec::new();
    for entry in ledger.open_entries().await? {
        let attended = match entry.client {
            Some(client) => ledger.is_alive(client).await?,
            None => false,
        };
        if !attended {
            abandoned.push(entry);
        }
    }
    Ok(abandoned)
}
