//! Shells for people.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::time::Duration;

use machine_core::{ErrorKind, OsText, Power, Shell};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "shell":
    runs_a_line_in_the_machine [Exec, ExecTty],
    changes_nothing [Exec],
    a_machine_that_does_not_run_is_a_conflict [Exec],
    an_unknown_id_is_not_found [Exec],
}

async fn runs_a_line_in_the_machine(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let line = "echo \"$((6 * 7))\" ; exit 3";
    let (out, code) = match bench.provider.shell(&machine.id, Some(line)).await? {
        Shell::Exec(command) => {
            let ran = bench.exec(&machine.id, command).await?;
            (ran.out, ran.exit.code)
        }
        Shell::Program(words) => {
            let [program, arguments @ ..] = &words[..] else {
                return Err(Stop::Broken("there is no program".to_owned()));
            };
            let word = |text: &OsText| OsStr::from_bytes(text.as_bytes()).to_owned();
            let mut command = tokio::process::Command::new(word(program));
            let ran = command.args(arguments.iter().map(word)).stdin(Stdio::null()).output().await;
            let missing = |error| Stop::Missing(format!("`{}` does not start: {error}", program.to_string_lossy()));
            let ran = ran.map_err(missing)?;
            (ran.stdout, ran.status.code())
        }
        other => return Err(Stop::Broken(format!("nobody knows how to open {other:?}"))),
    };
    ensure_eq!((String::from_utf8_lossy(&out).trim(), code), ("42", Some(3)), "what a line of a shell did");
    Ok(())
}

async fn changes_nothing(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let before = bench.provider.get(&machine.id).await?;
    bench.provider.shell(&machine.id, None).await?;
    let after = bench.provider.get(&machine.id).await?;
    ensure_eq!(
        (after.state, after.labels, after.markers),
        (before.state, before.labels, before.markers),
        "the machine"
    );
    Ok(())
}

async fn a_machine_that_does_not_run_is_a_conflict(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    bench.provider.wait(&machine.id, &bench.until(machine_core::Goal::Ended)).await?;
    let answer = bench.provider.shell(&machine.id, None).await;
    refused(answer, &[ErrorKind::Conflict], "a shell in a machine that is stopped").map(drop)
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = bench.provider.shell(&nobodys(&machine.id), None).await;
    refused(answer, &[ErrorKind::NotFound], "a shell in a machine that nobody has").map(drop)
}
