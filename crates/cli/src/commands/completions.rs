//! `machine completions`.

use clap::Args;

use crate::completion::{self, Shell};
use crate::failure::{Failure, code};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  source <(machine completions bash)             in ~/.bashrc
  source <(machine completions zsh)              in ~/.zshrc, after compinit
  machine completions fish | source              in ~/.config/fish/config.fish
  machine completions powershell | Out-String | Invoke-Expression
  eval (machine completions elvish | slurp)";

/// Writes the script that has a shell complete commands, flags, and the names of providers and of machines as the last list
/// showed them.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Completions {
    /// For which shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// Writes it.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub(crate) fn run(&self, printer: &Printer) -> Result<u8, Failure> {
        printer.out(completion::script(self.shell)?)?;
        Ok(code::OK)
    }
}
