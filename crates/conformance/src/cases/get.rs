//! Looking at one machine.

use machine_core::{Effect, ErrorKind, MachineId, MachineState};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "get":
    shows_the_machine [],
    shows_what_the_list_shows [],
    an_unknown_id_is_not_found [],
    an_id_of_another_shape_is_not_found [],
    what_is_gone_is_not_found_or_destroyed [],
    a_read_that_fails_has_no_effect [],
    tells_when_it_was_created [],
}

async fn shows_the_machine(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    let shown = bench.provider.get(&machine.id).await?;
    ensure_eq!((&shown.id, &shown.name, &shown.state), (&machine.id, &machine.name, &machine.state), "the machine");
    ensure!(!shown.raw_state.is_empty(), "its state in the provider's words is missing");
    Ok(())
}

/// How many words of a cloud's own a machine that runs may go through.
const LOOKS: u32 = 10;

async fn shows_what_the_list_shows(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = bench.running(&spec).await?;
    let mut looks = 0;
    let (shown, listed) = loop {
        looks += 1;
        let shown = bench.provider.get(&machine.id).await?;
        let listed = bench.list(&bench.own(), |machines| machines.len() == 1).await?;
        let after = bench.provider.get(&machine.id).await?;
        // The cloud's own word may still go on when the machine runs, and comes to rest.
        if shown.raw_state == after.raw_state || looks == LOOKS {
            break (shown, listed);
        }
    };
    let Some(listed) = listed.first() else { broken!("the list does not show it") };
    ensure_eq!(
        (&listed.id, &listed.name, &listed.state, &listed.raw_state, &listed.region, &listed.size, &listed.image),
        (&shown.id, &shown.name, &shown.state, &shown.raw_state, &shown.region, &shown.size, &shown.image),
        "the machine in the list"
    );
    ensure_eq!((&listed.labels, &listed.markers), (&shown.labels, &shown.markers), "its labels and markers there");
    Ok(())
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = bench.provider.get(&nobodys(&machine.id)).await;
    refused(answer, &[ErrorKind::NotFound], "a machine that nobody has").map(drop)
}

async fn an_id_of_another_shape_is_not_found(bench: &Bench) -> Outcome {
    for id in ["no-such-machine", "0", "..", "../..", "a/b?c#d", "%2e%2e", "\u{17c}\u{f3}\u{142}w", " ", "a\nb"] {
        let answer = bench.provider.get(&MachineId::new(id)).await;
        refused(answer, &[ErrorKind::NotFound, ErrorKind::Invalid], &format!("machine {id:?}"))?;
    }
    Ok(())
}

async fn what_is_gone_is_not_found_or_destroyed(bench: &Bench) -> Outcome {
    let id = bench.gone().await?;
    match bench.provider.get(&id).await {
        Ok(machine) => ensure_eq!(machine.state, MachineState::Destroyed, "the state of a machine that is gone"),
        gone => drop(refused(gone, &[ErrorKind::NotFound], "a machine that is gone")?),
    }
    Ok(())
}

async fn a_read_that_fails_has_no_effect(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let Err(error) = bench.provider.get(&nobodys(&machine.id)).await else { broken!("nobody's machine is there") };
    ensure_eq!(error.effect(), Effect::None, "the effect of a `get` that failed");
    let until = bench.until(machine_core::Goal::Running);
    let Err(error) = bench.provider.wait(&nobodys(&machine.id), &until).await else {
        broken!("nobody's machine was waited for")
    };
    ensure_eq!(error.effect(), Effect::None, "the effect of a `wait` that failed");
    Ok(())
}

async fn tells_when_it_was_created(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let shown = bench.provider.get(&machine.id).await?;
    if let Some(at) = shown.created_at {
        let off = (at.as_second() - bench.subject.now().as_second()).abs();
        ensure!(off < 600, "it was created just now, and says {at}");
    }
    Ok(())
}
