//! The flags that give a prompt to an agent, in place of a command.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use machine_agent::{Agent, Invocation, OutputFormat, Prompt};
use machine_core::{Error, ErrorKind, OsText, Result};
use serde::{Deserialize, Serialize};

use crate::job_args::CarriedOn;
use crate::streams::Streams;

/// The most that is read of a prompt; the longest that an agent takes is shorter.
const PROMPT: usize = 1 << 20;

/// An agent in place of a command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Agent")]
pub(crate) struct AgentArgs {
    /// What an agent is to do, in words; `-` reads them from standard input.
    #[arg(long, short, value_name = "PROMPT")]
    pub(crate) prompt: Option<String>,
    /// Who is given the prompt; the program has to be in the machine [default: claude].
    #[arg(long, value_name = "claude|codex|shell", requires = "prompt", hide_possible_values = true)]
    pub(crate) agent: Option<AgentName>,
    /// What the agent writes [default: text].
    #[arg(long, value_name = "text|json|stream-json", requires = "prompt", hide_possible_values = true)]
    output_format: Option<Format>,
    /// What the agent may do without asking, in its own word [default: everything, as the machine is made for it].
    #[arg(long, value_name = "MODE", requires = "prompt")]
    permission_mode: Option<String>,
    /// One more argument for the agent, as in `--agent-arg=--model --agent-arg=opus`.
    #[arg(long, value_name = "ARG", requires = "prompt", allow_hyphen_values = true)]
    agent_arg: Vec<OsString>,
}

/// An agent by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AgentName {
    /// Claude Code.
    #[default]
    Claude,
    /// Codex.
    Codex,
    /// A shell.
    Shell,
}

/// An output format by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// Words.
    #[default]
    Text,
    /// One document.
    Json,
    /// A document for each thing that happens.
    StreamJson,
}

impl AgentName {
    /// The agent that it names.
    pub(crate) fn agent(self) -> Agent {
        match self {
            Self::Claude => Agent::Claude,
            Self::Codex => Agent::Codex,
            Self::Shell => Agent::Shell,
        }
    }
}

impl Format {
    /// The format that it names.
    pub(crate) fn format(self) -> OutputFormat {
        match self {
            Self::Text => OutputFormat::Text,
            Self::Json => OutputFormat::Json,
            Self::StreamJson => OutputFormat::StreamJson,
        }
    }
}

/// An agent that is about to be called.
pub(crate) struct Called {
    /// Which.
    pub(crate) agent: Agent,
    /// How.
    pub(crate) invocation: Invocation,
    /// Whether our input was its prompt.
    pub(crate) from_stdin: bool,
}

impl AgentArgs {
    /// The agent that is asked for, or that the job carries on with; none where there is no prompt.
    ///
    /// # Errors
    /// A prompt that is empty, too long or no text; what the agent cannot be told.
    pub(crate) fn called(&self, streams: &Streams, carried_on: &CarriedOn) -> Result<Option<Called>> {
        let Some(prompt) = &self.prompt else { return Ok(None) };
        let from_stdin = prompt == "-";
        let text = if from_stdin { read(streams)? } else { prompt.clone() };
        let agent = self.agent.or(carried_on.agent).unwrap_or_default().agent();
        let format = self.output_format.unwrap_or_default().format();
        let prompt = Prompt {
            format,
            // Another agent has what is in the workspace, and no more.
            conversation: carried_on.conversation.clone().filter(|_| agent.remembers()),
            permission_mode: self.permission_mode.clone(),
            arguments: self.agent_arg.iter().map(|word| OsText::from(word.as_os_str())).collect(),
            ..Prompt::new(text)
        };
        Ok(Some(Called { agent, invocation: agent.invocation(&prompt)?, from_stdin }))
    }
}

/// The prompt on our standard input.
fn read(streams: &Streams) -> Result<String> {
    let refuse = |why: &str| Error::new(ErrorKind::Invalid, format!("the prompt on standard input {why}"));
    let text = streams.read_to_end(PROMPT).map_err(|error| Error::io("cannot read the prompt", error.into()))?;
    if text.len() > PROMPT {
        return Err(refuse("is larger than 1 MiB"));
    }
    String::from_utf8(text).map_err(|_| refuse("is not UTF-8"))
}
