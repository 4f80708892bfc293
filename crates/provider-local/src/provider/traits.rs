//! The trait's methods, each in terms of the file that does its work.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use machine_core::{
    Account, AccountId, Capabilities, Catalog, CloudProvider, Completeness, Destroyed, Dns, Error, Exec, ExecSession,
    Found, IntentId, LogLine, LogOptions, Machine, MachineChange, MachineId, MachineSpec, Page, Power, Preview,
    Projects, ProviderInfo, RecordedIntent, Result, Selector, Shell, Snapshots, SshKeys, Until, Volumes,
};

use super::LocalProvider;
use crate::kind::INFO;
use crate::work::blocking;

/// Says which operation of which provider failed.
fn during(operation: &'static str) -> impl Fn(Error) -> Error {
    move |error| error.with_operation(operation).with_provider(crate::KIND)
}

#[async_trait]
impl CloudProvider for LocalProvider {
    fn info(&self) -> &ProviderInfo {
        &INFO
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let uid = rustix::process::geteuid().as_raw();
        Ok(Account { id: AccountId::new(format!("uid-{uid}@{name}")), name: format!("user {uid} on {name}") })
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        let (local, intent, spec) = (Arc::clone(&self.local), intent.intent().clone(), spec.clone());
        blocking(move || local.create(&intent, &spec)).await.map_err(during("create"))
    }

    async fn preview(&self, spec: &MachineSpec) -> Result<Preview> {
        let (local, spec) = (Arc::clone(&self.local), spec.clone());
        blocking(move || local.preview(&spec)).await.map_err(during("preview"))
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        let as_of = jiff::Timestamp::now();
        let id = crate::plan::machine_id(intent);
        let local = Arc::clone(&self.local);
        let (machines, completeness) = blocking(move || local.find(&id)).await.map_err(during("find"))?;
        Ok(Found { machines, completeness, as_of })
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        let (local, id) = (Arc::clone(&self.local), id.clone());
        blocking(move || local.get(id.as_str())).await.map_err(during("get"))
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        super::list::pages(Arc::clone(&self.local), which).map(|page| page.map_err(during("list"))).boxed()
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        let (local, id, change) = (Arc::clone(&self.local), id.clone(), change.clone());
        blocking(move || local.update(id.as_str(), &change)).await.map_err(during("update"))
    }

    async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        super::wait::wait(&self.local, id, *until).await.map_err(during("wait"))
    }

    async fn power(&self, id: &MachineId, to: Power) -> Result<()> {
        super::power::power(&self.local, id, to).await.map_err(during("power"))
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        super::destroy::destroy(&self.local, id).await.map_err(during("destroy"))
    }

    fn logs(&self, id: MachineId, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        match self.local.store.require_machine(id.as_str()) {
            Ok(dir) => crate::logs::stream(dir, how).map(|line| line.map_err(during("logs"))).boxed(),
            Err(error) => futures::stream::once(async move { Err(during("logs")(error)) }).boxed(),
        }
    }

    async fn exec(&self, id: &MachineId, command: Exec) -> Result<ExecSession> {
        super::exec::exec(&self.local, id, command).await.map_err(during("exec"))
    }

    async fn shell(&self, id: &MachineId, line: Option<&str>) -> Result<Shell> {
        super::exec::require_running(&self.local, id).map_err(during("shell"))?;
        Ok(Shell::by_exec(line))
    }

    fn catalog(&self) -> &dyn Catalog {
        &self.catalog
    }

    fn volumes(&self) -> Option<&dyn Volumes> {
        Some(&self.volumes)
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

impl super::Local {
    /// The machine of that id.
    ///
    /// # Errors
    /// [`NotFound`](machine_core::ErrorKind::NotFound); [`System`](machine_core::ErrorKind::System) when its record cannot be read.
    pub(super) fn get(&self, id: &str) -> Result<Machine> {
        let dir = self.store.require_machine(id)?;
        super::describe::describe(&dir).unwrap_or_else(|unreadable| {
            // It may have been destroyed between the two looks.
            self.store.require_machine(id)?;
            let hint = format!("`machine destroy {id}` removes it all the same");
            Err(Error::from(unreadable).with_hint(hint))
        })
    }

    /// What the intent of machine `id` made; one directory can tell.
    #[expect(clippy::unnecessary_wraps, reason = "run like every other call, and those fail")]
    fn find(&self, id: &str) -> Result<(Vec<Machine>, Completeness)> {
        match self.get(id) {
            Ok(machine) => Ok((vec![machine], Completeness::Complete)),
            Err(error) if error.kind() == machine_core::ErrorKind::NotFound => Ok((Vec::new(), Completeness::Complete)),
            // There is one, and it cannot be told what it is.
            Err(_) => Ok((Vec::new(), Completeness::Partial)),
        }
    }
}
