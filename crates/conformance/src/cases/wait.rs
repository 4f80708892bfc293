//! Waiting for a machine.

use std::time::{Duration, Instant};

use machine_core::{Deadline, ErrorKind, ExitReason, Goal, MachineState, Power, Until};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "wait":
    answers_at_once_where_it_is_there_already [],
    sees_the_command_end [Command],
    tells_how_the_command_ended [Command],
    tells_which_signal_ended_the_command [Command],
    sees_a_stop [],
    sees_a_machine_go [],
    answers_with_the_last_that_was_seen_of_it [],
    times_out_at_the_deadline [],
    a_deadline_that_has_passed_is_a_timeout [],
    a_goal_out_of_reach_is_a_conflict [],
    dropping_it_leaves_the_machine_alone [],
    an_unknown_id_is_not_found [],
}

/// More than anything here takes by itself, and less than a case may.
const SLACK: Duration = Duration::from_secs(5);

/// Insists that `work` is done soon.
async fn soon<T>(what: &str, work: impl Future<Output = T>) -> Outcome<T> {
    tokio::time::timeout(SLACK, work).await.map_err(|_| Stop::Broken(format!("{what} took more than {SLACK:?}")))
}

async fn answers_at_once_where_it_is_there_already(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let until = bench.until(Goal::Running);
    let waited = soon("waiting for what is so", bench.provider.wait(&machine.id, &until)).await??;
    ensure_eq!((&waited.id, &waited.state), (&machine.id, &MachineState::Running), "the machine");
    Ok(())
}

async fn sees_the_command_end(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("sleep 0.2")).await?;
    ensure!(Goal::Ended.reached(&machine), "it has ended and is {}", machine.raw_state);
    ensure!(machine.state != MachineState::Failed, "a command that ends well leaves it failed");
    Ok(())
}

async fn tells_how_the_command_ended(bench: &Bench) -> Outcome {
    for code in [0, 3, 255] {
        let machine = bench.ended(&bench.script(&format!("exit {code}"))).await?;
        let told = machine.exit.as_ref().map(|exit| (exit.code, exit.reason));
        ensure_eq!(told, Some((Some(code), ExitReason::Exited)), "how `exit {code}` ended");
        let told = bench.another()?.get(&machine.id).await?.exit.and_then(|exit| exit.code);
        ensure_eq!(told, Some(code), "what another client is told of it");
    }
    Ok(())
}

async fn tells_which_signal_ended_the_command(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("kill -9 $$")).await?;
    let Some(exit) = machine.exit else { broken!("nobody says how the command ended") };
    ensure!(!exit.success(), "a command that was killed counts as success");
    ensure_eq!(exit.shell_code(), Some(137), "what a shell would say of it");
    Ok(())
}

async fn sees_a_stop(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let until = bench.until(Goal::Ended);
    let stop = bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO });
    let (waited, stopped) = tokio::join!(bench.provider.wait(&machine.id, &until), stop);
    stopped?;
    ensure_eq!(waited?.state, MachineState::Stopped, "the state that was waited for");
    Ok(())
}

async fn sees_a_machine_go(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let until = bench.until(Goal::Destroyed);
    let destroy = async {
        // The wait is to have begun.
        tokio::time::sleep(Duration::from_millis(50)).await;
        bench.provider.destroy(&machine.id).await
    };
    let (waited, destroyed) = tokio::join!(bench.provider.wait(&machine.id, &until), destroy);
    destroyed?;
    ensure_eq!(waited?.id, machine.id, "the machine that was seen to go");
    Ok(())
}

async fn answers_with_the_last_that_was_seen_of_it(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = bench.running(&spec).await?;
    let until = bench.until(Goal::Destroyed);
    let destroy = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        bench.provider.destroy(&machine.id).await
    };
    let (waited, destroyed) = tokio::join!(bench.provider.wait(&machine.id, &until), destroy);
    destroyed?;
    let last = waited?;
    ensure_eq!((&last.name, &last.labels), (&machine.name, &spec.labels), "its name and labels, after it is gone");
    ensure!(Goal::Destroyed.reached(&last), "it is gone, and said to be {}", last.raw_state);
    Ok(())
}

async fn times_out_at_the_deadline(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    for goal in [Goal::Ended, Goal::Destroyed] {
        let (began, span) = (Instant::now(), Duration::from_millis(300));
        let until = Until { goal, deadline: Deadline::after(span) };
        let answer = soon("a wait of 0.3 s", bench.provider.wait(&machine.id, &until)).await?;
        refused(answer, &[ErrorKind::Timeout], "a wait for what does not come")?;
        ensure!(began.elapsed() >= span, "it was given up after {:?}, before its deadline", began.elapsed());
    }
    Ok(())
}

async fn a_deadline_that_has_passed_is_a_timeout(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let until = Until { goal: Goal::Ended, deadline: Deadline::after(Duration::ZERO) };
    let answer = soon("a wait of no time", bench.provider.wait(&machine.id, &until)).await?;
    refused(answer, &[ErrorKind::Timeout], "a wait whose deadline has passed").map(drop)
}

async fn a_goal_out_of_reach_is_a_conflict(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    bench.provider.wait(&machine.id, &bench.until(Goal::Ended)).await?;
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_mins(1)) };
    let answer = soon("waiting for what cannot come", bench.provider.wait(&machine.id, &until)).await?;
    refused(answer, &[ErrorKind::Conflict], "waiting for a stopped machine to run").map(drop)
}

async fn dropping_it_leaves_the_machine_alone(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    for goal in [Goal::Ended, Goal::Destroyed] {
        let until = bench.until(goal);
        let wait = bench.provider.wait(&machine.id, &until);
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(50), wait).await {
            broken!("nothing happened, and {goal:?} was waited for: {answer:?}");
        }
    }
    let shown = bench.provider.get(&machine.id).await?;
    ensure_eq!((shown.state, shown.started_at), (machine.state, machine.started_at), "the machine");
    Ok(())
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    for goal in [Goal::Running, Goal::Ended, Goal::Destroyed] {
        let until = bench.until(goal);
        let answer = soon("waiting for nobody's machine", bench.provider.wait(&nobodys(&machine.id), &until)).await?;
        refused(answer, &[ErrorKind::NotFound], "to wait for a machine that nobody has")?;
    }
    Ok(())
}
