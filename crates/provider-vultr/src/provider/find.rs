//! Finding what an intent made, by its tag.

use jiff::Timestamp;
use machine_core::{Completeness, Found, IntentId, Result};

use super::VultrProvider;
use crate::convert::{intent_tag, machine};
use crate::wire::Instance;

impl VultrProvider {
    pub(super) async fn find_machines(&self, intent: IntentId) -> Result<Found> {
        let as_of = Timestamp::now();
        let tag = [("tag", intent_tag(intent))];
        let pages: Vec<Vec<Instance>> = self.api.pages(&["instances"], &tag).await?;
        // The cloud may take the tag for a part of one, or not look at it at all.
        let ours: Vec<Instance> = pages.into_iter().flatten().filter(|found| found.tags.contains(&tag[0].1)).collect();
        let (plans, blocks) = if ours.is_empty() {
            Default::default()
        } else {
            futures::try_join!(async { Ok(self.api.prices().await) }, self.api.all(&["blocks"]))?
        };
        let machines = ours.iter().map(|instance| machine(instance, &plans, &blocks)).collect();
        Ok(Found { machines, completeness: Completeness::Complete, as_of })
    }
}
