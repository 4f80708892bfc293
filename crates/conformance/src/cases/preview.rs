//! Previews: what a create would do, told and not done.

use machine_core::{
    Effect, EnvVar, ErrorKind, FileSpec, Intent, IntentId, MachineSpec, Markers, Money, Preview, Price, PriceSource,
    ResourceKind, SizeRequest,
};
use serde_json::Value;

use super::unsupported;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "preview":
    makes_nothing [],
    sends_no_request_that_makes_something [Remote, Cloud],
    names_what_a_create_sends [Remote, Cloud],
    hides_what_is_secret [],
    refuses_what_cannot_be [],
    refuses_what_is_not_there [],
}

/// What may be asked to be made along with a machine.
const MADE: [ResourceKind; 5] = [
    ResourceKind::Machine,
    ResourceKind::Volume,
    ResourceKind::Snapshot,
    ResourceKind::SshKey,
    ResourceKind::DnsRecord,
];

async fn makes_nothing(bench: &Bench) -> Outcome {
    let spec = bench.spec();
    let preview = bench.provider.preview(&spec).await?;
    ensure!(
        !(preview.requests.is_empty() && preview.steps.is_empty()),
        "a create would do nothing, by what is told of it"
    );
    let mut named = bench.own();
    named.name = Some(spec.name.to_string());
    let listed = bench.list(&named, <[_]>::is_empty).await?;
    ensure!(listed.is_empty(), "{} machines are there after a preview", listed.len());
    Ok(())
}

async fn sends_no_request_that_makes_something(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let spec = bench.spec();
    for resource in MADE {
        let before = cloud.create_requests(resource).await;
        bench.provider.preview(&spec).await?;
        ensure_eq!(cloud.create_requests(resource).await, before, "requests to create a {}", resource.as_str());
    }
    Ok(())
}

async fn names_what_a_create_sends(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let mut spec = bench.spec();
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let (wish, answer) = bench.create_wished(&spec).await;
    answer?;
    let Some(mut sent) = cloud.last_create().await else { broken!("nobody knows what was sent") };
    let preview = bench.provider.preview(&spec).await?;
    let kind = bench.provider.info().kind;
    strip(&mut sent, &wish.markers());
    let mut told = Vec::new();
    for mut request in preview.requests {
        strip(&mut request.body, &Intent::rehearsal(&spec, kind).markers());
        told.push(request.body);
    }
    ensure!(told.iter().any(|body| same(body, &sent)), "a create sends {sent}, and this was told: {told:?}");
    Ok(())
}

async fn hides_what_is_secret(bench: &Bench) -> Outcome {
    let can = bench.provider.capabilities();
    let secret = format!("hunter2-{}", IntentId::mint());
    let mut spec = bench.spec();
    if can.command {
        spec.env.push(EnvVar::new("TOKEN", secret.as_str()));
    }
    if can.files {
        spec.files.push(FileSpec::private("/run/secrets/token", secret.clone()));
    }
    if can.user_data {
        spec.user_data = Some(format!("#!/bin/sh\n# {secret}\n").into());
    }
    let preview: Preview = bench.provider.preview(&spec).await?;
    let shown = format!("{preview:?}{}", serde_json::to_string(&preview).unwrap_or_default());
    let all = bench.subject.secrets().into_iter().chain([secret]);
    ensure!(all.into_iter().all(|secret| !shown.contains(&secret)), "a preview shows a secret");
    Ok(())
}

async fn refuses_what_cannot_be(bench: &Bench) -> Outcome {
    for (what, spec) in unsupported::specs(bench) {
        let answer = bench.provider.preview(&spec).await;
        refused(answer, &[ErrorKind::Unsupported], &format!("the preview of a machine with {what}"))?;
    }
    Ok(())
}

async fn refuses_what_is_not_there(bench: &Bench) -> Outcome {
    let can = bench.provider.capabilities();
    let limit = Price { hourly: Money::from_micros(1), monthly_cap: None };
    let size = SizeRequest::Named("no-such-size".to_owned());
    let wishes = [
        (can.images, "an image", MachineSpec { image: Some("debain-99".to_owned()), ..bench.spec() }),
        (can.sizes, "a size", MachineSpec { size, ..bench.spec() }),
        (can.regions, "a region", MachineSpec { regions: vec!["no-such-region".to_owned()], ..bench.spec() }),
        (can.price_source != PriceSource::Free, "a price", MachineSpec { max_price: Some(limit), ..bench.spec() }),
    ];
    let kinds = [ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Unsupported, ErrorKind::Budget];
    for (_, what, spec) in wishes.into_iter().filter(|(can, ..)| *can) {
        // A region that only the cloud can judge is refused by it, when it is asked to make the machine.
        let created = bench.create(&spec).await;
        let sent = created.as_ref().err().is_some_and(|error| error.request_id().is_some());
        let error = refused(created.map(|machine| machine.id), &kinds, &format!("{what} that there is none of"))?;
        if sent {
            continue;
        }
        let answer = bench.provider.preview(&spec).await;
        let told = refused(answer, &[error.kind()], &format!("the preview of {what} that there is none of"))?;
        ensure_eq!(told.effect(), Effect::None, "the effect of a preview that was refused");
    }
    Ok(())
}

/// Takes out what says who made it and when it must be gone.
fn strip(value: &mut Value, markers: &Markers) {
    let (owner, intent) = (markers.owner.to_string(), markers.intent.to_string());
    let deadline = markers.deadline.map(|deadline| (deadline.to_string(), deadline.as_second().to_string()));
    let marks = |value: &Value| {
        let Some(text) = value.as_str() else { return false };
        let late = deadline.as_ref().is_some_and(|(text_of, seconds)| text.contains(text_of) || text.contains(seconds));
        late || text.contains(&owner) || text.contains(&intent)
    };
    strip_where(value, &marks);
}

fn strip_where(value: &mut Value, marks: &impl Fn(&Value) -> bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !marks(value));
            for value in fields.values_mut() {
                strip_where(value, marks);
            }
        }
        Value::Array(items) => {
            items.retain(|value| !marks(value));
            for value in items {
                strip_where(value, marks);
            }
        }
        _ => {}
    }
}

/// Whether that was told which was sent. What was hidden may be anything.
fn same(told: &Value, sent: &Value) -> bool {
    match (told, sent) {
        (Value::String(hidden), _) if hidden == "(hidden)" => true,
        (Value::Object(told), Value::Object(sent)) => {
            told.len() == sent.len()
                && told.iter().all(|(key, value)| sent.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(told), Value::Array(sent)) => {
            told.len() == sent.len() && told.iter().zip(sent).all(|(told, sent)| same(told, sent))
        }
        (told, sent) => told == sent,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_the_same_but_for_markers_and_secrets() {
        let markers = Intent::rehearsal(&MachineSpec::new("web-1".parse().unwrap()), "x").markers();
        let mut body =
            json!({"tags": ["machine:owner:preview", "blue"], "mark": markers.intent.to_string(), "key": "x"});
        strip(&mut body, &markers);
        assert_eq!(body, json!({"tags": ["blue"], "key": "x"}));
        assert!(same(&json!({"key": "(hidden)", "tags": ["blue"]}), &body));
        assert!(!same(&json!({"tags": ["blue"]}), &body) && !same(&json!({"tags": [], "key": "x"}), &body));
    }
}
