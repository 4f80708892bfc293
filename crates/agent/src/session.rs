//! Jobs that share a workspace and a conversation, one after another.

use jiff::Timestamp;
use machine_core::{
    CloudProvider, Deadline, Destroyed, EnvVar, Error, Lifetime, OsText, Result, VolumeId, VolumeMount, VolumeSpec,
};
use machine_fleet::Fleet;
use serde::{Deserialize, Serialize};

use crate::plan::{WORK, workdir};
use crate::{Conversation, JobSpec};

/// Jobs that share a workspace and a conversation, one after another: its turns. The workspace is a volume, which is also the
/// jobs' home; between two turns there is nothing else, and nothing else is paid for.
///
/// It is a value: whoever has turns in several processes keeps it in between, and sees to it that there is one turn at a time. (Two
/// at once get no second machine: the volume is attached to the first.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The volume.
    pub volume: VolumeId,
    /// Where it is, and so every machine of the session.
    pub region: Option<String>,
    /// The agent's id of the conversation, a UUID.
    pub conversation: String,
    /// Whether the conversation has begun.
    pub begun: bool,
    /// Where jobs start: where the first one did.
    pub workdir: Option<OsText>,
}

impl Session {
    /// Makes the volume of a new session, which is to have that conversation. With a deadline it is destroyed by the first sweep after that.
    ///
    /// # Errors
    /// `Unsupported` where volumes do not show at a path; what the provider says. Nothing is left then.
    pub async fn create(
        fleet: &Fleet,
        spec: &VolumeSpec,
        deadline: Option<Timestamp>,
        conversation: Conversation,
    ) -> Result<Self> {
        possible(&**fleet.provider())?;
        let volume = fleet.create_volume(spec, Lifetime::Deadline, deadline).await?;
        Ok(Self {
            volume: volume.id,
            region: volume.region,
            conversation: conversation.id,
            begun: conversation.resumed,
            workdir: None,
        })
    }

    /// What the next prompt belongs to.
    pub fn conversation(&self) -> Conversation {
        Conversation { id: self.conversation.clone(), resumed: self.begun }
    }

    /// The job as a turn of this session, to be [started](crate::start) as any other. The first one decides where the others start
    /// that do not say so.
    #[must_use]
    pub fn turn(&mut self, mut spec: JobSpec) -> JobSpec {
        spec.machine.volumes.push(VolumeMount { volume: self.volume.clone(), path: WORK.to_owned() });
        if let Some(region) = &self.region {
            spec.machine.regions = vec![region.clone()];
        }
        if !spec.variables().iter().any(|variable| variable.name.as_bytes() == b"HOME") {
            spec.env.push(EnvVar::new("HOME", WORK));
        }
        let first = self.workdir.get_or_insert_with(|| workdir(&spec)).clone();
        spec.workdir.get_or_insert(first);
        spec
    }

    /// A turn with a prompt is over. An agent whose first turn failed may or may not know the conversation: the next one begins
    /// another.
    ///
    /// # Errors
    /// `System` where this computer gives no random numbers.
    pub fn prompted(&mut self, succeeded: bool) -> Result<()> {
        if succeeded {
            self.begun = true;
        } else if !self.begun {
            self.conversation = Conversation::fresh()?.id;
        }
        Ok(())
    }

    /// Destroys the volume, and what is on it.
    ///
    /// # Errors
    /// `Conflict` while a turn has it; what the provider says.
    pub async fn destroy(&self, fleet: &Fleet, deadline: Deadline) -> Result<Destroyed> {
        fleet.destroy_volume(&self.volume, deadline).await
    }
}

fn possible(provider: &dyn CloudProvider) -> Result<()> {
    if provider.volumes().is_some() && provider.capabilities().volume_paths {
        return Ok(());
    }
    let what = "keep a session, because a volume does not show at a path in its machines";
    Err(Error::unsupported(provider.info().kind, what).with_hint("`--provider local` and `--provider fly` can"))
}

#[cfg(test)]
mod tests {
    use machine_core::MachineSpec;

    use super::*;
    use crate::RepoSpec;

    fn session() -> Session {
        let (volume, region) = (VolumeId::new("v-1"), Some("ams".to_owned()));
        Session { volume, region, conversation: Conversation::fresh().unwrap().id, begun: false, workdir: None }
    }

    fn job() -> JobSpec {
        JobSpec::new(MachineSpec::new("turn-1".parse().unwrap()), vec!["true".into()])
    }

    #[test]
    fn every_turn_starts_where_the_first_one_did() {
        let mut session = session();
        let first =
            session.turn(JobSpec { repos: vec![RepoSpec::parse("https://example.org/app.git").unwrap()], ..job() });
        assert_eq!(first.workdir, Some("/work/app".into()));
        assert_eq!(
            (first.machine.regions.as_slice(), first.machine.volumes[0].path.as_str()),
            (&["ams".to_owned()][..], "/work")
        );
        assert_eq!(session.turn(job()).workdir, Some("/work/app".into()));
        assert_eq!(session.turn(JobSpec { workdir: Some("/tmp".into()), ..job() }).workdir, Some("/tmp".into()));
        let own = session.turn(JobSpec { env: vec![EnvVar::new("HOME", "/elsewhere")], ..job() });
        assert_eq!(own.env, [EnvVar::new("HOME", "/elsewhere")]);
    }

    #[test]
    fn a_conversation_that_did_not_begin_is_not_resumed() {
        let mut session = session();
        let first = session.conversation();
        assert!(!first.resumed && first.id.len() == 36 && first.id.as_bytes()[14] == b'4', "{first:?}");
        session.prompted(false).unwrap();
        assert_ne!(session.conversation().id, first.id);
        session.prompted(true).unwrap();
        let begun = session.conversation();
        session.prompted(false).unwrap();
        assert_eq!(session.conversation(), begun);
        assert!(begun.resumed);
    }
}
