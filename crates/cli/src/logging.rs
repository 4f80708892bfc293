//! `--log`, `--debug` and `$MACHINE_LOG`: what we do, told on standard error; and to a collector where one is configured.

use std::sync::Mutex;

use machine_core::{Error, ErrorKind, Result};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::cli::Globals;
use crate::streams::Target;
use crate::surroundings::Surroundings;

/// The environment variable that stands in for `--log`.
const VARIABLE: &str = "MACHINE_LOG";

/// What `--debug` selects: everything of ours, each call and request among it.
const DEBUG: &str = "machine=debug";

/// What `--verbose` selects: what a provider is asked to do, step by step.
const VERBOSE: &str = "machine_core=debug";

/// One that is put among others.
type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Logging that was started. Dropping it sends what is still on its way to a collector.
#[derive(Default)]
pub(crate) struct Logging {
    #[cfg(feature = "otel")]
    _export: Option<crate::otel::Export>,
}

/// Starts to log what the flags or the environment select.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a filter that cannot be read; with the feature `otel`, a collector that cannot be exported to.
pub(crate) fn start(globals: &Globals, surroundings: &Surroundings) -> Result<Logging> {
    let mut layers: Vec<AnyLayer> = Vec::new();
    layers.extend(printed(globals, surroundings)?);
    #[cfg(not(feature = "otel"))]
    let logging = Logging::default();
    #[cfg(feature = "otel")]
    let logging = {
        let (layer, export) = crate::otel::export(&surroundings.environment)?.unzip();
        layers.extend(layer.map(|layer| layer.with_filter(EnvFilter::new(DEBUG)).boxed()));
        Logging { _export: export }
    };
    if !layers.is_empty() {
        // A program that we are a part of may log in a way of its own already; then it goes on to do so.
        drop(tracing_subscriber::registry().with(layers).try_init());
    }
    Ok(logging)
}

/// What goes to standard error.
fn printed(globals: &Globals, surroundings: &Surroundings) -> Result<Option<AnyLayer>> {
    let variable = surroundings.environment.get(VARIABLE).and_then(|filter| filter.to_str());
    let flag = globals.log.as_deref().filter(|filter| !filter.is_empty());
    let Some(filter) = flag.or(globals.debug.then_some(DEBUG)).or(globals.verbose.then_some(VERBOSE)).or(variable)
    else {
        return Ok(None);
    };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("`{filter}` is not a log filter: {error}"))
            .with_hint("write it like debug, or machine_fleet=trace,info")
    })?;
    let writer = surroundings.streams.stderr_file().map_err(|error| Error::io("cannot log", error))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(Mutex::new(writer))
        .with_ansi(surroundings.wants_colours(Target::Stderr));
    Ok(Some(layer.with_filter(filter).boxed()))
}
