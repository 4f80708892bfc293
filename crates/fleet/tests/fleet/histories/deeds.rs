//! What may happen in a history.

use crate::fake::{CreateFault, DestroyFault, ListFault};
use machine_core::Lifetime;
use proptest::prelude::*;

/// One thing that a client does.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Create { lifetime: Lifetime, fault: Option<CreateFault> },
    Destroy { pick: usize, fault: Option<DestroyFault> },
    Sweep { lists: Lists },
}

/// What the cloud's lists are worth meanwhile.
#[derive(Debug, Clone)]
pub(super) enum Lists {
    True,
    /// All of them leave everything out, and say so.
    Partial,
    /// The next ones are like this, and say that they are complete.
    Lying(Vec<ListFault>),
}

/// In the middle of what a client is killed.
#[derive(Debug, Clone)]
pub(super) enum Killed {
    /// Its request is on its way. The cloud gets it so many deeds later, or never.
    BeforeTheEffect { lifetime: Lifetime, arrives: Option<usize> },
    /// The cloud has made the machine and the answer is on its way.
    AfterTheEffect { lifetime: Lifetime },
    /// The cloud has destroyed the machine and the answer is on its way.
    AfterTheDestroy { pick: usize },
}

/// One entry of a history.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Alone(usize, Act),
    /// Both clients at once: the first does this, the second that.
    Together(Act, Act),
    /// The client leaves before the answer comes, and its program goes on.
    CreateAndLeave(usize, Lifetime),
    Kill(usize, Killed),
    /// The client ends, and leaves nothing running.
    End(usize),
}

/// A history.
pub(super) fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let client = 0usize..2;
    let deed = prop_oneof![
        6 => (client.clone(), act()).prop_map(|(client, act)| Deed::Alone(client, act)),
        4 => (act(), act()).prop_map(|(one, two)| Deed::Together(one, two)),
        1 => (client.clone(), lifetime()).prop_map(|(client, lifetime)| Deed::CreateAndLeave(client, lifetime)),
        3 => (client.clone(), killed()).prop_map(|(client, killed)| Deed::Kill(client, killed)),
        1 => client.prop_map(Deed::End),
    ];
    proptest::collection::vec(deed, 1..14)
}

fn lifetime() -> impl Strategy<Value = Lifetime> + Clone {
    prop_oneof![Just(Lifetime::Client), Just(Lifetime::Deadline)]
}

fn act() -> impl Strategy<Value = Act> {
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
    let lying = proptest::collection::vec(prop_oneof![Just(ListFault::Empty), Just(ListFault::Stale)], 1..3);
    let lists = prop_oneof![2 => Just(Lists::True), 1 => Just(Lists::Partial), 2 => lying.prop_map(Lists::Lying)];
    prop_oneof![
        2 => (lifetime(), create_fault).prop_map(|(lifetime, fault)| Act::Create { lifetime, fault }),
        1 => (0usize..8, destroy_fault).prop_map(|(pick, fault)| Act::Destroy { pick, fault }),
        1 => lists.prop_map(|lists| Act::Sweep { lists }),
    ]
}

fn killed() -> impl Strategy<Value = Killed> {
    let arrives = proptest::option::of(0usize..6);
    prop_oneof![
        (lifetime(), arrives).prop_map(|(lifetime, arrives)| Killed::BeforeTheEffect { lifetime, arrives }),
        lifetime().prop_map(|lifetime| Killed::AfterTheEffect { lifetime }),
        (0usize..8).prop_map(|pick| Killed::AfterTheDestroy { pick }),
    ]
}
