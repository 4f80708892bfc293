//! Codex by its `exec`, as its version 0.169 takes it.

use machine_core::{OsText, Result};

use super::{Invocation, OutputFormat, Prompt, TokenVariable, invalid};

/// The one variable that `codex exec` reads; it has no use for the other.
pub(super) const KEY: &str = "CODEX_API_KEY";

/// Where its token may be.
pub(super) const TOKENS: [TokenVariable; 2] =
    [TokenVariable { here: KEY, inside: KEY }, TokenVariable { here: "OPENAI_API_KEY", inside: KEY }];

pub(super) fn invocation(prompt: &Prompt) -> Result<Invocation> {
    let mut command: Vec<OsText> = vec!["codex".into(), "exec".into()];
    match &prompt.permission_mode {
        Some(mode) => command.extend(["--sandbox".into(), mode.as_str().into()]),
        None => command.push("--dangerously-bypass-approvals-and-sandbox".into()),
    }
    // A workspace need not be a repository.
    command.push("--skip-git-repo-check".into());
    match prompt.format {
        OutputFormat::Text => {}
        OutputFormat::StreamJson => command.push("--json".into()),
        OutputFormat::Json => {
            let hint = "take `stream-json`, whose lines hold the result, or `text`";
            return Err(invalid("codex writes no single JSON document").with_hint(hint));
        }
    }
    command.extend(prompt.arguments.iter().cloned());
    match &prompt.conversation {
        None => command.push("--".into()),
        Some(conversation) if conversation.resumed => {
            command.extend(["resume".into(), "--".into(), conversation.id.as_str().into()]);
        }
        Some(_) => return Err(invalid("codex gives a conversation its id itself, and takes none for a new one")),
    }
    command.push(prompt.text.as_str().into());
    Ok(Invocation { command, env: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::words;
    use super::super::{Agent, Conversation};
    use super::*;

    #[test]
    fn the_command_line_is_exactly_this() {
        let line = |prompt: &Prompt| words(Agent::Codex.invocation(prompt)).join("|");
        let mut prompt = Prompt::new("-fix it");
        let expected = "codex|exec|--dangerously-bypass-approvals-and-sandbox|--skip-git-repo-check|--|-fix it";
        assert_eq!(line(&prompt), expected);
        prompt.format = OutputFormat::StreamJson;
        prompt.permission_mode = Some("read-only".to_owned());
        prompt.arguments = vec!["--model".into(), "o3".into()];
        prompt.conversation = Some(Conversation { id: "U".to_owned(), resumed: true });
        let expected = "codex|exec|--sandbox|read-only|--skip-git-repo-check|--json|--model|o3|resume|--|U|-fix it";
        assert_eq!(line(&prompt), expected);
    }

    #[test]
    fn what_it_cannot_do_is_refused() {
        let json = Prompt { format: OutputFormat::Json, ..Prompt::new("x") };
        assert!(Agent::Codex.invocation(&json).unwrap_err().hint().unwrap().contains("stream-json"));
        let conversation = Some(Conversation { id: "U".to_owned(), resumed: false });
        assert!(Agent::Codex.invocation(&Prompt { conversation, ..Prompt::new("x") }).is_err());
    }
}
