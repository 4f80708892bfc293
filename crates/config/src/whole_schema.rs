//! The JSON schema of the whole file, for editors and for whoever checks files before they are used.

use serde_json::{Map, Value, json};

use crate::agents::{AGENTS_KEY, AgentsSection, GIT_KEY, GitSection};
use crate::budget::{BUDGET_KEY, BudgetSection};
use crate::machine_types::{MACHINES_KEY, MachineType};
use crate::registry::Registry;
use crate::schema;
use crate::section::TTL_KEY;
use crate::upkeep::{GC_KEY, SCHEDULED_KEY};

impl Registry {
    /// The JSON schema (draft 2020-12) of a configuration file with sections of the kinds that are known here.
    pub fn schema(&self) -> Value {
        let mut properties = Map::new();
        let names: Vec<&str> = self.iter().map(|kind| kind.info().kind).collect();
        properties.insert(
            "provider".to_owned(),
            json!({
                "type": "string",
                "description": "Which section is used where nothing else says so.",
                "examples": names,
            }),
        );
        properties.insert(TTL_KEY.to_owned(), ttl());
        properties.insert(
            GC_KEY.to_owned(),
            json!({
                "type": "object",
                "description": "Cleaning up.",
                "properties": {
                    SCHEDULED_KEY: {
                        "type": "boolean",
                        "description": "Whether something else than `machine gc --install-timer` runs `machine gc` regularly.",
                        "default": false,
                    },
                },
                "additionalProperties": false,
            }),
        );
        properties
            .insert(BUDGET_KEY.to_owned(), json!({ "anyOf": [schema::of::<BudgetSection>(), { "type": "null" }] }));
        properties.insert(
            MACHINES_KEY.to_owned(),
            json!({
                "description": "Types that machines are made by, each with a name.",
                "type": ["object", "null"],
                "additionalProperties": schema::of::<MachineType>(),
            }),
        );
        properties
            .insert(AGENTS_KEY.to_owned(), json!({ "anyOf": [schema::of::<AgentsSection>(), { "type": "null" }] }));
        properties.insert(
            GIT_KEY.to_owned(),
            json!({
                "description": "Git servers by their hosts, for repositories that jobs clone by `https://`.",
                "anyOf": [schema::of::<GitSection>(), { "type": "null" }],
            }),
        );
        let mut others = Vec::new();
        for kind in self.iter() {
            let mut schema = kind.schema();
            schema["description"] =
                json!(format!("Settings of provider `{}`: {}.", kind.info().kind, kind.info().title));
            let schema = json!({ "anyOf": [schema, { "type": "null" }] });
            for name in std::iter::once(kind.info().kind).chain(kind.aliases().iter().copied()) {
                properties.insert(name.to_owned(), schema.clone());
            }
            let mut other = kind.schema();
            let spellings: Vec<&str> =
                std::iter::once(kind.info().kind).chain(kind.aliases().iter().copied()).collect();
            other["properties"]["kind"] = json!({ "enum": spellings });
            other["required"] = json!(["kind"]);
            others.push(other);
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "machine",
            "description": "Configuration of the machine command: one section for each account.",
            "type": "object",
            "properties": properties,
            "additionalProperties": { "anyOf": others },
        })
    }
}

/// How long what is created may stay, at the top level as in a section.
pub(crate) fn ttl() -> Value {
    json!({
        "type": "string",
        "description": "How long a machine that is created may stay where `--ttl` says nothing else; `none` for no deadline.",
        "examples": ["12h", "7d", "none"],
    })
}
