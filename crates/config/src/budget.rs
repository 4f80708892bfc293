//! `budget:`, what may be spent, which stands at the top of the file because it is about all accounts together.

use std::collections::BTreeMap;

use machine_core::{Budget, Error, Money, Result, nearest};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_yaml::Value;

use crate::config::Config;
use crate::path::Path;
use crate::section::Origin;
use crate::settings::Setting;
use crate::settled::Variables;

/// The key that it stands under.
pub(crate) const BUDGET_KEY: &str = "budget";

/// What may be spent, in US dollars. What might cost more is refused before anything is asked for.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct BudgetSection {
    /// The most that one machine or volume may cost: until its deadline, or in a month where it has none.
    per_machine: Option<f64>,
    /// The most that a day (UTC) may cost, with all that exists and is not sure to be gone.
    per_day: Option<f64>,
    /// The same for single providers, by their kind.
    providers: BTreeMap<String, f64>,
    /// What an hour is taken to cost of a thing whose price nobody knows; such a thing is refused otherwise.
    unknown_hour: Option<f64>,
}

impl Config {
    /// What may be spent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](machine_core::ErrorKind::Config) with the place of what is no amount, or nobody knows: a limit whose
    /// name is misspelt would be none.
    pub fn budget(&self) -> Result<Budget> {
        let root = Path::default().key(BUDGET_KEY);
        let value = match self.document().root.get(BUDGET_KEY) {
            None | Some(Value::Null) => return Ok(Budget::default()),
            Some(value) => value,
        };
        let hint = "amounts are dollars, as in `budget: {per-machine: 5, per-day: 20.50}`";
        // A key that nobody knows is an error here, so that none is left over.
        let (section, _) = self.read_apart::<BudgetSection>(value, &root, Variables::AreNumbersToo, Some(hint))?;
        let money = |path: Path, dollars: f64| {
            let wrong = || self.document().error(&path, format!("`{path}`: {dollars} is no amount of dollars"));
            Money::from_dollars(dollars).ok_or_else(wrong)
        };
        let one = |key: &str, dollars: Option<f64>| dollars.map(|dollars| money(root.key(key), dollars)).transpose();
        let mut providers = BTreeMap::new();
        for (name, dollars) in &section.providers {
            let path = root.key("providers").key(name);
            let kind = self.registry().get(name).ok_or_else(|| self.no_kind(&path, name))?;
            providers.insert(kind.info().kind.to_owned(), money(path, *dollars)?);
        }
        Ok(Budget {
            per_machine: one("per-machine", section.per_machine)?,
            per_day: one("per-day", section.per_day)?,
            providers,
            unknown_hour: one("unknown-hour", section.unknown_hour)?,
        })
    }

    /// What the file says about it, each with its place.
    pub fn budget_settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        if let Some(value) = self.document().root.get(BUDGET_KEY) {
            self.collect(value, &Path::default().key(BUDGET_KEY), &mut settings);
        }
        settings
    }

    fn collect(&self, value: &Value, path: &Path, settings: &mut Vec<Setting>) {
        match value {
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    self.collect(value, &path.key(key.as_str().unwrap_or_default()), settings);
                }
            }
            Value::Null => {}
            value => settings.push(Setting {
                key: path.to_string(),
                value: serde_json::to_value(value).ok(),
                origin: self.document().place(path).map_or(Origin::Default, Origin::File),
            }),
        }
    }

    fn no_kind(&self, path: &Path, name: &str) -> Error {
        let error = self.document().error(path, format!("there is no kind of provider called `{name}`"));
        let kinds: Vec<&str> = self.registry().iter().map(|kind| kind.info().kind).collect();
        error.with_hint(match nearest(name, kinds.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a limit is for all accounts of a kind; there is: {}", kinds.join(", ")),
        })
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
