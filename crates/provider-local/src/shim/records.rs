//! Writing `state.json` and `exit.json` so that nobody ever sees half of one.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use serde::Serialize;

/// Whether a file has to be on the disk before anything else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// It says something about this boot only: a crash of the computer makes it void anyway.
    ThisBoot,
    /// It has to survive a crash of the computer.
    Durable,
}

/// Replaces the file `name` in the working directory.
pub(super) fn write(name: &str, record: &impl Serialize, durability: Durability) -> io::Result<()> {
    let temporary = format!("{name}.new");
    let mut json = serde_json::to_vec(record)?;
    json.push(b'\n');
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&json)?;
    if durability == Durability::Durable {
        file.sync_data()?;
    }
    fs::rename(&temporary, name)?;
    if durability == Durability::Durable {
        File::open(".")?.sync_all()?;
    }
    Ok(())
}
