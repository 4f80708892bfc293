//! The provider: which method is where, and what it can do.

mod attach;
mod catalog;
mod create;
mod destroy;
mod dns;
mod find;
mod list;
mod lookup;
mod placement;
mod power;
mod refuse;
mod snapshots;
mod ssh_keys;
mod update;
mod volumes;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use machine_core::{
    Account, AccountId, Billing, Capabilities, Catalog, CloudProvider, CreateOnce, Destroyed, Dns, Error, ErrorKind,
    Exec, ExecSession, Found, IntentId, Limits, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec,
    Money, Page, Power, Preview, PriceSource, Projects, ProviderInfo, ProviderKind as _, RecordedIntent, Result,
    Selector, Shell, Snapshots, SshKeys, StopsBill, Transport, Until, Volumes,
};
use machine_ssh::Ssh;

use crate::api::Api;
use crate::config::VultrConfig;
use crate::kind::VultrKind;
use crate::wire::AccountAnswer;

static INFO: ProviderInfo = VultrKind::INFO;

/// The largest user data, before its base64: the least that any cloud takes, since this one does not say.
const USER_DATA: usize = 64 * 1024;

/// Machines of one account at Vultr.
#[derive(Debug)]
pub struct VultrProvider {
    api: Arc<Api>,
    config: VultrConfig,
    capabilities: Capabilities,
    ssh: Option<Ssh>,
}

impl VultrProvider {
    /// Opens the account. Makes no request.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an address of the API that is none.
    pub fn open(config: VultrConfig) -> Result<Self> {
        let api = Arc::new(Api::new(&config)?);
        let ssh = config.ssh.clone().map(Ssh::new);
        Ok(Self { api, config, capabilities: capabilities(ssh.is_some()), ssh })
    }
}

/// What it can do, by ssh or without.
fn capabilities(ssh: bool) -> Capabilities {
    let transport = if ssh { Transport::Ssh } else { Transport::None };
    let minimal = Capabilities::minimal();
    Capabilities {
        create_once: CreateOnce::Lookup,
        stops_bill: StopsBill::Destroy,
        // Nothing is documented; longer than anybody has reported.
        list_lag: Duration::from_secs(10),
        exec: transport,
        exec_stdin: ssh,
        exec_tty: ssh,
        exec_live: ssh,
        exact_output: ssh,
        logs: transport,
        attach_live: true,
        attach_stopped: true,
        user_data: true,
        rename: true,
        adopt: true,
        tags: true,
        images: true,
        sizes: true,
        regions: true,
        limits: Limits {
            name_len: 63,
            label_len: 255,
            user_data_bytes: Some(if ssh { USER_DATA - machine_ssh::OVERHEAD } else { USER_DATA }),
            volumes_per_machine: None,
            smallest_volume_gib: 10,
        },
        price_source: PriceSource::Api,
        // The API tells no price of volumes; that of the faster kind.
        billing: Billing { volume_gib_month: Some(Money::from_micros(100_000)), ..minimal.billing },
        ..minimal
    }
}

/// What came of asking for a thing to go. What is not there is gone.
fn destroyed(outcome: Result<()>) -> Result<Destroyed> {
    match outcome {
        Ok(()) => Ok(Destroyed::Accepted),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Destroyed::AlreadyGone),
        Err(error) => Err(error),
    }
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(crate::KIND, what)
}

#[async_trait]
impl CloudProvider for VultrProvider {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        let AccountAnswer { account } = self.api.get(&["account"]).send().await?;
        let id = if account.email.is_empty() { account.name.clone() } else { account.email };
        if id.is_empty() {
            let nameless = Error::new(ErrorKind::Protocol, "the cloud accepts the key and does not say whose it is");
            return Err(nameless.with_provider(crate::KIND));
        }
        let name = if account.name.is_empty() { id.clone() } else { account.name };
        Ok(Account { id: AccountId::new(id), name })
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        self.create_machine(intent.intent(), spec).await
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        self.preview_machine(spec).await
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        self.find_machines(intent).await
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.api.machine(id.as_str()).await
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        list::list(Arc::clone(&self.api), which)
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        self.update_machine(id, change).await
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        self.wait_for(id, until).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        self.set_power(id, to).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        self.destroy_machine(id).await
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        let Some(ssh) = &self.ssh else {
            let error = unsupported("logs are in the machines, and ssh was not set up to read them");
            return stream::once(async { Err(error) }).boxed();
        };
        let api = Arc::clone(&self.api);
        let look = move || {
            let (api, id) = (Arc::clone(&api), id.clone());
            async move { api.machine(id.as_str()).await }.boxed()
        };
        ssh.logs(Arc::new(look), how)
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        let Some(ssh) = &self.ssh else {
            return Err(unsupported("commands run by ssh, which was not set up"));
        };
        ssh.exec(&self.api.machine(id.as_str()).await?, &command).await
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        let Some(ssh) = &self.ssh else {
            return Err(unsupported("a shell is opened by ssh, which was not set up"));
        };
        ssh.shell(&self.api.machine(id.as_str()).await?, line).await
    }

    fn catalog(&self) -> &dyn Catalog {
        self
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        Some(self)
    }

    fn dns(&self) -> Option<&dyn Dns> {
        Some(self)
    }

    fn projects(&self) -> Option<&dyn Projects> {
        None
    }
}
