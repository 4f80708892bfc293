//! `machine gc`.

use std::collections::BTreeSet;

use clap::Args;
use machine_fleet::{Action, Elsewhere, Outcome as ItemOutcome, SweepItem, SweepOptions, SweepReport};
use serde_json::{Value, json};

use super::gc_timer;
use crate::failure::{Failure, code, retold};
use crate::printer::Printer;
use crate::setup::Setup;
use crate::show::Output;
use crate::sweeps::{self, Outcome, Swept};

const EXAMPLES: &str = "\
Examples:
  machine gc --dry-run                       what would be done, and why
  machine gc                                 every account, and this computer
  machine gc --provider fly -o json
  machine gc --all-owners --expired          also what lost computers left
  machine gc --install-timer                 have it run every ten minutes";

/// Cleans up what crashed commands left behind, and machines past their deadline: at every account of the configuration or
/// the environment, and on this computer. What is in use stays.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Gc {
    /// Go ahead even where much would be destroyed that the ledger has no record of.
    #[arg(long, short)]
    yes: bool,
    /// Also destroy what other owners made, once its deadline and ten minutes more are over.
    #[arg(long, requires = "expired")]
    all_owners: bool,
    /// Says with `--all-owners` that only what has expired is meant; there is nothing else that it could mean.
    #[arg(long, requires = "all_owners")]
    expired: bool,
    /// Have such a sweep run every ten minutes, by systemd or cron, with the configuration and state that are used now.
    #[arg(long, conflicts_with = "yes")]
    install_timer: bool,
    /// Take away what --install-timer made.
    #[arg(long, conflicts_with_all = ["install_timer", "yes", "all_owners", "expired"])]
    remove_timer: bool,
    /// How to show what was done.
    #[command(flatten)]
    output: Output,
}

impl Gc {
    /// Cleans up, and shows what was done, a line each.
    ///
    /// # Errors
    /// What keeps the accounts from being known; that of the only account. [`code::PARTLY`] where something could not be
    /// settled, or some accounts not be swept.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let dry_run = setup.globals.dry_run;
        let flags: &[&str] = if self.all_owners { &["--all-owners", "--expired"] } else { &[] };
        if self.install_timer {
            return gc_timer::install(setup, flags, dry_run).await;
        }
        if self.remove_timer {
            return gc_timer::remove(setup, dry_run).await;
        }
        let mut options = SweepOptions::default();
        (options.dry_run, options.confirmed) = (dry_run, self.yes);
        options.expired_of_others = self.all_owners && self.expired;
        let accounts = sweeps::sweep(setup, options).await?;
        match self.output.for_programs() {
            Some(format) => {
                let accounts: Vec<_> = accounts.iter().map(account_json).collect();
                setup.printer.value(format, &json!({ "accounts": accounts }))?;
            }
            None => self.show(setup, &accounts)?,
        }
        conclude(&setup.printer, &accounts)
    }

    fn show(&self, setup: &Setup, accounts: &[Swept]) -> Result<(), Failure> {
        let printer = &setup.printer;
        let swept = |account: &Swept| matches!(account.outcome, Outcome::Swept { .. });
        let several = accounts.iter().filter(|account| swept(account)).count() > 1;
        let mut found = false;
        for account in accounts {
            let Outcome::Swept { fleet, local, .. } = &account.outcome else { continue };
            let prefix = if several { format!("{}: ", account.name) } else { String::new() };
            for line in fleet.items.iter().map(sentence).chain(local.iter().cloned()) {
                printer.line(format_args!("{prefix}{line}"))?;
                found = true;
            }
            if setup.globals.dry_run {
                let SweepReport { in_order, foreign, unmarked, .. } = &**fleet;
                printer.note(format_args!(
                    "{prefix}left alone: {in_order} in order, {foreign} of other owners, {unmarked} without a marker"
                ));
            }
        }
        if !found && accounts.iter().any(swept) {
            printer.note("There is nothing to clean up.");
        }
        Ok(())
    }
}

