//! Reading what is to be run: a YAML document, or lines of JSON.

use machine_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::Item;

/// The most jobs of one batch.
const ITEMS: usize = 10_000;

/// The keys of a document.
const DEFAULTS: &str = "defaults";
const JOBS: &str = "items";

/// The jobs, with the defaults in them. `source` is what errors call the text.
///
/// # Errors
/// `Invalid`, with the place, for what is no such document, and for a job that makes no sense.
pub(crate) fn read(source: &str, text: &str) -> Result<Vec<Item>> {
    let refuse = |why: String| Error::new(ErrorKind::Invalid, format!("{source}: {why}"));
    let (defaults, entries) = match lines(text) {
        Some(lines) => of_lines(lines).map_err(refuse)?,
        None => of_document(text).map_err(refuse)?,
    };
    let defaults: Item = match defaults {
        Some(defaults) => serde_json::from_value(defaults).map_err(|error| refuse(format!("`{DEFAULTS}`: {error}")))?,
        None => Item::default(),
    };
    if defaults.name.is_some() {
        return Err(refuse(format!("`{DEFAULTS}` has a `name`, which is of one job alone")));
    }
    if entries.is_empty() {
        return Err(refuse("there is no job in it".to_owned()).with_hint(HINT));
    }
    if entries.len() > ITEMS {
        return Err(refuse(format!("it has {} jobs, and a batch takes at most {ITEMS}", entries.len())));
    }
    let mut items = Vec::with_capacity(entries.len());
    for (place, entry) in entries {
        let item: Item = serde_json::from_value(entry).map_err(|error| refuse(format!("{place}: {error}")))?;
        let item = item.over(&defaults);
        item.check().map_err(|error| refuse(format!("{place}: {error}")))?;
        items.push(item);
    }
    for (index, item) in items.iter().enumerate() {
        let twice = item.name.is_some() && items[..index].iter().any(|other| other.name == item.name);
        if twice {
            return Err(refuse(format!("two jobs are called `{}`", item.name.as_deref().unwrap_or_default())));
        }
    }
    Ok(items)
}

/// How it is written.
const HINT: &str = "write `items:` and below it `- prompt: fix the failing test`, or a line of JSON for each: {\"command\": [\"make\"]}";

/// Parts of a document: the defaults, and each job with its place.
type Parts = (Option<Value>, Vec<(String, Value)>);

/// The lines that hold anything, where the text is lines of JSON.
fn lines(text: &str) -> Option<Vec<(usize, &str)>> {
    let lines: Vec<_> = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    let (_, first) = lines.first()?;
    let first: Value = serde_json::from_str(first).ok()?;
    // One line of JSON may be the whole document as well.
    (first.is_object() && (lines.len() > 1 || first.get(JOBS).is_none())).then_some(lines)
}

fn of_lines(lines: Vec<(usize, &str)>) -> Result<Parts, String> {
    let (mut defaults, mut entries) = (None, Vec::with_capacity(lines.len()));
    for (number, line) in lines {
        let place = format!("line {}", number + 1);
        let mut value: Value = serde_json::from_str(line).map_err(|error| format!("{place}: {error}"))?;
        match value.as_object_mut().filter(|object| object.len() == 1).and_then(|object| object.remove(DEFAULTS)) {
            Some(found) if entries.is_empty() && defaults.is_none() => defaults = Some(found),
            Some(_) => return Err(format!("{place}: `{DEFAULTS}` come first, and once")),
            None => entries.push((place, value)),
        }
    }
    Ok((defaults, entries))
}

fn of_document(text: &str) -> Result<Parts, String> {
    let document: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let (defaults, list) = match document {
        Value::Null => (None, Vec::new()),
        Value::Array(list) => (None, list),
        Value::Object(mut object) => {
            let defaults = object.remove(DEFAULTS).filter(|defaults| !defaults.is_null());
            let list = match object.remove(JOBS) {
                Some(Value::Array(list)) => list,
                None | Some(Value::Null) => Vec::new(),
                Some(_) => return Err(format!("`{JOBS}` is no list")),
            };
            if let Some(key) = object.keys().next() {
                return Err(format!("nobody knows the key `{key}`; there are `{DEFAULTS}` and `{JOBS}`"));
            }
            (defaults, list)
        }
        _ => return Err(format!("it is neither a list of jobs nor a mapping with `{JOBS}`")),
    };
    Ok((defaults, list.into_iter().enumerate().map(|(index, entry)| (format!("item {}", index + 1), entry)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Result<Vec<String>> {
        let items = read("jobs", text)?;
        Ok(items.into_iter().map(|item| item.command.unwrap_or_default().join(" ")).collect())
    }

    #[test]
    fn every_way_of_writing_says_the_same() {
        let ways = [
            "items:\n- command: [echo, a]\n- command: [echo, b]\n",
            "- command: [echo, a]\n- {command: [echo, b]}\n",
            "{\"command\": [\"echo\", \"a\"]}\n\n{\"command\": [\"echo\", \"b\"]}\n",
            "{\"items\": [{\"command\": [\"echo\", \"a\"]}, {\"command\": [\"echo\", \"b\"]}]}",
            "{\"defaults\": {\"command\": [\"echo\", \"a\"]}}\n{}\n{\"command\": [\"echo\", \"b\"]}",
            "defaults: {command: [echo, a]}\nitems: [{}, {command: [echo, b]}]",
        ];
        for text in ways {
            assert_eq!(commands(text).unwrap(), ["echo a", "echo b"], "{text}");
        }
        assert_eq!(commands("{\"command\": [\"x\"]}").unwrap(), ["x"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = [
            ("", "jobs: there is no job in it"),
            ("items: []", "jobs: there is no job in it"),
            ("items: 3", "`items` is no list"),
            ("jobs: []", "nobody knows the key `jobs`"),
            ("3", "neither a list of jobs nor"),
            ("- command: [a]\n- cmd: [b]", "item 2: unknown field `cmd`"),
            ("- command: [a]\n- {}", "item 2: it has neither"),
            ("{\"command\": [\"a\"]}\n{\"command\": 3}", "line 2: invalid type"),
            ("{\"command\": [\"a\"]}\n{\"command\":", "line 2: EOF"),
            ("{\"command\": [\"a\"]}\n{\"defaults\": {}}", "line 2: `defaults` come first"),
            ("- {command: [a], name: x}\n- {command: [b], name: x}", "two jobs are called `x`"),
            ("defaults: {name: x}\nitems: [{command: [a]}]", "which is of one job alone"),
            ("a: [", "jobs: "),
        ];
        for (text, expected) in wrong {
            let error = commands(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
