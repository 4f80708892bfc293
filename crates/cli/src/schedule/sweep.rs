//! The command line that a timer runs.

use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Result};

use crate::setup::Setup;

/// The command line that a timer runs: this program with the directories and files that are in force now, and no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sweep {
    /// This program.
    program: String,
    /// The state directory, however it was chosen.
    pub(super) state: String,
    args: Vec<String>,
}

impl Sweep {
    /// The sweep that is asked for now, for later. `flags` are those of `gc`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a path that cannot be written into a line of text.
    pub(crate) fn of(setup: &Setup, flags: &[&str]) -> Result<Self> {
        let mut args = vec!["--quiet".to_owned()];
        if let Some(file) = setup.config.file() {
            let file = std::path::absolute(file)
                .map_err(|error| Error::io(format!("{} cannot be found", file.display()), error))?;
            args.extend(["--config-file".to_owned(), text(&file)?]);
        }
        if let Some(provider) = setup.asked_provider()? {
            args.extend(["--provider".to_owned(), provider.to_owned()]);
        }
        if setup.globals.no_rate_limit {
            args.push("--no-rate-limit".to_owned());
        }
        args.push("gc".to_owned());
        args.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let program: PathBuf = std::path::absolute(&setup.surroundings.program)
            .map_err(|error| Error::io("this program cannot be found", error))?;
        Ok(Self { program: text(&program)?, state: text(&setup.state()?)?, args })
    }

    /// The program and its arguments.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.program.as_str()).chain(self.args.iter().map(String::as_str))
    }

    #[cfg(test)]
    pub(super) fn for_test(program: &str, state: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self { program: program.to_owned(), state: state.to_owned(), args }
    }
}

fn text(path: &Path) -> Result<String> {
    let plain = path.to_str().filter(|text| !text.contains(char::is_control));
    plain.map(str::to_owned).ok_or_else(|| {
        let what = format!("`{}` cannot be written into a timer: it is no plain text", path.display());
        Error::new(ErrorKind::Config, what)
    })
}
