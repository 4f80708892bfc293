//! Directory trees in and out of a machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, OsText, Result};
use machine_guest::archive::{Packer, Summary, unpack};
use tokio::task::spawn_blocking;

use crate::guest::Inside;
use crate::pipe::{PieceWriter, to_async, to_blocking};

/// What was carried in, and what was left out, one sentence each.
pub(crate) type Carried = (Summary, Vec<String>);

/// Packs with `pack` on a thread of its own and feeds the guest's `command`.
pub(crate) async fn send(
    inside: &Inside,
    command: &[OsText],
    pack: impl FnOnce(&mut Packer<PieceWriter>) -> Result<()> + Send + 'static,
) -> Result<Carried> {
    let (writer, pieces) = to_async();
    let packing = spawn_blocking(move || {
        let mut packer = Packer::new(writer);
        pack(&mut packer)?;
        packer.finish()
    });
    let (fed, packed) = tokio::join!(inside.feed(command, pieces), packing);
    let packed =
        packed.map_err(|error| Error::new(ErrorKind::System, "the files could not be packed").with_source(error))?;
    match (packed, fed) {
        // A connection that takes no more is the consequence of what the guest says.
        (Err(ours), Err(theirs)) if ours.kind() == ErrorKind::Network => Err(theirs),
        (Err(ours), _) => Err(ours),
        (_, Err(theirs)) => Err(theirs),
        (Ok(carried), Ok(_)) => Ok(carried),
    }
}

/// Copies the tree at `from` into the machine's directory `to` under `name`.
pub(crate) async fn send_tree(inside: &Inside, from: PathBuf, name: OsString, to: &str) -> Result<Carried> {
    send(inside, &["receive".into(), to.into()], move |packer| packer.add_tree(&from, Path::new(&name))).await
}

/// Copies the file or tree at `from` into the machine as `cp` would.
pub(crate) async fn send_as(inside: &Inside, from: PathBuf, name: OsString, to: &OsText) -> Result<Carried> {
    send(inside, &["receive-as".into(), to.clone()], move |packer| packer.add_tree(&from, Path::new(&name))).await
}

/// Brings `paths` of the machine back into the directory `into`, named as seen from the machine's directory `base`. With
/// `rename`, the one path gets that name. Says what the machine left out.
pub(crate) async fn fetch(
    inside: &Inside,
    base: OsText,
    paths: Vec<OsText>,
    into: PathBuf,
    rename: Option<OsString>,
) -> Result<Carried> {
    let (sender, reader) = to_blocking();
    let mut command: Vec<OsText> = vec!["send".into(), base];
    command.extend(paths);
    let unpacking = spawn_blocking(move || {
        let mut reader = reader;
        let summary = unpack(&mut reader, &into, rename.as_deref())?;
        // The padding behind the archive's end: whoever sends it must not find the queue closed.
        std::io::copy(&mut reader, &mut std::io::sink()).map(drop).unwrap_or_default();
        Ok::<_, Error>(summary)
    });
    let (sent, unpacked) = tokio::join!(inside.drink(&command, sender), unpacking);
    let unpacked = unpacked
        .map_err(|error| Error::new(ErrorKind::System, "the files could not be unpacked").with_source(error))?;
    match (sent, unpacked) {
        // What is cut short is the consequence of what the guest says; what cannot be written is ours.
        (Err(theirs), Err(ours)) if ours.kind() == ErrorKind::Protocol => Err(theirs),
        (_, Err(ours)) => Err(ours),
        (Err(theirs), _) => Err(theirs),
        (Ok(words), Ok(summary)) => Ok((summary, words.lines().map(str::to_owned).collect())),
    }
}
