//! Changing a machine that exists: its name and tags in one request, then its volumes.

use std::collections::BTreeSet;

use machine_core::{Effect, Machine, MachineChange, MachineId, Result};

use super::VultrProvider;
use super::attach::already_so;
use crate::convert::Tagged;
use crate::wire::{ChangeInstance, Instance};

impl VultrProvider {
    pub(super) async fn update_machine(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        let before = self.api.instance(id.as_str()).await?;
        let request = difference(&before, change)?;
        let mut changed = request != ChangeInstance::default();
        if changed {
            already_so(self.patch_unlocked(id, &request).await)?;
        }
        // What was done is done, although what comes after it fails.
        let told = |changed: bool, error: machine_core::Error| match error.effect() {
            Effect::None if changed => error.with_effect(Effect::Applied),
            _ => error,
        };
        for volume in &change.detach {
            self.detach_volume(volume.as_str()).await.map_err(|error| told(changed, error))?;
            changed = true;
        }
        for mount in &change.attach {
            let attached = self.attach_volume(id.as_str(), mount, self.api.pauses.lock).await;
            attached.map_err(|error| told(changed, error))?;
            changed = true;
        }
        self.api.machine(id.as_str()).await.map_err(|error| told(changed, error))
    }

    async fn patch_unlocked(&self, id: &MachineId, change: &ChangeInstance) -> Result<()> {
        let request = || self.api.patch(&["instances", id.as_str()]).json(change);
        self.api.unlocked(self.api.pauses.lock, request).await
    }
}

/// What the cloud is to change. All tags are sent where one of them changes; where none does, none are.
fn difference(before: &Instance, change: &MachineChange) -> Result<ChangeInstance> {
    let label = change.name.as_ref().map(ToString::to_string).filter(|name| *name != before.label);
    let tags = if change.labels.is_empty() && change.deadline.is_none() && change.markers.is_none() {
        None
    } else {
        let tags = Tagged::read(&before.tags).changed(change).write()?;
        let set = |tags: &[String]| tags.iter().cloned().collect::<BTreeSet<_>>();
        (set(&tags) != set(&before.tags)).then_some(tags)
    };
    Ok(ChangeInstance { label, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let before = Instance {
            label: "web".into(),
            tags: ["extra", "team:blue"].map(str::to_owned).to_vec(),
            ..Instance::default()
        };
        let labels = |value: Option<&str>| MachineChange {
            labels: [("team".to_owned(), value.map(str::to_owned))].into_iter().collect(),
            name: Some("web".parse().unwrap()),
            ..MachineChange::default()
        };
        assert_eq!(difference(&before, &labels(Some("blue"))).unwrap(), ChangeInstance::default());
        let red = difference(&before, &labels(Some("red"))).unwrap();
        assert_eq!((red.label, red.tags.unwrap()), (None, vec!["extra".to_owned(), "team:red".to_owned()]));
        let none = difference(&before, &labels(None)).unwrap();
        assert_eq!(none.tags.unwrap(), ["extra"]);
        let name = MachineChange { name: Some("db".parse().unwrap()), ..MachineChange::default() };
        assert_eq!(difference(&before, &name).unwrap(), ChangeInstance { label: Some("db".into()), tags: None });
    }
}
