//! Changing a machine that exists.

use std::time::Duration;

use machine_core::{ErrorKind, Goal, Machine, MachineChange, MachineId, Power, Selector, VolumeMount};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "update":
    sets_a_label [],
    sets_a_label_anew [],
    takes_a_label_off [],
    taking_off_a_label_that_is_not_there_is_no_error [],
    leaves_the_labels_it_does_not_name [],
    leaves_everything_where_nothing_is_named [],
    answers_with_the_machine_as_it_is_then [],
    labels_leave_the_markers [],
    moves_the_deadline [],
    takes_the_deadline_off [],
    gives_another_owner [Adopt],
    gives_another_name [Rename],
    attaches_and_detaches_volumes [Volumes, Attach],
    an_unknown_id_is_not_found [],
}

fn labels<const N: usize>(labels: [(&str, Option<&str>); N]) -> MachineChange {
    let labels = labels.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
    MachineChange { labels: labels.into_iter().collect(), ..MachineChange::default() }
}

/// A machine with labels `team=blue` and `stage=one`.
async fn labelled(bench: &Bench) -> Outcome<Machine> {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    spec.labels.insert("stage".to_owned(), "one".to_owned());
    bench.running(&spec).await
}

/// What labels the machine has, as another client sees it.
async fn shown(bench: &Bench, id: &MachineId) -> Outcome<Vec<(String, String)>> {
    Ok(bench.another()?.get(id).await?.labels.into_iter().collect())
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

async fn sets_a_label(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.update(&machine.id, &labels([("team", Some("blue"))])).await?;
    ensure_eq!(shown(bench, &machine.id).await?, pairs([("team", "blue")]), "the labels");
    Ok(())
}

async fn sets_a_label_anew(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    bench.provider.update(&machine.id, &labels([("team", Some("red"))])).await?;
    ensure_eq!(shown(bench, &machine.id).await?, pairs([("stage", "one"), ("team", "red")]), "the labels");
    Ok(())
}

async fn takes_a_label_off(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    bench.provider.update(&machine.id, &labels([("team", None)])).await?;
    ensure_eq!(shown(bench, &machine.id).await?, pairs([("stage", "one")]), "the labels that are left");
    Ok(())
}

async fn taking_off_a_label_that_is_not_there_is_no_error(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    bench.provider.update(&machine.id, &labels([("colour", None)])).await?;
    ensure_eq!(shown(bench, &machine.id).await?, pairs([("stage", "one"), ("team", "blue")]), "the labels");
    Ok(())
}

async fn leaves_the_labels_it_does_not_name(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    bench.provider.update(&machine.id, &labels([("new", Some("x"))])).await?;
    let all = pairs([("new", "x"), ("stage", "one"), ("team", "blue")]);
    ensure_eq!(shown(bench, &machine.id).await?, all, "the labels");
    Ok(())
}

async fn leaves_everything_where_nothing_is_named(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    let before = bench.provider.get(&machine.id).await?;
    bench.provider.update(&machine.id, &MachineChange::default()).await?;
    let after = bench.provider.get(&machine.id).await?;
    ensure_eq!(
        (&after.name, &after.labels, &after.markers, &after.volumes, &after.state, &after.started_at),
        (&before.name, &before.labels, &before.markers, &before.volumes, &before.state, &before.started_at),
        "a machine that was not changed"
    );
    Ok(())
}

async fn answers_with_the_machine_as_it_is_then(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    let answer = bench.provider.update(&machine.id, &labels([("team", Some("red"))])).await?;
    let shown = bench.provider.get(&machine.id).await?;
    ensure_eq!((&answer.id, &answer.name, &answer.labels), (&shown.id, &shown.name, &shown.labels), "the answer");
    ensure_eq!(answer.labels.get("team").map(String::as_str), Some("red"), "the label in the answer");
    Ok(())
}

async fn labels_leave_the_markers(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    bench.provider.wait(&id, &bench.until(Goal::Running)).await?;
    for change in [labels([("team", Some("blue"))]), labels([("team", None)])] {
        let answer = bench.provider.update(&id, &change).await?;
        ensure_eq!(answer.markers, Some(intent.markers()), "the markers in the answer");
        ensure_eq!(bench.provider.get(&id).await?.markers, Some(intent.markers()), "the markers");
    }
    Ok(())
}

async fn deadline(bench: &Bench, to: Option<jiff::Timestamp>) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    bench.provider.wait(&id, &bench.until(Goal::Running)).await?;
    let change = MachineChange { deadline: Some(to), ..MachineChange::default() };
    bench.provider.update(&id, &change).await?;
    let expected = machine_core::Markers { deadline: to, ..intent.markers() };
    ensure_eq!(bench.another()?.get(&id).await?.markers, Some(expected), "the markers with the new deadline");
    Ok(())
}

async fn moves_the_deadline(bench: &Bench) -> Outcome {
    let later = jiff::Timestamp::now().as_second().saturating_add(7200);
    deadline(bench, jiff::Timestamp::from_second(later).ok()).await
}

async fn takes_the_deadline_off(bench: &Bench) -> Outcome {
    deadline(bench, None).await
}

async fn gives_another_owner(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    let before = shown(bench, &machine.id).await?;
    let markers = bench.others_markers();
    let change = MachineChange { markers: Some(markers.clone()), ..MachineChange::default() };
    bench.provider.update(&machine.id, &change).await?;
    let after = bench.another()?.get(&machine.id).await?;
    ensure_eq!(after.markers, Some(markers), "the markers");
    ensure_eq!(shown(bench, &machine.id).await?, before, "the labels");
    Ok(())
}

async fn gives_another_name(bench: &Bench) -> Outcome {
    let machine = labelled(bench).await?;
    let name = bench.name();
    let change = MachineChange { name: Some(name.clone()), ..MachineChange::default() };
    ensure_eq!(bench.provider.update(&machine.id, &change).await?.name, name.as_str(), "the name in the answer");
    let shown = bench.another()?.get(&machine.id).await?;
    ensure_eq!((shown.name.as_str(), &shown.labels), (name.as_str(), &machine.labels), "its name and labels");
    for (name, count) in [(name.to_string(), 1), (machine.name, 0)] {
        let which = Selector { name: Some(name), ..Selector::all() };
        let listed = bench.list(&which, |machines| machines.len() == count).await?;
        ensure_eq!(listed.len(), count, "machines called {:?}", which.name);
    }
    Ok(())
}

async fn attaches_and_detaches_volumes(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    bench.provider.wait(&machine.id, &bench.until(Goal::Ended)).await?;
    let volume = bench.volume().await?;
    let mount = VolumeMount { volume: volume.id.clone(), path: "/mnt/conformance".to_owned() };
    let attach = MachineChange { attach: vec![mount.clone()], ..MachineChange::default() };
    bench.provider.update(&machine.id, &attach).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [mount], "the volumes of the machine");
    let attached = bench.volumes()?.get(&volume.id).await?.attached_to;
    ensure_eq!(attached.map(|it| it.machine), Some(machine.id.clone()), "what has the volume");
    let detach = MachineChange { detach: vec![volume.id.clone()], ..MachineChange::default() };
    bench.provider.update(&machine.id, &detach).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [], "the volumes of the machine");
    ensure_eq!(bench.volumes()?.get(&volume.id).await?.attached_to, None, "what has the volume");
    Ok(())
}

async fn an_unknown_id_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = bench.provider.update(&nobodys(&machine.id), &labels([("team", Some("blue"))])).await;
    refused(answer, &[ErrorKind::NotFound], "to change a machine that nobody has").map(drop)
}
