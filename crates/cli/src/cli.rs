//! The command tree.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::commands;

/// Every help page: what it is, how it is used in practice, and only then every detail.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  machine run -- uname -a                   one command on a new machine, gone afterwards
  machine run --sync . -- cargo test        the same in a copy of this directory
  machine run -it -- bash                   a shell on a new machine
  machine create web-1 -- python3 -m http.server
  machine logs -f web-1
  machine destroy web-1";

const AFTER: &str = "\
Exit codes:
   0 done            5 conflict: exists already, busy     11 outcome unknown
   1 failed          6 quota or capacity                 130 interrupted
   2 usage           7 more than the budget leaves
   3 not found       8 timeout
   4 credentials     9 partly done
`run` and `exec` exit as the job did: its own code, 126 and 127 as in sh, 128+n for signal n.
124: our --timeout ended it. 125: we failed, not the job, bad usage included.";

/// One way to hold machines, on this computer and on any cloud.
#[derive(Debug, Parser)]
#[command(
    name = "machine",
    bin_name = "machine",
    version,
    before_help = EXAMPLES,
    after_help = AFTER
)]
pub(crate) struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Who provides the machines: a section of the configuration, or a kind; `local` is this computer. `list` takes several,
    /// with commas, or `all` [env: `MACHINE_PROVIDER`].
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The configuration file [default: ~/.config/machine/config.yml] [env: `MACHINE_CONFIG`].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// Whose machines are meant: the client id in their tags [default: that of ~/.config/machine/session-id.yml].
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) session_id: Option<String>,
    /// Show what would be done, and change nothing.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Start no process that cleans up after this command where it is killed: the next command or `machine gc` does.
    #[arg(long, global = true)]
    pub(crate) no_reaper: bool,
    /// Refuse a configuration with keys that nobody knows.
    #[arg(long, global = true)]
    pub(crate) strict: bool,
    /// Ask as often as we like, of an end point of one's own that has no limits; `simcloud` then has none.
    #[arg(long, global = true)]
    pub(crate) no_rate_limit: bool,
    /// What to log on standard error (debug, `machine_fleet=trace`) [env: `MACHINE_LOG`].
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Log everything that is asked of a provider; secrets are left out.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// Log what a provider is asked to do, step by step.
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
    /// Say nothing but what was asked for.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// What `machine` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a command, or an agent with a prompt, on a new machine, which is gone afterwards.
    Run(Box<commands::run::Run>),
    /// Run many commands or prompts, each on a machine of its own.
    Batch(Box<commands::batch::Batch>),
    /// Run jobs one after another in the same workspace, in one conversation.
    #[command(subcommand, visible_alias = "sessions", before_help = commands::session::EXAMPLES)]
    Session(commands::session::Sessions),
    /// Show what was run from here, follow it, and end it.
    #[command(subcommand, visible_alias = "job", before_help = commands::jobs::EXAMPLES)]
    Jobs(commands::jobs::Jobs),
    /// Check the receipt of a job.
    Verify(commands::verify::Verify),
    /// Create a machine that stays.
    Create(Box<commands::create::Create>),
    /// Show where a machine could be, as what, and at which price.
    Plan(Box<commands::plan::Plan>),
    /// List the machines.
    #[command(visible_alias = "ls")]
    List(commands::list::List),
    /// Show how machines are.
    Status(commands::status::Status),
    /// Show everything about machines, as JSON.
    Inspect(commands::inspect::Inspect),
    /// Start machines that are stopped.
    Start(commands::power::Start),
    /// Stop machines; what is on them stays.
    Stop(commands::power::Stop),
    /// Suspend machines; their memory is kept.
    Suspend(commands::power::Suspend),
    /// Stop machines and start them again.
    Restart(commands::power::Restart),
    /// Destroy machines and what is on them.
    #[command(visible_alias = "rm")]
    Destroy(commands::destroy::Destroy),
    /// Take over machines that were made elsewhere.
    Adopt(commands::adopt::Adopt),
    /// Show what a machine's own command wrote.
    Logs(commands::logs::Logs),
    /// Run a command inside a running machine.
    Exec(commands::exec::Exec),
    /// Open a shell in a running machine.
    Ssh(commands::ssh::Ssh),
    /// Copy files to or from a machine.
    Cp(commands::cp::Cp),
    /// Show the addresses of machines.
    Ip(commands::ip::Ip),
    /// Wait until a machine runs, has ended, or is gone.
    Wait(commands::wait::Wait),
    /// Storage that outlives a machine.
    #[command(subcommand, visible_alias = "volume", before_help = commands::volumes::EXAMPLES)]
    Volumes(commands::volumes::Volumes),
    /// Copies of machines' disks.
    #[command(subcommand, visible_alias = "snapshot", before_help = commands::snapshots::EXAMPLES)]
    Snapshots(commands::snapshots::Snapshots),
    /// Show the DNS zones, and change what is in them.
    Domains(commands::domains::Domains),
    /// List the records of a DNS zone.
    ListDomain(commands::list_domain::ListDomain),
    /// Show the registered ssh keys, and change them.
    SshKeys(commands::ssh_keys::SshKeys),
    /// Show the provider's own projects.
    Projects(commands::projects::Projects),
    /// Show where machines can be.
    Regions(commands::catalog::Regions),
    /// Show the sizes of machines, and what they cost.
    Sizes(commands::catalog::Sizes),
    /// Show what machines can be made from.
    Images(commands::catalog::Images),
    /// Show what this computer has made and not seen go.
    #[command(subcommand, before_help = commands::ledger::EXAMPLES)]
    Ledger(commands::ledger::Ledger),
    /// Show what was spent, what may still be, and what the budget leaves.
    Cost(commands::cost::Cost),
    /// Clean up what was left behind.
    Gc(commands::gc::Gc),
    /// Show the provider and what it can do.
    Info(commands::info::Info),
    /// Set up an account: the provider, its token, and the configuration file.
    Init(commands::init::Init),
    /// Check the configuration and the credential of an account.
    Check(commands::check::Check),
    /// Find out what works here and what does not, and why.
    Doctor(commands::doctor::Doctor),
    /// Show what is configured, and what can be.
    #[command(subcommand, before_help = commands::config::EXAMPLES)]
    Config(commands::config::Config),
    /// List the types of machines that are configured.
    Types(commands::types::Types),
    /// Play the clouds on this computer, to try them without an account.
    Simcloud(commands::simcloud::Simcloud),
    /// Write the script that has a shell complete what is typed.
    Completions(commands::completions::Completions),
    /// Write the manual pages.
    Man(commands::man::Manual),
    /// Show the version.
    Version(commands::version::Version),
    /// Waits for its parent to die and then settles what that left open.
    #[command(name = crate::reaper::COMMAND, hide = true)]
    Reaper(crate::reaper::Serve),
}

