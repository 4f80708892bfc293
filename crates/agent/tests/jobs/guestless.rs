//! Machines of this computer as a cloud would have them: without our guest in them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use machine_core::{
    Account, Capabilities, Catalog, CloudProvider, Destroyed, Dns, Exec, ExecSession, Found, GuestProgram, IntentId,
    LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, Page, Power, Preview, Projects, ProviderInfo,
    RecordedIntent, Result, Selector, Shell, Snapshots, SshKeys, Until, Volumes,
};

/// A provider that says that nothing of ours is in its machines.
#[derive(Debug)]
pub(crate) struct Guestless {
    inner: Arc<dyn CloudProvider>,
    capabilities: Capabilities,
}

impl Guestless {
    /// With `own`, a machine has a command of its own and its exec is short, as at Fly; otherwise it idles, and its exec is
    /// as good as a terminal, as over ssh.
    pub(crate) fn around(inner: Arc<dyn CloudProvider>, own: bool) -> Arc<dyn CloudProvider> {
        let mut capabilities = inner.capabilities().clone();
        capabilities.guest = GuestProgram::Brought;
        capabilities.command = own;
        if own {
            capabilities.exec_limit = Some(std::time::Duration::from_mins(1));
            capabilities.exec_stdin = false;
            capabilities.exec_input_limit = Some(4 << 20);
        }
        Arc::new(Self { inner, capabilities })
    }
}

#[async_trait]
impl CloudProvider for Guestless {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        self.inner.account().await
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        assert!(self.capabilities.command || spec.command.is_empty(), "a machine here has no command of its own");
        self.inner.create(intent, spec).await
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        self.inner.preview(spec).await
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        self.inner.find(intent).await
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.inner.get(id).await
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        self.inner.list(which)
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        self.inner.update(id, change).await
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        self.inner.wait(id, until).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        self.inner.power(id, to).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        self.inner.destroy(id).await
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        self.inner.logs(id, how)
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        self.inner.exec(id, command).await
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        self.inner.shell(id, line).await
    }

    fn catalog(&self) -> &dyn Catalog {
        self.inner.catalog()
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        self.inner.volumes()
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.inner.snapshots()
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        self.inner.ssh_keys()
    }

    fn dns(&self) -> Option<&dyn Dns> {
        self.inner.dns()
    }

    fn projects(&self) -> Option<&dyn Projects> {
        self.inner.projects()
    }
}
