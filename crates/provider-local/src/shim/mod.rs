//! The supervisor of one machine: a small process without an async runtime that outlives whoever started the machine.
//!
//! It takes the machine's lock, makes the namespaces and limits, forks pid 1 into them, stores what the machine prints,
//! carries connections to published ports, and writes down how the machine ended.

mod cgroup;
mod finish;
mod hints;
mod limits;
mod lock;
mod log_store;
mod log_writer;
mod publish;
mod spawn;
mod supervise;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use machine_sys::{Fork, fork};

pub(crate) use self::limits::oom_kills;
use crate::fault::{During as _, Step};
use crate::order::{Ready, Stage, StartFailure, StartOrder};

/// Becomes the supervisor. The process that the starter waits for ends at once, so that nobody has to reap the one that
/// stays.
pub(crate) fn main() -> ExitCode {
    match fork() {
        Ok(Fork::Parent(_)) => ExitCode::SUCCESS,
        Ok(Fork::Child) => stay(),
        Err(error) => {
            complain(&format!("cannot fork: {}", crate::fault::reason(&error)));
            ExitCode::FAILURE
        }
    }
}

fn stay() -> ExitCode {
    let order = match prepare() {
        Ok(order) => order,
        Err(failure) => return refuse(failure),
    };
    spawn::run(order)
}

/// What needs to be known before there is anything to clean up.
fn prepare() -> Step<StartOrder> {
    let internal = |what: &'static str| move || what.to_owned();
    machine_sys::fd::close_from_on_exec(3).during(Stage::Internal, internal("cannot close what was inherited"))?;
    rustix::process::setsid().during(Stage::Internal, internal("cannot leave the starter's session"))?;
    machine_sys::set_name("machine-shim").during(Stage::Internal, internal("cannot take a name"))?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let mut json = Vec::new();
    io::stdin().lock().read_to_end(&mut json).during(Stage::Internal, internal("cannot read the order to start"))?;
    let order = serde_json::from_slice(&json)
        .map_err(io::Error::from)
        .during(Stage::Internal, internal("cannot understand the order to start"))?;
    Ok(order)
}

/// Answers the starter.
fn answer(ready: &Ready) -> io::Result<()> {
    let json = serde_json::to_vec(ready)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&json)?;
    stdout.flush()
}

/// Tells the starter that nothing runs. One that has gone cannot be told.
fn refuse(failure: StartFailure) -> ExitCode {
    complain(&failure.message);
    let _ = answer(&Ready::Failed(failure));
    ExitCode::FAILURE
}

/// Closes what connects this process with the starter: it reads end-of-file then.
pub(crate) fn let_go_of_starter() -> io::Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    Ok(())
}

/// Writes a sentence into `shim.log`, with the time.
fn complain(sentence: &str) {
    // Where even this fails there is nobody left to tell.
    let _ = writeln!(io::stderr(), "{:.3} {sentence}", jiff::Timestamp::now());
}
