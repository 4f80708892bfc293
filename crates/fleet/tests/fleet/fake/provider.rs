//! The fake as a provider.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use machine_core::*;

use super::{CreateFault, DestroyFault, Fake, Thing, World};

/// The one page of a list.
fn page(world: &mut World, which: &Selector, lag: Duration) -> Page {
    let mut machines = world.look(lag);
    machines.retain(|machine| which.matches(machine));
    if world.partial {
        machines.clear();
        return Page { machines, problems: vec!["a region is down".to_owned()], last: Some(Completeness::Partial) };
    }
    Page { machines, problems: Vec::new(), last: Some(Completeness::Complete) }
}

#[async_trait]
impl CloudProvider for Fake {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn account(&self) -> Result<Account> {
        Ok(Account { id: AccountId::new("account"), name: "account".to_owned() })
    }

    async fn create(&self, intent: &RecordedIntent, spec: &MachineSpec) -> Result<Machine> {
        let fault = {
            let mut world = self.world();
            world.calls.push("create");
            world.on_create.pop_front()
        };
        if fault == Some(CreateFault::Gate) {
            self.arrived.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
        }
        let markers = Some(intent.intent().markers());
        let made = |late| self.world().add(spec.name.as_str(), markers.clone(), late);
        let lost = || Err(Error::new(ErrorKind::Network, "the connection was reset").with_effect(Effect::Unknown));
        match fault {
            None | Some(CreateFault::Gate) => Ok(made(0)),
            Some(CreateFault::Refused) => Err(Error::new(ErrorKind::Quota, "the account may have no more machines")),
            Some(CreateFault::LostAnswer) => {
                made(0);
                lost()
            }
            Some(CreateFault::LostAnswerTwice) => {
                made(0);
                made(0);
                lost()
            }
            Some(CreateFault::LostRequest) => lost(),
            Some(CreateFault::Late(looks)) => {
                made(looks);
                lost()
            }
            Some(CreateFault::Applied) => {
                made(0);
                Err(Error::new(ErrorKind::Upstream, "the machine did not start").with_effect(Effect::Applied))
            }
            Some(CreateFault::Hang) => {
                made(0);
                self.arrived.add_permits(1);
                std::future::pending().await
            }
        }
    }

    async fn preview(&self, _: &MachineSpec) -> Result<Preview> {
        Ok(Preview::default())
    }

    async fn find(&self, intent: IntentId) -> Result<Found> {
        let as_of = Timestamp::now();
        let mut world = self.world();
        world.calls.push("find");
        let is = |machine: &Machine| machine.markers.as_ref().is_some_and(|markers| markers.intent == intent);
        let mut machines = world.look(self.capabilities.list_lag);
        machines.retain(is);
        let completeness = if world.partial { Completeness::Partial } else { Completeness::Complete };
        if world.partial {
            machines.clear();
        }
        Ok(Found { machines, completeness, as_of })
    }

    async fn get(&self, id: &MachineId) -> Result<Machine> {
        let mut world = self.world();
        world.calls.push("get");
        let found = world.machines.get_mut(id.as_str()).and_then(Thing::looked_at);
        found.ok_or_else(|| Error::not_found("machine", id))
    }

