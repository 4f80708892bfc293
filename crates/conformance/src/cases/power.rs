//! Starting, stopping, rebooting, suspending.

use std::time::{Duration, Instant};

use machine_core::{ErrorKind, Goal, LogOptions, Machine, MachineState, Power};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "power":
    stops [],
    starts_again [],
    a_start_runs_the_command_again [Command, Logs],
    a_machine_that_runs_is_not_started_again [],
    a_machine_that_is_stopped_is_left_alone_by_stop [],
    a_stop_asks_first [Command, Logs],
    a_stop_gives_its_grace [Command],
    a_stop_ends_what_refuses [Command],
    reboots [],
    a_reboot_runs_the_command_again [Command, Logs],
    suspends_and_resumes [Suspend],
    dropping_a_stop_leaves_either_state [],
    an_unknown_id_is_not_found [],
}

const AT_ONCE: Power = Power::Stop { grace: Duration::ZERO };

async fn to(bench: &Bench, machine: &Machine, power: Power, goal: Goal) -> Outcome<Machine> {
    bench.provider.power(&machine.id, power).await?;
    Ok(bench.provider.wait(&machine.id, &bench.until(goal)).await?)
}

async fn stops(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    ensure_eq!(to(bench, &machine, AT_ONCE, Goal::Ended).await?.state, MachineState::Stopped, "its state");
    Ok(())
}

async fn starts_again(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = bench.running(&spec).await?;
    to(bench, &machine, AT_ONCE, Goal::Ended).await?;
    let again = to(bench, &machine, Power::Start, Goal::Running).await?;
    ensure_eq!(
        (&again.id, &again.name, &again.labels, &again.markers),
        (&machine.id, &machine.name, &machine.labels, &machine.markers),
        "the machine after a stop and a start"
    );
    Ok(())
}

async fn wait_for_lines(bench: &Bench, machine: &Machine, count: usize) -> Outcome {
    bench
        .eventually(&format!("the command has written {count} lines"), || async {
            Ok(bench.texts(&machine.id, LogOptions::default()).await?.len() >= count)
        })
        .await
}

async fn a_start_runs_the_command_again(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("echo ran")).await?;
    bench.provider.power(&machine.id, Power::Start).await?;
    wait_for_lines(bench, &machine, 2).await
}

async fn a_machine_that_runs_is_not_started_again(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let again = to(bench, &machine, Power::Start, Goal::Running).await?;
    ensure_eq!((again.state, again.started_at), (machine.state, machine.started_at), "a machine that ran already");
    Ok(())
}

async fn a_machine_that_is_stopped_is_left_alone_by_stop(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let stopped = to(bench, &machine, AT_ONCE, Goal::Ended).await?;
    let again = to(bench, &machine, Power::Stop { grace: Duration::from_secs(1) }, Goal::Ended).await?;
    ensure_eq!((again.state, again.exit), (stopped.state, stopped.exit), "a machine that was stopped already");
    Ok(())
}

async fn a_stop_asks_first(bench: &Bench) -> Outcome {
    // What a shell says about a `sleep` that was told to end as well is of no interest.
    let obeys = "exec 2>/dev/null; trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 0.02; done";
    let machine = bench.running(&bench.script(obeys)).await?;
    wait_for_lines(bench, &machine, 1).await?;
    let stop = Power::Stop { grace: Duration::from_secs(10) };
    let ended = to(bench, &machine, stop, Goal::Ended).await?;
    ensure_eq!(bench.texts(&machine.id, LogOptions::default()).await?, ["ready", "asked"], "what the command wrote");
    ensure_eq!(ended.exit.and_then(|exit| exit.code), Some(5), "the code that it ended with");
    Ok(())
}

async fn a_stop_gives_its_grace(bench: &Bench) -> Outcome {
    let slow = "trap 'sleep 0.5; exit 5' TERM; while :; do sleep 0.02; done";
    let machine = bench.running(&bench.script(slow)).await?;
    // Nobody can see from outside when the trap is set.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stop = Power::Stop { grace: Duration::from_secs(10) };
    let ended = to(bench, &machine, stop, Goal::Ended).await?;
    ensure_eq!(ended.exit.and_then(|exit| exit.code), Some(5), "the code of a command that took half a second to end");
    Ok(())
}

async fn a_stop_ends_what_refuses(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.script("trap '' TERM; while :; do sleep 0.1; done")).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    let stop = Power::Stop { grace: Duration::from_millis(300) };
    let ended = to(bench, &machine, stop, Goal::Ended).await?;
    ensure_eq!(ended.state, MachineState::Stopped, "the state of a machine that did not want to end");
    let took = began.elapsed();
    ensure!(took >= Duration::from_millis(250), "it had no grace: it was ended after {took:?}");
    ensure!(ended.exit.is_none_or(|exit| !exit.success()), "what was killed counts as success");
    Ok(())
}

async fn reboots(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let again = to(bench, &machine, Power::Reboot { grace: Duration::ZERO }, Goal::Running).await?;
    ensure_eq!((&again.id, &again.markers), (&machine.id, &machine.markers), "the machine");
    if let (Some(before), Some(after)) = (machine.started_at, again.started_at) {
        ensure!(after >= before, "it started at {before}, and again at {after}");
    }
    Ok(())
}

async fn a_reboot_runs_the_command_again(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.script("echo ran; sleep 1000")).await?;
    wait_for_lines(bench, &machine, 1).await?;
    bench.provider.power(&machine.id, Power::Reboot { grace: Duration::ZERO }).await?;
    wait_for_lines(bench, &machine, 2).await
}

async fn suspends_and_resumes(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let suspended = to(bench, &machine, Power::Suspend, Goal::Ended).await?;
    ensure_eq!(suspended.state, MachineState::Suspended, "its state");
    bench.provider.power(&machine.id, Power::Suspend).await?;
    ensure_eq!(to(bench, &machine, Power::Start, Goal::Running).await?.state, MachineState::Running, "its state");
    Ok(())
}

async fn dropping_a_stop_leaves_either_state(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let stop = bench.provider.power(&machine.id, Power::Stop { grace: Duration::from_secs(1) });
    tokio::time::timeout(Duration::from_millis(1), stop).await.ok();
    let state = bench.provider.get(&machine.id).await?.state;
    let either = [MachineState::Running, MachineState::Stopping, MachineState::Stopped];
    ensure!(either.contains(&state), "a stop that nobody waited for left it {state}");
    // Another may be told to wait for the first to be over, but is not refused for ever.
    bench
        .eventually("it can be stopped again", || async {
            Ok(bench.provider.power(&machine.id, AT_ONCE).await.is_ok())
        })
        .await?;
    bench.provider.wait(&machine.id, &bench.until(Goal::Ended)).await?;
    Ok(())
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    for power in [Power::Start, AT_ONCE, Power::Reboot { grace: Duration::ZERO }] {
        let answer = bench.provider.power(&nobodys(&machine.id), power).await;
        refused(answer, &[ErrorKind::NotFound], &format!("{power:?} of a machine that nobody has"))?;
    }
    Ok(())
}
