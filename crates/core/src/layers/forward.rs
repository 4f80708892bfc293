//! The one type that forwards everything. It is written by hand and in full, so that a new method of any of the traits does
//! not compile until it is forwarded here.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::call::{Call, Interceptor, Operation};
use crate::{
    Account, Capabilities, Catalog, CloudProvider, Destroyed, Dns, Error, Exec, ExecSession, Found, IntentId, LogLine,
    LogOptions, Machine, MachineChange, MachineId, MachineSpec, Page, Power, Preview, Projects, ProviderInfo,
    RecordedIntent, Result, Selector, Shell, Snapshots, SshKeys, Until, Volumes,
};

/// A provider behind an interceptor.
#[derive(Debug)]
pub struct Layered<I> {
    pub(super) inner: Arc<dyn CloudProvider>,
    interceptor: I,
}

impl<I: Interceptor> Layered<I> {
    /// Puts `interceptor` around `inner`.
    pub fn around(inner: Arc<dyn CloudProvider>, interceptor: I) -> Arc<dyn CloudProvider> {
        Arc::new(Self { inner, interceptor })
    }

    fn call<'a>(&'a self, operation: Operation<'a>, subject: Option<&'a str>) -> Call<'a> {
        Call { operation, info: self.inner.info(), capabilities: self.inner.capabilities(), subject }
    }

    pub(super) async fn pass<T: Send>(
        &self,
        operation: Operation<'_>,
        subject: Option<&str>,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.interceptor.around(self.call(operation, subject), work).await
    }

    /// A part of the provider. A caller that asked for the part first never sees it missing.
    pub(super) fn part<'a, T: ?Sized>(&self, part: Option<&'a T>, name: &'static str) -> Result<&'a T> {
        part.ok_or_else(|| Error::unsupported(self.inner.info().kind, format_args!("it has no {name}")))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<I: Interceptor> CloudProvider for Layered<I> {
    fn info(&self) -> &ProviderInfo {
        self.inner.info()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn account(&self) -> Result<Account> {
        self.pass(Operation::Account, None, self.inner.account()).await
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        self.pass(Operation::Create(spec), Some(spec.name.as_str()), self.inner.create(intent, spec)).await
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        self.pass(Operation::Preview(spec), Some(spec.name.as_str()), self.inner.preview(spec)).await
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        self.pass(Operation::Find, Some(&intent.to_string()), self.inner.find(intent)).await
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        self.pass(Operation::Get, Some(id.as_str()), self.inner.get(id)).await
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        self.interceptor.around_stream(self.call(Operation::List, None), || self.inner.list(which))
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        self.pass(Operation::Update(change), Some(id.as_str()), self.inner.update(id, change)).await
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        self.pass(Operation::Wait, Some(id.as_str()), self.inner.wait(id, until)).await
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        self.pass(Operation::Power(to), Some(id.as_str()), self.inner.power(id, to)).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        self.pass(Operation::Destroy, Some(id.as_str()), self.inner.destroy(id)).await
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        let call = self.call(Operation::Logs(&how), Some(id.as_str()));
        self.interceptor.around_stream(call, || self.inner.logs(id.clone(), how.clone()))
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        let asked = command.clone();
        self.pass(Operation::Exec(&asked), Some(id.as_str()), self.inner.exec(id, command)).await
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        self.pass(Operation::Shell, Some(id.as_str()), self.inner.shell(id, line)).await
    }

    fn catalog(&self) -> &dyn Catalog {
        self
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        self.inner.volumes().map(|_| self as &dyn Volumes)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        self.inner.snapshots().map(|_| self as &dyn Snapshots)
    }

    fn ssh_keys(&self) -> Option<&dyn SshKeys> {
        self.inner.ssh_keys().map(|_| self as &dyn SshKeys)
    }

    fn dns(&self) -> Option<&dyn Dns> {
        self.inner.dns().map(|_| self as &dyn Dns)
    }

    fn projects(&self) -> Option<&dyn Projects> {
        self.inner.projects().map(|_| self as &dyn Projects)
    }
}
