//! Creating: what can be asked for.

use machine_core::{
    Effect, EnvVar, ErrorKind, FileSpec, Machine, MachineSpec, Money, Mount, Network, OsText, Price, SizeRequest,
    VolumeId, VolumeMount,
};

use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "create":
    runs_the_own_command [Command, Logs],
    arguments_pass_through_no_shell [Command, Logs],
    gives_the_command_its_environment [Command, Logs],
    starts_the_command_in_its_directory [Command, Logs],
    puts_files_there_before_the_command_starts [Files, Command, Logs],
    gives_files_their_mode [Files, Command, Logs],
    user_data_beyond_its_limit_is_refused_without_effect [UserDataLimit],
    shows_a_directory_inside [Mounts, Command, Logs],
    shows_it_read_only_unless_asked [Mounts, Exec],
    can_leave_a_machine_without_a_network [NetworkNone, Exec],
    resolves_a_neutral_image_name [Images],
    an_image_that_is_not_there_is_refused_without_effect [Images],
    a_size_that_is_not_there_is_refused_without_effect [Sizes],
    a_region_that_is_not_there_is_refused_without_effect [Regions],
    a_volume_that_is_not_there_is_refused_without_effect [Volumes],
    a_price_above_the_limit_is_refused_without_effect [Priced],
    tells_the_price [Priced],
    gives_at_least_what_is_needed [Sizes],
}

async fn runs_the_own_command(bench: &Bench) -> Outcome {
    ensure_eq!(bench.told(&bench.script("echo it ran")).await?, ["it ran"], "what the command wrote");
    Ok(())
}

async fn arguments_pass_through_no_shell(bench: &Bench) -> Outcome {
    let odd = ["a b", "$HOME", "`id`", "\"q\" 'q'", "*", "a\\nb", ""];
    let words = ["printf", "%s\n"].into_iter().chain(odd);
    let spec = MachineSpec { command: words.map(OsText::from).collect(), ..bench.spec() };
    ensure_eq!(bench.told(&spec).await?, odd, "the arguments as the command sees them");
    Ok(())
}

async fn gives_the_command_its_environment(bench: &Bench) -> Outcome {
    let mut spec = bench.script("printf '%s\\n' \"$ONE\" \"$TWO\" \"${THREE-unset}\"");
    spec.env = vec![EnvVar::new("ONE", "a b"), EnvVar::new("TWO", "$HOME 'x'"), EnvVar::new("THREE", "")];
    ensure_eq!(bench.told(&spec).await?, ["a b", "$HOME 'x'", ""], "the variables");
    Ok(())
}

async fn starts_the_command_in_its_directory(bench: &Bench) -> Outcome {
    let spec = MachineSpec { workdir: Some(OsText::from("/usr")), ..bench.script("pwd") };
    ensure_eq!(bench.told(&spec).await?, ["/usr"], "where the command started");
    Ok(())
}

async fn puts_files_there_before_the_command_starts(bench: &Bench) -> Outcome {
    let mut spec = bench.script("cat /run/secrets/conformance");
    spec.files = vec![FileSpec::private("/run/secrets/conformance", *b"first\nsecond\n")];
    ensure_eq!(bench.told(&spec).await?, ["first", "second"], "the file");
    Ok(())
}

async fn gives_files_their_mode(bench: &Bench) -> Outcome {
    let mut spec = bench.script("ls -l /run/secrets/conformance | cut -c1-10");
    spec.files = vec![FileSpec::private("/run/secrets/conformance", *b"x")];
    ensure_eq!(bench.told(&spec).await?, ["-r--------"], "the mode of a private file");
    Ok(())
}

async fn user_data_beyond_its_limit_is_refused_without_effect(bench: &Bench) -> Outcome {
    let limit = bench.provider.capabilities().limits.user_data_bytes.unwrap_or_default();
    let mut spec = bench.spec();
    spec.user_data = Some(format!("#!{}", "x".repeat(limit)).into());
    is_refused(bench, &spec, "too much user data").await
}

async fn shows_a_directory_inside(bench: &Bench) -> Outcome {
    let dir = shown_directory()?;
    let mut spec = bench.script("cat /mnt/conformance/file");
    spec.mounts = vec![mount(&dir)];
    ensure_eq!(bench.told(&spec).await?, ["shown"], "a file of the directory");
    Ok(())
}

async fn shows_it_read_only_unless_asked(bench: &Bench) -> Outcome {
    let dir = shown_directory()?;
    let mut spec = bench.spec();
    spec.mounts = vec![mount(&dir)];
    let machine = bench.running(&spec).await?;
    let wrote = bench.sh(&machine.id, "echo more >/mnt/conformance/file").await?;
    ensure!(!wrote.exit.success(), "a directory that was not to be written to was");
    Ok(())
}

