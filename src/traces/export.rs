//! How spans are sent: by OTLP over HTTP, to a collector that need not be there.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::{
    body::Bytes,
    http::{HeaderValue, Request, Response, Uri, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{self, SpanData},
};
use secrecy::ExposeSecret as _;
use tokio::{net::TcpStream, runtime::Handle, time::timeout};

use super::Config;

/// How long a collector may take to receive some spans, and is tried anew after a failure.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of its reply, at most.
const LONGEST_REPLY: usize = 64 * 1024;
/// How long is waited before it is said again that it cannot be reached.
const QUIET: Duration = Duration::from_mins(1);

/// What sends spans to the collector that is set.
pub(super) fn exporter(config: &Config) -> Result<Exporter, ExporterBuildError> {
    let headers = config.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let otlp = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&config.endpoint)
        .with_timeout(TIMEOUT)
        .with_headers(headers.collect())
        .with_http_client(Client(Handle::current()))
        .build()?;
    Ok(Exporter { otlp, endpoint: config.endpoint.clone(), told: Mutex::new(None) })
}

/// An exporter that says, but not too often, when it cannot send.
#[derive(Debug)]
pub(super) struct Exporter {
    otlp: SpanExporter,
    endpoint: String,
    told: Mutex<Option<Instant>>,
}

impl Exporter {
    fn tell(&self, spans: usize, sent: &OTelSdkResult) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match sent {
            Ok(()) if told.take().is_some() => tracing::info!("traces are sent again"),
            Err(error) if told.is_none_or(|told| told.elapsed() > QUIET) => {
                *told = Some(Instant::now());
                let endpoint = &self.endpoint;
                tracing::warn!(%error, endpoint, spans, "traces cannot be sent, and are lost: is a collector there?");
            }
            _ => {}
        }
    }
}

impl trace::SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.otlp.export(batch).await;
        self.tell(spans, &sent);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.otlp.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.otlp.set_resource(resource);
    }
}

/// A connection for each batch: that is one in five seconds, and none is kept that may be dead by then. The thread that
/// asks is none of the runtime's.
#[derive(Debug)]
struct Client(Handle);

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.spawn(async move { timeout(TIMEOUT, send(request)).await? }).await?
    }
}

async fn send(mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let authority = request.uri().authority().ok_or("no authority")?.clone();
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection); // until the sender is dropped
    let path = request.uri().path().to_owned();
    *request.uri_mut() = Uri::try_from(path)?;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(authority.as_str())?);
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, LONGEST_REPLY).collect().await?.to_bytes();
    drop((sender, connection));
    Ok(Response::from_parts(head, body))
}
