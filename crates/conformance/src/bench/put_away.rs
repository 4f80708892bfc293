//! Putting away what a case made, whatever became of the case.

use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, MachineId, MachineState, ProviderExt as _, Result};

use super::{Bench, Made, PAUSE};
use crate::outcome::{Outcome, Stop};

/// How long putting away may take, besides the time that a machine may take to go.
const LIMIT: Duration = Duration::from_secs(30);

impl Bench {
    /// Destroys a machine, and waits until it is gone.
    pub(crate) async fn destroy(&self, id: &MachineId) -> Outcome {
        let deadline = Deadline::after(self.subject.patience());
        loop {
            let told = self.provider.destroy(id).await.err();
            match self.provider.get(id).await {
                Ok(machine) if machine.state == MachineState::Destroyed => return Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Ok(_) | Err(_) if !deadline.passed() => tokio::time::sleep(PAUSE).await,
                Ok(machine) => {
                    return Err(Stop::Broken(format!(
                        "machine {id} was destroyed and is still {}: {told:?}",
                        machine.raw_state
                    )));
                }
                Err(error) => return Err(Stop::Broken(format!("whether machine {id} is gone is not told: {error:?}"))),
            }
        }
    }

    /// Destroys all that the case made.
    pub(crate) async fn put_away(&self) -> Outcome {
        match tokio::time::timeout(LIMIT.saturating_add(self.subject.patience()), self.put_all_away()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Stop::Broken("what it made could not be put away in time".to_owned())),
        }
    }

    async fn put_all_away(&self) -> Outcome {
        let mut made = Made::default();
        self.note(|noted| std::mem::swap(noted, &mut made));
        let mut left = Vec::new();
        for (domain, id) in &made.records {
            left.extend(self.dns()?.destroy(domain, id).await.err());
        }
        for id in &made.keys {
            left.extend(self.ssh_keys()?.destroy(id).await.err());
        }
        for id in &made.snapshots {
            left.extend(self.snapshots()?.destroy(id).await.err());
        }
        let mut machines = made.machines;
        for intent in made.unclear {
            let found = self.provider.find(intent).await?.machines;
            machines.extend(found.into_iter().map(|machine| machine.id));
        }
        let (listed, _, _) = self.provider.list_all(self.own()).await?;
        machines.extend(listed.into_iter().map(|machine| machine.id));
        machines.sort();
        machines.dedup();
        let destroyed = futures::future::join_all(machines.iter().map(|id| self.destroy(id))).await;
        let outcome: Outcome = destroyed.into_iter().collect();
        left.extend(self.put_volumes_away(made.volumes).await.err());
        match left.first() {
            Some(error) => outcome.and(Err(Stop::Broken(format!("something could not be put away: {error:?}")))),
            None => outcome,
        }
    }

    async fn put_volumes_away(&self, mut ids: Vec<machine_core::VolumeId>) -> Result<()> {
        let Some(volumes) = self.provider.volumes() else { return Ok(()) };
        let owner = self.owner();
        let listed = volumes.list().await?.into_iter();
        ids.extend(
            listed
                .filter(|volume| volume.markers.as_ref().is_some_and(|markers| markers.owner == owner))
                .map(|volume| volume.id),
        );
        ids.sort();
        ids.dedup();
        let mut outcome: Result<(), Error> = Ok(());
        for id in &ids {
            volumes.detach(id).await.ok();
            outcome = outcome.and(volumes.destroy(id).await.map(drop));
        }
        outcome
    }
}
