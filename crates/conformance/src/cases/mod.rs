//! All cases, a file for each group.

mod account;
mod catalog;
mod create;
mod create_asks;
mod create_faults;
mod destroy;
mod dns;
mod exec;
mod exec_session;
mod find;
mod get;
mod list;
mod list_pages;
mod logs;
mod power;
mod projects;
mod secrets;
mod snapshots;
mod ssh_keys;
mod states;
mod unsupported;
mod update;
mod volumes;
mod volumes_life;
mod wait;

use crate::case::Case;

const GROUPS: &[&[Case]] = &[
    account::CASES,
    catalog::CASES,
    create::CASES,
    create_asks::CASES,
    create_faults::CASES,
    destroy::CASES,
    dns::CASES,
    exec::CASES,
    exec_session::CASES,
    find::CASES,
    get::CASES,
    list::CASES,
    list_pages::CASES,
    logs::CASES,
    power::CASES,
    projects::CASES,
    secrets::CASES,
    snapshots::CASES,
    ssh_keys::CASES,
    states::CASES,
    unsupported::CASES,
    update::CASES,
    volumes::CASES,
    volumes_life::CASES,
    wait::CASES,
];

/// All cases.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().copied().flatten()
}

/// The id of a machine that nobody ever had, in the shape that this provider's ids have.
pub(crate) fn nobodys(like: &machine_core::MachineId) -> machine_core::MachineId {
    // Turning the last letter or digit keeps the shape, whatever it is.
    let mut id: Vec<char> = like.as_str().chars().collect();
    for place in id.iter_mut().rev().take(6) {
        *place = match *place {
            '0'..='8' | 'a'..='e' => char::from_u32(u32::from(*place).wrapping_add(1)).unwrap_or('0'),
            '9' => '0',
            'f' => 'a',
            other => other,
        };
    }
    machine_core::MachineId::new(id.into_iter().collect::<String>())
}
