//! What a provider cannot do, and what its abilities mean, as data that is checked before the network is touched.

use std::time::Duration;

use serde::Serialize;

use crate::Money;

const HOUR: Duration = Duration::from_hours(1);

/// What a provider can do and what that means there. Bits that follow from a method (whether there are volumes, DNS,
/// projects) are not repeated here: ask the method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Whether somebody else holds the machines, behind a network: answers can be lost on the way, and the other side may
    /// have states that nobody here has a name for.
    pub remote: bool,
    /// What keeps a repeated create from making a second machine.
    pub create_once: CreateOnce,
    /// What ends the bill of a machine.
    pub stops_bill: StopsBill,
    /// Whether a machine whose own command ends is thereby stopped or gone, bill included.
    pub guest_end_ends_bill: bool,
    /// How long a machine that exists may be missing from a list.
    pub list_lag: Duration,
    /// How commands are run inside.
    pub exec: Transport,
    /// The longest that one command may run, where there is such a bound.
    pub exec_limit: Option<Duration>,
    /// Whether a command's input can be written while it runs.
    pub exec_stdin: bool,
    /// Where a command's input cannot be written while it runs, but be handed over as a whole when it has ended, as text:
    /// the most bytes of it.
    pub exec_input_limit: Option<usize>,
    /// Whether a command can have a terminal.
    pub exec_tty: bool,
    /// Whether a command is in our hands while it runs: what it writes comes as it is written, it can be sent signals, and it
    /// is told when its session is dropped. Otherwise all that it did comes at its end.
    pub exec_live: bool,
    /// Whether what is written inside comes back as it was written: every byte, and of each line of the log by which stream it
    /// came and whether it had its end. Otherwise output is text in lines, and log lines are all of one stream.
    pub exact_output: bool,
    /// How the output of the machine's own command is read.
    pub logs: Transport,
    /// Whether a machine can be suspended.
    pub suspend: bool,
    /// Whether a running machine takes and gives up volumes.
    pub attach_live: bool,
    /// Whether a stopped machine takes and gives up volumes. Where neither this nor `attach_live` is so, a machine has the
    /// volumes that it was created with.
    pub attach_stopped: bool,
    /// Whether a volume shows inside at the path that was asked for. It is a disk there otherwise, which somebody has to mount.
    pub volume_paths: bool,
    /// Whether a machine can have no network at all.
    pub network_none: bool,
    /// Whether ports can be published.
    pub ports: bool,
    /// Whether directories of this computer can be shown inside.
    pub mounts: bool,
    /// Whether files can be placed before the machine's own command starts.
    pub files: bool,
    /// Whether images read a cloud-init document.
    pub user_data: bool,
    /// Whether a machine can be given another name.
    pub rename: bool,
    /// Whether a machine can have tags: words without a value.
    pub tags: bool,
    /// Whether markers can be written on a machine that exists, so that one made elsewhere can be taken over.
    pub adopt: bool,
    /// Whether images can be chosen.
    pub images: bool,
    /// Whether it can be said how big a machine is to be.
    pub sizes: bool,
    /// Whether it can be said where a machine is to be.
    pub regions: bool,
    /// Whether the machine's own command can be given.
    pub command: bool,
    /// Where a program that supervises jobs comes from.
    pub guest: GuestProgram,
    /// Limits on what a request may hold.
    pub limits: Limits,
    /// Where prices come from.
    pub price_source: PriceSource,
    /// How what exists is charged for.
    pub billing: Billing,
}

impl Capabilities {
    /// Those of a cloud of which nothing good is known: it can do nothing that is named here, bills until a machine is
    /// destroyed, and takes the shortest of names. A provider says what is different:
    /// `Capabilities { suspend: true, ..Capabilities::minimal() }`.
    pub fn minimal() -> Self {
        Self {
            remote: true,
            create_once: CreateOnce::Lookup,
            stops_bill: StopsBill::Destroy,
            guest_end_ends_bill: false,
            list_lag: Duration::from_mins(1),
            exec: Transport::None,
            exec_limit: None,
            exec_stdin: false,
            exec_input_limit: None,
            exec_tty: false,
            exec_live: false,
            exact_output: false,
            logs: Transport::None,
            suspend: false,
            attach_live: false,
            attach_stopped: false,
            volume_paths: false,
            network_none: false,
            ports: false,
            mounts: false,
            files: false,
            user_data: false,
            rename: false,
            tags: false,
            adopt: false,
            images: false,
            sizes: false,
            regions: false,
            command: false,
            guest: GuestProgram::Brought,
            limits: Limits {
                name_len: 63,
                label_len: 63,
                user_data_bytes: None,
                volumes_per_machine: Some(0),
                smallest_volume_gib: 1,
            },
            price_source: PriceSource::Table,
            billing: Billing { step: HOUR, minimum: HOUR, volume_gib_month: None },
        }
    }
}

/// What keeps a repeated create from making a second machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CreateOnce {
    /// The machine's id follows from the intent, so a second create finds the first.
    IdFromIntent,
    /// The cloud takes an idempotency key.
    Key,
    /// Nothing: an unclear create is settled by looking for our markers.
    Lookup,
}

/// What ends the bill of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopsBill {
    /// There is no bill.
    Free,
    /// Stopping it (but for storage).
    Stop,
    /// Only destroying it.
    Destroy,
}

/// How something is reached inside a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The provider has it.
    Native,
    /// We supply it over ssh.
    Ssh,
    /// Not at all.
    None,
}

/// Where the program that supervises jobs inside a machine comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuestProgram {
    /// Every machine has it: this is the start of its command line.
    Present(Vec<String>),
    /// It has to be brought there.
    Brought,
}

/// Limits on what a request may hold. `None` where the provider has no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The longest name, in characters.
    pub name_len: usize,
    /// The longest label or tag, in characters.
    pub label_len: usize,
    /// The largest user data, in bytes before any encoding.
    pub user_data_bytes: Option<usize>,
    /// The most volumes on one machine.
    pub volumes_per_machine: Option<usize>,
    /// The smallest volume, in GiB.
    pub smallest_volume_gib: u64,
}

/// Where prices come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceSource {
    /// Machines cost nothing here.
    Free,
    /// The provider's API.
    Api,
    /// A dated table of ours.
    Table,
}

/// How what exists is charged for. What ends the bill is [`StopsBill`]'s to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Billing {
    /// Time is charged for in whole steps of this.
    pub step: Duration,
    /// The shortest time that is charged for.
    pub minimum: Duration,
    /// What a GiB of a volume costs in a month, at most, where that is known.
    pub volume_gib_month: Option<Money>,
}
