//! Destroying a machine.

use std::time::Duration;

use machine_core::{Destroyed, Effect, Goal, MachineState, Power, ResourceKind};

use super::nobodys;
use crate::Fault;
use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "destroy":
    destroys_a_machine_that_runs [],
    destroys_a_machine_that_is_stopped [],
    destroys_a_machine_whose_command_has_ended [Command],
    is_idempotent [],
    an_unknown_id_is_already_gone [],
    can_be_repeated_until_it_is_gone [],
    leaves_all_others_alone [],
    leaves_the_name_free [],
    dropping_it_leaves_what_can_be_destroyed_again [],
    ends_what_runs_inside [Command, Logs],
    a_lost_answer_is_no_proof [Remote, Cloud],
    a_lost_answer_can_be_asked_again [Remote, Cloud],
}

async fn destroys_a_machine_that_runs(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    ensure_eq!(bench.provider.destroy(&machine.id).await?, Destroyed::Accepted, "the answer");
    bench.destroy(&machine.id).await
}

async fn destroys_a_machine_that_is_stopped(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    bench.provider.wait(&machine.id, &bench.until(Goal::Ended)).await?;
    ensure_eq!(bench.provider.destroy(&machine.id).await?, Destroyed::Accepted, "the answer");
    bench.destroy(&machine.id).await
}

async fn destroys_a_machine_whose_command_has_ended(bench: &Bench) -> Outcome {
    let machine = bench.ended(&bench.script("exit 3")).await?;
    bench.provider.destroy(&machine.id).await?;
    bench.destroy(&machine.id).await
}

async fn is_idempotent(bench: &Bench) -> Outcome {
    let id = bench.gone().await?;
    for _ in 0..2 {
        let again = bench.provider.destroy(&id).await?;
        let shown = bench.provider.get(&id).await;
        // As long as the cloud shows it, it may be accepted once more.
        let shows = shown.is_ok_and(|machine| machine.state == MachineState::Destroyed);
        ensure!(again == Destroyed::AlreadyGone || shows, "destroying what is gone was {again:?}");
    }
    Ok(())
}

async fn an_unknown_id_is_already_gone(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let answer = bench.provider.destroy(&nobodys(&machine.id)).await?;
    ensure_eq!(answer, Destroyed::AlreadyGone, "the answer for a machine that nobody has");
    Ok(())
}

async fn can_be_repeated_until_it_is_gone(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    // At once, while it may still be on its way.
    let (one, other) = tokio::join!(bench.provider.destroy(&machine.id), bench.provider.destroy(&machine.id));
    ensure!(one.is_ok() || other.is_ok(), "of two who destroy it at once, neither may: {one:?}, {other:?}");
    bench.destroy(&machine.id).await
}

async fn leaves_all_others_alone(bench: &Bench) -> Outcome {
    let (one, other) = (bench.running(&bench.spec()).await?, bench.running(&bench.spec()).await?);
    bench.destroy(&one.id).await?;
    let left = bench.provider.get(&other.id).await?;
    ensure_eq!((left.state, left.started_at), (other.state, other.started_at), "the other machine");
    Ok(())
}

async fn leaves_the_name_free(bench: &Bench) -> Outcome {
    let spec = bench.spec();
    let first = bench.create(&spec).await?;
    bench.destroy(&first.id).await?;
    let second = bench.create(&spec).await?;
    ensure!(second.id != first.id, "another machine has the id of one that is gone");
    ensure_eq!(second.name, first.name, "its name");
    Ok(())
}

async fn dropping_it_leaves_what_can_be_destroyed_again(bench: &Bench) -> Outcome {
    for patience in [0, 1, 4].map(Duration::from_millis) {
        let machine = bench.create(&bench.spec()).await?;
        tokio::time::timeout(patience, bench.provider.destroy(&machine.id)).await.ok();
        bench.destroy(&machine.id).await?;
    }
    Ok(())
}

async fn ends_what_runs_inside(bench: &Bench) -> Outcome {
    let machine = bench.running(&bench.script("while :; do echo alive; sleep 0.05; done")).await?;
    let follow = machine_core::LogOptions { follow: true, ..machine_core::LogOptions::default() };
    let lines = bench.lines(&machine.id, follow);
    let destroy = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bench.destroy(&machine.id).await
    };
    let both = async { tokio::join!(lines, destroy) };
    let Ok((_, destroyed)) = tokio::time::timeout(bench.subject.patience(), both).await else {
        broken!("its log goes on after the machine is gone")
    };
    destroyed
}

async fn a_lost_answer_is_no_proof(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    bench.cloud()?.fault(Fault::LoseDestroyAnswer).await;
    // A provider may ask again by itself: destroying is idempotent.
    if let Err(error) = bench.provider.destroy(&machine.id).await {
        ensure!(error.effect() != Effect::None, "the answer was lost, and nothing is said to have happened: {error:?}");
    }
    Ok(())
}

async fn a_lost_answer_can_be_asked_again(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let machine = bench.create(&bench.spec()).await?;
    cloud.fault(Fault::LoseDestroyAnswer).await;
    bench.provider.destroy(&machine.id).await.ok();
    bench.destroy(&machine.id).await?;
    ensure_eq!(cloud.made(ResourceKind::Machine, &machine.name).await, 0, "machines that are left");
    Ok(())
}
