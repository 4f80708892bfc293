//! Changing machines that exist.

use std::collections::BTreeMap;

use machine_core::{Error, Machine, MachineChange, MachineId, Result};

use crate::convert::{DEADLINE, INTENT, OWNER, check_label, deadline_text};
use crate::find::missing;
use crate::fly::{ACTION, Fly};
use crate::wire::requests::{ChangeMetadata, SetMetadata};

/// Why volumes stay where they are.
pub(crate) const NO_ATTACH: &str =
    "Fly gives a volume to a machine only when the machine is created; create another machine with the volume";

impl Fly {
    /// Changes labels and markers. Both are metadata, which the cloud changes key by key and without a restart, so that nothing
    /// of anybody else's can be lost and no lease is needed.
    ///
    /// # Errors
    /// [`Unsupported`](machine_core::ErrorKind::Unsupported) for what stays as it was created; what the cloud says.
    pub(crate) async fn update(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        if change.name.is_some() {
            return Err(Error::unsupported(crate::KIND, "a machine cannot be given another name"));
        }
        if !change.attach.is_empty() || !change.detach.is_empty() {
            return Err(Error::unsupported(crate::KIND, NO_ATTACH));
        }
        let (merged, empty) = metadata(change)?;
        let app = self.app().await?;
        let path = ["apps", app, "machines", id.as_str(), "metadata"];
        if !merged.is_empty() {
            let request = self.api.patch(path).json(&ChangeMetadata { metadata: merged }).idempotent();
            let sent = request.bucket(ACTION, format!("metadata {id}")).done().await;
            sent.map_err(|error| missing(error, "machine", id.as_str()))?;
        }
        for key in empty {
            let request = self.api.post(path.into_iter().chain([key.as_str()])).json(&SetMetadata { value: "" });
            let sent = request.idempotent().bucket(ACTION, format!("metadata {id}")).done().await;
            sent.map_err(|error| missing(error, "machine", id.as_str()))?;
        }
        self.look(id).await.map(|seen| seen.machine)
    }
}

/// What is to be merged, where an empty value takes its key off; and the keys whose value is to be empty, which have to be set
/// one by one for that reason.
fn metadata(change: &MachineChange) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let (mut merged, mut empty) = (BTreeMap::new(), Vec::new());
    for (key, value) in &change.labels {
        check_label(key)?;
        match value.as_deref() {
            Some("") => empty.push(key.clone()),
            value => drop(merged.insert(key.clone(), value.unwrap_or_default().to_owned())),
        }
    }
    let deadline = change.markers.as_ref().map(|markers| markers.deadline).or(change.deadline);
    if let Some(deadline) = deadline {
        merged.insert(DEADLINE.to_owned(), deadline.map(deadline_text).unwrap_or_default());
    }
    if let Some(markers) = &change.markers {
        merged.insert(OWNER.to_owned(), markers.owner.to_string());
        merged.insert(INTENT.to_owned(), markers.intent.to_string());
    }
    Ok((merged, empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_emptying_and_taking_off() {
        let labels = [("set", Some("x")), ("empty", Some("")), ("off", None)];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.map(str::to_owned))).into();
        let change = MachineChange { labels, deadline: Some(None), ..MachineChange::default() };
        let (merged, empty) = metadata(&change).unwrap();
        let merged: Vec<_> = merged.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!((merged, empty), (vec![(DEADLINE, ""), ("off", ""), ("set", "x")], vec!["empty".to_owned()]));
        let reserved = MachineChange { labels: [("fly_x".to_owned(), None)].into(), ..MachineChange::default() };
        assert!(metadata(&reserved).is_err());
    }
}
