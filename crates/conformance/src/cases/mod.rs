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
mod preview;
mod projects;
mod secrets;
mod shell;
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
    preview::CASES,
    projects::CASES,
    secrets::CASES,
    shell::CASES,
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
    let mut id: Vec<char> = like.as_str().chars().collect();
    // Turning the last letters and digits keeps the shape: a number stays a number, hexadecimal stays that.
    for place in id.iter_mut().rev().filter(|place| place.is_ascii_alphanumeric()).take(6) {
        *place = match *place {
            '9' => '0',
            'f' => 'a',
            'F' => 'A',
            'z' => 'x',
            'Z' => 'X',
            other => char::from_u32(u32::from(other).wrapping_add(1)).unwrap_or(other),
        };
    }
    machine_core::MachineId::new(id.into_iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_id_has_the_shape_and_is_another() {
        for (id, other) in [("148ed193", "149fe204"), ("m-zzz9f", "n-xxx0a"), ("499", "500"), ("a-b-c", "b-c-d")] {
            assert_eq!(nobodys(&machine_core::MachineId::new(id)).as_str(), other);
        }
    }
}
