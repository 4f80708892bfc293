//! `machine list` of several accounts at once.

use std::time::Duration;

use futures::future::join_all;
use machine_core::{Completeness, Error, ErrorKind, ProviderExt as _, Result};

use super::list::{List, columns};
use crate::accounts::Account;
use crate::app::App;
use crate::choose::Chosen;
use crate::failure::{Failure, code, retold};
use crate::known_names;
use crate::setup::Setup;
use crate::show::MachineJson;
use crate::sweeps::{self, Reach};

/// The longest that one account may take; the others are shown without it then.
const ACCOUNT_WITHIN: Duration = Duration::from_mins(1);

/// The machines of one account.
struct Listed {
    app: App,
    chosen: Chosen,
    completeness: Completeness,
    problems: Vec<String>,
}

impl List {
    /// Lists the machines of these accounts. One that fails is named, and the others are shown.
    ///
    /// # Errors
    /// The code of the first failure where no account could be listed, [`code::PARTLY`] where some
    /// could not.
    pub(crate) async fn several(&self, setup: &Setup, accounts: Vec<Account>) -> Result<u8, Failure> {
        let (printer, clock) = (&setup.printer, &setup.surroundings.clock);
        self.output.check(&columns(clock, true))?;
        setup.tolerate(setup.config.unknown_keys())?;
        let (mut listed, mut whole, mut failed) = (Vec::new(), true, None);
        let asked = accounts.into_iter().map(|account| self.ask(setup, account));
        for (name, only_here, outcome) in join_all(asked).await {
            match outcome {
                Ok(account) => {
                    for problem in &account.problems {
                        printer.warn(format_args!("{name}: {problem}"));
                    }
                    whole &= account.completeness == Completeness::Complete;
                    listed.push((name, account));
                }
                // Nobody asked for machines on a computer that can have none.
                Err(error) if only_here => printer.note(format_args!("`{name}` is not listed: {error}")),
                Err(error) => {
                    printer.error(&retold(&error, format!("`{name}` is not listed: {error}")));
                    failed.get_or_insert_with(|| Failure::error_code(&error));
                }
            }
        }
        if let (true, Some(code)) = (listed.is_empty(), failed) {
            return Err(Failure::Said(code));
        }
        let mut rows = Vec::new();
        for (name, account) in &listed {
            rows.extend(account.chosen.machines.iter().map(|machine| MachineJson::at(name, machine)));
        }
        rows.sort_by(|a, b| (&a.as_ref().name, &a.as_ref().id).cmp(&(&b.as_ref().name, &b.as_ref().id)));
        let elsewhere = listed.iter().map(|(_, account)| account.chosen.elsewhere).sum();
        self.show(printer, columns(clock, true), &rows, elsewhere)?;
        for (_, account) in &listed {
            if self.which.is_open() && account.completeness == Completeness::Complete {
                known_names::listed(&account.app, &account.chosen.machines).await;
            }
        }
        // What clients before us left open is settled in every account, whichever this begins with.
        if let Some((_, first)) = listed.first() {
            sweeps::settle_dead_clients(&first.app, Reach::Clouds).await;
        }
        if whole && failed.is_none() { Ok(code::OK) } else { Err(Failure::Said(code::PARTLY)) }
    }

    /// The account's name, whether nobody asked for it, and its machines.
    async fn ask(&self, setup: &Setup, account: Account) -> (String, bool, Result<Listed>) {
        let (name, only_here) = (account.name.clone(), account.is_only_here());
        let outcome = match account.open(setup) {
            Ok(app) => tokio::time::timeout(ACCOUNT_WITHIN, self.listed(app)).await.unwrap_or_else(|_| {
                let what = format!("it did not answer within {} seconds", ACCOUNT_WITHIN.as_secs());
                Err(Error::new(ErrorKind::Timeout, what))
            }),
            Err(error) => Err(error),
        };
        (name, only_here, outcome)
    }

    async fn listed(&self, app: App) -> Result<Listed> {
        let (machines, completeness, problems) = app.provider().list_all(self.which.selector()).await?;
        let chosen = self.which.of(&app, machines)?;
        Ok(Listed { app, chosen, completeness, problems })
    }
}
