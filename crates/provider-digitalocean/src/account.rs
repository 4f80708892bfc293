//! Whose credential it is.

use machine_core::{Account, AccountId, Result};

use crate::provider::DigitalOceanProvider;
use crate::wire::{self, AccountAnswer};

impl DigitalOceanProvider {
    pub(crate) async fn whose(&self) -> Result<Account> {
        let answer: AccountAnswer = self.api().get(["account"]).send().await?;
        Ok(account(answer.account))
    }
}

/// The team, where the token is one of a team's: the bill is its own.
fn account(account: wire::Account) -> Account {
    let team = account.team.and_then(|team| Some((team.uuid.filter(|id| !id.is_empty())?, team.name)));
    let person = account.email.filter(|email| !email.is_empty());
    let (id, team) = match team {
        Some((id, name)) => (id, name.filter(|name| !name.is_empty())),
        None => (account.uuid, None),
    };
    let name = match (person, team) {
        (Some(person), Some(team)) => format!("{person} ({team})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => id.clone(),
    };
    Account { id: AccountId::new(id), name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bill_is_the_teams() {
        let read = |told: serde_json::Value| account(serde_json::from_value(told).unwrap());
        let alone = read(json!({"uuid": "b6fr", "email": "sammy@example.com", "droplet_limit": 25}));
        assert_eq!((alone.id.as_str(), alone.name.as_str()), ("b6fr", "sammy@example.com"));
        let team = read(json!({"uuid": "b6fr", "email": "sammy@example.com", "team": {"uuid": "t1", "name": "Web"}}));
        assert_eq!((team.id.as_str(), team.name.as_str()), ("t1", "sammy@example.com (Web)"));
        assert_eq!(read(json!({"uuid": "b6fr", "team": {}})).name, "b6fr");
    }
}
