//! Random histories of two clients on one ledger and one cloud: at the same time, with faults, kills in the middle of requests,
//! creations that come late, and lists that are partial, stale or empty.

mod deeds;

use std::collections::{BTreeMap, BTreeSet};

use self::deeds::{Act, Deed, Killed, Lists, deeds};
use crate::fake::{CreateFault, DestroyFault};
use crate::rig::*;
use machine_core::{IntentId, MachineId, Markers};
use machine_fleet::SweepOptions;
use proptest::prelude::*;

/// How old a list may be where lists lag.
const LAG: Duration = Duration::from_millis(20);

/// What the clients believe: the machines that they were given and did not give back, and who still waits for them.
#[derive(Default)]
struct Belief {
    given: BTreeMap<String, (usize, Lifetime)>,
}

impl Belief {
    /// Nothing that a living client holds, or that was made to stay, is ever killed wrongly.
    fn holds(&self, fake: &Fake, deed: &dyn std::fmt::Debug) {
        let bill: BTreeSet<_> = fake.bill().into_iter().collect();
        for id in self.given.keys() {
            assert!(bill.contains(id), "{id} was killed wrongly by {deed:?}");
        }
    }

    fn gives_back(&mut self, pick: usize) -> Option<MachineId> {
        let id = self.given.keys().nth(pick).cloned()?;
        self.given.remove(&id);
        Some(MachineId::new(id))
    }

    fn loses(&mut self, client: usize) {
        self.given.retain(|_, (holder, lifetime)| *holder != client || *lifetime == Lifetime::Deadline);
    }
}

/// A request whose client is dead already, and which the cloud gets at that deed.
struct OnItsWay {
    at: usize,
    name: String,
    markers: Markers,
}

/// A history in progress.
struct Play {
    rig: Rig,
    clients: [Fleet; 2],
    belief: Belief,
    on_its_way: Vec<OnItsWay>,
}

impl Play {
    async fn new(lag: Duration) -> Self {
        let rig = Rig::on(Fake::lagging(lag)).await;
        let clients = [rig.quick().await, rig.quick().await];
        Self { rig, clients, belief: Belief::default(), on_its_way: Vec::new() }
    }

    async fn do_(&mut self, n: usize, deed: &Deed) {
        let arrived: Vec<_> = self.on_its_way.extract_if(.., |request| request.at <= n).collect();
        for request in arrived {
            self.rig.fake.put(&request.name, Some(request.markers));
        }
        match deed {
            Deed::Alone(client, act) => {
                let target = self.prepare(act);
                let given = perform(&self.clients[*client], act, &format!("web-{n}"), target).await;
                self.keep(*client, act, given);
            }
            Deed::Together(one, two) => {
                let (first, second) = (self.prepare(one), self.prepare(two));
                let [a, b] = &self.clients;
                let (names, others) = (format!("web-{n}"), format!("too-{n}"));
                let (given, other) = tokio::join!(perform(a, one, &names, first), perform(b, two, &others, second));
                self.keep(0, one, given);
                self.keep(1, two, other);
            }
            Deed::CreateAndLeave(client, lifetime) => {
                self.rig.fake.fail_create(CreateFault::Gate);
                let wanted = spec(&format!("web-{n}"));
                let creating = self.clients[*client].create(&wanted, *lifetime, None);
                tokio::select! {
                    _ = creating => panic!("it cannot be done yet"),
                    arrived = self.rig.fake.arrived.acquire() => arrived.unwrap().forget(),
                }
                self.rig.fake.gate.add_permits(1);
            }
            Deed::Kill(client, killed) => self.kill(n, *client, killed).await,
            Deed::End(client) => {
                self.belief.loses(*client);
                // What it left running would keep it alive here, where one process plays them all.
                assert!(self.clients[*client].finish(soon()).await);
                self.clients[*client] = self.rig.quick().await;
            }
        }
        let mut world = self.rig.fake.world();
        world.on_create.clear();
        world.on_destroy.clear();
        world.on_list.clear();
        world.partial = false;
    }

    /// Has the cloud go wrong as the act says; answers with what is destroyed.
    fn prepare(&mut self, act: &Act) -> Option<MachineId> {
        let mut world = self.rig.fake.world();
        match act {
            Act::Create { fault, .. } => world.on_create.extend(*fault),
            Act::Destroy { pick, fault } => {
                let target = self.belief.gives_back(*pick);
                world.on_destroy.extend(fault.filter(|_| target.is_some()));
                return target;
            }
            Act::Sweep { lists: Lists::Partial } => world.partial = true,
            Act::Sweep { lists: Lists::Lying(faults) } => world.on_list.extend(faults),
            Act::Sweep { lists: Lists::True } => {}
        }
        None
    }

