//! A provider that only counts, for tests of what is put around providers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use machine_core::*;

const INFO: ProviderInfo = ProviderInfo { kind: "stub", title: "Stub", documentation: "none" };

/// Counts the calls that reach it and how many were there at once; every call takes `takes` and then fails as `Busy`.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) capabilities: Capabilities,
    pub(crate) takes: Duration,
    pub(crate) calls: AtomicUsize,
    inside: AtomicUsize,
    pub(crate) most: AtomicUsize,
}

impl Stub {
    pub(crate) fn new(takes: Duration) -> Self {
        Self { capabilities: nothing(), takes, calls: 0.into(), inside: 0.into(), most: 0.into() }
    }

    async fn call<T>(&self) -> Result<T> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Err(Error::new(ErrorKind::Busy, "as always"))
    }

    fn stream<T: Send + 'static>(&self) -> BoxStream<'static, Result<T>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        stream::once(async { Err(Error::new(ErrorKind::Busy, "as always")) }).boxed()
    }
}

/// A provider that can do nothing that a capability speaks of, but attach one volume.
fn nothing() -> Capabilities {
    let minimal = Capabilities::minimal();
    Capabilities { limits: Limits { volumes_per_machine: Some(1), ..minimal.limits }, ..minimal }
}

#[async_trait]
impl CloudProvider for Stub {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn account(&self) -> Result<Account> {
        self.call().await
    }
    async fn create(&self, _: &RecordedIntent, _: &MachineSpec) -> Result<Machine> {
        self.call().await
    }
    async fn preview(&self, _: &MachineSpec) -> Result<Preview> {
        self.call().await
    }
    async fn find(&self, _: IntentId) -> Result<Found> {
        self.call().await
    }
    async fn get(&self, _: &MachineId) -> Result<Machine> {
        self.call().await
    }
    fn list(&self, _: Selector) -> BoxStream<'static, Result<Page>> {
        self.stream()
    }
    async fn update(&self, _: &MachineId, _: &MachineChange) -> Result<Machine> {
        self.call().await
    }
    async fn wait(&self, _: &MachineId, _: &Until) -> Result<Machine> {
        self.call().await
    }
    async fn power(&self, _: &MachineId, _: Power) -> Result<()> {
        self.call().await
    }
    async fn destroy(&self, _: &MachineId) -> Result<Destroyed> {
        self.call().await
    }
    fn logs(&self, _: MachineId, _: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        self.stream()
    }
    async fn exec(&self, _: &MachineId, _: Exec) -> Result<ExecSession> {
        self.call().await
    }
    async fn shell(&self, _: &MachineId, _: Option<&str>) -> Result<Shell> {
        self.call().await
    }
    fn catalog(&self) -> &dyn Catalog {
        self
    }
    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(self)
    }
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

#[async_trait]
impl Catalog for Stub {
    async fn regions(&self) -> Result<Vec<Region>> {
        self.call().await
    }
    async fn sizes(&self) -> Result<Vec<Size>> {
        self.call().await
    }
    async fn images(&self) -> Result<Vec<Image>> {
        self.call().await
    }
    async fn price(&self, _: &MachineSpec) -> Result<Option<Price>> {
        self.call().await
    }
}

#[async_trait]
impl Volumes for Stub {
    async fn create(&self, _: &RecordedIntent, _: &VolumeSpec) -> Result<Volume> {
        self.call().await
    }
    async fn get(&self, _: &VolumeId) -> Result<Volume> {
        self.call().await
    }
    async fn list(&self) -> Result<Vec<Volume>> {
        self.call().await
    }
    async fn attach(&self, _: &MachineId, _: &VolumeMount) -> Result<()> {
        self.call().await
    }
    async fn detach(&self, _: &VolumeId) -> Result<()> {
        self.call().await
    }
    async fn resize(&self, _: &VolumeId, _: u64) -> Result<Volume> {
        self.call().await
    }
    async fn destroy(&self, _: &VolumeId) -> Result<Destroyed> {
        self.call().await
    }
}
