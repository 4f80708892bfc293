//! Refuses what the capabilities exclude, before anything is sent.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use super::call::{Call, Interceptor, Operation};
use crate::{
    Capabilities, Error, Exec, MachineChange, MachineSpec, Network, Power, ProviderInfo, Result, SizeRequest, Transport,
};

/// What to do where nothing is reached inside a machine by us.
const SSH: &str = "log in with ssh; `machine status` shows the address";

/// Refuses what the capabilities exclude.
#[derive(Debug)]
pub(super) struct Check;

impl Interceptor for Check {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        allowed(call)?;
        work.await
    }

    fn around_stream<T: Send + 'static>(
        &self,
        call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        match allowed(call) {
            Ok(()) => open(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }
}

impl Capabilities {
    /// Refuses a machine of the provider `info` that these capabilities exclude. No I/O.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported), with what cannot be.
    pub fn allow(&self, info: &ProviderInfo, spec: &MachineSpec) -> Result<()> {
        allowed(Call { operation: Operation::Create(spec), info, capabilities: self, subject: None })
    }
}

fn allowed(call: Call<'_>) -> Result<()> {
    let can = call.capabilities;
    let lacking = match call.operation {
        Operation::Create(spec) | Operation::Preview(spec) => create(can, spec),
        Operation::Update(change) => update(can, change),
        Operation::Power(Power::Suspend) if !can.suspend => Some("machines cannot be suspended"),
        Operation::Exec(command) => exec(can, command),
        Operation::Shell if can.exec == Transport::None => Some("there are no commands"),
        Operation::Logs(_) if can.logs == Transport::None => Some("there are no logs"),
        _ => None,
    };
    let Some(what) = lacking else { return Ok(()) };
    let error = Error::unsupported(call.info.kind, what);
    Err(match call.operation {
        Operation::Exec(_) | Operation::Shell if can.exec == Transport::None => error.with_hint(SSH),
        Operation::Logs(_) => error.with_hint(SSH),
        Operation::Create(_) | Operation::Preview(_) => {
            error.with_hint("leave it out, or choose another provider with `--provider`")
        }
        _ => error,
    })
}

fn create(can: &Capabilities, spec: &MachineSpec) -> Option<&'static str> {
    let excluded = [
        (spec.image.is_some() && !can.images, "images cannot be chosen"),
        (spec.size != SizeRequest::Default && !can.sizes, "sizes cannot be chosen"),
        (!spec.regions.is_empty() && !can.regions, "regions cannot be chosen"),
        (!spec.command.is_empty() && !can.command, "a machine has no command of its own"),
        (!spec.files.is_empty() && !can.files, "files cannot be placed before a machine starts"),
        (!spec.tags.is_empty() && !can.tags, "a machine cannot have tags; it can have labels"),
        (spec.user_data.is_some() && !can.user_data, "no user data is read"),
        (!spec.mounts.is_empty() && !can.mounts, "directories of this computer cannot be shown inside"),
        (spec.network == Network::None && !can.network_none, "a machine cannot be without a network"),
        (!spec.ports.is_empty() && !can.ports, "ports cannot be published"),
        (
            can.limits.volumes_per_machine.is_some_and(|most| spec.volumes.len() > most),
            "a machine cannot have that many volumes",
        ),
    ];
    excluded.into_iter().find_map(|(asked, what)| asked.then_some(what))
}

fn update(can: &Capabilities, change: &MachineChange) -> Option<&'static str> {
    let volumes = change.attach.len();
    let excluded = [
        (change.name.is_some() && !can.rename, "a machine cannot be given another name"),
        (change.markers.is_some() && !can.adopt, "a machine keeps the marks that it was made with"),
        (can.limits.volumes_per_machine.is_some_and(|most| volumes > most), "a machine cannot have that many volumes"),
    ];
    excluded.into_iter().find_map(|(asked, what)| asked.then_some(what))
}

fn exec(can: &Capabilities, command: &Exec) -> Option<&'static str> {
    let excluded = [
        (can.exec == Transport::None, "commands cannot be run inside a machine"),
        (command.tty.is_some() && !can.exec_tty, "a command cannot have a terminal"),
        (command.stdin && !can.exec_stdin && can.exec_input_limit.is_none(), "a command cannot have input"),
    ];
    excluded.into_iter().find_map(|(asked, what)| asked.then_some(what))
}