/// The command tree with our help layout on every page.
pub fn tree() -> clap::Command {
    fn lay_out(command: clap::Command) -> clap::Command {
        command.help_template(TEMPLATE).mut_subcommands(lay_out)
    }
    // `run` has other uses for `-i` and `-p`.
    ["create", "plan"].into_iter().fold(lay_out(Cli::command()), |tree, name| {
        tree.mut_subcommand(name, |command| {
            command.mut_arg("image", |image| image.short('i')).mut_arg("publish", |publish| publish.short('p'))
        })
    })
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches as _;

    use super::*;

    fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
        let matches = tree().try_get_matches_from(std::iter::once(&"machine").chain(line))?;
        Cli::from_arg_matches(&matches)
    }

    #[test]
    fn the_tree_is_sound() {
        tree().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        fn check(command: &clap::Command) {
            assert!(
                command.has_subcommands() || command.is_hide_set() || command.get_before_help().is_some(),
                "`{}` has no examples",
                command.get_name()
            );
            command.get_subcommands().for_each(check);
        }
        check(&tree());
    }

    #[test]
    fn a_command_keeps_its_own_flags() {
        let Some(Command::Run(run)) = parse(&["run", "-q", "ls", "-l", "--", "-x"]).unwrap().command else {
            panic!("not run");
        };
        assert_eq!(run.job.command, ["ls", "-l", "--", "-x"]);
        let Some(Command::Exec(exec)) = parse(&["exec", "-it", "web-1", "--", "-x", "--", "y"]).unwrap().command else {
            panic!("not exec");
        };
        assert_eq!(exec.command, ["-x", "--", "y"]);
    }
}
