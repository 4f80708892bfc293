//! Agents, programs that are given a prompt, and how each of them is called: one adapter for each, which knows its command line
//! and its variables and nothing of machines.

mod claude;
mod codex;
mod shell;

use std::fmt;

use machine_core::{EnvVar, Error, ErrorKind, OsText, Result};

/// The most bytes of a prompt. The kernel takes no argument of 128 KiB.
const MAX_PROMPT: usize = 120 * 1024;

/// A program that is given a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Agent {
    /// Claude Code, in its print mode.
    Claude,
    /// Codex, by its `exec`.
    Codex,
    /// A shell, for which the prompt is a script.
    Shell,
}

/// What an agent writes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OutputFormat {
    /// Words for a person.
    #[default]
    Text,
    /// One JSON document when it has ended.
    Json,
    /// A JSON document for each thing that it does, one in a line.
    StreamJson,
}

/// The conversation that a prompt belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The agent's own id of it; for `claude` a UUID.
    pub id: String,
    /// Whether it was begun before. It is begun under this id otherwise.
    pub resumed: bool,
}

impl Conversation {
    /// One that has not begun.
    ///
    /// # Errors
    /// `System` where this computer gives no random numbers.
    pub fn fresh() -> Result<Self> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::new(ErrorKind::System, format!("no random numbers for the conversation's id: {error}"))
        })?;
        // A UUID of version 4, variant 1.
        let marked = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let digits = format!("{marked:032x}");
        let id = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-");
        Ok(Self { id, resumed: false })
    }
}

/// What an agent is asked to do, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prompt {
    /// What to do.
    pub text: String,
    /// What it writes.
    pub format: OutputFormat,
    /// The conversation that it belongs to; one of its own otherwise.
    pub conversation: Option<Conversation>,
    /// What it may do without asking, in the agent's own word. Everything otherwise: the machine is made for it.
    pub permission_mode: Option<String>,
    /// More arguments for the agent, before the prompt.
    pub arguments: Vec<OsText>,
}

impl Prompt {
    /// `text`, answered in words, in a conversation of its own.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// How an agent is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments.
    pub command: Vec<OsText>,
    /// Variables that it needs and nobody has to hide. Its token is not among them.
    pub env: Vec<EnvVar>,
}

/// Where an agent's token comes from and goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenVariable {
    /// The variable of this computer that holds it.
    pub here: &'static str,
    /// The variable of the job that the agent reads it from.
    pub inside: &'static str,
}

impl Agent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::Shell];

    /// Its name, which is that of its program but for the shell.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Shell => "shell",
        }
    }

    /// Whether it takes an id of ours for a conversation, by which a later prompt goes on with it.
    pub fn remembers(self) -> bool {
        self == Self::Claude
    }

    /// The variables that may hold its token, in the order in which they count. None where it needs no token.
    pub fn token_variables(self) -> &'static [TokenVariable] {
        match self {
            Self::Claude => &claude::TOKENS,
            Self::Codex => &codex::TOKENS,
            Self::Shell => &[],
        }
    }

    /// The variable in which it expects that token, which came from elsewhere than a variable.
    pub fn variable_of(self, token: &str) -> Option<&'static str> {
        match self {
            Self::Claude => Some(claude::variable_of(token)),
            Self::Codex => Some(codex::KEY),
            Self::Shell => None,
        }
    }

    /// How it is called with that prompt.
    ///
    /// # Errors
    /// `Invalid` for a prompt that is empty or too long, and for what this agent cannot be told.
    pub fn invocation(self, prompt: &Prompt) -> Result<Invocation> {
        if prompt.text.trim().is_empty() {
            return Err(invalid("the prompt is empty").with_hint("say what is to be done: -p 'fix the failing test'"));
        }
        if prompt.text.len() > MAX_PROMPT {
            let what = format!("the prompt has {} bytes, and a program takes at most {MAX_PROMPT}", prompt.text.len());
            let hint = "put it into a file of the workspace, and say in the prompt to read that";
            return Err(invalid(what).with_hint(hint));
        }
        if prompt.text.contains('\0') {
            return Err(invalid("the prompt holds a zero byte"));
        }
        match self {
            Self::Claude => Ok(claude::invocation(prompt)),
            Self::Codex => codex::invocation(prompt),
            Self::Shell => shell::invocation(prompt),
        }
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn invalid(what: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a command line.
    pub(super) fn words(invocation: Result<Invocation>) -> Vec<String> {
        invocation.unwrap().command.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_is_no_prompt_is_refused_by_every_agent() {
        for agent in Agent::ALL {
            for text in ["", " \n\t", "a\0b", &"x".repeat(MAX_PROMPT + 1)] {
                let error = agent.invocation(&Prompt::new(text)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Invalid, "{agent}: {error}");
            }
            let longest = "x".repeat(MAX_PROMPT);
            assert!(words(agent.invocation(&Prompt::new(&*longest))).contains(&longest));
        }
    }
}
