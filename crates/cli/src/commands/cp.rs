//! `machine cp`.

use std::ffi::OsString;

use clap::Args;
use machine_core::{Error, ErrorKind, ProviderExt as _};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::values::{CopyEnd, copy_end};

const EXAMPLES: &str = "\
Examples:
  machine cp notes.txt web-1:/tmp/
  machine cp web-1:/var/log/app ./logs
  machine cp ./a:b web-1:/tmp/            a local name with a colon starts with ./ or /";

/// Copies files or directories to or from a running machine.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Cp {
    /// What to copy: a path here, or NAME:PATH.
    #[arg(value_name = "FROM")]
    from: OsString,
    /// Where to: NAME:PATH, or a path here.
    #[arg(value_name = "TO")]
    to: OsString,
}

impl Cp {
    /// Copies.
    ///
    /// # Errors
    /// `Invalid` unless exactly one end is in a machine; what the machine or this computer refuses.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let copied = match (copy_end(&self.from), copy_end(&self.to)) {
            (CopyEnd::Here(from), CopyEnd::Inside { machine, path }) => {
                let machine = app.provider().resolve(&machine).await?;
                machine_agent::copy_in(app.shared_provider(), &machine.id, &from, &path).await?
            }
            (CopyEnd::Inside { machine, path }, CopyEnd::Here(to)) => {
                let machine = app.provider().resolve(&machine).await?;
                machine_agent::copy_out(app.shared_provider(), &machine.id, &path, &to).await?
            }
            (CopyEnd::Here(_), CopyEnd::Here(_)) => {
                return Err(Error::new(ErrorKind::Invalid, "neither end of the copy is in a machine")
                    .with_hint("write the machine's end as NAME:PATH")
                    .into());
            }
            (CopyEnd::Inside { .. }, CopyEnd::Inside { .. }) => {
                return Err(Error::new(ErrorKind::Invalid, "both ends of the copy are in machines")
                    .with_hint("copy to this computer first, then to the other machine")
                    .into());
            }
        };
        app.printer.progress(format_args!("{} files, {} bytes", copied.files, copied.bytes));
        Ok(code::OK)
    }
}
