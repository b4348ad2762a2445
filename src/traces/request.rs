//! The span of a request, in the words of OpenTelemetry's semantic conventions for HTTP servers.

use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{FutureExt as _, SpanId, SpanKind, Status, TraceContextExt as _, TraceId, Tracer as _},
};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracer};
use uuid::Uuid;

use super::Tracer;

/// What OpenTelemetry calls a method that is not one of the known.
const OTHER_METHOD: &str = "_OTHER";
/// Letters of a `tracestate` that is passed on, at most: what everybody has to (W3C Trace Context §3.3.1.5).
const LONGEST_STATE: usize = 512;

/// What a caller says of the trace that its request belongs to (W3C Trace Context): the headers of these names, where
/// they can be read. What is malformed counts as not said.
#[derive(Clone, Copy, Default, Debug)]
pub struct Parent<'a> {
    /// `traceparent`
    pub parent: Option<&'a str>,
    /// `tracestate`
    pub state: Option<&'a str>,
}

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.parent,
            "tracestate" => self.state.filter(|state| state.len() <= LONGEST_STATE),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// What is told of a request that is answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// `GET`, or `other` for a made-up one.
    pub method: &'static str,
    /// The template that its path matched, if any.
    pub route: Option<&'a str>,
    /// The reply's status.
    pub status: u16,
    /// `http` or `https`, as callers write it.
    pub scheme: &'a str,
    /// The request's id, as the log has it.
    pub id: &'a str,
    /// Whose token it came with.
    pub partner: Option<Uuid>,
    /// Whose token it came with.
    pub oauth_client: Option<Uuid>,
    /// The word for why it was refused.
    pub reason: Option<&'static str>,
}

/// A request that is being answered. Dropped before it was, its span says no status: the caller hung up.
#[derive(Debug)]
pub struct Request(Option<Context>);

impl Request {
    pub(super) fn new(tracer: Option<&SdkTracer>, method: &'static str, parent: Parent<'_>) -> Self {
        Self(tracer.map(|tracer| {
            let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &parent);
            let span =
                tracer.span_builder(name(method, None)).with_kind(SpanKind::Server).start_with_context(tracer, &parent);
            parent.with_span(span).with_value(Tracer(tracer.clone()))
        }))
    }

    /// Its trace and its span, if requests are traced, this one or others.
    #[must_use]
    pub fn ids(&self) -> Option<(TraceId, SpanId)> {
        let context = self.0.as_ref()?;
        let span = context.span();
        Some((span.span_context().trace_id(), span.span_context().span_id()))
    }

    /// Does some work for it.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(context) => work.with_context(context.clone()).await,
            None => work.await,
        }
    }

    /// It is answered. Of its path only the template is told, and nothing of its query: both have personal data.
    pub fn answered(&self, answer: &Answer<'_>) {
        let Some(span) = self.0.as_ref().map(Context::span).filter(opentelemetry::trace::SpanRef::is_recording) else {
            return;
        };
        let Answer { method, route, status, scheme, id, partner, oauth_client, reason } = *answer;
        span.update_name(name(method, route));
        let is_made_up = method == "other";
        span.set_attribute(KeyValue::new("http.request.method", if is_made_up { OTHER_METHOD } else { method }));
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        span.set_attribute(KeyValue::new("url.scheme", scheme.to_owned()));
        span.set_attribute(KeyValue::new("dna.request_id", id.to_owned()));
        let also = |name: &'static str, value: Option<String>| {
            span.set_attributes(value.map(|value| KeyValue::new(name, value)));
        };
        also("http.route", route.map(str::to_owned));
        also("dna.partner", partner.map(|id| id.to_string()));
        also("dna.oauth_client", oauth_client.map(|id| id.to_string()));
        also("dna.reason", reason.map(str::to_owned));
        if status >= 500 {
            also("error.type", Some(status.to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// `GET /api/residential/client/{id}`; what has no route, or no method that is known, has a name of few.
fn name(method: &'static str, route: Option<&str>) -> String {
    let method = if method == "other" { "HTTP" } else { method };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}
