//! What a shell asks while somebody types: the script that asks, and the answers. Nothing here makes a request or writes a
//! file.
//!
//! The script and the answers are one protocol of `clap_complete`, which may change with any version of it; that is why the
//! script is best made by the program that answers, at every start of a shell.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Command, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;
use machine_config::Config;
use machine_core::{Error, ErrorKind, Result};
use machine_fleet::StateDir;

use crate::cli;
use crate::surroundings::Surroundings;

/// The environment variable by which the script says that it asks, and for which shell.
pub(crate) const VARIABLE: &str = "MACHINE_COMPLETE";

/// A shell that can be helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// The GNU shell.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
    /// PowerShell, also on Linux.
    #[value(name = "powershell")]
    Pwsh,
    /// Elvish.
    Elvish,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Pwsh => "powershell",
            Self::Elvish => "elvish",
        }
    }
}

/// Where a name of a machine is expected, by command and argument.
const MACHINES: [(&str, &str); 12] = [
    ("status", "names"),
    ("inspect", "names"),
    ("start", "names"),
    ("stop", "names"),
    ("suspend", "names"),
    ("restart", "names"),
    ("destroy", "names"),
    ("logs", "name"),
    ("exec", "name"),
    ("ssh", "name"),
    ("ip", "names"),
    ("wait", "name"),
];

/// Where a path here, or in a machine, is expected.
const COPY_ENDS: [&str; 2] = ["from", "to"];

/// The script that makes that shell ask this program.
///
/// # Errors
/// A shell that the library has forgotten.
pub(crate) fn script(shell: Shell) -> Result<String> {
    let mut text = Vec::new();
    known(shell.name())?
        .write_registration(VARIABLE, "machine", "machine", "machine", &mut text)
        .map_err(|error| Error::io("the script cannot be made", error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The answer to a shell that asks with this command line: candidates in the shape that it wants.
///
/// # Errors
/// A shell that nobody knows; a line that is not one of a script.
pub(crate) fn answer(shell: &OsStr, args: &[OsString], surroundings: &Surroundings) -> Result<Vec<u8>> {
    let words: Vec<OsString> = args.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    let mut tree = prepared(&words, surroundings);
    let mut text = Vec::new();
    // The directory is that of whoever types, and may be gone.
    let here = std::env::current_dir().ok();
    known(&shell.to_string_lossy())?
        .write_complete(&mut tree, words, here.as_deref(), &mut text)
        .map_err(|error| Error::io("there is no completion", error))?;
    Ok(text)
}

fn known(name: &str) -> Result<&'static dyn clap_complete::env::EnvCompleter> {
    const SHELLS: Shells<'static> = Shells::builtins();
    SHELLS.0.iter().copied().find(|shell| shell.is(name)).ok_or_else(|| {
        let names: Vec<&str> = SHELLS.names().collect();
        Error::new(ErrorKind::Invalid, format!("there is no completion for `{name}`"))
            .with_hint(format!("there is one for {}", names.join(", ")))
    })
}

/// The command tree, which knows what can stand where a name is expected.
fn prepared(words: &[OsString], surroundings: &Surroundings) -> Command {
    let asked = value_of(words, "--config-file").map(PathBuf::from);
    let config = Config::load(surroundings.registry.clone(), surroundings.environment.clone(), asked.as_deref()).ok();
    let provider = value_of(words, "--provider").map(|name| name.to_string_lossy().into_owned());
    let account = config.as_ref().and_then(|config| config.choose(provider.as_deref()).ok());
    let account = account.map(|choice| choice.section.name().to_owned());
    let state = StateDir::resolve(&surroundings.environment).ok();
    let names = state.map(|state| StateDir::names_at(&state, account.as_deref())).unwrap_or_default();

    let mut tree = cli::tree();
    for (command, argument) in MACHINES {
        let names = names.clone();
        tree = attach(tree, command, argument, move |typed| beginning_with(&names, "", typed));
    }
    for argument in COPY_ENDS {
        let names = names.clone();
        tree = attach(tree, "cp", argument, move |typed| {
            let mut found = beginning_with(&names, ":", typed);
            found.extend(PathCompleter::any().complete(typed));
            found
        });
    }
    let providers = providers(config.as_ref(), surroundings);
    let completer = ArgValueCompleter::new(move |typed: &OsStr| beginning_with(&providers, "", typed));
    with_completer(tree, "provider", &completer)
}

fn attach(
    tree: Command,
    command: &'static str,
    argument: &'static str,
    complete: impl Fn(&OsStr) -> Vec<CompletionCandidate> + Send + Sync + 'static,
) -> Command {
    let completer = ArgValueCompleter::new(complete);
    tree.mut_subcommand(command, |command| with_completer(command, argument, &completer))
}

/// All arguments are gone through, because `mut_arg` would put the one behind the others.
fn with_completer(command: Command, argument: &str, completer: &ArgValueCompleter) -> Command {
    command.mut_args(|found| if found.get_id() == argument { found.add(completer.clone()) } else { found })
}

/// The names of sections and of kinds.
fn providers(config: Option<&Config>, surroundings: &Surroundings) -> BTreeSet<String> {
    let kinds = surroundings.registry.iter().map(|kind| kind.info().kind.to_owned());
    let sections = config.map(Config::sections).unwrap_or_default();
    kinds.chain(sections.into_iter().map(|(name, _)| name.to_owned())).collect()
}

fn beginning_with(names: &BTreeSet<String>, end: &str, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let fitting = names.iter().filter(|name| name.starts_with(&*typed));
    fitting.map(|name| CompletionCandidate::new(format!("{name}{end}"))).collect()
}

/// The value of a global flag on the line as far as it is typed.
fn value_of(words: &[OsString], flag: &str) -> Option<OsString> {
    let mut words = words.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == flag {
            return words.next().cloned();
        }
        if let Some(value) = word.to_str().and_then(|word| word.strip_prefix(flag)?.strip_prefix('=')) {
            return Some(OsString::from(value));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_machine_is_in_the_tree() {
        let tree = cli::tree();
        let has = |command: &str, argument: &str| {
            let command = tree.find_subcommand(command).unwrap();
            command.get_arguments().any(|found| found.get_id() == argument)
        };
        assert!(MACHINES.iter().all(|(command, argument)| has(command, argument)));
        assert!(COPY_ENDS.iter().all(|argument| has("cp", argument)));
    }

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            let text = script(*shell).unwrap();
            assert!(text.contains(VARIABLE) && text.contains("machine"), "{shell:?}: {text}");
        }
        assert_eq!(known("csh").err().unwrap().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_global_flag_is_found_in_both_spellings() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(value_of(&words("machine --provider fly list"), "--provider").unwrap(), "fly");
        assert_eq!(value_of(&words("machine list --provider=fly"), "--provider").unwrap(), "fly");
        assert_eq!(value_of(&words("machine run -- x --provider fly"), "--provider"), None);
    }
}
