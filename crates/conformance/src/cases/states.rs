//! States that nobody has a name for.

use std::time::Duration;

use machine_core::{Deadline, ErrorKind, Goal, MachineId, MachineState, Until};

use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "states":
    one_that_nobody_knows_is_kept_by_get [Remote, Cloud],
    one_that_nobody_knows_stays_in_lists [Remote, Cloud],
    one_that_nobody_knows_is_found [Remote, Cloud],
    one_that_nobody_knows_can_be_waited_on [Remote, Cloud],
    one_that_nobody_knows_can_be_destroyed [Remote, Cloud],
    the_providers_own_word_stands_beside_ours [],
}

/// No cloud's word.
const WORD: &str = "frobnicating";

async fn frobnicating(bench: &Bench) -> Outcome<(machine_core::Intent, MachineId)> {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    bench.provider.wait(&id, &bench.until(Goal::Running)).await?;
    bench.cloud()?.set_raw_state(&id, WORD).await;
    Ok((intent, id))
}

fn ensure_kept(state: &MachineState, raw: &str) -> Outcome {
    ensure_eq!(*state, MachineState::Other(WORD.to_owned()), "a state that nobody has a name for");
    ensure_eq!(raw, WORD, "the provider's word for it");
    Ok(())
}

async fn one_that_nobody_knows_is_kept_by_get(bench: &Bench) -> Outcome {
    let (_, id) = frobnicating(bench).await?;
    let machine = bench.provider.get(&id).await?;
    ensure_kept(&machine.state, &machine.raw_state)
}

async fn one_that_nobody_knows_stays_in_lists(bench: &Bench) -> Outcome {
    let (_, id) = frobnicating(bench).await?;
    let listed = bench.list(&bench.own(), |machines| !machines.is_empty()).await?;
    let Some(machine) = listed.iter().find(|machine| machine.id == id) else {
        broken!("a machine in a state without a name is not in the list")
    };
    ensure_kept(&machine.state, &machine.raw_state)
}

async fn one_that_nobody_knows_is_found(bench: &Bench) -> Outcome {
    let (intent, id) = frobnicating(bench).await?;
    tokio::time::sleep(bench.provider.capabilities().list_lag).await;
    let found = bench.provider.find(intent.id).await?.machines;
    ensure!(found.iter().any(|machine| machine.id == id), "a machine in a state without a name is not found");
    Ok(())
}

async fn one_that_nobody_knows_can_be_waited_on(bench: &Bench) -> Outcome {
    let (_, id) = frobnicating(bench).await?;
    for goal in [Goal::Running, Goal::Ended, Goal::Destroyed] {
        let until = Until { goal, deadline: Deadline::after(Duration::from_millis(100)) };
        let answer = bench.provider.wait(&id, &until).await;
        refused(answer, &[ErrorKind::Timeout], "waiting on a machine in a state without a name")?;
    }
    Ok(())
}

async fn one_that_nobody_knows_can_be_destroyed(bench: &Bench) -> Outcome {
    let (_, id) = frobnicating(bench).await?;
    bench.provider.destroy(&id).await?;
    bench.destroy(&id).await
}

async fn the_providers_own_word_stands_beside_ours(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let listed = bench.list(&bench.own(), |machines| !machines.is_empty()).await?;
    for machine in listed.iter().chain([&machine, &bench.provider.get(&machine.id).await?]) {
        ensure!(!machine.raw_state.is_empty(), "the provider has no word for {}", machine.state);
    }
    Ok(())
}
