//! What a request went through, told to OpenTelemetry: a span of the request, and spans of what it waited for. Nothing
//! else becomes a span, and nothing of what a caller wrote gets into one but the ids of its own trace.
//!
//! A request's context has the tracer with it, so what works for the request needs to be told of none: where there is
//! no such context, no span is made. See [`work`].

mod export;
pub mod request;
pub mod work;

use std::{sync::Arc, time::Duration};

use opentelemetry::{Context, KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::{
    Resource,
    resource::TelemetryResourceDetector,
    trace::{SdkTracer, SdkTracerProvider},
};
use secrecy::SecretString;

use request::{Parent, Request};

pub use opentelemetry_sdk::trace::Sampler;

/// How long the last spans may take to be sent when a server stops.
const FLUSH: Duration = Duration::from_secs(2);

/// Where traces go, and which.
#[derive(Clone, Debug)]
pub struct Config {
    /// The `http://` URL that they are sent to, with its path.
    pub endpoint: String,
    /// Headers that are sent with them.
    pub headers: Vec<(String, SecretString)>,
    /// What this service is called there.
    pub service: String,
    /// What else is said of it.
    pub resource: Vec<(String, String)>,
    /// Which requests are traced.
    pub sampler: Sampler,
}

/// Traces, if they are wanted. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Arc<Tracing>>);

#[derive(Debug)]
struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Traces {
    /// Those of a server that starts now. They are sent by a thread, and by the runtime that this is called on.
    ///
    /// # Errors
    /// Another of OpenTelemetry's variables has a value that the exporter does not take.
    pub fn start(config: Option<&Config>) -> Result<Self, ExporterBuildError> {
        let Some(config) = config else { return Ok(Self(None)) };
        let known = [("service.version", env!("CARGO_PKG_VERSION"))].map(|(name, value)| KeyValue::new(name, value));
        let set = config.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        let resource = Resource::builder_empty()
            .with_detector(Box::new(TelemetryResourceDetector))
            .with_attributes(known)
            .with_attributes(set)
            .with_service_name(config.service.clone())
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(config.sampler.clone())
            .with_batch_exporter(export::exporter(config)?)
            .build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Ok(Self(Some(Arc::new(Tracing { provider, tracer }))))
    }

    /// A request begins, in its caller's trace where it says so.
    #[must_use]
    pub fn begin(&self, method: &'static str, parent: Parent<'_>) -> Request {
        Request::new(self.0.as_ref().map(|tracing| &tracing.tracer), method, parent)
    }

    /// Sends what is left, within two seconds. Nothing is sent after that.
    pub async fn flush(&self) {
        let Some(tracing) = self.0.clone() else { return };
        let sent = tokio::task::spawn_blocking(move || tracing.provider.shutdown_with_timeout(FLUSH)).await;
        if !matches!(sent, Ok(Ok(()))) {
            tracing::warn!("the last traces were not sent");
        }
    }
}

/// The tracer of a request, in its context.
struct Tracer(SdkTracer);

/// Looks at the request that is worked for, if it is traced.
fn traced<T>(look: impl FnOnce(&SdkTracer, &Context) -> T) -> Option<T> {
    use opentelemetry::trace::TraceContextExt as _;
    Context::map_current(|context| {
        let tracer = context.get::<Tracer>().filter(|_| context.span().is_recording())?;
        Some(look(&tracer.0, context))
    })
}