    fn keep(&mut self, client: usize, act: &Act, given: Option<Machine>) {
        if let (Act::Create { lifetime, .. }, Some(machine)) = (act, given) {
            self.belief.given.insert(machine.id.as_str().to_owned(), (client, *lifetime));
        }
    }

    /// The client begins something and is gone in the middle of it, with everything that it had running.
    async fn kill(&mut self, n: usize, client: usize, killed: &Killed) {
        let name = format!("web-{n}");
        let target = match killed {
            Killed::AfterTheDestroy { pick } => match self.belief.gives_back(*pick) {
                None => return,
                target => target,
            },
            _ => None,
        };
        // What either has in the background is done first: it could meet the fault that is meant for this.
        for client in &self.clients {
            assert!(client.finish(soon()).await);
        }
        match killed {
            Killed::BeforeTheEffect { .. } => self.rig.fake.fail_create(CreateFault::Gate),
            Killed::AfterTheEffect { .. } => self.rig.fake.fail_create(CreateFault::Hang),
            Killed::AfterTheDestroy { .. } => self.rig.fake.fail_destroy(DestroyFault::Hang),
        }
        let doomed = std::mem::replace(&mut self.clients[client], self.rig.quick().await);
        let ledger = Arc::downgrade(doomed.ledger());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let act = match killed {
            Killed::BeforeTheEffect { lifetime, .. } | Killed::AfterTheEffect { lifetime } => {
                Act::Create { lifetime: *lifetime, fault: None }
            }
            Killed::AfterTheDestroy { .. } => Act::Destroy { pick: 0, fault: None },
        };
        let wanted = name.clone();
        drop(runtime.spawn(async move { perform(&doomed, &act, &wanted, target).await }));
        self.rig.fake.arrived.acquire().await.unwrap().forget();
        runtime.shutdown_background();
        while ledger.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.belief.loses(client);
        if let Killed::BeforeTheEffect { arrives: Some(later), .. } = killed {
            let entries = self.rig.entries().await;
            let sent = entries.iter().find(|entry| entry.intent.name == name).unwrap();
            self.on_its_way.push(OnItsWay { at: n + later, name, markers: sent.intent.markers() });
        }
    }
}

/// What a client is given by it, if anything.
async fn perform(client: &Fleet, act: &Act, name: &str, target: Option<MachineId>) -> Option<Machine> {
    match act {
        Act::Create { lifetime, .. } => client.create(&spec(name), *lifetime, None).await.ok(),
        Act::Destroy { .. } => {
            if let Some(id) = target {
                // Destroyed or not, it is given back.
                let _ = client.destroy(&id, soon()).await;
            }
            None
        }
        Act::Sweep { .. } => {
            client.sweep(SweepOptions { deadline: brief(), ..Default::default() }).await.unwrap();
            None
        }
    }
}

async fn live(deeds: Vec<Deed>, lag: Duration) {
    let mut play = Play::new(lag).await;
    let foreign = Markers { owner: OwnerId::new("theirs"), intent: IntentId::mint(), deadline: None };
    let untouchable = [play.rig.fake.put("by-hand", None), play.rig.fake.put("theirs", Some(foreign))];
    for (n, deed) in deeds.iter().enumerate() {
        play.do_(n, deed).await;
        play.belief.holds(&play.rig.fake, deed);
    }
    let Play { rig, clients, mut belief, on_its_way } = play;
    for client in &clients {
        assert!(client.finish(soon()).await);
    }
    drop(clients);
    for request in on_its_way {
        rig.fake.put(&request.name, Some(request.markers));
    }
    belief.given.retain(|_, (_, lifetime)| *lifetime == Lifetime::Deadline);
    let last = rig.quick().await;
    // More sweeps than the latest creation takes looks to show.
    for _ in 0..6 {
        let report = last.sweep(SweepOptions::default()).await.unwrap();
        assert!(report.brake.is_none(), "everything has a record: {report:#?}");
        belief.holds(&rig.fake, &"the last sweeps");
        tokio::time::sleep(lag).await;
    }
    if !lag.is_zero() {
        // Absence is believed later there.
        tokio::time::sleep(QUICK_CREATE + lag).await;
        for _ in 0..2 {
            last.sweep(SweepOptions::default()).await.unwrap();
        }
    }
    nothing_is_leaked(&rig, &untouchable).await;
}

/// What is left is what nobody may touch, and what was made to stay: each bound by one line, one for each intent.
async fn nothing_is_leaked(rig: &Rig, untouchable: &[MachineId]) {
    let open = rig.fleet.open_intents().await.unwrap();
    assert!(open.is_empty(), "{open:#?}");
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

fn run(deeds: Vec<Deed>, lag: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(live(deeds, lag));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_leaks_a_machine_or_kills_one_wrongly(deeds in deeds()) {
        run(deeds, Duration::ZERO);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nor_does_one_where_lists_lag(deeds in deeds()) {
        run(deeds, LAG);
    }
}
