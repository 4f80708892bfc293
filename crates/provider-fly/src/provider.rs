//! [`FlyProvider`]: Fly.io behind the trait of every provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use machine_core::{
    Account, Billing, Capabilities, Catalog, CloudProvider, CreateOnce, Destroyed, Dns, Exec, ExecSession, Found,
    IntentId, Limits, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, Page, Power, Preview,
    PriceSource, Projects, ProviderInfo, RecordedIntent, Result, Selector, Shell, Snapshots, SshKeys, StopsBill,
    Transport, Until, Volumes,
};

use crate::catalog::FlyCatalog;
use crate::fly::Fly;
use crate::prices::Prices;
use crate::volumes::FlyVolumes;
use crate::{exec, list, logs};

/// How long a machine that was made may be missing from its app's list. Nobody promises anything; none was seen to take longer.
const LIST_LAG: Duration = Duration::from_secs(5);

/// Machines are charged for by the second.
const SECOND: Duration = Duration::from_secs(1);

/// The machines of one app at Fly.io.
#[derive(Debug)]
pub(crate) struct FlyProvider {
    fly: Arc<Fly>,
    capabilities: Capabilities,
    catalog: FlyCatalog,
    volumes: FlyVolumes,
}

impl FlyProvider {
    pub(crate) fn new(fly: Fly) -> Self {
        let fly = Arc::new(fly);
        let (catalog, volumes) = (FlyCatalog(Arc::clone(&fly)), FlyVolumes(Arc::clone(&fly)));
        let capabilities = capabilities(&fly.defaults.prices);
        Self { fly, capabilities, catalog, volumes }
    }
}

fn capabilities(prices: &Prices) -> Capabilities {
    Capabilities {
        create_once: CreateOnce::Lookup,
        stops_bill: StopsBill::Stop,
        guest_end_ends_bill: true,
        list_lag: LIST_LAG,
        exec: Transport::Native,
        exec_limit: Some(exec::LIMIT),
        exec_input_limit: Some(exec::INPUT),
        logs: Transport::Native,
        suspend: true,
        volume_paths: true,
        adopt: true,
        tags: true,
        files: true,
        images: true,
        sizes: true,
        regions: true,
        command: true,
        limits: Limits {
            name_len: 63,
            label_len: 255,
            user_data_bytes: None,
            volumes_per_machine: Some(1),
            smallest_volume_gib: 1,
        },
        price_source: PriceSource::Table,
        billing: Billing { step: SECOND, minimum: SECOND, volume_gib_month: Some(prices.volume_gib_month) },
        ..Capabilities::minimal()
    }
}

#[async_trait]
impl CloudProvider for FlyProvider {
    fn info(&self) -> &ProviderInfo {
        &crate::kind::INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        self.fly.account().await
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        self.fly.create(intent, spec).await
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        self.fly.preview(spec).await
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        self.fly.find(intent).await
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.fly.look(id).await.map(|seen| seen.machine)
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        list::list(Arc::clone(&self.fly), which)
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        self.fly.update(id, change).await
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        self.fly.wait(id, until).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        self.fly.power(id, to).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        self.fly.destroy(id).await
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        logs::logs(Arc::clone(&self.fly), id, how)
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        self.fly.exec(id, command).await
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        self.fly.shell(id, line).await
    }

    fn catalog(&self) -> &dyn Catalog {
        &self.catalog
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(&self.volumes)
    }

    /// Fly takes snapshots of volumes and not of machines, which is what ours are of.
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        None
    }

    fn dns(&self) -> Option<&dyn Dns> {
        None
    }

    fn projects(&self) -> Option<&dyn Projects> {
        None
    }
}