/// Says what is wrong, and decides the exit code.
fn conclude(printer: &Printer, accounts: &[Swept]) -> Result<u8, Failure> {
    let (mut swept, mut unsettled, mut failed) = (false, false, None);
    let unseen = unseen(accounts);
    for of in &unseen {
        let lines = if of.lines == 1 { "line of the ledger is" } else { "lines of the ledger are" };
        printer.warn(format_args!(
            "{} {lines} for the account `{}`, which no credential that was used can see",
            of.lines,
            of.account.as_str()
        ));
        unsettled |= of.open > 0;
    }
    for account in accounts {
        let name = &account.name;
        match &account.outcome {
            Outcome::Swept { fleet, .. } => {
                swept = true;
                unsettled |= is_unsettled(fleet);
                let prefix = if accounts.len() > 1 { format!("{name}: ") } else { String::new() };
                say_what_is_open(printer, &prefix, fleet);
            }
            Outcome::Skipped(error) => printer.note(format_args!("`{name}` is not swept: {error}")),
            Outcome::Failed(error) => {
                printer.error(&retold(error, format!("`{name}` is not swept: {error}")));
                failed.get_or_insert_with(|| Failure::error_code(error));
            }
        }
    }
    match failed {
        Some(code) if !swept => Err(Failure::Said(code)),
        None if !unsettled => Ok(code::OK),
        _ => Err(Failure::Said(code::PARTLY)),
    }
}

/// What of ours is in accounts that were not swept here, each account once: what one cannot see another may be.
fn unseen(accounts: &[Swept]) -> Vec<&Elsewhere> {
    let swept = |account: &Swept| match &account.outcome {
        Outcome::Swept { account: Some(id), .. } => Some((account.kind, id.clone())),
        _ => None,
    };
    let mut seen: BTreeSet<_> = accounts.iter().filter_map(swept).collect();
    let mut unseen = Vec::new();
    for account in accounts {
        let Outcome::Swept { fleet, .. } = &account.outcome else { continue };
        unseen.extend(fleet.elsewhere.iter().filter(|of| seen.insert((account.kind, of.account.clone()))));
    }
    unseen
}

fn say_what_is_open(printer: &Printer, prefix: &str, report: &SweepReport) {
    for problem in &report.problems {
        printer.warn(format_args!("{prefix}{problem}"));
    }
    if let Some(brake) = &report.brake {
        printer.warn(format_args!(
            "{prefix}{} things carry our mark and the ledger has no record of them; at most {} are destroyed without a \
             question. Look at them with --dry-run, then go ahead with --yes",
            brake.unrecorded, brake.limit
        ));
    }
}

fn is_unsettled(report: &SweepReport) -> bool {
    let open = |item: &SweepItem| matches!(item.outcome, ItemOutcome::Open(_) | ItemOutcome::Held);
    report.items.iter().any(open) || report.brake.is_some() || !report.complete
}

fn account_json(account: &Swept) -> Value {
    let (state, id, fleet, local, error) = match &account.outcome {
        Outcome::Swept { account, fleet, local } => ("swept", account.as_ref(), Some(fleet), local.as_slice(), None),
        Outcome::Failed(error) => ("failed", None, None, &[][..], Some(error)),
        Outcome::Skipped(error) => ("skipped", None, None, &[][..], Some(error)),
    };
    let error =
        error.map(|error| json!({ "kind": error.kind().as_str(), "message": error.to_string(), "hint": error.hint() }));
    json!({
        "section": account.name,
        "provider": account.kind,
        "account": id,
        "state": state,
        "fleet": fleet,
        "local": local,
        "error": error,
    })
}

