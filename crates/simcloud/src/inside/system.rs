//! The life of a machine, from its first step to its end.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::inside::cloud_init::{Boot, Stage};
use crate::inside::order::Order;
use crate::inside::ssh::Server;
use crate::inside::{RUN, accounts, commands, disk, proxy};

/// What the system exits with when it is to be booted again.
pub(crate) const REBOOT: i32 = 86;

/// How long sessions have to hear of the end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs the system.
pub(super) fn main() -> ExitCode {
    if std::env::var_os("MACHINE_ISOLATION").is_none_or(|how| how != "namespaces") {
        say(
            "this machine is not kept apart from the computer, and will not change its files: it takes user namespaces",
        );
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("the system cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(run()) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("the system cannot go on: {error}"));
            ExitCode::FAILURE
        }
    };
    // What it has started in threads ends with the machine.
    runtime.shutdown_background();
    code
}

async fn run() -> io::Result<ExitCode> {
    // Before anything else, so that no signal finds the system without an answer.
    let mut ends = signal(SignalKind::terminate())?;
    let mut reboots = signal(SignalKind::interrupt())?;
    let mut reloads = signal(SignalKind::hangup())?;
    let order = Order::read()?;
    let first = !Path::new(crate::inside::KEPT).join("etc").exists();
    for note in disk::make_own()? {
        say(&note);
    }
    if first {
        accounts::settle()?;
    }
    commands::write_all()?;
    let pid = std::process::id();
    disk::write(&Path::new(RUN).join("pid"), format!("{pid}\n").as_bytes(), 0o644)?;
    tokio::spawn(async {
        if let Err(error) = proxy::serve().await {
            say(&format!("there is no way out by HTTP: {error}"));
        }
    });
    // Commands of the user data may take long, and the machine may be told to end meanwhile.
    let begins = tokio::task::spawn_blocking(move || {
        let boot = Boot::begin(&order)?;
        boot.run(Stage::Network);
        Ok::<_, io::Error>(boot)
    });
    let boot = tokio::select! {
        done = begins => done.map_err(io::Error::other)??,
        _ = ends.recv() => return Ok(ExitCode::SUCCESS),
        _ = reboots.recv() => return Ok(reboot()),
    };
    let server = Server::open()?;
    disk::write(Path::new("/run/sshd.pid"), format!("{pid}\n").as_bytes(), 0o644)?;
    let listens = server.listen().await?;
    tokio::spawn(server.clone().serve(listens));
    tokio::task::spawn_blocking(move || boot.run(Stage::Final));
    loop {
        tokio::select! {
            _ = ends.recv() => {
                tokio::time::timeout(FAREWELL, server.end("the machine is powered off")).await.ok();
                return Ok(ExitCode::SUCCESS);
            }
            _ = reboots.recv() => {
                tokio::time::timeout(FAREWELL, server.end("the machine is rebooted")).await.ok();
                return Ok(reboot());
            }
            _ = reloads.recv() => match server.reload() {
                Ok(()) => say("ssh: the host key was read anew"),
                Err(error) => say(&format!("ssh: the host key stays as it was: {error}")),
            },
        }
    }
}

fn reboot() -> ExitCode {
    ExitCode::from(u8::try_from(REBOOT).unwrap_or(1))
}

/// Writes to the machine's console.
pub(super) fn say(sentence: &str) {
    // Where even this fails there is nobody left to tell.
    let _ = writeln!(io::stdout(), "{sentence}");
}
