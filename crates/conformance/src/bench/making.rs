//! Making things, each with an intent, each noted so that it is put away.

use machine_core::{
    Dns, DnsRecord, Effect, Error, Goal, Intent, IntentDraft, Lifetime, Machine, MachineId, MachineSpec, OsText,
    RecordSpec, RecordedIntent, ResourceKind, Result, Snapshot, SnapshotSpec, Snapshots, SshKey, SshKeySpec, SshKeys,
    Volume, VolumeSpec, Volumes,
};

use super::Bench;
use crate::outcome::{Outcome, Stop};

impl Bench {
    /// A machine that idles.
    pub(crate) fn spec(&self) -> MachineSpec {
        self.subject.spec(self.name())
    }

    /// A machine whose own command is a script.
    pub(crate) fn script(&self, script: &str) -> MachineSpec {
        MachineSpec { command: ["sh", "-c", script].map(OsText::from).to_vec(), ..self.spec() }
    }

    /// A recorded wish.
    pub(crate) async fn wish(&self, resource: ResourceKind, name: &str) -> Result<RecordedIntent> {
        // Whole seconds: a marker may have no room for more.
        let now = jiff::Timestamp::now().as_second();
        let draft = IntentDraft {
            resource,
            name: name.to_owned(),
            provider: self.provider.info().kind.to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: jiff::Timestamp::from_second(now.saturating_add(3600)).ok(),
        };
        RecordedIntent::record(&self.intents, draft).await
    }

    /// Creates a machine, and says by which wish.
    pub(crate) async fn create_wished(&self, spec: &MachineSpec) -> (Intent, Result<Machine>) {
        let wish = match self.wish(ResourceKind::Machine, spec.name.as_str()).await {
            Ok(wish) => wish,
            // The store is in memory and takes everything.
            Err(error) => unreachable!("{error:?}"),
        };
        let unclear = |made: &mut super::Made| made.unclear.push(wish.intent().id);
        // Noted before it is sent: the future may be dropped in between.
        self.note(unclear);
        let answer = self.provider.create(&wish, spec).await;
        if let Ok(machine) = &answer {
            self.note(|made| {
                made.unclear.retain(|id| *id != wish.intent().id);
                made.machines.push(machine.id.clone());
            });
        }
        (wish.intent().clone(), answer)
    }

    /// Creates a machine.
    pub(crate) async fn create(&self, spec: &MachineSpec) -> Result<Machine> {
        self.create_wished(spec).await.1
    }

    /// Creates a machine, and waits until it runs.
    pub(crate) async fn running(&self, spec: &MachineSpec) -> Outcome<Machine> {
        let machine = self.create(spec).await?;
        Ok(self.provider.wait(&machine.id, &self.until(Goal::Running)).await?)
    }

    /// Creates a machine, and waits until its own command has ended.
    pub(crate) async fn ended(&self, spec: &MachineSpec) -> Outcome<Machine> {
        let machine = self.create(spec).await?;
        Ok(self.provider.wait(&machine.id, &self.until(Goal::Ended)).await?)
    }

    /// A machine that was and is gone.
    pub(crate) async fn gone(&self) -> Outcome<MachineId> {
        let machine = self.create(&self.spec()).await?;
        self.destroy(&machine.id).await?;
        Ok(machine.id)
    }

    /// The volumes.
    pub(crate) fn volumes(&self) -> Outcome<&dyn Volumes> {
        self.provider.volumes().ok_or_else(|| Stop::Lacks("volumes: there are none".to_owned()))
    }

    /// Creates a volume of 1 GiB.
    pub(crate) async fn volume(&self) -> Outcome<Volume> {
        let spec = VolumeSpec { name: self.name(), size_gib: self.gib(1), region: None };
        let (_, answer) = self.create_volume(&spec).await?;
        Ok(answer?)
    }

    /// Creates a volume, and says by which wish.
    pub(crate) async fn create_volume(&self, spec: &VolumeSpec) -> Outcome<(Intent, Result<Volume>)> {
        let wish = self.wish(ResourceKind::Volume, spec.name.as_str()).await?;
        let answer = self.volumes()?.create(&wish, spec).await;
        if let Ok(volume) = &answer {
            self.note(|made| made.volumes.push(volume.id.clone()));
        }
        Ok((wish.intent().clone(), answer))
    }

    /// The snapshots.
    pub(crate) fn snapshots(&self) -> Outcome<&dyn Snapshots> {
        self.provider.snapshots().ok_or_else(|| Stop::Lacks("snapshots: there are none".to_owned()))
    }

    /// Takes a snapshot, and says by which wish.
    pub(crate) async fn create_snapshot(&self, spec: &SnapshotSpec) -> Outcome<(Intent, Result<Snapshot>)> {
        let wish = self.wish(ResourceKind::Snapshot, &spec.name).await?;
        let answer = self.snapshots()?.create(&wish, spec).await;
        if let Ok(snapshot) = &answer {
            self.note(|made| made.snapshots.push(snapshot.id.clone()));
        }
        Ok((wish.intent().clone(), answer))
    }

    /// The registered ssh keys.
    pub(crate) fn ssh_keys(&self) -> Outcome<&dyn SshKeys> {
        self.provider.ssh_keys().ok_or_else(|| Stop::Lacks("ssh_keys: there are none".to_owned()))
    }

    /// Registers an ssh key.
    pub(crate) async fn create_key(&self, spec: &SshKeySpec) -> Outcome<Result<SshKey>> {
        let wish = self.wish(ResourceKind::SshKey, &spec.name).await?;
        let answer = self.ssh_keys()?.create(&wish, spec).await;
        if let Ok(key) = &answer {
            self.note(|made| made.keys.push(key.id.clone()));
        }
        Ok(answer)
    }

    /// The hosted DNS.
    pub(crate) fn dns(&self) -> Outcome<&dyn Dns> {
        self.provider.dns().ok_or_else(|| Stop::Lacks("dns: there is none".to_owned()))
    }

    /// Creates a DNS record.
    pub(crate) async fn create_record(&self, spec: &RecordSpec) -> Outcome<Result<DnsRecord>> {
        let wish = self.wish(ResourceKind::DnsRecord, &spec.name).await?;
        let answer = self.dns()?.create(&wish, spec).await;
        if let Ok(record) = &answer {
            self.note(|made| made.records.push((record.domain.clone(), record.id.clone())));
        }
        Ok(answer)
    }
}

/// Insists that a list, part of which cannot be had, is an error without effect.
pub(crate) fn ensure_no_list<T>(list: Result<Vec<T>>) -> Outcome {
    match list {
        Ok(list) => {
            broken!("part of the list cannot be had, and the {} things in the rest are all there is", list.len())
        }
        Err(error) => ensure_eq!(error.effect(), Effect::None, "the effect of a list that failed"),
    }
    Ok(())
}

/// Insists that an error admits that it does not know what happened.
pub(crate) fn ensure_unknown(error: &Error) -> Outcome {
    ensure_eq!(error.effect(), Effect::Unknown, "the effect told of a lost answer ({error:?})");
    Ok(())
}