/// What was found, what came of it, and why, in one line.
fn sentence(item: &SweepItem) -> String {
    let done = match (&item.outcome, item.action) {
        (ItemOutcome::Planned, Action::Destroy) => "would be destroyed".to_owned(),
        (ItemOutcome::Planned, Action::Resolve | Action::Confirm) => "would be looked into".to_owned(),
        (ItemOutcome::Planned, Action::Wait) => "would be looked at again later".to_owned(),
        (ItemOutcome::Planned, _) => "left alone".to_owned(),
        (ItemOutcome::Held, _) => "held back".to_owned(),
        (ItemOutcome::Destroyed, _) => "destroyed".to_owned(),
        (ItemOutcome::Kept, _) => "kept, and recorded".to_owned(),
        (ItemOutcome::NeverMade, _) => "was never made".to_owned(),
        (ItemOutcome::LeftToOthers, _) => "left to another command that is at it".to_owned(),
        (ItemOutcome::Open(why), _) => format!("not settled yet: {why}"),
        _ => "looked at".to_owned(),
    };
    let id = item.id.as_ref().map(|id| format!(" {}", crate::show::clean(id))).unwrap_or_default();
    let name = crate::show::clean(&item.name);
    format!("{} `{name}`{id}: {done} ({}: {})", item.resource.as_str(), item.reason.as_str(), item.evidence)
}

#[cfg(test)]
mod tests {
    use machine_core::{AccountId, Error, ErrorKind, ResourceKind};
    use machine_fleet::Reason;

    use super::*;
    use crate::streams::Streams;

    fn report(outcome: Option<ItemOutcome>) -> Outcome {
        let items = outcome.map(|outcome| SweepItem {
            resource: ResourceKind::Machine,
            id: Some("m-1".to_owned()),
            name: "web-1".to_owned(),
            intent: None,
            reason: Reason::Expired,
            evidence: "its deadline was yesterday".to_owned(),
            action: Action::Destroy,
            outcome,
        });
        let fleet = SweepReport {
            items: items.into_iter().collect(),
            brake: None,
            complete: true,
            problems: Vec::new(),
            in_order: 0,
            foreign: 0,
            unmarked: 0,
            elsewhere: Vec::new(),
            forgotten: 0,
        };
        Outcome::Swept { account: Some(AccountId::new("us")), fleet: Box::new(fleet), local: Vec::new() }
    }

    fn code_of(outcomes: Vec<Outcome>) -> u8 {
        let printer = Printer::new(Streams::of_this_process().unwrap(), true);
        let account = |outcome| Swept { name: "sky".to_owned(), kind: Some("sky"), outcome };
        let accounts: Vec<_> = outcomes.into_iter().map(account).collect();
        conclude(&printer, &accounts).unwrap_or_else(|failure| failure.code())
    }

    #[test]
    fn the_exit_code_tells_whether_all_is_done() {
        let refused = || Error::new(ErrorKind::Unauthenticated, "no");
        assert_eq!(code_of(vec![report(None), report(Some(ItemOutcome::Destroyed))]), 0);
        assert_eq!(code_of(vec![report(None), Outcome::Skipped(refused())]), 0);
        assert_eq!(code_of(vec![report(None), Outcome::Failed(refused())]), 9);
        assert_eq!(code_of(vec![Outcome::Failed(refused())]), 4);
        assert_eq!(code_of(vec![Outcome::Failed(refused()), Outcome::Skipped(refused())]), 4);
        assert_eq!(code_of(vec![report(Some(ItemOutcome::Open("later".to_owned())))]), 9);
    }

    #[test]
    fn what_one_account_cannot_see_another_may() {
        let elsewhere = |account: &str, of: &str, open| {
            let Outcome::Swept { mut fleet, .. } = report(None) else { panic!("not swept") };
            fleet.elsewhere = vec![Elsewhere { account: AccountId::new(of), lines: 1, open }];
            Outcome::Swept { account: Some(AccountId::new(account)), fleet, local: Vec::new() }
        };
        assert_eq!(code_of(vec![elsewhere("us", "them", 1)]), 9);
        assert_eq!(code_of(vec![elsewhere("us", "them", 0)]), 0, "what is only there needs nobody");
        assert_eq!(code_of(vec![elsewhere("us", "them", 1), elsewhere("them", "us", 1)]), 0);
    }

    #[test]
    fn a_line_says_what_and_why() {
        let Outcome::Swept { fleet, .. } = report(Some(ItemOutcome::Planned)) else { panic!("not swept") };
        let line = sentence(&fleet.items[0]);
        assert_eq!(line, "machine `web-1` m-1: would be destroyed (expired: its deadline was yesterday)");
    }
}
