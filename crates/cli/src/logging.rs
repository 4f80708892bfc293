//! `--log` and `$MACHINE_LOG`.

use std::io::IsTerminal as _;

use machine_core::{Error, ErrorKind, Result};
use tracing_subscriber::EnvFilter;

/// Starts to log what `filter` selects on standard error; nothing where there is no filter.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a filter that cannot be read.
pub(crate) fn start(filter: Option<&str>) -> Result<()> {
    let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return Ok(()) };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("`{filter}` is not a log filter: {error}"))
            .with_hint("write it like debug, or machine_fleet=trace,info")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init()
        .map_err(|error| Error::new(ErrorKind::System, format!("cannot start to log: {error}")))
}
