//! Which schedules there are.

use std::fmt;

use machine_simcloud::{Cloud, Fault, What, When};

/// Every how manieth place is taken where two faults meet.
const PAIRS_STRIDE: u32 = 11;
/// Faults after which nobody knows what became of the request.
const UNCLEAR: [&str; 6] =
    ["a reset before", "a reset after", "a 408", "a 500 before", "a 500 after", "a late creation"];

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
    /// Pairs of faults, and some of the kills.
    Pairs,
}

impl Extent {
    /// What the environment asks for beyond a test.
    pub(crate) fn asked_for() -> Option<Self> {
        match std::env::var("MACHINE_KILL_MATRIX").ok()?.as_str() {
            "full" => Some(Self::Full),
            "sample" => Some(Self::Sample),
            "pairs" => Some(Self::Pairs),
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

/// The moments at which an operation can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Around every write of the ledger and every exchange with the cloud.
    Place,
    /// Between the effect of a request and its answer.
    Answer,
}

/// Schedules that share an account: one for each place at which the operation can be killed, and one where it is not.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    pub(crate) cloud: Cloud,
    pub(crate) operation: Operation,
    pub(crate) pass: Pass,
    /// At which moments it is killed.
    pub(crate) moment: Moment,
    /// What goes wrong beside the kill.
    pub(crate) faults: Vec<(&'static str, Fault)>,
    /// Every how manieth place is taken.
    pub(crate) stride: u32,
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", name(self.cloud), self.operation, self.pass)?;
        if self.moment == Moment::Answer {
            write!(f, " before the answer")?;
        }
        for (index, (name, fault)) in self.faults.iter().enumerate() {
            let word = if index == 0 { "with" } else { "and" };
            write!(f, " {word} {name} at {}", fault.operation)?;
        }
        Ok(())
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
    let lane = |operation, pass, moment, faults, stride| Lane { cloud, operation, pass, moment, faults, stride };
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
                (Extent::Pairs, _) => PAIRS_STRIDE,
            };
            let troubles = match extent {
                Extent::Fast => vec![Vec::new()],
                Extent::Sample | Extent::Full => {
                    let single = faults(cloud, operation).into_iter().map(|fault| vec![fault]);
                    std::iter::once(Vec::new()).chain(single).collect()
                }
                Extent::Pairs => pairs(cloud, operation),
            };
            for faults in troubles {
                lanes.push(lane(operation, pass, Moment::Place, faults.clone(), stride));
                // There are so few of these that none is left out.
                lanes.push(lane(operation, pass, Moment::Answer, faults, 1));
            }
        }
    }
    lanes
}

/// What goes wrong together: something that leaves it open what became of the request that matters, and then whatever can go wrong
/// when that is looked into or undone.
fn pairs(cloud: Cloud, operation: Operation) -> Vec<Vec<(&'static str, Fault)>> {
    let [make, _, remove] = operations(cloud, operation);
    let first = if operation == Operation::Destroy { remove } else { make };
    let (begin, mut follow) = (faults(cloud, operation), faults(cloud, operation));
    follow.retain(|(_, fault)| fault.operation != first);
    // A destroy is asked for again, and the second request can fail like the first.
    if operation == Operation::Destroy {
        follow.extend(faults(cloud, operation).into_iter().filter(|(_, fault)| fault.operation == remove));
    }
    let open = |(name, fault): &(&'static str, Fault)| fault.operation == first && UNCLEAR.contains(name);
    let begin: Vec<_> = begin.into_iter().filter(open).collect();
    begin.iter().flat_map(|one| follow.iter().map(|two| vec![one.clone(), two.clone()])).collect()
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
