//! What stands behind a flag: parsed once, refused with a sentence.

mod address;
mod duration;
mod env;
mod size;
mod volume;

pub(crate) use address::{CopyEnd, copy_end, port};
pub(crate) use duration::{Moment, deadline, duration, moment};
pub(crate) use env::{from_file as env_from_file, from_flag as env_from_flag, label};
pub(crate) use size::{gib, mib};
pub(crate) use volume::VolumeArg;
