//! What a JSON schema says of the value at a path: its type, its keys, whether it is secret.

use serde_json::Value;

use crate::path::{Path, Step};

/// The schema of a kind's section, every part in its place.
pub(crate) fn of<C: schemars::JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<C>().to_value()
}

/// The schemas that hold for the value at `path`: several where it may have one of several shapes.
pub(crate) fn at<'a>(schema: &'a Value, path: &Path) -> Vec<&'a Value> {
    let mut found = alternatives(schema);
    for step in &path.0 {
        found = found
            .into_iter()
            .filter_map(|schema| match step {
                Step::Key(key) => schema["properties"].get(key).or_else(|| schema.get("additionalProperties")),
                Step::Index(_) => schema.get("items"),
            })
            .flat_map(alternatives)
            .collect();
    }
    found
}

fn alternatives(schema: &Value) -> Vec<&Value> {
    let nested = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema[word].as_array()).flatten();
    std::iter::once(schema).chain(nested.flat_map(alternatives)).collect()
}

/// The keys that a mapping at `path` may have.
pub(crate) fn keys<'a>(schema: &'a Value, path: &Path) -> Vec<&'a str> {
    at(schema, path)
        .into_iter()
        .filter_map(|schema| schema["properties"].as_object())
        .flat_map(|keys| keys.keys())
        .map(String::as_str)
        .collect()
}

/// Whether the value at `path`, or one that it stands in, must not be shown.
pub(crate) fn is_secret(schema: &Value, path: &Path) -> bool {
    let secret = |path: &Path| at(schema, path).iter().any(|schema| schema["writeOnly"] == true);
    secret(path) || path.parent().is_some_and(|above| is_secret(schema, &above))
}

/// Whether the value at `path` may be of that JSON type.
pub(crate) fn takes(schema: &Value, path: &Path, kind: &str) -> bool {
    at(schema, path).iter().any(|schema| match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(several) => several.iter().any(|one| one == kind),
        _ => {
            schema["enum"].as_array().into_iter().flatten().any(|value| kind == "string" && value.is_string())
                || (kind == "string" && schema["const"].is_string())
        }
    })
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    use super::*;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is of interest")]
    struct Section {
        token: Option<machine_core::Secret>,
        image: Option<String>,
        services: Vec<Service>,
        mode: Mode,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "as above")]
    struct Service {
        port: u16,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "as above")]
    enum Mode {
        /// Documented variants are a `oneOf` of constants.
        Fast,
        /// Another.
        Slow,
    }

    #[test]
    fn it_tells_types_keys_and_secrets_at_any_depth() {
        let schema = of::<Section>();
        let root = Path::default();
        let port = root.key("services").step(Step::Index(3)).key("port");
        assert!(takes(&schema, &port, "integer") && !takes(&schema, &port, "string"), "{schema}");
        assert!(
            takes(&schema, &root.key("image"), "string") && takes(&schema, &root.key("mode"), "string"),
            "{schema}"
        );
        assert!(is_secret(&schema, &root.key("token")) && !is_secret(&schema, &root.key("image")), "{schema}");
        assert_eq!(keys(&schema, &root.key("services").step(Step::Index(0))), ["port"]);
        assert!(at(&schema, &root.key("nothing").key("below")).is_empty());
    }
}
