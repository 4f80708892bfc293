//! Which schedules there are.

use std::fmt;

use machine_simcloud::{Cloud, Fault, What, When};

/// The clouds.
pub(crate) const CLOUDS: [Cloud; 3] = [Cloud::Fly, Cloud::DigitalOcean, Cloud::Vultr];

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What fits into a test: no faults, and of the reaper and the lost state a few kills only.
    Fast,
    /// Every operation, pass and single fault, and some of the kills.
    Sample,
    /// Every operation, pass, kill and single fault.
    Full,
}

impl Extent {
    /// What the environment asks for beyond a test.
    pub(crate) fn asked_for() -> Option<Self> {
        match std::env::var("MACHINE_KILL_MATRIX").ok()?.as_str() {
            "full" => Some(Self::Full),
            "sample" => Some(Self::Sample),
            _ => None,
        }
    }
}

/// What is done and killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Run,
    Destroy,
    VolumeCreate,
    VolumeAttach,
}

/// Who cleans up afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// `machine gc`, and no reaper.
    Gc,
    /// The reaper, and nobody else.
    Reaper,
    /// `machine gc --all-owners --expired` with an empty state directory, after the deadline.
    LostState,
}

/// Schedules that share an account: one for each place at which the operation can be killed, and one where it is not.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    pub(crate) cloud: Cloud,
    pub(crate) operation: Operation,
    pub(crate) pass: Pass,
    pub(crate) fault: Option<(&'static str, Fault)>,
    /// Every how manieth place is taken.
    pub(crate) stride: u32,
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", name(self.cloud), self.operation, self.pass)?;
        match &self.fault {
            Some((name, fault)) => write!(f, " with {name} at {}", fault.operation),
            None => Ok(()),
        }
    }
}

pub(crate) fn name(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Fly => "fly",
        Cloud::DigitalOcean => "digitalocean",
        _ => "vultr",
    }
}

/// The lanes of a cloud.
pub(crate) fn lanes(cloud: Cloud, extent: Extent) -> Vec<Lane> {
    use Operation::{Create, Destroy, Run, VolumeAttach, VolumeCreate};
    let lane = |operation, pass, fault, stride| Lane { cloud, operation, pass, fault, stride };
    let mut lanes = Vec::new();
    for operation in [Create, Run, Destroy, VolumeCreate, VolumeAttach] {
        // Fly gives volumes to machines only when they are created.
        if cloud == Cloud::Fly && operation == VolumeAttach {
            continue;
        }
        for pass in [Pass::Gc, Pass::Reaper, Pass::LostState] {
            // Volumes are made to stay and have no deadline: a lost ledger is no reason to destroy what is on them.
            if pass == Pass::LostState && matches!(operation, VolumeCreate | VolumeAttach) {
                continue;
            }
            let stride = match (extent, pass) {
                (Extent::Full, _) => 1,
                (Extent::Fast, Pass::Gc) => 2,
                (Extent::Fast | Extent::Sample, _) => 7,
            };
            lanes.push(lane(operation, pass, None, stride));
            if extent != Extent::Fast {
                let faults = faults(cloud, operation).into_iter();
                lanes.extend(faults.map(|fault| lane(operation, pass, Some(fault), stride)));
            }
        }
    }
    lanes
}

/// What can go wrong beside the kill, at the requests that matter to the operation.
fn faults(cloud: Cloud, operation: Operation) -> Vec<(&'static str, Fault)> {
    let [make, list, remove] = operations(cloud, operation);
    let fault = |name: &'static str, operation: &str, when, what| {
        (name, Fault { operation: operation.to_owned(), when, what, times: 1, skip: 0 })
    };
    let status = |code| What::Status { code, headers: std::collections::BTreeMap::new(), body: serde_json::json!({}) };
    let mut all = Vec::new();
    let mut changing = vec![remove];
    if operation != Operation::Destroy {
        changing.push(make);
    }
    for request in changing {
        all.extend([
            fault("a reset before", request, When::Before, What::Reset),
            fault("a reset after", request, When::After, What::Reset),
            fault("a cut answer", request, When::After, What::Cut),
            fault("a 408", request, When::After, status(408)),
            fault("a 409", request, When::Before, status(409)),
            fault("a 422", request, When::Before, status(422)),
            fault("a 429", request, When::Before, status(429)),
            fault("a 500 before", request, When::Before, status(500)),
            fault("a 500 after", request, When::After, status(500)),
            fault("a 503 after", request, When::After, status(503)),
            fault("garbage", request, When::After, What::Garbage),
            fault("half an answer", request, When::After, What::Truncated),
            fault("a slow answer", request, When::After, What::Slow { ms: 300 }),
        ]);
    }
    all.push(fault("a late creation", make, When::After, What::Late { ms: 20_000 }));
    all.extend([
        fault("a stale list", list, When::After, What::StaleList { ms: 60_000 }),
        fault("an empty list", list, When::After, What::EmptyList),
        fault("half a list", list, When::After, What::Truncated),
        fault("no list", list, When::Before, status(500)),
    ]);
    all
}

/// What the cloud calls making, listing and removing what the operation is about.
fn operations(cloud: Cloud, operation: Operation) -> [&'static str; 3] {
    let volume = matches!(operation, Operation::VolumeCreate | Operation::VolumeAttach);
    match (cloud, volume) {
        (Cloud::Fly, false) => ["create_machine", "list_machines", "delete_machine"],
        (Cloud::DigitalOcean, false) => ["create_droplet", "list_droplets", "delete_droplet"],
        (Cloud::Fly | Cloud::DigitalOcean, true) => ["create_volume", "list_volumes", "delete_volume"],
        (_, false) => ["create_instance", "list_instances", "delete_instance"],
        (_, true) => ["create_block", "list_blocks", "delete_block"],
    }
}
