//! What the program says of itself, for documents that are generated from it.

use machine_core::{Effect, ErrorKind};
use serde_json::{Value, json};

use crate::failure::{code, kind_code};
use crate::json_errors;

mod shapes;

pub use shapes::{Shape, page as json_page, shapes};

/// Every exit code, as a page in Markdown.
pub fn exit_codes() -> String {
    let mut page = String::from(
        "# Exit codes\n\nWhat `machine` exits with, and the kinds of failures behind it, as they stand in \
         [errors as JSON](error.schema.json). `cargo xtask gen-reference` writes this file.\n\n\
         | code | what happened | kinds |\n|---:|---|---|\n",
    );
    for (code, says) in code::OF_COMMANDS {
        page.push_str(&format!("| {code} | {says} | {} |\n", kinds_of(code).join(", ")));
    }
    page.push_str(
        "\nWhatever its kind, a failure with the effect `unknown` is 11: that nobody knows what happened weighs more than why.\n\n\
         `run` and `exec` exit as the job did: with its own code, or 128 and the number of the signal that ended it. What they \
         say beyond that:\n\n| code | what happened |\n|---:|---|\n",
    );
    for (code, says) in code::OF_JOBS {
        page.push_str(&format!("| {code} | {says} |\n"));
    }
    page.push_str(
        "\n## Errors as JSON\n\nA command that was told `-o json` also fails in JSON: one line on standard error that begins \
         with `{\"error\":`, one for each thing that failed. Other lines there are notes for people. Standard output has only what was asked for.\n\n\
         ```json\n{\"error\":{\"code\":3,\"kind\":\"not_found\",\"message\":\"no machine is called `web-1`\",\"hint\":null,\"retryable\":false,\
         \"request_id\":null,\"effect\":\"none\",\"provider\":\"local\",\"operation\":null,\"context\":{}}}\n```\n\n\
         The [schema](error.schema.json) says what each part means. `code` is that of the failure by itself: where some of several \
         worked, the command exits with 9.\n",
    );
    page
}

/// The JSON schema of the line by which a failure is told to whoever asked for JSON.
pub fn error_schema() -> Value {
    let kinds: Vec<&str> = ErrorKind::ALL.into_iter().map(ErrorKind::as_str).chain([json_errors::USAGE_KIND]).collect();
    let effects = [Effect::None, Effect::Unknown, Effect::Applied].map(json_errors::word);
    let text = |says: &str| json!({"type": "string", "description": says});
    let maybe = |says: &str| json!({"type": ["string", "null"], "description": says});
    let properties = json!({
        "code": {"type": "integer", "minimum": 1, "maximum": 255, "description": "The exit code of a command that fails of this alone."},
        "kind": {"enum": kinds, "description": "What kind of failure this is; `usage` is a command line that cannot be read."},
        "message": text("One sentence for a person. It may change with any version."),
        "hint": maybe("What a person can do about it."),
        "retryable": {"type": "boolean", "description": "Whether the same command may succeed later, as it stands."},
        "request_id": maybe("The id by which the cloud's support can find the request."),
        "effect": {"enum": effects, "description": "What may have happened in the cloud: nothing, nobody knows, or what was asked for."},
        "provider": maybe("The provider that it failed at."),
        "operation": maybe("What was being done."),
        "context": {"type": "object", "additionalProperties": {"type": "string"}, "description": "More facts by name; which there are differs from failure to failure."},
    });
    let required: Vec<&String> = properties.as_object().map(|parts| parts.keys().collect()).unwrap_or_default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A failure, as `machine ... -o json` tells it on standard error",
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "object", "required": required, "properties": properties}},
    })
}

/// The kinds of failures that exit with that code.
fn kinds_of(code: u8) -> Vec<String> {
    let of_code = ErrorKind::ALL.into_iter().filter(|kind| kind_code(*kind) == code);
    let parser = (code == code::USAGE).then_some(json_errors::USAGE_KIND);
    of_code.map(ErrorKind::as_str).chain(parser).map(|kind| format!("`{kind}`")).collect()
}
