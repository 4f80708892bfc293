//! The provider: what it holds, and the trait.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use machine_core::CloudProvider;
use machine_core::{
    Account, Billing, Capabilities, Catalog, CreateOnce, Destroyed, Dns, Error, ErrorKind, Exec, ExecSession, Found,
    Image, IntentId, Limits, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, Money, Page, Power,
    Preview, PriceSource, Projects, ProviderInfo, RecordedIntent, Region, Result, Secret, Selector, Shell, Size,
    Snapshots, SshKeys, StopsBill, Transport, Until, Volumes,
};
use machine_ssh::Ssh;

use crate::api::Api;
use crate::builder::DigitalOceanBuilder;
use crate::cache::Cached;
use crate::kind::{INFO, KIND};
use crate::pace::Pace;
use crate::recent::Recent;
use crate::refuse;
use crate::wire::RegisteredKey;

/// Machines of one account at DigitalOcean. Cheap to clone; all clones share their connections, rates and memory.
#[derive(Debug, Clone)]
pub struct DigitalOceanProvider {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    api: Api,
    defaults: Defaults,
    pace: Pace,
    capabilities: Capabilities,
    recent: Recent,
    offer: Offer,
    keys: Cached<Vec<RegisteredKey>>,
    ssh: Option<Ssh>,
}

/// What is taken where a wish says nothing.
#[derive(Debug)]
pub(crate) struct Defaults {
    pub(crate) size: String,
    pub(crate) image: String,
    pub(crate) region: String,
    pub(crate) ssh_keys: Vec<String>,
    pub(crate) project: Option<String>,
    pub(crate) dns_zone: Option<String>,
}

/// What is on offer, as it was told last.
#[derive(Debug, Default)]
pub(crate) struct Offer {
    pub(crate) regions: Cached<Vec<Region>>,
    pub(crate) sizes: Cached<Vec<Size>>,
    pub(crate) images: Cached<Vec<Image>>,
}

impl DigitalOceanProvider {
    /// Begins with the account's token.
    pub fn builder(token: Secret) -> DigitalOceanBuilder {
        DigitalOceanBuilder::new(token)
    }

    pub(crate) fn new(api: Api, defaults: Defaults, pace: Pace, ssh: Option<Ssh>) -> Self {
        let inner = Inner {
            api,
            defaults,
            pace,
            capabilities: capabilities(pace, ssh.is_some()),
            recent: Recent::new(pace.unseen),
            offer: Offer::default(),
            keys: Cached::default(),
            ssh,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn api(&self) -> &Api {
        &self.inner.api
    }

    pub(crate) fn defaults(&self) -> &Defaults {
        &self.inner.defaults
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.inner.pace
    }

    pub(crate) fn recent(&self) -> &Recent {
        &self.inner.recent
    }

    pub(crate) fn offer(&self) -> &Offer {
        &self.inner.offer
    }

    pub(crate) fn keys(&self) -> &Cached<Vec<RegisteredKey>> {
        &self.inner.keys
    }

    /// How machines are reached, where that was said.
    pub(crate) fn ssh(&self) -> Option<&Ssh> {
        self.inner.ssh.as_ref()
    }

    /// Removes what is at `path`. What is not there is gone already.
    pub(crate) async fn remove(&self, path: &[&str]) -> Result<Destroyed> {
        match self.api().delete(path).done().await {
            Ok(()) => Ok(Destroyed::Accepted),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Destroyed::AlreadyGone),
            Err(error) => Err(error),
        }
    }
}

/// What it can do, by ssh or without.
pub(crate) fn capabilities(pace: Pace, ssh: bool) -> Capabilities {
    let transport = if ssh { Transport::Ssh } else { Transport::None };
    let minimal = Capabilities::minimal();
    Capabilities {
        remote: true,
        create_once: CreateOnce::Lookup,
        stops_bill: StopsBill::Destroy,
        guest_end_ends_bill: false,
        list_lag: pace.list_lag,
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
            // That of a host name's part; the cloud itself would take more.
            name_len: 63,
            label_len: 255,
            user_data_bytes: Some(if ssh { refuse::USER_DATA - machine_ssh::OVERHEAD } else { refuse::USER_DATA }),
            volumes_per_machine: Some(refuse::VOLUMES),
            smallest_volume_gib: 1,
        },
        price_source: PriceSource::Api,
        // The API tells no price of volumes; the price list says ten cents.
        billing: Billing { volume_gib_month: Some(Money::from_micros(100_000)), ..minimal.billing },
        ..minimal
    }
}

#[async_trait]
impl CloudProvider for DigitalOceanProvider {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.inner.capabilities
    }

    async fn account(&self) -> Result<Account> {
        self.whose().await
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        self.create_droplet(intent.intent(), spec).await
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        self.preview_droplet(spec).await
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        self.find_droplets(intent).await
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.look(id).await
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        let provider = self.clone();
        stream::once(async move { provider.list_droplets(&which).await.map(Page::only) }).boxed()
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        self.change_droplet(id, change).await
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        self.wait_for_droplet(id, until).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        self.power_droplet(id, to).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        self.destroy_droplet(id).await
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        let Some(ssh) = self.ssh() else {
            let what = "logs are in the droplets, and ssh was not set up to read them";
            return stream::iter([Err(Error::unsupported(KIND, what))]).boxed();
        };
        let provider = self.clone();
        let look = move || {
            let (provider, id) = (provider.clone(), id.clone());
            async move { provider.look(&id).await }.boxed()
        };
        ssh.logs(Arc::new(look), how)
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        let Some(ssh) = self.ssh() else {
            let what = "commands run by ssh, which was not set up";
            return Err(Error::unsupported(KIND, what));
        };
        ssh.exec(&self.look(id).await?, &command).await
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        let Some(ssh) = self.ssh() else {
            return Err(Error::unsupported(KIND, "a shell is opened by ssh, which was not set up"));
        };
        ssh.shell(&self.look(id).await?, line).await
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
        Some(self)
    }
}
