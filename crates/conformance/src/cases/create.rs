//! Creating: what the machine is then.

use machine_core::{ErrorKind, Goal, MachineState};
use std::time::Duration;

use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "create":
    makes_a_machine_that_runs [],
    answers_with_the_machine [],
    carries_the_name [],
    takes_the_longest_name [],
    carries_the_markers [],
    markers_are_not_among_the_labels [],
    carries_the_labels [],
    carries_the_tags_in_order [Tags],
    a_second_time_for_an_intent_makes_no_second_machine [CreateOnce],
    dropping_it_leaves_at_most_one_machine_with_markers [],
    is_seen_by_every_client [],
}

async fn makes_a_machine_that_runs(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    ensure_eq!(machine.state, MachineState::Running, "the state of a machine that was waited for");
    Ok(())
}

async fn answers_with_the_machine(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    ensure!(!machine.id.as_str().is_empty(), "it has no id");
    ensure!(!machine.raw_state.is_empty(), "it has no state in the provider's words");
    ensure_eq!(machine.provider, bench.provider.info().kind, "the kind of provider that has it");
    ensure!(!Goal::Running.unreachable(&machine), "it is {} and will not run", machine.raw_state);
    let shown = bench.provider.get(&machine.id).await?;
    ensure_eq!((&shown.id, &shown.name), (&machine.id, &machine.name), "what `get` shows of it");
    ensure_eq!(shown.created_at, machine.created_at, "when it was created");
    Ok(())
}

async fn carries_the_name(bench: &Bench) -> Outcome {
    let spec = bench.spec();
    let machine = bench.create(&spec).await?;
    ensure_eq!(machine.name, spec.name.as_str(), "its name");
    ensure_eq!(bench.provider.get(&machine.id).await?.name, spec.name.as_str(), "its name, asked for");
    Ok(())
}

async fn takes_the_longest_name(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    let length = bench.provider.capabilities().limits.name_len.min(63);
    let name = format!("{:x<length$}", format!("{}-", spec.name));
    ensure!(name.len() == length, "names of {length} characters are too short to be told apart");
    spec.name = name.parse().map_err(machine_core::Error::from)?;
    let machine = bench.create(&spec).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.name, name, "a name of {length} characters");
    Ok(())
}

async fn carries_the_markers(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let machine = machine?;
    ensure_eq!(machine.markers, Some(intent.markers()), "the markers in the answer");
    let (other, markers) = (bench.another()?, Some(intent.markers()));
    bench
        .within_lag("another client sees the markers", || async {
            Ok(other.get(&machine.id).await?.markers == markers)
        })
        .await
}

async fn markers_are_not_among_the_labels(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = bench.create(&spec).await?;
    for machine in [bench.provider.get(&machine.id).await?, machine] {
        ensure_eq!(machine.labels, spec.labels, "the labels, which are the user's alone");
    }
    for machine in bench.list(&bench.own(), |machines| !machines.is_empty()).await? {
        ensure_eq!(machine.labels, spec.labels, "the labels in a list");
    }
    Ok(())
}

async fn carries_the_tags_in_order(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.tags = ["zebra", "machine:created", "team:blue", "ape"].map(str::to_owned).to_vec();
    let machine = bench.running(&spec).await?;
    for machine in [bench.another()?.get(&machine.id).await?, machine] {
        ensure_eq!(machine.tags, spec.tags, "the tags, which are the user's alone");
    }
    Ok(())
}

async fn carries_the_labels(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    let labels = [("team", "blue"), ("stage", "test-1"), ("flag", "")];
    spec.labels.extend(labels.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let machine = bench.create(&spec).await?;
    ensure_eq!(machine.labels, spec.labels, "the labels in the answer");
    let other = bench.another()?;
    bench
        .within_lag("another client sees the labels", || async {
            Ok(other.get(&machine.id).await?.labels == spec.labels)
        })
        .await
}

async fn a_second_time_for_an_intent_makes_no_second_machine(bench: &Bench) -> Outcome {
    let spec = bench.spec();
    let wish = bench.wish(machine_core::ResourceKind::Machine, spec.name.as_str()).await?;
    let first = bench.provider.create(&wish, &spec).await?;
    bench.adopt(std::slice::from_ref(&first.id));
    let second = bench.another()?.create(&wish, &spec).await?;
    ensure_eq!(second.id, first.id, "the machine that the second call made");
    let found = bench.provider.find(wish.intent().id).await?;
    ensure_eq!(found.machines.len(), 1, "how many machines the intent made");
    Ok(())
}

async fn dropping_it_leaves_at_most_one_machine_with_markers(bench: &Bench) -> Outcome {
    for patience in [0, 1, 4, 16].map(Duration::from_millis) {
        let spec = bench.spec();
        let wish = bench.wish(machine_core::ResourceKind::Machine, spec.name.as_str()).await?;
        let done = tokio::time::timeout(patience, bench.provider.create(&wish, &spec)).await;
        if let Ok(answer) = done {
            answer?;
        }
        // What had begun may go on for a moment; what it comes to is one machine at most.
        let settled = Duration::from_millis(200).saturating_add(bench.provider.capabilities().list_lag);
        tokio::time::sleep(settled).await;
        let found = bench.provider.find(wish.intent().id).await?;
        ensure!(found.machines.len() <= 1, "a create that was dropped made {} machines", found.machines.len());
        for machine in &found.machines {
            bench.adopt(std::slice::from_ref(&machine.id));
            ensure_eq!(machine.markers, Some(wish.intent().markers()), "the markers of what was left behind");
        }
        let mut named = bench.own();
        named.name = Some(spec.name.to_string());
        let listed = bench.list(&named, |machines| machines.len() == found.machines.len()).await?;
        ensure_eq!(listed.len(), found.machines.len(), "how many machines of that name there are");
    }
    Ok(())
}

async fn is_seen_by_every_client(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let other = bench.another()?;
    ensure_eq!(other.get(&machine.id).await?.id, machine.id, "what another client sees");
    other.destroy(&machine.id).await?;
    bench.destroy(&machine.id).await?;
    let gone = bench.provider.get(&machine.id).await;
    if !matches!(&gone, Ok(machine) if machine.state == MachineState::Destroyed) {
        refused(gone, &[ErrorKind::NotFound], "a machine that another client destroyed")?;
    }
    Ok(())
}