    fn list(&self, which: Selector) -> BoxStream<'static, Result<Page>> {
        let mut world = self.world();
        world.calls.push("list");
        if world.list_fails {
            let error = Error::new(ErrorKind::Upstream, "the list is out of order");
            return futures::stream::iter([Err(error)]).boxed();
        }
        let lag = self.capabilities.list_lag;
        if !std::mem::take(&mut world.hold_list) {
            return futures::stream::iter([Ok(page(&mut world, &which, lag))]).boxed();
        }
        self.arrived.add_permits(1);
        let (gate, held) = (Arc::clone(&self.list_gate), Arc::clone(&self.world));
        let listed = async move {
            gate.acquire().await.unwrap().forget();
            Ok(page(&mut held.lock().unwrap(), &which, lag))
        };
        futures::stream::once(listed).boxed()
    }

    async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        if self.world().update_fails {
            return Err(Error::new(ErrorKind::Busy, "it is being started"));
        }
        CloudProvider::get(self, id).await?;
        self.edit(id, |machine| change.apply_to(machine));
        CloudProvider::get(self, id).await
    }

    async fn wait(&self, id: &MachineId, _: &Until) -> Result<Machine> {
        CloudProvider::get(self, id).await
    }

    async fn power(&self, id: &MachineId, _: Power) -> Result<()> {
        CloudProvider::get(self, id).await.map(drop)
    }

    async fn destroy(&self, id: &MachineId) -> Result<Destroyed> {
        let fail = |kind, what| Err(Error::new(kind, what));
        {
            let mut world = self.world();
            world.calls.push("destroy");
            let fault = world.on_destroy.pop_front();
            let Some(thing) = world.machines.get_mut(id.as_str()) else { return Ok(Destroyed::AlreadyGone) };
            match fault {
                Some(DestroyFault::Forbidden) => return fail(ErrorKind::Forbidden, "the token may not destroy"),
                Some(DestroyFault::Busy) => return fail(ErrorKind::Busy, "it is being started"),
                Some(DestroyFault::Conflict) => return fail(ErrorKind::Conflict, "it is locked"),
                Some(DestroyFault::Slow(looks, lists)) => {
                    thing.going = Some((looks, lists));
                    return Ok(Destroyed::Accepted);
                }
                Some(DestroyFault::LostAnswer) => {
                    world.remove(id.as_str());
                    return Err(Error::new(ErrorKind::Network, "reset").with_effect(Effect::Unknown));
                }
                None if thing.going.is_some() => return Ok(Destroyed::Accepted),
                Some(DestroyFault::Hang) => {
                    world.remove(id.as_str());
                }
                None => {
                    world.remove(id.as_str());
                    return Ok(Destroyed::Accepted);
                }
            }
        }
        self.arrived.add_permits(1);
        std::future::pending().await
    }

    fn logs(&self, _: MachineId, _: LogOptions) -> BoxStream<'static, Result<LogLine>> {
        futures::stream::empty().boxed()
    }

    async fn exec(&self, _: &MachineId, _: Exec) -> Result<ExecSession> {
        Err(Error::unsupported("fake", "it runs nothing"))
    }

    async fn shell(&self, _: &MachineId, _: Option<&str>) -> Result<Shell> {
        Err(Error::unsupported("fake", "it runs nothing"))
    }

    fn catalog(&self) -> &dyn Catalog {
        &self.menu
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

#[async_trait]
impl Volumes for Fake {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let mut world = self.world();
        world.calls.push("volume create");
        let fault = world.on_create.pop_front();
        let volume = Volume {
            id: VolumeId::new(world.id('v')),
            name: spec.name.as_str().to_owned(),
            provider: "fake".to_owned(),
            size_gib: spec.size_gib,
            region: None,
            attached_to: None,
            created_at: Some(Timestamp::now()),
            markers: Some(intent.intent().markers()),
            notes: Vec::new(),
        };
        let lost = Error::new(ErrorKind::Network, "the connection was reset").with_effect(Effect::Unknown);
        if fault != Some(CreateFault::LostRequest) {
            let thing = Thing { what: volume.clone(), late: 0, going: None };
            world.volumes.insert(volume.id.as_str().to_owned(), thing);
        }
        if fault.is_none() { Ok(volume) } else { Err(lost) }
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        let found = self.world().volumes.get_mut(id.as_str()).and_then(Thing::looked_at);
        found.ok_or_else(|| Error::not_found("volume", id))
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        Ok(self.world().volumes.values_mut().filter_map(Thing::listed).collect())
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        let attachment = Attachment { machine: machine.clone(), path: Some(mount.path.clone()) };
        self.edit_volume(&mount.volume, |volume| volume.attached_to = Some(attachment));
        Ok(())
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        self.edit_volume(id, |volume| volume.attached_to = None);
        Ok(())
    }

    async fn resize(&self, id: &VolumeId, _: u64) -> Result<Volume> {
        Volumes::get(self, id).await
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let mut world = self.world();
        world.calls.push("volume destroy");
        if world.on_destroy.pop_front() == Some(DestroyFault::Conflict) {
            return Err(Error::new(ErrorKind::Conflict, "a machine has taken it just now"));
        }
        let known = world.volumes.remove(id.as_str());
        Ok(if known.is_some() { Destroyed::Accepted } else { Destroyed::AlreadyGone })
    }
}
