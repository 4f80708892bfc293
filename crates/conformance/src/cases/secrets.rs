//! No secret shows.

use machine_core::{EnvVar, FileSpec, IntentId, MachineSpec, ProviderExt as _, ResourceKind};

use super::nobodys;
use crate::Fault;
use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "secrets":
    stand_in_no_debug_text [],
    stand_in_no_answer [],
    stand_in_no_error [],
    stand_in_no_error_of_a_refused_create [Remote, Cloud],
    stand_in_no_error_of_a_lost_answer [Remote, Cloud],
    stand_in_no_error_about_the_credential [BadCredential],
}

/// What must not show: the account's own, and what this case put into the machine.
struct Secrets(Vec<String>);

impl Secrets {
    /// A machine that is full of secrets, as far as it can have them, and the list of them.
    fn planted(bench: &Bench) -> (Self, MachineSpec) {
        let can = bench.provider.capabilities();
        let mut secrets = bench.subject.secrets();
        let mut plant = |what: &str| {
            let secret = format!("hunter2-{what}-{}", IntentId::mint());
            secrets.push(secret.clone());
            secret
        };
        let mut spec = bench.spec();
        if can.command {
            spec.env.push(EnvVar::new("TOKEN", plant("env")));
        }
        if can.files {
            spec.files.push(FileSpec::private("/run/secrets/token", plant("file")));
        }
        if can.user_data {
            spec.user_data = Some(format!("#!/bin/sh\n# {}\n", plant("user-data")).into());
        }
        (Self(secrets), spec)
    }

    fn ensure_hidden(&self, what: &str, text: &str) -> Outcome {
        // The secret itself is not repeated here: this text is for everybody to read.
        match self.0.iter().position(|secret| text.contains(secret.as_str())) {
            Some(number) => broken!("secret {number} shows in {what}"),
            None => Ok(()),
        }
    }
}

async fn stand_in_no_debug_text(bench: &Bench) -> Outcome {
    let (secrets, spec) = Secrets::planted(bench);
    bench.create(&spec).await?;
    // The raw client too: layers have a text of their own.
    let raw = bench.subject.open()?;
    secrets.ensure_hidden("the provider's `Debug`", &format!("{raw:?}"))?;
    secrets.ensure_hidden("the provider's `Debug`, written wide", &format!("{raw:#?}"))?;
    secrets.ensure_hidden("the `Debug` of the layers around it", &format!("{:?}", bench.provider))?;
    secrets.ensure_hidden("the specification's `Debug`", &format!("{spec:?}"))
}

async fn stand_in_no_answer(bench: &Bench) -> Outcome {
    let (secrets, spec) = Secrets::planted(bench);
    let provider = &bench.provider;
    let (intent, created) = bench.create_wished(&spec).await;
    let created = created?;
    let shown = provider.get(&created.id).await?;
    let (listed, _, _) = provider.list_all(bench.own()).await?;
    let found = provider.find(intent.id).await?;
    for (what, machines) in
        [("`create`", vec![created]), ("`get`", vec![shown]), ("`list`", listed), ("`find`", found.machines)]
    {
        secrets.ensure_hidden(&format!("the answer of {what}"), &format!("{machines:?}"))?;
        let json = serde_json::to_string(&machines).unwrap_or_default();
        secrets.ensure_hidden(&format!("the answer of {what} as JSON"), &json)?;
    }
    secrets.ensure_hidden("the account", &format!("{:?}", provider.account().await?))
}

async fn stand_in_no_error(bench: &Bench) -> Outcome {
    let (secrets, spec) = Secrets::planted(bench);
    let machine = bench.create(&spec).await?;
    let Err(error) = bench.provider.get(&nobodys(&machine.id)).await else { broken!("nobody's machine is there") };
    secrets.ensure_hidden("an error of `get`", &shown(&error))?;
    let refused = MachineSpec { regions: vec!["no-such-region".to_owned()], name: bench.name(), ..spec };
    let Err(error) = bench.create(&refused).await else { broken!("a region that nobody has is there") };
    secrets.ensure_hidden("an error of `create`", &shown(&error))
}

async fn stand_in_no_error_of_a_refused_create(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::RefuseCreate(ResourceKind::Machine)).await;
    let (secrets, spec) = Secrets::planted(bench);
    let Err(error) = bench.create(&spec).await else { broken!("it was refused, and succeeded") };
    secrets.ensure_hidden("an error of `create`", &shown(&error))
}

async fn stand_in_no_error_of_a_lost_answer(bench: &Bench) -> Outcome {
    bench.cloud()?.fault(Fault::LoseCreateAnswer(ResourceKind::Machine)).await;
    let (secrets, spec) = Secrets::planted(bench);
    let Err(error) = bench.create(&spec).await else { broken!("its answer was lost, and it has one") };
    secrets.ensure_hidden("an error of `create`", &shown(&error))
}

async fn stand_in_no_error_about_the_credential(bench: &Bench) -> Outcome {
    let (secrets, _) = Secrets::planted(bench);
    let error = match bench.subject.open_with_bad_credential() {
        Some(Ok(provider)) => provider.account().await.err(),
        Some(Err(error)) => Some(error),
        None => None,
    };
    let Some(error) = error else { broken!("a credential that is nobody's is accepted") };
    secrets.ensure_hidden("an error about the credential", &shown(&error))
}

/// All that can be seen of an error, what caused it included.
fn shown(error: &machine_core::Error) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.context());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}
