//! Who the provider is, what it can do, and whose account it is.

use machine_core::{ErrorKind, GuestProgram, PriceSource, StopsBill, Transport};

use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "account":
    names_an_account [],
    is_the_same_for_every_client [],
    a_credential_that_is_not_accepted_is_unauthenticated [BadCredential],
    info_names_a_kind_and_where_it_is_described [],
    info_is_the_same_for_every_client [],
    capabilities_are_the_same_every_time [],
    capabilities_agree_with_each_other [],
}

async fn names_an_account(bench: &Bench) -> Outcome {
    let account = bench.provider.account().await?;
    ensure!(!account.id.as_str().is_empty(), "the account has no id");
    ensure!(!account.name.is_empty(), "nobody would recognise the account: it has no name");
    Ok(())
}

async fn is_the_same_for_every_client(bench: &Bench) -> Outcome {
    let (one, other) = (bench.provider.account().await?, bench.another()?.account().await?);
    ensure_eq!(other, one, "the account of a second client");
    Ok(())
}

async fn a_credential_that_is_not_accepted_is_unauthenticated(bench: &Bench) -> Outcome {
    let Some(provider) = bench.subject.open_with_bad_credential() else {
        return Err(Stop::Missing("there is no credential that is not accepted".to_owned()));
    };
    let kinds = [ErrorKind::Unauthenticated];
    refused(provider?.account().await, &kinds, "an account with a credential that is nobody's").map(drop)
}

async fn info_names_a_kind_and_where_it_is_described(bench: &Bench) -> Outcome {
    let info = bench.provider.info();
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    ensure!(!info.kind.is_empty() && info.kind.chars().all(word), "`{}` is no kind", info.kind);
    ensure!(!info.title.is_empty(), "it has no title");
    ensure!(info.documentation.starts_with("https://"), "`{}` is no place to read", info.documentation);
    Ok(())
}

async fn info_is_the_same_for_every_client(bench: &Bench) -> Outcome {
    ensure_eq!(*bench.another()?.info(), *bench.provider.info(), "what a second client says it is");
    Ok(())
}

async fn capabilities_are_the_same_every_time(bench: &Bench) -> Outcome {
    let before = bench.provider.capabilities().clone();
    bench.create(&bench.spec()).await?;
    ensure_eq!(*bench.provider.capabilities(), before, "what it can do, after some work");
    ensure_eq!(*bench.another()?.capabilities(), before, "what a second client can do");
    Ok(())
}

async fn capabilities_agree_with_each_other(bench: &Bench) -> Outcome {
    let can = bench.provider.capabilities();
    let no_exec = can.exec == Transport::None;
    ensure!(!no_exec || !(can.exec_stdin || can.exec_tty), "no command has input or a terminal where none can be run");
    let free = (can.price_source == PriceSource::Free, can.stops_bill == StopsBill::Free);
    ensure!(free.0 == free.1, "machines cost nothing, or something ends their bill");
    ensure!(can.limits.name_len >= 20, "names of {} characters are too short to be told apart", can.limits.name_len);
    ensure!(can.limits.label_len > 0, "labels have no room for a letter");
    let user_data = can.limits.user_data_bytes.is_some();
    ensure!(can.user_data || !user_data, "user data has a limit where none is read");
    let volumes = bench.provider.volumes().is_some();
    ensure!(volumes || !(can.attach_live || can.attach_stopped), "volumes are attached where there are none");
    let outputs = can.exec != Transport::None || can.logs != Transport::None;
    ensure!(outputs || !can.exact_output, "output comes back as it was written where none comes back");
    ensure!(!no_exec || !can.exec_live, "commands are in our hands where none can be run");
    if let GuestProgram::Present(command) = &can.guest {
        ensure!(command.first().is_some_and(|word| !word.is_empty()), "the guest that is present has no command line");
    }
    Ok(())
}
