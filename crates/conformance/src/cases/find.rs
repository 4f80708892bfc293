//! Finding what an intent made.

use std::time::Duration;

use machine_core::{Completeness, IntentId, MachineChange, Power, ResourceKind};

use crate::Fault;
use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "find":
    finds_what_the_intent_made [],
    finds_only_that [],
    finds_it_for_every_client [],
    finds_it_whatever_state_it_is_in [],
    finds_it_under_another_name [Rename],
    an_intent_that_made_nothing_has_nothing [],
    says_of_which_moment_it_speaks [],
    what_is_gone_is_not_found [],
    finds_what_is_on_a_later_page [Remote, Cloud],
    finds_what_shows_late [Remote, Cloud],
    a_page_that_is_lost_is_no_absence [Remote, Cloud],
}

async fn finds_what_the_intent_made(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    found(bench, intent.id, &machine?.id).await
}

async fn finds_only_that(bench: &Bench) -> Outcome {
    let (first, one) = bench.create_wished(&bench.spec()).await;
    let (second, other) = bench.create_wished(&bench.spec()).await;
    found(bench, first.id, &one?.id).await?;
    found(bench, second.id, &other?.id).await
}

async fn finds_it_for_every_client(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    let other = bench.another()?;
    bench
        .eventually("another client finds it", || async {
            Ok(other.find(intent.id).await?.machines.iter().any(|machine| machine.id == id))
        })
        .await
}

async fn finds_it_whatever_state_it_is_in(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let machine = machine?;
    bench.provider.wait(&machine.id, &bench.until(machine_core::Goal::Running)).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    found(bench, intent.id, &machine.id).await?;
    bench.provider.wait(&machine.id, &bench.until(machine_core::Goal::Ended)).await?;
    found(bench, intent.id, &machine.id).await
}

async fn finds_it_under_another_name(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    bench.provider.wait(&id, &bench.until(machine_core::Goal::Running)).await?;
    let change = MachineChange { name: Some(bench.name()), ..MachineChange::default() };
    bench.provider.update(&id, &change).await?;
    found(bench, intent.id, &id).await
}

async fn an_intent_that_made_nothing_has_nothing(bench: &Bench) -> Outcome {
    let wish = bench.wish(ResourceKind::Machine, "nothing").await?;
    let found = bench.provider.find(wish.intent().id).await?;
    ensure!(found.machines.is_empty(), "it made nothing, and has {:?}", found.machines);
    ensure_eq!(found.completeness, Completeness::Complete, "whether that is all");
    Ok(())
}

async fn says_of_which_moment_it_speaks(bench: &Bench) -> Outcome {
    let wish = bench.wish(ResourceKind::Machine, "nothing").await?;
    let before = jiff::Timestamp::now().as_millisecond();
    let as_of = bench.provider.find(wish.intent().id).await?.as_of.as_millisecond();
    let after = jiff::Timestamp::now().as_millisecond();
    // By this computer's clock: the cloud's may go differently. What it saw, it saw no later than it said.
    ensure!((before - 1000..=after).contains(&as_of), "it speaks of {as_of} between {before} and {after}");
    Ok(())
}

async fn what_is_gone_is_not_found(bench: &Bench) -> Outcome {
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    bench.destroy(&id).await?;
    bench
        .eventually("what is gone is found no more", || async {
            let found = bench.provider.find(intent.id).await?.machines;
            Ok(found.iter().all(|machine| machine.state == machine_core::MachineState::Destroyed))
        })
        .await
}

async fn finds_what_is_on_a_later_page(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    bench.adopt(&cloud.seed(cloud.page_size() * 2).await);
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    bench.adopt(&cloud.seed(cloud.page_size()).await);
    found(bench, intent.id, &machine?.id).await
}

async fn finds_what_shows_late(bench: &Bench) -> Outcome {
    let lag = bench.provider.capabilities().list_lag;
    bench.cloud()?.fault(Fault::LateCreate(lag / 2)).await;
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    tokio::time::sleep(lag).await;
    found(bench, intent.id, &id).await
}

async fn a_page_that_is_lost_is_no_absence(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    bench.adopt(&cloud.seed(cloud.page_size() * 2).await);
    let (intent, machine) = bench.create_wished(&bench.spec()).await;
    let id = machine?.id;
    tokio::time::sleep(bench.provider.capabilities().list_lag).await;
    for page in 1..=3 {
        cloud.fault(Fault::FailListPage(page)).await;
        if let Ok(found) = bench.provider.find(intent.id).await {
            let absent = found.machines.iter().all(|machine| machine.id != id);
            let complete = found.completeness == Completeness::Complete;
            ensure!(!(absent && complete), "page {page} was lost, and the machine on it is said not to be there");
        }
        cloud.calm().await;
    }
    Ok(())
}

/// Insists that `intent` made this machine and no other.
async fn found(bench: &Bench, intent: IntentId, id: &machine_core::MachineId) -> Outcome {
    let lag = machine_core::Deadline::after(bench.provider.capabilities().list_lag);
    loop {
        let found = bench.provider.find(intent).await?;
        let ids: Vec<_> = found.machines.iter().map(|machine| &machine.id).collect();
        if ids == [id] {
            ensure!(
                found.machines.iter().all(|it| it.markers.as_ref().is_some_and(|it| it.intent == intent)),
                "it is not marked"
            );
            return Ok(());
        }
        ensure!(ids.is_empty() && !lag.passed(), "the intent made {id}, and what is found is {ids:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
