//! Export of what is traced to an OpenTelemetry collector, over OTLP and HTTP. Only with the feature `otel`, and only where
//! the environment names a collector, as the OpenTelemetry specification has it.

use std::time::Duration;

use machine_core::{Environment, Error, ErrorKind, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Registry;

/// The environment variable that names the collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// The environment variable that names this program to it.
const SERVICE: &str = "OTEL_SERVICE_NAME";

/// The longest that one batch may take on its way.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// The longest that the end of the program waits for what is still on its way.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// An export that is under way. Dropping it sends the rest.
pub(crate) struct Export(SdkTracerProvider);

impl Drop for Export {
    fn drop(&mut self) {
        // A collector that does not listen is no reason to fail what was asked for.
        drop(self.0.shutdown_with_timeout(FLUSH_WITHIN));
    }
}

/// The layer that exports, where the environment names a collector.
///
/// # Errors
/// [`ErrorKind::Config`] for a collector that cannot be exported to.
pub(crate) fn export(environment: &Environment) -> Result<Option<(OpenTelemetryLayer<Registry, Tracer>, Export)>> {
    let text = |name| environment.get(name).and_then(|value| value.to_str());
    let Some(endpoint) = text(ENDPOINT) else { return Ok(None) };
    // The exporter's own client is built with whatever TLS the program has; a provider chosen before is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(SEND_WITHIN)
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, format!("`{ENDPOINT}={endpoint}` is of no use: {error}")))?;
    let service = text(SERVICE).unwrap_or("machine").to_owned();
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("machine"));
    Ok(Some((layer, Export(provider))))
}
