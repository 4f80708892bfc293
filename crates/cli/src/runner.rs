//! The command as a value: put together, handed what it needs, run.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use machine_config::Registry;
use machine_core::{Clock, Environment, Error, ProviderKind, Result};
use machine_digitalocean::DigitalOceanKind;
use machine_fly::FlyKind;
use machine_local::LocalKind;
use machine_vultr::VultrKind;

use crate::cli::{self, Cli};
use crate::commands;
use crate::completion;
use crate::failure::code;
use crate::json_errors;
use crate::streams::{Streams, Target};
use crate::surroundings::Surroundings;

/// The `machine` command, with whichever providers it is to know.
///
/// A program with a provider of its own is one line more than ours:
///
/// ```no_run
/// # use machine_local::LocalKind as Hetzner;
/// fn main() -> std::process::ExitCode {
///     machine_cli::Runner::builtin().provider::<Hetzner>().run()
/// }
/// ```
///
/// What it is not given it takes from its process: arguments, environment, streams, time.
#[derive(Debug, Default)]
pub struct Runner {
    registry: Registry,
    args: Option<Vec<OsString>>,
    environment: Option<Environment>,
    streams: Option<Streams>,
    clock: Clock,
    program: Option<PathBuf>,
}

impl Runner {
    /// The command with the providers that it brings along.
    pub fn builtin() -> Self {
        let registry =
            Registry::new().with::<LocalKind>().with::<FlyKind>().with::<DigitalOceanKind>().with::<VultrKind>();
        Self { registry, ..Self::default() }
    }

    /// Adds a kind of provider, in place of one of the same name.
    #[must_use]
    pub fn provider<K: ProviderKind>(mut self) -> Self {
        self.registry = self.registry.with::<K>();
        self
    }

    /// The kinds of providers that it knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The command line, the program's name first.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args = Some(args.into_iter().map(Into::into).collect());
        self
    }

    /// The environment variables.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Where to read and write.
    #[must_use]
    pub fn streams(mut self, streams: Streams) -> Self {
        self.streams = Some(streams);
        self
    }

    /// What time it is.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The program to start again for helper processes (what supervises a machine of `local`, what outlives a `run`). It must
    /// be one whose `main` is a [`run`](Self::run); the running one otherwise.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Is the program: does what the command line asks for and returns the exit code for it.
    ///
    /// Call it first thing in `main`, before anything starts a thread: the helper processes inside and around local machines
    /// are this same program, started again, and go on to make namespaces.
    #[must_use = "the process is to end with this code"]
    pub fn run(self) -> ExitCode {
        match machine_simcloud::dispatch().or_else(machine_guest::dispatch) {
            Some(code) => code,
            None => ExitCode::from(self.exit_code()),
        }
    }

    /// Does what the command line asks for, within a program that has other things to do as well. Returns the exit code for
    /// it, and does not end the process.
    pub fn exit_code(self) -> u8 {
        let args = self.args.clone().unwrap_or_else(|| std::env::args_os().collect());
        match self.surroundings(args.clone()) {
            Ok(surroundings) => carry_out(&args, surroundings),
            // There are no streams to say it on.
            Err(_) => code::FAILED,
        }
    }

    fn surroundings(self, args: Vec<OsString>) -> Result<Surroundings> {
        let failed = |error| Error::io("this process cannot be made use of", error);
        Ok(Surroundings {
            registry: self.registry,
            args,
            environment: self.environment.unwrap_or_else(Environment::of_this_process),
            streams: self.streams.map_or_else(Streams::of_this_process, Ok).map_err(failed)?,
            clock: self.clock,
            program: self.program.map_or_else(std::env::current_exe, Ok).map_err(failed)?,
        })
    }
}

fn carry_out(args: &[OsString], surroundings: Surroundings) -> u8 {
    if let Some(shell) = surroundings.environment.get(completion::VARIABLE) {
        return complete(shell, args, &surroundings);
    }
    let parsed = cli::tree()
        .try_get_matches_from(args)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, json_errors::asked_for(&matches))));
    match parsed {
        Ok((cli, json)) => commands::dispatch(cli, surroundings, json),
        Err(error) => show_parse_error(&error, args, &surroundings),
    }
}

/// Answers a shell that asks what could be typed. A shell has no use for words about why there is nothing.
fn complete(shell: &OsStr, args: &[OsString], surroundings: &Surroundings) -> u8 {
    let written = completion::answer(shell, args, surroundings)
        .is_ok_and(|text| surroundings.streams.write_all(Target::Stdout, &text).is_ok());
    if written { code::OK } else { code::FAILED }
}

/// Whether this command line, which cannot be read as a whole, was meant to exit as a job does. Then 2 would be taken for
/// the job's own code.
fn stands_for_a_job(args: &[OsString]) -> bool {
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match &*word {
            "run" | "exec" => return true,
            "session" | "sessions" => return words.next().is_some_and(|word| word == "create" || word == "turn"),
            // Global flags whose value is the next word.
            "--provider" | "--config-file" | "--session-id" | "--log" => drop(words.next()),
            flag if flag.starts_with('-') => {}
            _ => return false,
        }
    }
    false
}

/// Shows a help page on standard output, or what is wrong with the command line on standard error. Returns the exit code.
fn show_parse_error(error: &clap::Error, args: &[OsString], surroundings: &Surroundings) -> u8 {
    let (target, code) = match error.use_stderr() {
        false => (Target::Stdout, code::OK),
        true if stands_for_a_job(args) => (Target::Stderr, code::JOB_FAILURE),
        true => (Target::Stderr, code::USAGE),
    };
    let text = error.render();
    let text = if code != code::OK && json_errors::asked_for_by_words(args) {
        format!("{}\n", json_errors::usage_line(&text.to_string(), code))
    } else if surroundings.wants_colours(target) {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    // Nobody to tell is no reason to fail differently.
    let _ = surroundings.streams.write_all(target, text.as_bytes());
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_command_line_of_a_job_is_told_from_the_jobs_own_failure() {
        let job = |line: &[&str]| stands_for_a_job(&line.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(job(&["machine", "run", "--nonsense"]));
        assert!(job(&["machine", "--provider", "local", "-q", "exec"]));
        assert!(job(&["machine", "session", "turn", "--nonsense"]) && !job(&["machine", "session", "list", "turn"]));
        assert!(!job(&["machine", "list", "run"]));
        assert!(!job(&["machine", "--provider", "run"]));
    }
}
