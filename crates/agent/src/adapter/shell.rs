//! A shell, for which the prompt is a script: to try everything around an agent without one.

use machine_core::{OsText, Result};

use super::{Invocation, OutputFormat, Prompt, invalid};

pub(super) fn invocation(prompt: &Prompt) -> Result<Invocation> {
    let refused = [
        (prompt.format != OutputFormat::Text, "the shell writes what its script writes, and takes no output format"),
        (prompt.permission_mode.is_some(), "the shell asks for no permission, and takes no permission mode"),
        (prompt.conversation.is_some(), "the shell remembers no conversation"),
    ];
    if let Some((_, what)) = refused.into_iter().find(|(asked, _)| *asked) {
        return Err(invalid(what));
    }
    let mut command: Vec<OsText> = vec!["sh".into(), "-c".into(), prompt.text.as_str().into()];
    if !prompt.arguments.is_empty() {
        // The first word after a script is its `$0`.
        command.push("sh".into());
        command.extend(prompt.arguments.iter().cloned());
    }
    Ok(Invocation { command, env: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::super::Agent;
    use super::super::tests::words;
    use super::*;

    #[test]
    fn the_command_line_is_exactly_this() {
        let mut prompt = Prompt::new("echo \"$1\"");
        assert_eq!(words(Agent::Shell.invocation(&prompt)), ["sh", "-c", "echo \"$1\""]);
        prompt.arguments = vec!["one".into()];
        assert_eq!(words(Agent::Shell.invocation(&prompt)), ["sh", "-c", "echo \"$1\"", "sh", "one"]);
        prompt.format = OutputFormat::Json;
        assert!(Agent::Shell.invocation(&prompt).is_err());
    }
}
