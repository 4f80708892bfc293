//! A machine as its files show it, in the words of every provider.

use machine_core::{Addresses, Machine, MachineId, MachineState};
use serde::Serialize;

use crate::isolation::Isolation;
use crate::layout::{LOG, SPEC};
use crate::record::{LimitsRecord, ProcessRecord, SpecRecord};
use crate::store::{MachineDir, Observed, Unreadable};

/// What only this provider tells of a machine. Environment values are left out: people put tokens into them.
#[derive(Debug, Serialize)]
struct Details<'a> {
    directory: String,
    log: String,
    command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init: Option<ProcessRecord>,
    starts: u64,
    isolation: Isolation,
    network: machine_core::Network,
    ports: &'a [machine_core::Port],
    limits: LimitsRecord,
    mounts: &'a [machine_core::Mount],
    toolchains: Vec<String>,
}

/// The machine in `dir`.
///
/// # Errors
/// When its specification cannot be read. Its other records are part of the answer even when they cannot.
pub(super) fn describe(dir: &MachineDir) -> Result<machine_core::Result<Machine>, Unreadable> {
    let spec = dir.spec()?;
    Ok(dir.observe().map(|observed| machine(dir, spec, observed)))
}

/// The machine of which all this was seen.
pub(super) fn machine(dir: &MachineDir, spec: SpecRecord, observed: Observed) -> Machine {
    let Observed { status, state, generation, unreadable } = observed;
    let up = status.is_up();
    let details = Details {
        directory: dir.path().display().to_string(),
        log: dir.path().join(LOG).display().to_string(),
        command: spec.command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        init: state.as_ref().filter(|_| up).map(|state| state.init),
        starts: generation,
        isolation: state.as_ref().map_or(spec.isolation, |state| state.isolation),
        network: spec.network,
        ports: &spec.ports,
        limits: spec.limits,
        mounts: &spec.mounts,
        toolchains: spec.toolchains.iter().map(|toolchain| toolchain.path.to_string_lossy().into_owned()).collect(),
    };
    let details = serde_json::to_value(details).unwrap_or_default();
    let mut notes: Vec<String> =
        unreadable.iter().map(|unreadable| format!("a record cannot be read: {unreadable}")).collect();
    let (started_at, said) = state.map_or((None, Vec::new()), |state| (Some(state.started_at), state.notes));
    notes.extend(said);
    let (mut neutral, mut raw) = (status.state(), status.raw());
    if !unreadable.is_empty() && !up {
        (neutral, raw) = (MachineState::Failed, "unreadable");
    }
    Machine {
        id: MachineId::new(spec.id),
        name: spec.name,
        provider: crate::KIND.to_owned(),
        state: neutral,
        raw_state: raw.to_owned(),
        region: Some(crate::catalog::REGION.to_owned()),
        size: Some(size(&spec.limits)),
        image: Some(crate::catalog::IMAGE.to_owned()),
        created_at: Some(spec.created_at),
        started_at,
        addresses: Addresses::default(),
        labels: spec.labels,
        tags: spec.tags,
        markers: Some(spec.intent.markers()),
        volumes: spec.volumes,
        exit: status.exit(),
        price: Some(crate::FREE),
        notes,
        details,
    }
}

/// The file that a machine whose specification cannot be read is to be judged by.
pub(super) fn spec_path(id: &str) -> String {
    format!("{}/{id}/{SPEC}", crate::layout::MACHINES)
}

fn size(limits: &LimitsRecord) -> String {
    let cpus = limits.cpus.map(|cpus| format!("{cpus} cpu"));
    let memory = limits.memory_mib.map(|mib| format!("{mib} MiB"));
    match (cpus, memory) {
        (None, None) => crate::plan::WHOLE.to_owned(),
        (cpus, memory) => cpus.into_iter().chain(memory).collect::<Vec<_>>().join(", "),
    }
}
