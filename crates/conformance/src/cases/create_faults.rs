//! Creating: when something goes wrong.

use std::time::Duration;

use machine_core::{Effect, ErrorKind, ResourceKind};

use crate::Fault;
use crate::bench::{Bench, ensure_unknown};
use crate::outcome::{Outcome, refused};

cases! { "create":
    sends_one_request [Remote, Cloud],
    an_unclear_outcome_says_unknown [Remote, Cloud],
    an_unclear_outcome_is_never_repeated [Remote, Cloud],
    an_unclear_outcome_is_settled_by_find [Remote, Cloud],
    a_refusal_says_that_nothing_happened [Remote, Cloud],
    a_failed_start_is_applied [Remote, Cloud, FailedStart],
    what_failed_to_start_carries_the_markers [Remote, Cloud, FailedStart],
    dropping_it_before_the_answer_leaves_one_machine_with_markers [Remote, Cloud],
    unsupported_is_found_before_any_request [Remote, Cloud],
}

const MACHINE: ResourceKind = ResourceKind::Machine;

async fn sends_one_request(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let before = cloud.create_requests(MACHINE).await;
    let spec = bench.spec();
    bench.create(&spec).await?;
    ensure_eq!(cloud.create_requests(MACHINE).await - before, 1, "requests for one machine");
    ensure_eq!(cloud.made(MACHINE, spec.name.as_str()).await, 1, "machines for one wish");
    Ok(())
}

async fn an_unclear_outcome_says_unknown(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::LoseCreateAnswer(MACHINE)).await;
    match bench.create(&bench.spec()).await {
        Ok(machine) => broken!("the answer was lost, and yet it was {machine:?}"),
        Err(error) => ensure_unknown(&error),
    }
}

async fn an_unclear_outcome_is_never_repeated(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::LoseCreateAnswer(MACHINE)).await;
    let before = cloud.create_requests(MACHINE).await;
    let spec = bench.spec();
    // What it says is another case's.
    bench.create(&spec).await.ok();
    ensure_eq!(cloud.create_requests(MACHINE).await - before, 1, "requests, the answer to the first of which was lost");
    ensure_eq!(cloud.made(MACHINE, spec.name.as_str()).await, 1, "machines for one wish");
    Ok(())
}

async fn an_unclear_outcome_is_settled_by_find(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::LoseCreateAnswer(MACHINE)).await;
    let (intent, _) = bench.create_wished(&bench.spec()).await;
    bench
        .eventually("the machine whose answer was lost is found", || async {
            let found = bench.provider.find(intent.id).await?;
            ensure!(found.machines.len() <= 1, "one wish made {} machines", found.machines.len());
            Ok(found.machines.first().is_some_and(|machine| machine.markers == Some(intent.markers())))
        })
        .await
}

async fn a_refusal_says_that_nothing_happened(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::RefuseCreate(MACHINE)).await;
    let spec = bench.spec();
    let kinds = [ErrorKind::Quota, ErrorKind::Invalid, ErrorKind::Forbidden, ErrorKind::OutOfCapacity];
    let error = refused(bench.create(&spec).await, &kinds, "a create that the cloud refuses")?;
    ensure_eq!(error.effect(), Effect::None, "the effect of a refusal");
    ensure_eq!(cloud.made(MACHINE, spec.name.as_str()).await, 0, "machines that were refused");
    Ok(())
}

async fn a_failed_start_is_applied(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::FailStart).await;
    match bench.create(&bench.spec()).await {
        Ok(machine) => broken!("its start failed, and yet the answer was {machine:?}"),
        Err(error) => {
            ensure_eq!(error.effect(), Effect::Applied, "the effect, where only the start failed ({error:?})");
            Ok(())
        }
    }
}

async fn what_failed_to_start_carries_the_markers(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::FailStart).await;
    let (intent, _) = bench.create_wished(&bench.spec()).await;
    bench
        .eventually("the machine that did not start is found", || async {
            let found = bench.provider.find(intent.id).await?;
            Ok(found.machines.first().is_some_and(|machine| machine.markers == Some(intent.markers())))
        })
        .await
}

async fn dropping_it_before_the_answer_leaves_one_machine_with_markers(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::SlowCreateAnswer(Duration::from_secs(30))).await;
    let spec = bench.spec();
    let wish = bench.wish(MACHINE, spec.name.as_str()).await?;
    let create = bench.provider.create(&wish, &spec);
    let answer = tokio::time::timeout(Duration::from_millis(300), create).await;
    ensure!(answer.is_err(), "it answered before the cloud did: {answer:?}");
    ensure_eq!(cloud.made(MACHINE, spec.name.as_str()).await, 1, "machines in truth");
    bench
        .eventually("the machine that nobody waited for is found", || async {
            let found = bench.provider.find(wish.intent().id).await?;
            bench.adopt(&found.machines.iter().map(|machine| machine.id.clone()).collect::<Vec<_>>());
            ensure!(found.machines.len() <= 1, "one wish made {} machines", found.machines.len());
            Ok(found.machines.first().is_some_and(|machine| machine.markers == Some(wish.intent().markers())))
        })
        .await
}

async fn unsupported_is_found_before_any_request(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let before = cloud.create_requests(MACHINE).await;
    for (what, spec) in super::unsupported::specs(bench) {
        refused(bench.create(&spec).await, &[ErrorKind::Unsupported], what)?;
    }
    ensure_eq!(cloud.create_requests(MACHINE).await - before, 0, "requests for what it cannot do");
    Ok(())
}
