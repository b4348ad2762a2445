//! A collector of traces, and what it was sent.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, Request, Response},
};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use tokio::net::TcpListener;

/// What was sent at once.
#[derive(Clone)]
pub(super) struct Batch {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub(super) struct Collector {
    pub url: String,
    batches: Arc<Mutex<Vec<Batch>>>,
}

impl Collector {
    pub(super) async fn start() -> Self {
        Self::on("127.0.0.1:0").await
    }

    pub(super) async fn on(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let batches = Arc::default();
        let kept = Arc::clone(&batches);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                let keep = service_fn(move |request| keep(Arc::clone(&kept), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), keep));
            }
        });
        Self { url, batches }
    }

    pub(super) fn batches(&self) -> Vec<Batch> {
        self.batches.lock().expect("a lock").clone()
    }

    /// All requests that it was sent, decoded.
    pub(super) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let decode = |batch: &Batch| ExportTraceServiceRequest::decode(batch.body.clone()).expect("OTLP");
        self.batches().iter().map(decode).collect()
    }

    /// All spans that it was sent.
    pub(super) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// The one span of that name.
    pub(super) fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let mut named = spans.iter().filter(|span| span.name == name);
        let all = || spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>();
        let span = named.next().unwrap_or_else(|| panic!("no {name}: {:?}", all()));
        assert!(named.next().is_none(), "more than one {name}: {:?}", all());
        span.clone()
    }

    /// The spans below that one, by name.
    pub(super) fn below(&self, span: &Span) -> Vec<Span> {
        let mut below: Vec<Span> =
            self.spans().into_iter().filter(|other| other.parent_span_id == span.span_id).collect();
        below.sort_by(|a, b| a.name.cmp(&b.name));
        below
    }
}

async fn keep(kept: Arc<Mutex<Vec<Batch>>>, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    kept.lock().expect("a lock").push(Batch { path: head.uri.path().to_owned(), headers: head.headers, body });
    Ok(Response::new(Empty::new()))
}

/// The attributes, a line each.
pub(super) fn told(attributes: &[KeyValue]) -> Vec<String> {
    let mut told: Vec<String> =
        attributes.iter().map(|attribute| format!("{}={}", attribute.key, text(attribute.value.as_ref()))).collect();
    told.sort();
    told
}

/// An attribute's value.
pub(super) fn attribute(span: &Span, name: &str) -> Option<String> {
    span.attributes.iter().find(|attribute| attribute.key == name).map(|found| text(found.value.as_ref()))
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}
