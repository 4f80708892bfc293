//! Failures as JSON, for whoever asked for JSON: one line on standard error, `{"error": {...}}`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use clap::ArgMatches;
use clap::parser::ValueSource;
use machine_core::{Effect, Error, Retry};
use serde::Serialize;

/// The kind of a command line that cannot be read.
pub(crate) const USAGE_KIND: &str = "usage";

#[derive(Debug, Serialize)]
struct Line<'a> {
    error: Report<'a>,
}

/// One failure.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// The exit code of a command that fails of this alone.
    code: u8,
    kind: &'a str,
    message: String,
    hint: Option<&'a str>,
    /// Whether the same command may succeed later.
    retryable: bool,
    request_id: Option<&'a str>,
    effect: &'static str,
    provider: Option<&'a str>,
    operation: Option<&'a str>,
    context: BTreeMap<&'a str, &'a str>,
}

/// Whether the command that was read was told to answer in JSON.
pub(crate) fn asked_for(matches: &ArgMatches) -> bool {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    if matches.try_get_one::<bool>("json").ok().flatten() == Some(&true) {
        return true;
    }
    // Not every command has the flag.
    let shapes = matches.try_get_raw("output").ok().flatten();
    // What a command does by itself is not asked for.
    shapes.is_some_and(|mut shapes| shapes.any(is_json))
        && matches.value_source("output") == Some(ValueSource::CommandLine)
}

/// Whether the shape is one of JSON: programs that read YAML expect people's words on standard error.
fn is_json(shape: &OsStr) -> bool {
    shape == "json" || shape == "jsonl"
}

/// Whether a command line that cannot be read as a whole asks for JSON.
pub(crate) fn asked_for_by_words(args: &[OsString]) -> bool {
    let mut words = args.iter().map(|word| word.to_string_lossy()).take_while(|word| word != "--");
    while let Some(word) = words.next() {
        match &*word {
            "--json" => return true,
            "-o" | "--output" if words.next().is_some_and(|shape| is_json(OsStr::new(&*shape))) => return true,
            word => {
                let shape = word
                    .strip_prefix("--output=")
                    .or_else(|| word.strip_prefix("-o").map(|shape| shape.strip_prefix('=').unwrap_or(shape)));
                if shape.is_some_and(|shape| is_json(OsStr::new(shape))) {
                    return true;
                }
            }
        }
    }
    false
}

/// The line for that failure.
pub(crate) fn line(error: &Error, code: u8) -> String {
    written(Report {
        code,
        kind: error.kind().as_str(),
        message: error.to_string(),
        hint: error.hint(),
        retryable: error.retry() != Retry::Never,
        request_id: error.request_id(),
        effect: word(error.effect()),
        provider: error.provider(),
        operation: error.operation(),
        context: error.context().iter().map(|(key, value)| (*key, value.as_str())).collect(),
    })
}

/// The line for a command line that cannot be read, of which the parser says `text`.
pub(crate) fn usage_line(text: &str, code: u8) -> String {
    let sentence = text.split("\n\n").next().unwrap_or_default();
    let sentence = sentence.strip_prefix("error: ").unwrap_or(sentence);
    written(Report {
        code,
        kind: USAGE_KIND,
        message: sentence.split_whitespace().collect::<Vec<_>>().join(" "),
        hint: text.lines().find_map(|line| line.trim().strip_prefix("tip: ")),
        retryable: false,
        request_id: None,
        effect: word(Effect::None),
        provider: None,
        operation: None,
        context: BTreeMap::new(),
    })
}

/// The word by which an effect stands in JSON.
pub(crate) fn word(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Unknown => "unknown",
        Effect::Applied => "applied",
    }
}

fn written(report: Report<'_>) -> String {
    let code = report.code;
    // Texts and numbers are JSON whatever they say; a code without words is better than nothing all the same.
    let text = serde_json::to_string(&Line { error: report });
    text.unwrap_or_else(|_| format!("{{\"error\":{{\"code\":{code}}}}}"))
}

#[cfg(test)]
mod tests {
    use machine_core::ErrorKind;
    use serde_json::{Value, json};

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn json_is_asked_for_with_the_flag_of_the_command_itself() {
        for (line, asked) in [
            ("machine list -o json", true),
            ("machine list -ojsonl", true),
            ("machine list -o yaml", false),
            ("machine inspect web-1", false),
            ("machine inspect web-1 -o json", true),
            ("machine config show --output=json", true),
            ("machine version", false),
            ("machine list -o text", false),
            ("machine run -- tool -o json", false),
        ] {
            let matches = crate::cli::tree().try_get_matches_from(words(line)).unwrap();
            assert_eq!(asked_for(&matches), asked, "{line}");
            assert_eq!(asked_for_by_words(&words(line)), asked, "{line}");
        }
    }

    #[test]
    fn a_failure_is_one_line_with_all_that_is_known() {
        let error = Error::new(ErrorKind::Busy, "it is\n\"locked\"")
            .with_hint("wait")
            .with_effect(Effect::Applied)
            .with_request_id("r-1")
            .with_provider("fly")
            .with_context("subject", "web-1");
        let text = line(&error, 5);
        assert_eq!(text.lines().count(), 1);
        let expected = json!({"error": {
            "code": 5, "kind": "busy", "message": "it is\n\"locked\"", "hint": "wait", "retryable": true,
            "request_id": "r-1", "effect": "applied", "provider": "fly", "operation": null,
            "context": {"subject": "web-1"},
        }});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn what_the_parser_says_is_a_sentence_and_a_hint() {
        let text = "error: these are missing:\n  <NAME>\n\n  tip: a similar one exists: 'list'\n\nUsage: machine\n";
        let value: Value = serde_json::from_str(&usage_line(text, 2)).unwrap();
        assert_eq!(value["error"]["message"], "these are missing: <NAME>");
        assert_eq!(value["error"]["hint"], "a similar one exists: 'list'");
    }
}
