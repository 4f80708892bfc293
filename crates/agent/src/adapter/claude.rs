//! Claude Code in its print mode, as its version 2.1 takes it.

use machine_core::{EnvVar, OsText};

use super::{Invocation, OutputFormat, Prompt, TokenVariable};

const OAUTH: &str = "CLAUDE_CODE_OAUTH_TOKEN";
const API_KEY: &str = "ANTHROPIC_API_KEY";

/// Where its token may be.
pub(super) const TOKENS: [TokenVariable; 2] =
    [TokenVariable { here: OAUTH, inside: OAUTH }, TokenVariable { here: API_KEY, inside: API_KEY }];

/// Which of the two a token is for: keys of the API say so themselves.
pub(super) fn variable_of(token: &str) -> &'static str {
    if token.starts_with("sk-ant-api") { API_KEY } else { OAUTH }
}

pub(super) fn invocation(prompt: &Prompt) -> Invocation {
    let mut command: Vec<OsText> = vec!["claude".into(), "-p".into(), "--output-format".into()];
    match prompt.format {
        OutputFormat::Text => command.push("text".into()),
        OutputFormat::Json => command.push("json".into()),
        // It refuses to stream in print mode unless it is to be verbose.
        OutputFormat::StreamJson => command.extend(["stream-json".into(), "--verbose".into()]),
    }
    if let Some(conversation) = &prompt.conversation {
        command.push(if conversation.resumed { "--resume" } else { "--session-id" }.into());
        command.push(conversation.id.as_str().into());
    }
    let mut env = Vec::new();
    match &prompt.permission_mode {
        Some(mode) => command.extend(["--permission-mode".into(), mode.as_str().into()]),
        None => {
            command.push("--dangerously-skip-permissions".into());
            // As root it takes that flag only where it is told that somebody else has fenced it in.
            env.push(EnvVar::new("IS_SANDBOX", "1"));
        }
    }
    command.extend(prompt.arguments.iter().cloned());
    command.extend(["--".into(), prompt.text.as_str().into()]);
    Invocation { command, env }
}

#[cfg(test)]
mod tests {
    use super::super::tests::words;
    use super::super::{Agent, Conversation};
    use super::*;

    #[test]
    fn the_command_line_is_exactly_this() {
        let line = |prompt: &Prompt| words(Agent::Claude.invocation(prompt)).join("|");
        let mut prompt = Prompt::new("-fix it");
        assert_eq!(line(&prompt), "claude|-p|--output-format|text|--dangerously-skip-permissions|--|-fix it");
        assert_eq!(Agent::Claude.invocation(&prompt).unwrap().env, [EnvVar::new("IS_SANDBOX", "1")]);
        prompt.format = OutputFormat::StreamJson;
        prompt.conversation = Some(Conversation { id: "U".to_owned(), resumed: false });
        prompt.permission_mode = Some("plan".to_owned());
        prompt.arguments = vec!["--model".into(), "opus".into()];
        let expected = "claude|-p|--output-format|stream-json|--verbose|--session-id|U|--permission-mode|plan|--model|opus|--|-fix it";
        assert_eq!(line(&prompt), expected);
        assert_eq!(Agent::Claude.invocation(&prompt).unwrap().env, []);
        prompt.format = OutputFormat::Json;
        prompt.conversation = Some(Conversation { id: "U".to_owned(), resumed: true });
        assert!(line(&prompt).starts_with("claude|-p|--output-format|json|--resume|U|"));
    }

    #[test]
    fn a_token_goes_where_it_is_read() {
        assert_eq!(variable_of("sk-ant-api03-x"), "ANTHROPIC_API_KEY");
        assert_eq!(variable_of("sk-ant-oat01-x"), "CLAUDE_CODE_OAUTH_TOKEN");
    }
}
