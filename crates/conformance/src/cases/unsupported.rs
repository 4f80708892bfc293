//! What the provider cannot do is refused, whatever it is.

use machine_core::{
    ErrorKind, Exec, FileSpec, Goal, LogOptions, MachineChange, MachineSpec, Mount, Network, OsText, Port, Power,
    SizeRequest, Transport, WindowSize,
};

use crate::bench::Bench;
use crate::outcome::{Outcome, Stop, refused};

cases! { "unsupported":
    what_a_machine_cannot_have_is_refused [],
    what_cannot_be_done_to_a_machine_is_refused [],
    what_a_command_cannot_have_is_refused [],
}

/// A spec for everything that a machine cannot have here.
pub(super) fn specs(bench: &Bench) -> Vec<(&'static str, MachineSpec)> {
    let can = bench.provider.capabilities();
    let spec = || bench.spec();
    let mount = Mount { source: OsText::from("/usr"), target: OsText::from("/mnt/conformance"), writable: false };
    let port = Port { host: 18_080, guest: 80 };
    let file = FileSpec::private("/run/secrets/conformance", *b"x");
    let all = [
        (can.images, "an image", MachineSpec { image: Some("debian-12".to_owned()), ..spec() }),
        (can.sizes, "a size", MachineSpec { size: SizeRequest::Named("small".to_owned()), ..spec() }),
        (can.regions, "a region", MachineSpec { regions: vec!["here".to_owned()], ..spec() }),
        (can.command, "a command of its own", MachineSpec { command: vec![OsText::from("true")], ..spec() }),
        (can.files, "a file", MachineSpec { files: vec![file], ..spec() }),
        (can.user_data, "user data", MachineSpec { user_data: Some("#cloud-config\n".into()), ..spec() }),
        (can.mounts, "a directory of this computer", MachineSpec { mounts: vec![mount], ..spec() }),
        (can.network_none, "no network", MachineSpec { network: Network::None, ..spec() }),
        (can.ports, "a port", MachineSpec { ports: vec![port], ..spec() }),
    ];
    all.into_iter().filter(|(can, ..)| !can).map(|(_, what, spec)| (what, spec)).collect()
}

async fn what_a_machine_cannot_have_is_refused(bench: &Bench) -> Outcome {
    for (what, spec) in specs(bench) {
        let (intent, answer) = bench.create_wished(&spec).await;
        refused(answer, &[ErrorKind::Unsupported], &format!("a machine with {what}"))?;
        let found = bench.provider.find(intent.id).await?;
        ensure!(found.machines.is_empty(), "a machine with {what} was refused and is there");
    }
    Ok(())
}

async fn what_cannot_be_done_to_a_machine_is_refused(bench: &Bench) -> Outcome {
    let can = bench.provider.capabilities();
    let machine = bench.running(&bench.spec()).await?;
    if !can.suspend {
        let answer = bench.provider.power(&machine.id, Power::Suspend).await;
        refused(answer, &[ErrorKind::Unsupported], "to suspend it")?;
    }
    if !can.rename {
        let change = MachineChange { name: Some(bench.name()), ..MachineChange::default() };
        refused(bench.provider.update(&machine.id, &change).await, &[ErrorKind::Unsupported], "another name")?;
    }
    if !can.adopt {
        let markers = Some(bench.others_markers());
        let change = MachineChange { markers, ..MachineChange::default() };
        refused(bench.provider.update(&machine.id, &change).await, &[ErrorKind::Unsupported], "other markers")?;
    }
    if can.logs == Transport::None {
        match bench.lines(&machine.id, LogOptions::default()).await {
            Err(Stop::Broken(why)) if why.contains("Unsupported") => {}
            other => broken!("its logs, of which there are none, were {other:?}"),
        }
    }
    let machine = bench.provider.get(&machine.id).await?;
    ensure!(Goal::Running.reached(&machine), "what was refused has left the machine {}", machine.raw_state);
    Ok(())
}

async fn what_a_command_cannot_have_is_refused(bench: &Bench) -> Outcome {
    let can = bench.provider.capabilities();
    let machine = bench.running(&bench.spec()).await?;
    let tty = Some(WindowSize { columns: 80, rows: 24 });
    let all = [
        (can.exec != Transport::None, "a command", Bench::command(&["true"])),
        (
            can.exec_stdin || can.exec_input_limit.is_some(),
            "a command with input",
            Exec { stdin: true, ..Bench::command(&["true"]) },
        ),
        (can.exec_tty, "a command with a terminal", Exec { tty, ..Bench::command(&["true"]) }),
    ];
    for (_, what, exec) in all.into_iter().filter(|(can, ..)| !can) {
        refused(bench.provider.exec(&machine.id, exec).await, &[ErrorKind::Unsupported], what)?;
    }
    Ok(())
}