async fn can_leave_a_machine_without_a_network(bench: &Bench) -> Outcome {
    let spec = MachineSpec { network: Network::None, ..bench.spec() };
    let machine = match bench.create(&spec).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            return Err(Stop::Missing(format!("it cannot be had here: {error}")));
        }
        machine => machine?,
    };
    bench.provider.wait(&machine.id, &bench.until(machine_core::Goal::Running)).await?;
    let ran = bench.sh(&machine.id, "cat /proc/net/dev").await?;
    let text = String::from_utf8_lossy(&ran.out).into_owned();
    let devices: Vec<&str> =
        text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim())).filter(|name| *name != "lo").collect();
    ensure!(ran.exit.success() && text.contains("lo:"), "its devices cannot be seen: {ran:?}");
    ensure!(devices.is_empty(), "a machine without a network has {devices:?}");
    Ok(())
}

async fn resolves_a_neutral_image_name(bench: &Bench) -> Outcome {
    let images = bench.provider.catalog().images().await?;
    let Some(neutral) = images.iter().find_map(|image| image.neutral.clone()) else {
        broken!("no image of {} has a neutral name", images.len());
    };
    let spec = MachineSpec { image: Some(neutral), ..bench.spec() };
    let machine = bench.running(&spec).await?;
    ensure!(machine.image.is_some(), "nobody says what it was made from");
    Ok(())
}

async fn an_image_that_is_not_there_is_refused_without_effect(bench: &Bench) -> Outcome {
    let spec = MachineSpec { image: Some("debain-99".to_owned()), ..bench.spec() };
    is_refused(bench, &spec, "an image that nobody has").await
}

async fn a_size_that_is_not_there_is_refused_without_effect(bench: &Bench) -> Outcome {
    let spec = MachineSpec { size: SizeRequest::Named("no-such-size".to_owned()), ..bench.spec() };
    is_refused(bench, &spec, "a size that nobody has").await
}

async fn a_region_that_is_not_there_is_refused_without_effect(bench: &Bench) -> Outcome {
    let spec = MachineSpec { regions: vec!["no-such-region".to_owned()], ..bench.spec() };
    is_refused(bench, &spec, "a region that nobody has").await
}

async fn a_volume_that_is_not_there_is_refused_without_effect(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    bench.volumes()?.destroy(&volume.id).await?;
    let mut spec = bench.spec();
    for id in [volume.id, VolumeId::new("no-such-volume")] {
        spec.volumes = vec![VolumeMount { volume: id, path: "/mnt/conformance".to_owned() }];
        is_refused(bench, &spec, "a volume that nobody has").await?;
    }
    Ok(())
}

async fn a_price_above_the_limit_is_refused_without_effect(bench: &Bench) -> Outcome {
    let limit = Price { hourly: Money::from_micros(1), monthly_cap: None };
    is_refused(bench, &MachineSpec { max_price: Some(limit), ..bench.spec() }, "a machine for next to nothing").await
}

async fn tells_the_price(bench: &Bench) -> Outcome {
    let spec = bench.spec();
    let Some(told) = bench.provider.catalog().price(&spec).await? else { broken!("nobody says what it will cost") };
    let machine = bench.create(&spec).await?;
    match bench.provider.get(&machine.id).await?.price {
        Some(price) if price.hourly > Money::ZERO => {
            ensure!(price.hourly <= told.hourly, "it costs {}, and was to cost {} at most", price.hourly, told.hourly);
            Ok(())
        }
        other => broken!("the price of a machine that costs something: {other:?}"),
    }
}

async fn gives_at_least_what_is_needed(bench: &Bench) -> Outcome {
    let need = SizeRequest::Need { cpus: Some(1.0), memory_mib: Some(256) };
    let machine = bench.running(&MachineSpec { size: need, ..bench.spec() }).await?;
    let Some(size) = machine.size else { broken!("nobody says how big the machine is") };
    // Where sizes are what the catalog has, the machine has the cheapest that will do.
    let sizes = bench.provider.catalog().sizes().await?;
    if sizes.iter().any(|known| known.id == size) {
        let enough = sizes.iter().find(|known| known.cpus >= 1.0 && known.memory_mib >= 256);
        ensure_eq!(enough.map(|known| known.id.as_str()), Some(size.as_str()), "the cheapest size that will do");
    }
    Ok(())
}

/// Insists that such a machine is refused, that this is said to have had no effect, and that it had none.
async fn is_refused(bench: &Bench, spec: &MachineSpec, what: &str) -> Outcome {
    let (intent, answer) = bench.create_wished(spec).await;
    let kinds = [ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Unsupported, ErrorKind::Budget];
    let error = refused(answer.map(|machine: Machine| machine.id), &kinds, what)?;
    ensure_eq!(error.effect(), Effect::None, "the effect of asking for {what}");
    let found = bench.provider.find(intent.id).await?;
    ensure!(found.machines.is_empty(), "{what} was refused, and there is a machine");
    Ok(())
}

/// A directory of this computer with a file in it.
fn shown_directory() -> Outcome<tempfile::TempDir> {
    let made = || {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("file"), "shown\n")?;
        Ok::<_, std::io::Error>(dir)
    };
    made().map_err(|error| Stop::Missing(format!("this computer has no directory to show: {error}")))
}

fn mount(dir: &tempfile::TempDir) -> Mount {
    let target = OsText::from("/mnt/conformance");
    Mount { source: OsText::from(dir.path().as_os_str()), target, writable: false }
}
