//! Changing a droplet: its name, its tags, its volumes.

use machine_core::{Effect, Error, ErrorKind, Machine, MachineChange, MachineId, Result};

use crate::convert::{Tags, deadline_tag, droplet_id, is_deadline, is_marker, is_tag_of_label, label_tag, marker_tags};
use crate::provider::DigitalOceanProvider;
use crate::wire::{CreateTag, DropletAction, TagResources};

/// Tags to put on and to take off.
#[derive(Debug, Default, PartialEq, Eq)]
struct TagChange {
    on: Vec<String>,
    off: Vec<String>,
}

impl DigitalOceanProvider {
    pub(crate) async fn change_droplet(&self, id: &MachineId, change: &MachineChange) -> Result<Machine> {
        let number = droplet_id(id)?;
        // What a tag cannot hold is told before anything is changed.
        for (key, value) in &change.labels {
            if let Some(value) = value {
                label_tag(key, value)?;
            }
        }
        let droplet = self.settled(number).await?;
        let tags = tag_change(droplet.tags.as_deref().unwrap_or_default(), change)?;
        let mut changed = false;
        // New before old: between the two a machine has both, and never none.
        for tag in &tags.on {
            self.put_tag(number, tag).await.map_err(partly(changed))?;
            changed = true;
        }
        for tag in &tags.off {
            self.take_tag(number, tag).await.map_err(partly(changed))?;
            changed = true;
        }
        if let Some(name) = change.name.as_ref().filter(|name| name.as_str() != droplet.name) {
            let (path, rename) = (["droplets", &number.to_string()], DropletAction::named("rename", name.as_str()));
            self.act(&path, &rename, self.pace().action).await.map_err(partly(changed))?;
            changed = true;
        }
        for volume in &change.detach {
            self.detach_volume(volume).await.map_err(partly(changed))?;
            changed = true;
        }
        for mount in &change.attach {
            self.attach_volume(id, mount).await.map_err(partly(changed))?;
            changed = true;
        }
        self.look(id).await
    }

    /// Puts a tag on a droplet. A tag has to be there before it can be put on anything.
    pub(crate) async fn put_tag(&self, droplet: u64, tag: &str) -> Result<()> {
        let made = self.api().post(["tags"]).idempotent().json(&CreateTag { name: tag }).done().await;
        match made {
            Err(error)
                if !matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Invalid | ErrorKind::Conflict) =>
            {
                return Err(error);
            }
            _ => {}
        }
        let request = self.api().post(["tags", tag, "resources"]).idempotent();
        request.json(&TagResources::droplet(droplet)).done().await
    }

    /// Takes a tag off a droplet. One that is not there is off already.
    pub(crate) async fn take_tag(&self, droplet: u64, tag: &str) -> Result<()> {
        let request = self.api().delete(["tags", tag, "resources"]);
        match request.json(&TagResources::droplet(droplet)).done().await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What becomes of an error after something was changed already: that is not undone by it.
fn partly(changed: bool) -> impl Fn(Error) -> Error {
    move |error| if changed { error.with_effect(Effect::Applied) } else { error }
}

/// What has to be done to the tags that are there.
fn tag_change(tags: &[String], change: &MachineChange) -> Result<TagChange> {
    let mut done = TagChange::default();
    let mut exchange = |new: Option<String>, old: &dyn Fn(&str) -> bool| {
        done.off.extend(tags.iter().filter(|tag| old(tag) && new.as_ref() != Some(tag)).cloned());
        done.on.extend(new.filter(|new| !tags.contains(new)));
    };
    for (key, value) in &change.labels {
        let new = value.as_ref().map(|value| label_tag(key, value)).transpose()?;
        exchange(new, &|tag| is_tag_of_label(tag, key));
    }
    if let Some(markers) = &change.markers {
        let new = marker_tags(markers)?;
        done.off.extend(tags.iter().filter(|tag| is_marker(tag) && !new.contains(tag)).cloned());
        done.on.extend(new.into_iter().filter(|new| !tags.contains(new)));
    } else if let Some(deadline) = change.deadline {
        if Tags::read(tags).markers.is_none() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "a machine that carries no marks of ours has no deadline either",
            )
            .with_hint("it was made by another tool; only what `machine` made has a deadline"));
        }
        exchange(deadline.map(deadline_tag), &is_deadline);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn texts(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn only_what_is_named_is_changed() {
        let intent = machine_core::IntentId::mint();
        let marks =
            ["machine:owner:o-1".to_owned(), format!("machine:intent:{intent}"), "machine:deadline:100".to_owned()];
        let tags = [marks.to_vec(), texts(&["web", "team:blue", "stage:test", "stage:old"])].concat();
        let labels = [("team", Some("red")), ("stage", Some("test")), ("gone", None), ("new", Some(""))];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
        let change = MachineChange {
            labels: labels.into_iter().collect(),
            deadline: Some(Timestamp::from_second(200).ok()),
            ..MachineChange::default()
        };
        let done = tag_change(&tags, &change).unwrap();
        assert_eq!(done.on, texts(&["new:", "team:red", "machine:deadline:200"]));
        assert_eq!(done.off, texts(&["stage:old", "team:blue", "machine:deadline:100"]));
        let none = MachineChange { deadline: Some(None), ..MachineChange::default() };
        let done = tag_change(&tags, &none).unwrap();
        assert_eq!((done.on, done.off), (Vec::new(), texts(&["machine:deadline:100"])));
        assert_eq!(tag_change(&tags, &MachineChange::default()).unwrap(), TagChange::default());
        assert_eq!(tag_change(&texts(&["web"]), &none).unwrap_err().kind(), ErrorKind::Conflict);
    }
}
