//! Listing: which machines.

use machine_core::{Completeness, Machine, ProviderExt as _, Scope, Selector};

use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "list":
    shows_every_machine [],
    shows_none_twice [],
    selects_by_owner [],
    selects_what_is_marked [],
    selects_by_name [],
    selects_by_labels [],
    selects_by_tag [Tags],
    selects_by_all_of_them_together [],
    a_selection_of_nothing_is_empty_and_complete [],
    leaves_out_what_is_gone [],
    shows_the_same_to_every_client [],
}

fn names(machines: &[Machine]) -> Vec<&str> {
    let mut names: Vec<_> = machines.iter().map(|machine| machine.name.as_str()).collect();
    names.sort_unstable();
    names
}

async fn three(bench: &Bench) -> Outcome<Vec<String>> {
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(bench.create(&bench.spec()).await?.name);
    }
    made.sort_unstable();
    Ok(made)
}

async fn shows_every_machine(bench: &Bench) -> Outcome {
    let made = three(bench).await?;
    let has_all = |machines: &[Machine]| made.iter().all(|name| machines.iter().any(|it| it.name == *name));
    let listed = bench.list(&Selector::all(), has_all).await?;
    ensure!(has_all(&listed), "of {made:?} the list shows {:?}", names(&listed));
    Ok(())
}

async fn shows_none_twice(bench: &Bench) -> Outcome {
    three(bench).await?;
    let listed = bench.list(&bench.own(), |machines| machines.len() >= 3).await?;
    let mut ids: Vec<_> = listed.iter().map(|machine| &machine.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    ensure_eq!(ids.len(), all, "machines in the list, each counted once");
    Ok(())
}

async fn selects_by_owner(bench: &Bench) -> Outcome {
    let other = Bench::new(std::sync::Arc::clone(&bench.subject))?;
    let foreign = other.create(&other.spec()).await;
    let outcome = async {
        let made = three(bench).await?;
        let listed = bench.list(&bench.own(), |machines| machines.len() == 3).await?;
        ensure_eq!(names(&listed), made, "this owner's machines");
        let foreign = foreign?;
        let listed = bench.list(&other.own(), |machines| machines.len() == 1).await?;
        ensure_eq!(names(&listed), [foreign.name], "the other owner's machines");
        Ok(())
    };
    let outcome = outcome.await;
    outcome.and(other.put_away().await)
}

async fn selects_what_is_marked(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let mut which = Selector::all();
    which.scope = Scope::Marked;
    let has_it = |machines: &[Machine]| machines.iter().any(|it| it.id == machine.id);
    let listed = bench.list(&which, has_it).await?;
    ensure!(has_it(&listed), "what is marked is not among what is marked");
    ensure!(listed.iter().all(|machine| machine.markers.is_some()), "something without markers is");
    Ok(())
}

async fn selects_by_name(bench: &Bench) -> Outcome {
    let made = three(bench).await?;
    let which = Selector { name: made.first().cloned(), ..Selector::all() };
    let listed = bench.list(&which, |machines| machines.len() == 1).await?;
    ensure_eq!(names(&listed), made[..1], "the machines of that name");
    Ok(())
}

async fn selects_by_tag(bench: &Bench) -> Outcome {
    let mut made = Vec::new();
    for tag in ["blue", "red"] {
        let spec = machine_core::MachineSpec { tags: vec![tag.to_owned()], ..bench.spec() };
        made.push(bench.create(&spec).await?.name);
    }
    let which = Selector { tag: Some("red".to_owned()), ..bench.own() };
    let listed = bench.list(&which, |machines| machines.len() == 1).await?;
    ensure_eq!(names(&listed), made[1..], "the machines with the tag");
    Ok(())
}

async fn selects_by_labels(bench: &Bench) -> Outcome {
    let mut made = Vec::new();
    for (team, stage) in [("blue", "one"), ("blue", "two"), ("red", "one")] {
        let mut spec = bench.spec();
        spec.labels.insert("team".to_owned(), team.to_owned());
        spec.labels.insert("stage".to_owned(), stage.to_owned());
        made.push(bench.create(&spec).await?.name);
    }
    let mut which = bench.own();
    which.labels.insert("team".to_owned(), "blue".to_owned());
    let listed = bench.list(&which, |machines| machines.len() == 2).await?;
    let mut blue = made[..2].to_vec();
    blue.sort_unstable();
    ensure_eq!(names(&listed), blue, "the machines with one label");
    which.labels.insert("stage".to_owned(), "two".to_owned());
    let listed = bench.list(&which, |machines| machines.len() == 1).await?;
    ensure_eq!(names(&listed), made[1..2], "the machines with both labels");
    Ok(())
}

async fn selects_by_all_of_them_together(bench: &Bench) -> Outcome {
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = bench.create(&spec).await?;
    let mut which = bench.own();
    which.name = Some(machine.name);
    which.labels.insert("team".to_owned(), "red".to_owned());
    let listed = bench.list(&which, <[Machine]>::is_empty).await?;
    ensure!(listed.is_empty(), "the label is another, and it is listed all the same");
    which.labels.insert("team".to_owned(), "blue".to_owned());
    ensure_eq!(bench.list(&which, |machines| !machines.is_empty()).await?.len(), 1, "how many are as selected");
    Ok(())
}

async fn a_selection_of_nothing_is_empty_and_complete(bench: &Bench) -> Outcome {
    let which = Selector { name: Some(bench.name().to_string()), ..Selector::all() };
    for which in [which, bench.own()] {
        let (machines, completeness, problems) = bench.provider.list_all(which).await?;
        ensure!(machines.is_empty(), "nothing was made, and there is {:?}", names(&machines));
        ensure_eq!((completeness, problems), (Completeness::Complete, Vec::new()), "whether that is all");
    }
    Ok(())
}

async fn leaves_out_what_is_gone(bench: &Bench) -> Outcome {
    let id = bench.gone().await?;
    bench
        .eventually("the list leaves out what is gone", || async {
            let listed = bench.list(&bench.own(), |_| true).await?;
            let there = |it: &Machine| it.id == id && it.state != machine_core::MachineState::Destroyed;
            Ok(!listed.iter().any(there))
        })
        .await
}

async fn shows_the_same_to_every_client(bench: &Bench) -> Outcome {
    let made = three(bench).await?;
    let other = bench.another()?;
    bench
        .eventually("another client lists the same machines", || async {
            Ok(names(&other.list_all(bench.own()).await?.0) == made)
        })
        .await
}
