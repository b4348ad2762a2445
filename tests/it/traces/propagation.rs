//! A request belongs to its caller's trace, where the caller says so (W3C Trace Context).

use super::{Collector, traced};
use crate::support::{App, Reply};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Sends these headers, and tells the request's line of the log.
async fn line(app: &App, headers: &[(&str, &str)]) -> String {
    let request = headers.iter().fold(app.get("/healthz"), |request, (name, value)| request.header(*name, *value));
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, 200);
    let (id, log) = (reply.header("x-request-id"), app.log());
    log.lines().find(|line| line.contains(id) && line.contains("status=")).expect("a line").to_owned()
}

#[tokio::test]
async fn a_caller_s_trace_is_gone_on_with_in_span_and_log() {
    let (collector, app, _) = traced().await;
    let line = line(&app, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", "a=1,b=2")]).await;
    app.state.traces.flush().await;
    let span = collector.span("GET /healthz");
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), SPAN.to_owned()));
    assert_eq!(span.trace_state, "a=1,b=2");
    assert!(line.contains(&format!("trace_id={TRACE} span_id={}", hex(&span.span_id))), "{line}");
}

#[tokio::test]
async fn what_is_malformed_is_ignored() {
    let (collector, app, _) = traced().await;
    let malformed = [
        vec![("traceparent", format!("00-{TRACE}-{SPAN}"))],
        vec![("traceparent", format!("00-{TRACE}-{SPAN}-01-02"))],
        vec![("traceparent", format!("ff-{TRACE}-{SPAN}-01"))],
        vec![("traceparent", format!("00-{}-{SPAN}-01", "0".repeat(32)))],
        vec![("traceparent", format!("00-{TRACE}-{}-01", "0".repeat(16)))],
        vec![("traceparent", format!("00-{}-{SPAN}-01", TRACE.to_uppercase()))],
        vec![("traceparent", "secret".to_owned())],
        vec![("traceparent", format!("00-{TRACE}-{SPAN}-01")), ("traceparent", format!("00-{TRACE}-{SPAN}-01"))],
        vec![("tracestate", "a=secret".to_owned())],
    ];
    let mut lines = Vec::new();
    for headers in &malformed {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lines.push(line(&app, &headers).await);
    }
    app.state.traces.flush().await;
    let spans: Vec<_> = collector.spans().into_iter().filter(|span| span.name == "GET /healthz").collect();
    assert_eq!(spans.len(), malformed.len());
    for (span, line) in spans.iter().zip(&lines) {
        assert!(span.parent_span_id.is_empty() && hex(&span.trace_id) != TRACE, "{line}");
        assert_eq!(span.trace_state, "");
    }
    // A state that is too long, or none, takes nothing from the parent.
    let long = format!("a={}", "x".repeat(600));
    let (collector, app, _) = traced().await;
    line(&app, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", &long)]).await;
    app.state.traces.flush().await;
    let span = collector.span("GET /healthz");
    assert_eq!((hex(&span.trace_id), span.trace_state.as_str()), (TRACE.to_owned(), ""));
}

#[tokio::test]
async fn what_the_caller_does_not_trace_is_not_traced_here_but_logged_with_its_trace() {
    let (collector, app, caller) = traced().await;
    let unsampled = format!("00-{TRACE}-{SPAN}-00");
    let line = line(&app, &[("traceparent", &unsampled)]).await;
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
    let list = caller.get(&app, "/api/residential/client").header("traceparent", &unsampled);
    assert_eq!(Reply::of(list).await.status, 200);
    app.state.traces.flush().await;
    assert!(collector.spans().iter().all(|span| hex(&span.trace_id) != TRACE));
    collector.span("POST /api/oauth/token"); // which its caller said nothing of
}

#[tokio::test]
async fn a_sampler_chooses_among_the_others() {
    let collector = Collector::start().await;
    let settings =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()), ("OTEL_TRACES_SAMPLER", "parentbased_always_off")];
    let app = App::start_with(&settings).await;
    line(&app, &[]).await;
    line(&app, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01"))]).await;
    app.state.traces.flush().await;
    assert_eq!(hex(&collector.span("GET /healthz").trace_id), TRACE);
}

#[tokio::test]
async fn without_a_collector_no_trace_is_spoken_of() {
    let app = App::start().await;
    let line = line(&app, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01"))]).await;
    assert!(!line.contains("trace_id"), "{line}");
}
