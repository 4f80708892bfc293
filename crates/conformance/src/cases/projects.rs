//! A provider's own projects.

use machine_core::ErrorKind;

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "projects":
    list_tells_an_id_and_a_name_of_each [Projects],
    list_holds_the_one_to_play_with [Projects, Project],
    assign_takes_a_machine [Projects, Project],
    assign_to_a_project_that_is_not_there_is_not_found [Projects],
    assign_of_a_machine_that_is_not_there_is_not_found [Projects, Project],
}

fn project(bench: &Bench) -> Outcome<String> {
    bench.subject.project().ok_or_else(|| Stop::Missing("there is no project to play with".to_owned()))
}

fn projects(bench: &Bench) -> Outcome<&dyn machine_core::Projects> {
    bench.provider.projects().ok_or_else(|| Stop::Lacks("projects: there are none".to_owned()))
}

async fn list_tells_an_id_and_a_name_of_each(bench: &Bench) -> Outcome {
    let listed = projects(bench)?.list().await?;
    for project in &listed {
        ensure!(!project.id.is_empty() && !project.name.is_empty(), "this is no project: {project:?}");
        ensure_eq!(listed.iter().filter(|it| it.id == project.id).count(), 1, "how often `{}` is there", project.id);
    }
    Ok(())
}

async fn list_holds_the_one_to_play_with(bench: &Bench) -> Outcome {
    let (name, listed) = (project(bench)?, projects(bench)?.list().await?);
    ensure!(listed.iter().any(|project| project.name == name), "`{name}` is not in the list");
    Ok(())
}

async fn assign_takes_a_machine(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    projects(bench)?.assign(&project(bench)?, &machine.id).await?;
    let shown = bench.provider.get(&machine.id).await?;
    ensure_eq!((&shown.name, &shown.labels, &shown.markers), (&machine.name, &machine.labels, &machine.markers), "it");
    Ok(())
}

async fn assign_to_a_project_that_is_not_there_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = projects(bench)?.assign("no-such-project", &machine.id).await;
    refused(answer, &[ErrorKind::NotFound], "a project that nobody has").map(drop)
}

async fn assign_of_a_machine_that_is_not_there_is_not_found(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = projects(bench)?.assign(&project(bench)?, &nobodys(&machine.id)).await;
    refused(answer, &[ErrorKind::NotFound], "a machine that nobody has").map(drop)
}
