//! One file per command.

pub(crate) mod adopt;
pub(crate) mod batch;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod cost;
pub(crate) mod cp;
pub(crate) mod create;
pub(crate) mod destroy;
pub(crate) mod doctor;
mod domain_names;
mod domain_records;
pub(crate) mod domains;
pub(crate) mod exec;
pub(crate) mod gc;
mod gc_timer;
pub(crate) mod info;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod ip;
pub(crate) mod jobs;
pub(crate) mod ledger;
pub(crate) mod list;
mod list_accounts;
pub(crate) mod list_domain;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod power;
pub(crate) mod projects;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod simcloud;
pub(crate) mod snapshots;
pub(crate) mod ssh;
pub(crate) mod ssh_keys;
pub(crate) mod status;
pub(crate) mod types;
pub(crate) mod verify;
pub(crate) mod version;
pub(crate) mod volumes;
pub(crate) mod wait;

use machine_core::Error;

use crate::app::App;
use crate::cli::{Cli, Command, Globals, tree};
use crate::dry_run;
use crate::failure::{Failure, code};
use crate::logging;
use crate::printer::Printer;
use crate::setup::Setup;
use crate::several;
use crate::surroundings::Surroundings;

/// Does what the command line asks for, and returns the exit code for it. Says failures as JSON where `json_errors` holds.
pub(crate) fn dispatch(cli: Cli, surroundings: Surroundings, json_errors: bool) -> u8 {
    #[cfg(debug_assertions)]
    let surroundings = {
        // The reaper is the one whose work is looked at then.
        if !matches!(cli.command, Some(Command::Reaper(_))) {
            crate::failpoint::install(&surroundings.environment);
        }
        let clock = crate::failpoint::clock(&surroundings.environment, surroundings.clock.clone());
        Surroundings { clock, ..surroundings }
    };
    let printer = Printer::new(surroundings.streams.clone(), cli.globals.quiet)
        .with_json_errors(json_errors)
        .with_page(surroundings.page())
        .watched(surroundings.watched());
    let done = match cli.command {
        None => printer.out(tree().render_help().to_string()).map(|()| code::OK),
        Some(Command::Version(version)) => version.run(&printer),
        Some(Command::Completions(completions)) => completions.run(&printer),
        Some(Command::Man(manual)) => manual.run(&printer),
        Some(Command::Reaper(serve)) => serve.run(cli.globals, surroundings),
        Some(command) => {
            let job = match &command {
                Command::Run(_) | Command::Exec(_) | Command::Ssh(_) => true,
                Command::Session(session) => session.is_job(),
                _ => false,
            };
            let allowed = dry_run::allowed(&command, cli.globals.dry_run).map_err(Failure::from);
            let logging = allowed.and_then(|()| Ok(logging::start(&cli.globals, &surroundings)?));
            let done = logging.and_then(|_logging| in_runtime(command, cli.globals, surroundings, &printer));
            if job { done.map_err(|failure| failure.around_job(&printer)) } else { done }
        }
    };
    done.unwrap_or_else(|failure| {
        if let Failure::Error(error) = &failure {
            printer.error(error);
        }
        failure.code()
    })
}

