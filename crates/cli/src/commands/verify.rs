//! `machine verify`: whether a receipt is what it was when it was written.

use std::path::PathBuf;

use clap::Args;
use machine_core::{Error, ErrorKind};

use crate::failure::{Failure, code};
use crate::jobs::{Receipt, Store};
use crate::setup::Setup;

const EXAMPLES: &str = "\
Examples:
  machine jobs receipt 01k3 > receipt.json
  machine verify receipt.json";

/// The largest file that is read as a receipt.
const LARGEST: u64 = 1 << 20;

/// Checks the receipt of a job: that nobody has changed it, and that it says what is kept of the job here, where it is.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The receipt, as `machine jobs receipt` wrote it.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Verify {
    /// Does it. No provider is asked.
    ///
    /// # Errors
    /// A file that is no receipt; [`ErrorKind::Conflict`] for one that does not hold.
    pub(crate) fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let unreadable = |error| Error::io(format_args!("cannot read `{}`", self.file.display()), error);
        if std::fs::metadata(&self.file).map_err(unreadable)?.len() > LARGEST {
            return Err(Error::new(ErrorKind::Invalid, "this is no receipt: it is larger than 1 MiB").into());
        }
        let receipt = Receipt::parse(&std::fs::read(&self.file).map_err(unreadable)?)?;
        let flaws = receipt.flaws(&Store::open(&setup.state()?)?)?;
        if !flaws.is_empty() {
            let what = format!("the receipt of the job `{}` does not hold: {}", receipt.job, flaws.join("; "));
            return Err(Error::new(ErrorKind::Conflict, what).into());
        }
        let left = if receipt.leaves_nothing() { "its machine is gone" } else { "its machine may still be there" };
        setup.printer.line(format_args!("the receipt of the job {} holds; {left}", receipt.job))?;
        Ok(code::OK)
    }
}
