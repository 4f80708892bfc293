//! What a case needs, and whether it is there.

use machine_core::{Capabilities, CloudProvider, CreateOnce, PriceSource, Transport};

use crate::Subject;
use crate::outcome::{Outcome, Stop};

/// What a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Somebody else holds the machines.
    Remote,
    /// The other side is played. Whoever needs it has it for itself.
    Cloud,
    /// The answer to a creation can tell that a machine did not start.
    FailedStart,
    /// A credential that is not accepted.
    BadCredential,
    /// Machines have a command of their own.
    Command,
    /// What it writes can be read.
    Logs,
    /// Commands can be run inside.
    Exec,
    /// They can have input.
    ExecStdin,
    /// They can have input, if only all of it at once.
    ExecInput,
    /// They are in our hands while they run.
    ExecLive,
    /// What is written inside comes back as it was written.
    ExactOutput,
    /// They can have a terminal.
    ExecTty,
    /// Machines can be suspended.
    Suspend,
    /// Machines can be given another name.
    Rename,
    /// Machines can have tags.
    Tags,
    /// Markers can be written on a machine that exists.
    Adopt,
    /// Images can be chosen.
    Images,
    /// It can be said how big a machine is to be.
    Sizes,
    /// It can be said where a machine is to be.
    Regions,
    /// Files can be placed.
    Files,
    /// User data is read, up to some length.
    UserDataLimit,
    /// A machine can be without a network.
    NetworkNone,
    /// Directories of this computer can be shown inside.
    Mounts,
    /// Machines cost something.
    Priced,
    /// A second create for an intent finds the first's machine.
    CreateOnce,
    /// There are volumes.
    Volumes,
    /// A machine that exists takes and gives up volumes.
    Attach,
    /// Volumes cannot be attached to a machine that runs.
    NoLiveAttach,
    /// There are snapshots.
    Snapshots,
    /// There are registered ssh keys.
    SshKeys,
    /// DNS is hosted.
    Dns,
    /// There is a domain to play with.
    Domain,
    /// There are projects.
    Projects,
    /// There is a project to play with.
    Project,
}

impl Need {
    /// Whether it is there; otherwise why not.
    pub(crate) fn check(self, subject: &dyn Subject, provider: &dyn CloudProvider) -> Outcome {
        match self.missing(subject) {
            None if self == Self::FailedStart && subject.cloud().is_some_and(|cloud| !cloud.tells_failed_starts()) => {
                Err(Stop::Lacks("create: this cloud accepts a machine before it starts it".to_owned()))
            }
            // Whoever holds the machines himself need not ask who he is.
            Some(_) if self == Self::BadCredential && !provider.capabilities().remote => {
                Err(Stop::Lacks("remote: nobody else holds the machines, and there is no credential".to_owned()))
            }
            Some(why) => Err(Stop::Missing(why.to_owned())),
            None => match self.lacking(provider) {
                Some(what) => Err(Stop::Lacks(what.to_owned())),
                None => Ok(()),
            },
        }
    }

    fn missing(self, subject: &dyn Subject) -> Option<&'static str> {
        let (there, why) = match self {
            Self::Cloud => (subject.cloud().is_some(), "nothing plays the cloud"),
            Self::BadCredential => {
                (subject.open_with_bad_credential().is_some(), "there is no credential that is not accepted")
            }
            Self::Domain => (subject.domain().is_some(), "there is no domain to play with"),
            Self::Project => (subject.project().is_some(), "there is no project to play with"),
            _ => return None,
        };
        (!there).then_some(why)
    }

    fn lacking(self, provider: &dyn CloudProvider) -> Option<&'static str> {
        let can = provider.capabilities();
        let (there, what) = match self {
            Self::Volumes => (provider.volumes().is_some(), "volumes: there are none"),
            Self::Snapshots => (provider.snapshots().is_some(), "snapshots: there are none"),
            Self::SshKeys => (provider.ssh_keys().is_some(), "ssh_keys: there are none"),
            Self::Dns => (provider.dns().is_some(), "dns: there is none"),
            Self::Projects => (provider.projects().is_some(), "projects: there are none"),
            _ => return self.incapable(can),
        };
        (!there).then_some(what)
    }

    fn incapable(self, can: &Capabilities) -> Option<&'static str> {
        let (there, what) = match self {
            Self::Remote => (can.remote, "remote: nobody else holds the machines"),
            Self::Command => (can.command, "command: machines have none of their own"),
            Self::Logs => (can.logs != Transport::None, "logs: there are none"),
            Self::Exec => (can.exec != Transport::None, "exec: there is none"),
            Self::ExecStdin => (can.exec_stdin, "exec_stdin: commands have no input"),
            Self::ExecInput => (can.exec_stdin || can.exec_input_limit.is_some(), "exec_stdin: commands have no input"),
            Self::ExecLive => (can.exec_live, "exec_live: a command is out of reach until it has ended"),
            Self::ExactOutput => (can.exact_output, "exact_output: what is written comes back as text"),
            Self::ExecTty => (can.exec_tty, "exec_tty: commands have no terminal"),
            Self::Suspend => (can.suspend, "suspend: machines cannot be suspended"),
            Self::Rename => (can.rename, "rename: names cannot change"),
            Self::Tags => (can.tags, "tags: a machine has none"),
            Self::Adopt => (can.adopt, "adopt: a machine keeps the markers that it was made with"),
            Self::Images => (can.images, "images: they cannot be chosen"),
            Self::Sizes => (can.sizes, "sizes: they cannot be chosen"),
            Self::Regions => (can.regions, "regions: they cannot be chosen"),
            Self::Files => (can.files, "files: they cannot be placed"),
            Self::UserDataLimit => {
                (can.user_data && can.limits.user_data_bytes.is_some(), "user_data: none is read, or any length of it")
            }
            Self::NetworkNone => (can.network_none, "network_none: a machine always has a network"),
            Self::Mounts => (can.mounts, "mounts: directories cannot be shown inside"),
            Self::Priced => (can.price_source != PriceSource::Free, "price_source: machines cost nothing"),
            Self::CreateOnce => {
                (can.create_once != CreateOnce::Lookup, "create_once: a repeated create is not noticed")
            }
            Self::Attach => (
                can.attach_live || can.attach_stopped,
                "attach_stopped: a machine has the volumes that it was created with",
            ),
            Self::NoLiveAttach => (!can.attach_live, "attach_live: a running machine takes volumes"),
            _ => return None,
        };
        (!there).then_some(what)
    }
}
