//! Random histories of several clients on one ledger and one cloud: faults, deaths, late creations, partial lists.

use std::collections::{BTreeMap, BTreeSet};

use crate::fake::{CreateFault, DestroyFault};
use crate::rig::*;
use machine_core::{IntentId, MachineId, Markers};
use machine_fleet::SweepOptions;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Deed {
    Create {
        client: usize,
        lifetime: Lifetime,
        fault: Option<CreateFault>,
    },
    /// The client leaves before the answer comes.
    CreateAndLeave {
        client: usize,
        lifetime: Lifetime,
    },
    Destroy {
        client: usize,
        pick: usize,
        fault: Option<DestroyFault>,
    },
    Sweep {
        client: usize,
        partial: bool,
    },
    Die {
        client: usize,
    },
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let client = 0usize..2;
    let lifetime = prop_oneof![Just(Lifetime::Client), Just(Lifetime::Deadline)];
    let create_fault = proptest::option::of(prop_oneof![
        Just(CreateFault::Refused),
        Just(CreateFault::LostAnswer),
        Just(CreateFault::LostAnswerTwice),
        Just(CreateFault::LostRequest),
        (1u32..5).prop_map(CreateFault::Late),
        Just(CreateFault::Applied),
    ]);
    let destroy_fault = proptest::option::of(prop_oneof![
        Just(DestroyFault::Forbidden),
        Just(DestroyFault::Busy),
        Just(DestroyFault::LostAnswer),
        (0u32..3, 0u32..3).prop_map(|(looks, lists)| DestroyFault::Slow(looks, lists)),
    ]);
    let deed = prop_oneof![
        4 => (client.clone(), lifetime.clone(), create_fault)
            .prop_map(|(client, lifetime, fault)| Deed::Create { client, lifetime, fault }),
        1 => (client.clone(), lifetime).prop_map(|(client, lifetime)| Deed::CreateAndLeave { client, lifetime }),
        2 => (client.clone(), 0usize..8, destroy_fault)
            .prop_map(|(client, pick, fault)| Deed::Destroy { client, pick, fault }),
        2 => (client.clone(), any::<bool>()).prop_map(|(client, partial)| Deed::Sweep { client, partial }),
        1 => client.prop_map(|client| Deed::Die { client }),
    ];
    proptest::collection::vec(deed, 1..14)
}

/// What the clients believe: the machines that they were given and did not give back, and who still waits for them.
#[derive(Default)]
struct Belief {
    given: BTreeMap<String, (usize, Lifetime)>,
}

impl Belief {
    /// Nothing that a living client holds, or that was made to stay, is ever killed wrongly.
    fn holds(&self, fake: &Fake, deed: &Deed) {
        let bill: BTreeSet<_> = fake.bill().into_iter().collect();
        for id in self.given.keys() {
            assert!(bill.contains(id), "{id} was killed wrongly by {deed:?}");
        }
    }
}

async fn live(deeds: Vec<Deed>) {
    let rig = Rig::new().await;
    let foreign = Markers { owner: OwnerId::new("theirs"), intent: IntentId::mint(), deadline: None };
    let untouchable = [rig.fake.put("by-hand", None), rig.fake.put("theirs", Some(foreign))];
    let mut clients = [rig.other().await, rig.other().await];
    let mut belief = Belief::default();
    for (n, deed) in deeds.into_iter().enumerate() {
        match deed {
            Deed::Create { client, lifetime, fault } => {
                rig.fake.world().on_create.extend(fault);
                if let Ok(machine) = clients[client].create(&spec(&format!("web-{n}")), lifetime, None).await {
                    belief.given.insert(machine.id.as_str().to_owned(), (client, lifetime));
                }
            }
            Deed::CreateAndLeave { client, lifetime } => {
                rig.fake.fail_create(CreateFault::Gate);
                let wanted = spec(&format!("web-{n}"));
                let creating = clients[client].create(&wanted, lifetime, None);
                tokio::select! {
                    _ = creating => panic!("it cannot be done yet"),
                    arrived = rig.fake.arrived.acquire() => arrived.unwrap().forget(),
                }
                rig.fake.gate.add_permits(1);
            }
            Deed::Destroy { client, pick, fault } => {
                let Some(id) = belief.given.keys().nth(pick).cloned() else { continue };
                rig.fake.world().on_destroy.extend(fault);
                // Destroyed or not, it is given back.
                belief.given.remove(&id);
                let _ = clients[client].destroy(&MachineId::new(id), soon()).await;
                rig.fake.world().on_destroy.clear();
            }
            Deed::Sweep { client, partial } => {
                rig.fake.world().partial = partial;
                clients[client].sweep(SweepOptions { deadline: brief(), ..Default::default() }).await.unwrap();
                rig.fake.world().partial = false;
            }
            Deed::Die { client } => {
                belief.given.retain(|_, (holder, lifetime)| *holder != client || *lifetime == Lifetime::Deadline);
                // What it left running would keep it alive here, where one process plays them all.
                assert!(clients[client].finish(soon()).await);
                clients[client] = rig.other().await;
            }
        }
        belief.holds(&rig.fake, &deed);
    }
    for client in &clients {
        assert!(client.finish(soon()).await);
    }
    drop(clients);
    belief.given.retain(|_, (_, lifetime)| *lifetime == Lifetime::Deadline);
    // More sweeps than the latest creation takes looks to show.
    for _ in 0..6 {
        let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
        assert!(report.brake.is_none(), "everything has a record: {report:#?}");
        belief.holds(&rig.fake, &Deed::Sweep { client: 0, partial: false });
    }
    nothing_is_leaked(&rig, &untouchable).await;
}

/// What is left is what nobody may touch, and what was made to stay: each bound by one line, one for each intent.
async fn nothing_is_leaked(rig: &Rig, untouchable: &[MachineId]) {
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
    let mut bill: BTreeSet<_> = rig.fake.bill().into_iter().collect();
    for id in untouchable {
        assert!(bill.remove(id.as_str()), "{id} was not ours to touch");
    }
    let entries = rig.entries().await;
    let bound: BTreeSet<_> = entries
        .into_iter()
        .filter(|entry| entry.state == State::Bound && entry.intent.lifetime == Lifetime::Deadline)
        .filter_map(|entry| entry.resource_id)
        .collect();
    assert_eq!(bill, bound, "what is billed is what the ledger keeps");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_leaks_a_machine_or_kills_one_wrongly(deeds in deeds()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(deeds));
    }
}
