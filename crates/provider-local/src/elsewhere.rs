//! What stands in for the provider where the system has no namespaces, so that everything else works there.

use machine_core::{
    Account, Capabilities, Catalog, CloudProvider, Destroyed, Dns, Environment, Error, ErrorKind, Exec, ExecSession,
    Found, Housekeeping, IntentId, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, Page, Power,
    Preview, Projects, ProviderInfo, RecordedIntent, Report, Result, Selector, Shell, Signal, Snapshots, SshKeys,
    Until, Volumes,
};

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::config::LocalConfig;

/// Machines on this computer, of which there can be none: only Linux can have them.
#[derive(Debug)]
pub enum LocalProvider {}

impl LocalProvider {
    /// Says what works here instead.
    ///
    /// # Errors
    /// Always [`ErrorKind::Unsupported`].
    pub fn open(_config: LocalConfig) -> Result<Self> {
        let message = format!("machines on this computer need Linux, and this is {}", std::env::consts::OS);
        Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(crate::KIND)
            .with_operation("open")
            .with_hint("use a cloud provider, or run `machine` inside a Linux virtual machine or container"))
    }

    /// As [`open`](Self::open).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_in(config: LocalConfig, _environment: Environment) -> Result<Self> {
        Self::open(config)
    }

    /// There is none to stop.
    ///
    /// # Errors
    /// None.
    pub async fn stop_by(&self, _: &MachineId, _: Signal, _: Duration) -> Result<()> {
        match *self {}
    }

    /// There is none to signal.
    ///
    /// # Errors
    /// None.
    pub async fn signal(&self, _: &MachineId, _: Signal) -> Result<()> {
        match *self {}
    }
}

#[async_trait]
impl Housekeeping for LocalProvider {
    fn report(&self) -> Report {
        match *self {}
    }

    async fn tidy(&self, _: bool) -> Result<Vec<String>> {
        match *self {}
    }
}

#[async_trait]
impl CloudProvider for LocalProvider {
    fn info(&self) -> &ProviderInfo {
        match *self {}
    }

    fn capabilities(&self) -> &Capabilities {
        match *self {}
    }

    async fn account(&self) -> Result<Account> {
        match *self {}
    }

    async fn create(&self, _: &RecordedIntent, _: &MachineSpec) -> Result<Machine> {
        match *self {}
    }

    async fn preview(&self, _: &MachineSpec) -> Result<Preview> {
        match *self {}
    }

    async fn find(&self, _: IntentId) -> Result<Found> {
        match *self {}
    }

    async fn get(&self, _: &MachineId) -> Result<Machine> {
        match *self {}
    }

    fn list(&self, _: Selector) -> BoxStream<'static, Result<Page>> {
        match *self {}
    }

    async fn update(&self, _: &MachineId, _: &MachineChange) -> Result<Machine> {
        match *self {}
    }

    async fn wait(&self, _: &MachineId, _: &Until) -> Result<Machine> {
        match *self {}
    }

    async fn power(&self, _: &MachineId, _: Power) -> Result<()> {
        match *self {}
    }

    async fn destroy(&self, _: &MachineId) -> Result<Destroyed> {
        match *self {}
    }

    fn logs(&self, _: MachineId, _: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        match *self {}
    }

    async fn exec(&self, _: &MachineId, _: Exec) -> Result<ExecSession> {
        match *self {}
    }

    async fn shell(&self, _: &MachineId, _: Option<&str>) -> Result<Shell> {
        match *self {}
    }

    fn catalog(&self) -> &dyn Catalog {
        match *self {}
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        match *self {}
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        match *self {}
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        match *self {}
    }

    fn dns(&self) -> Option<&dyn Dns> {
        match *self {}
    }

    fn projects(&self) -> Option<&dyn Projects> {
        match *self {}
    }
}