/// Everything but help and version: one thread, and a runtime that is not waited for at the end (a thread of it may sit
/// in a read of our standard input for ever).
fn in_runtime(
    command: Command,
    globals: Globals,
    surroundings: Surroundings,
    printer: &Printer,
) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("cannot start the event loop", error))?;
    let done = runtime.block_on(async {
        match command {
            Command::Doctor(doctor) => doctor.run(globals, surroundings, printer).await,
            Command::Init(init) => init.run(globals, surroundings, printer).await,
            Command::Simcloud(simcloud) => simcloud.run(printer, !globals.no_rate_limit).await,
            command => {
                let setup = Setup::load(globals, surroundings, printer.clone())?;
                match command {
                    Command::Check(check) => check.run(&setup).await,
                    Command::Config(config) => config.run(&setup),
                    Command::Types(types) => types.run(&setup),
                    Command::Batch(batch) => batch.run(&setup).await,
                    Command::Session(session) => session.run(setup).await,
                    Command::Jobs(jobs) => jobs.run(&setup).await,
                    Command::Verify(verify) => verify.run(&setup),
                    Command::Ledger(ledger) => ledger.run(&setup).await,
                    Command::Gc(gc) => gc.run(&setup).await,
                    Command::Cost(cost) => cost.run(&setup).await,
                    Command::Plan(plan) => plan.run(&setup).await,
                    Command::Create(create) => create.at_its_place(setup).await,
                    Command::List(list) => match several::accounts(&setup)? {
                        Some(accounts) => list.several(&setup, accounts).await,
                        None => list.run(&App::open(setup)?).await,
                    },
                    command => Box::pin(perform(command, &App::open(setup)?)).await,
                }
            }
        }
    });
    runtime.shutdown_background();
    done
}

async fn perform(command: Command, app: &App) -> Result<u8, Failure> {
    match command {
        Command::Run(run) => run.run(app).await,
        Command::Status(status) => status.run(app).await,
        Command::Inspect(inspect) => inspect.run(app).await,
        Command::Start(start) => start.run(app).await,
        Command::Stop(stop) => stop.run(app).await,
        Command::Suspend(suspend) => suspend.run(app).await,
        Command::Ip(ip) => ip.run(app).await,
        Command::Restart(restart) => restart.run(app).await,
        Command::Destroy(destroy) => destroy.run(app).await,
        Command::Adopt(adopt) => adopt.run(app).await,
        Command::Logs(logs) => logs.run(app).await,
        Command::Exec(exec) => exec.run(app).await,
        Command::Ssh(ssh) => ssh.run(app).await,
        Command::Cp(cp) => cp.run(app).await,
        Command::Wait(wait) => wait.run(app).await,
        Command::Volumes(volumes) => volumes.run(app).await,
        Command::Snapshots(snapshots) => snapshots.run(app).await,
        Command::Domains(domains) => domains.run(app).await,
        Command::ListDomain(list) => list.run(app).await,
        Command::SshKeys(keys) => keys.run(app).await,
        Command::Projects(projects) => projects.run(app).await,
        Command::Regions(regions) => regions.run(app).await,
        Command::Sizes(sizes) => sizes.run(app).await,
        Command::Images(images) => images.run(app).await,
        Command::Info(info) => info.run(app).await,
        // Served before there is an account.
        Command::Create(_)
        | Command::Plan(_)
        | Command::List(_)
        | Command::Check(_)
        | Command::Gc(_)
        | Command::Config(_)
        | Command::Types(_)
        | Command::Batch(_)
        | Command::Session(_)
        | Command::Jobs(_)
        | Command::Verify(_)
        | Command::Ledger(_)
        | Command::Cost(_)
        | Command::Doctor(_)
        | Command::Init(_)
        | Command::Simcloud(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Version(_)
        | Command::Reaper(_) => Ok(code::OK),
    }
}

/// Does `one` for each of `names`, goes on where one fails, and says which: a list of machines is not a transaction.
///
/// # Errors
/// The failure itself where there was only one name; else [`code::PARTLY`] where some worked, and the code of the
/// first failure where none did.
async fn each(
    printer: &Printer,
    names: &[String],
    mut one: impl AsyncFnMut(&str) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    let (mut worked, mut failed) = (false, None);
    for name in names {
        match one(name).await {
            Ok(()) => worked = true,
            Err(Failure::Error(error)) if names.len() > 1 => {
                printer.error(&error);
                failed.get_or_insert(Failure::Error(error).code());
            }
            Err(failure) => return Err(failure),
        }
    }
    match failed {
        None => Ok(code::OK),
        Some(_) if worked => Err(Failure::Said(code::PARTLY)),
        Some(code) => Err(Failure::Said(code)),
    }
}
