//! Traffic held against the published description of an API.

use std::collections::BTreeMap;

use jsonschema::{Draft, Validator};
use machine_simcloud::Exchange;
use serde_json::{Value, json};

/// A description, ready to check traffic.
pub(crate) struct Spec {
    document: Value,
    /// What stands before the description's paths on the wire.
    prefix: &'static str,
    validators: BTreeMap<String, Validator>,
}

impl Spec {
    pub(crate) fn load(file: &str, prefix: &'static str) -> Self {
        // The tests of the workspace read them from their own place.
        let places =
            ["specs", "../crates/simcloud/specs"].map(|dir| format!("{}/{dir}/{file}", env!("CARGO_MANIFEST_DIR")));
        let path = places.iter().find(|path| std::path::Path::new(path).exists()).unwrap();
        let mut document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        allow_nulls(&mut document);
        Self { document, prefix, validators: BTreeMap::new() }
    }

    /// What is wrong with the traffic. A problem that contains one of `tolerated` is none; one of `tolerated` that nothing
    /// needs is a problem.
    pub(crate) fn problems(&mut self, traffic: &[Exchange], tolerated: &[(&str, &str)]) -> Vec<String> {
        let found: Vec<_> = traffic.iter().flat_map(|exchange| self.check(exchange)).collect();
        let tolerable = |problem: &String| tolerated.iter().any(|(part, _)| problem.contains(part));
        let unneeded = tolerated.iter().filter(|(part, _)| !found.iter().any(|problem| problem.contains(part)));
        let unneeded = unneeded.map(|(part, why)| format!("nothing needs the tolerance of {part} ({why})"));
        let mut problems: Vec<_> =
            found.iter().filter(|problem| !tolerable(problem)).cloned().chain(unneeded).collect();
        problems.sort();
        problems.dedup();
        problems
    }

    fn check(&mut self, exchange: &Exchange) -> Vec<String> {
        let name = format!("{} {} -> {}", exchange.method, exchange.operation, exchange.status);
        let Some(path) = self.path(&exchange.path, &exchange.method) else {
            return vec![format!("{name}: the description has no such path")];
        };
        let at = format!("/paths/{}/{}", escaped(&path), exchange.method.to_lowercase());
        let responses = self.find(&format!("{at}/responses"));
        let status = exchange.status.to_string();
        let known = self.document.pointer(&responses).unwrap().get(&status).is_some();
        let status = if known { &status } else { "default" };
        if self.document.pointer(&responses).unwrap().get(status).is_none() {
            return vec![format!("{name}: the description has no such status")];
        }
        let mut problems = Vec::new();
        let answer = self.schema(&format!("{responses}/{status}"));
        problems.extend(self.validate(&format!("{name}: answer"), answer, &exchange.response));
        if exchange.status < 400 && !exchange.request.is_empty() {
            let request = self.schema(&format!("{at}/requestBody"));
            problems.extend(self.validate(&format!("{name}: request"), request, &exchange.request));
        }
        problems
    }

    /// The path of the description that fits, with the fewest variable parts.
    fn path(&self, path: &str, method: &str) -> Option<String> {
        let path = path.strip_prefix(self.prefix)?;
        let parts: Vec<_> = path.split('/').collect();
        let fits = |(template, methods): &(&String, &Value)| {
            let of_template: Vec<_> = template.split('/').collect();
            methods.get(method.to_lowercase()).is_some()
                && of_template.len() == parts.len()
                && of_template.iter().zip(&parts).all(|(wanted, has)| wanted.starts_with('{') || wanted == has)
        };
        let paths = self.document["paths"].as_object()?.iter().filter(fits);
        paths.map(|(template, _)| template.clone()).min_by_key(|template| template.matches('{').count())
    }

    /// The pointer of the JSON schema of a request or an answer.
    fn schema(&self, holder: &str) -> Option<String> {
        let holder = self.find(holder);
        let schema = format!("{holder}/content/application~1json/schema");
        self.document.pointer(&schema).is_some().then_some(schema)
    }

    /// Where `pointer` really is, if it is a reference.
    fn find(&self, pointer: &str) -> String {
        match self.document.pointer(pointer).and_then(|there| there["$ref"].as_str()) {
            Some(reference) => self.find(&reference[1..]),
            None => pointer.to_owned(),
        }
    }

    fn validate(&mut self, name: &str, schema: Option<String>, body: &[u8]) -> Vec<String> {
        let Some(schema) = schema else {
            return if body.is_empty() { Vec::new() } else { vec![format!("{name}: nothing is expected")] };
        };
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return vec![format!("{name}: no JSON")];
        };
        if !self.validators.contains_key(&schema) {
            let mut root = self.document.clone();
            root["$ref"] = json!(format!("#{}", schema.replace('{', "%7B").replace('}', "%7D")));
            let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
            self.validators.insert(schema.clone(), options.build(&root).unwrap());
        }
        let validator = &self.validators[&schema];
        let said = |error: jsonschema::ValidationError<'_>| {
            let text = error.to_string();
            let short: String = text.chars().rev().take(160).collect::<Vec<_>>().into_iter().rev().collect();
            format!("{name} {}: …{short}", error.instance_path())
        };
        validator.iter_errors(&body).map(said).collect()
    }
}

/// Says `nullable` in the words of JSON schema, which has another for it.
fn allow_nulls(value: &mut Value) {
    if let Value::Object(object) = value {
        if object.get("nullable") == Some(&Value::Bool(true)) {
            if let Some(kind) = object.get("type").cloned() {
                object.insert("type".to_owned(), json!([kind, "null"]));
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        object.values_mut().for_each(allow_nulls);
    } else if let Value::Array(list) = value {
        list.iter_mut().for_each(allow_nulls);
    }
}

fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}
