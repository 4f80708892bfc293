//! Many machines at once.

use futures::StreamExt as _;
use futures::stream;
use machine_core::{CloudProvider as _, Completeness, Destroyed, MachineState, ProviderExt as _, Selector};

use crate::bench::{Bench, blocking, spec};
use crate::common::Case;

pub(crate) const CASES: &[Case] = &[("five_hundred_machines_come_and_go", five_hundred_machines_come_and_go)];

const MANY: usize = 500;
/// As many as are created or destroyed at the same time.
const AT_ONCE: usize = 8;

fn five_hundred_machines_come_and_go() {
    blocking(async |bench: Bench| {
        let wishes: Vec<_> = (0..MANY).map(|_| spec()).collect();
        let made: Vec<_> = stream::iter(&wishes)
            .map(|wish| async { bench.create(wish).await.unwrap().id })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let (listed, completeness, problems) = bench.provider.list_all(Selector::all()).await.unwrap();
        assert_eq!((listed.len(), completeness, problems), (MANY, Completeness::Complete, Vec::new()));
        let running = listed.iter().filter(|machine| machine.state == MachineState::Running).count();
        assert_eq!(running, MANY, "all of them run at once");
        let destroyed: Vec<_> = stream::iter(&made)
            .map(|id| async { bench.provider.destroy(id).await.unwrap() })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        assert!(destroyed.iter().all(|how| *how == Destroyed::Accepted));
        assert!(bench.is_empty());
    });
}
