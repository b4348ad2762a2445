//! A request is a span, and what it waits for are spans below it.

use std::{io::Write as _, net::TcpStream};

use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};
use reqwest::Method;

use super::{
    collector::{attribute, told},
    traced,
};
use crate::support::{CLIENT, Reply, until};

fn code(span: &Span) -> StatusCode {
    span.status.as_ref().map_or(StatusCode::Unset, Status::code)
}

#[tokio::test]
async fn a_request_is_a_span_in_opentelemetry_s_words() {
    let (collector, app, caller) = traced().await;
    let id = caller.new_client(&app).await;
    let reply = Reply::of(caller.get(&app, &format!("{CLIENT}/{id}?fields=id"))).await;
    app.state.traces.flush().await;
    let span = collector.span(&format!("GET {CLIENT}/{{id}}"));
    assert_eq!((span.kind(), code(&span)), (SpanKind::Server, StatusCode::Unset));
    assert!(span.parent_span_id.is_empty() && span.end_time_unix_nano > span.start_time_unix_nano);
    let claims = caller.claims();
    assert_eq!(
        told(&span.attributes),
        [
            format!("dna.oauth_client={}", claims["client_id"].as_str().expect("a client_id")),
            format!("dna.partner={}", claims["partner"].as_str().expect("a partner")),
            format!("dna.request_id={}", reply.header("x-request-id")),
            "http.request.method=GET".to_owned(),
            format!("http.response.status_code={}", reply.status),
            format!("http.route={CLIENT}/{{id}}"),
            "url.scheme=http".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_refusal_says_its_word_and_only_the_server_s_own_failures_are_errors() {
    let (collector, app, _) = traced().await;
    app.get(&format!("{CLIENT}/17")).send().await.expect("401");
    app.request(Method::from_bytes(b"BREW").expect("a method"), "/nowhere").send().await.expect("404");
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(app.state.db.acquire().await.expect("a connection"));
    }
    let form = [("grant_type", "password"), ("client_id", "a"), ("client_secret", "b")];
    assert_eq!(app.post("/oauth/token").form(&form).send().await.expect("a reply").status(), 503);
    app.state.traces.flush().await;

    let refused = collector.span(&format!("GET {CLIENT}/{{id}}"));
    assert_eq!(attribute(&refused, "dna.reason").as_deref(), Some("unauthenticated"));
    assert_eq!((code(&refused), attribute(&refused, "error.type")), (StatusCode::Unset, None));

    let made_up = collector.span("HTTP");
    assert_eq!(attribute(&made_up, "http.request.method").as_deref(), Some("_OTHER"));
    assert_eq!(attribute(&made_up, "http.response.status_code").as_deref(), Some("404"));
    assert_eq!((code(&made_up), attribute(&made_up, "http.route")), (StatusCode::Unset, None));

    let failed = collector.span("POST /oauth/token");
    assert_eq!((code(&failed), attribute(&failed, "error.type").as_deref()), (StatusCode::Error, Some("503")));
    let below = collector.below(&failed);
    let statement = below.iter().find(|span| attribute(span, "db.query.text").is_some()).expect("a statement");
    assert_eq!(attribute(statement, "error.type").as_deref(), Some("no connection was free"));
    assert_eq!(code(statement), StatusCode::Error);
}

#[tokio::test]
async fn statements_transactions_and_hashes_are_spans_below() {
    let (collector, app, caller) = traced().await;
    caller.new_client(&app).await;
    app.state.traces.flush().await;
    let log_in = collector.below(&collector.span("POST /api/oauth/token"));
    let hash = log_in.iter().find(|span| span.name == "argon2").expect("a hash");
    assert_eq!(hash.kind(), SpanKind::Internal);
    let statement = log_in.iter().find(|span| span.name == "select").expect("a statement");
    assert_eq!(statement.kind(), SpanKind::Client);
    assert_eq!(attribute(statement, "db.system.name").as_deref(), Some("postgresql"));
    assert_eq!(attribute(statement, "db.operation.name").as_deref(), Some("select"));
    assert!(attribute(statement, "db.query.text").expect("its text").contains("$1"), "with its arguments' places");

    let creation = collector.below(&collector.span(&format!("POST {CLIENT}")));
    let names: Vec<&str> = creation.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["transaction"], "each belongs to its own request");
    assert_eq!(attribute(&creation[0], "db.system.name").as_deref(), Some("postgresql"));
}

#[tokio::test]
async fn a_reading_that_another_s_statement_is_sent_for_is_told_without_its_text() {
    let (collector, app, caller) = traced().await;
    let id = caller.new_client(&app).await;
    let head = [&format!("authorization: Bearer {}", caller.token), "host: a", "connection: close"].join("\r\n");
    let both = [(); 2].map(|()| {
        // Without a turn for the server, which is on this thread, so that it is woken for both at once.
        let mut stream = TcpStream::connect(app.url.replace("http://", "")).expect("a connection");
        write!(stream, "GET {CLIENT}/{id} HTTP/1.1\r\n{head}\r\n\r\n").expect("a request");
        stream
    });
    for mut stream in both {
        let reply = tokio::task::spawn_blocking(move || std::io::read_to_string(&mut stream)).await.expect("a thread");
        assert!(reply.expect("a reply").starts_with("HTTP/1.1 200"));
    }
    app.state.traces.flush().await;

    let spans = collector.spans();
    let readings = spans.iter().filter(|span| span.name == format!("GET {CLIENT}/{{id}}"));
    let below: Vec<_> = readings.map(|reading| collector.below(reading)).collect();
    let below = below.iter().map(|below| match &below[..] {
        [statement] => statement,
        other => panic!("{other:?}"),
    });
    let is_select = |span: &&Span| {
        let operation = attribute(span, "db.operation.name");
        (span.name.as_str(), span.kind(), operation.as_deref()) == ("select", SpanKind::Client, Some("select"))
    };
    assert!(below.clone().all(|span| is_select(&span)), "one below each of them");
    let texts: Vec<_> = below.map(|span| attribute(span, "db.query.text").is_some()).collect();
    assert!(matches!(texts[..], [true, false] | [false, true]), "{texts:?}");
}

#[tokio::test]
async fn a_transaction_that_gave_way_says_how_often() {
    let (collector, app, caller) = traced().await;
    let id = caller.new_client(&app).await;
    let conflict = "create sequence tries; \
         create function conflict() returns trigger language plpgsql as $$ begin \
         if nextval('tries') < 3 then raise exception using errcode = '40001'; end if; return new; end $$; \
         create trigger conflict before update on clients for each row execute function conflict()";
    sqlx::raw_sql(conflict).execute(&app.db).await.expect("a trigger");
    assert_eq!(caller.transition(&app, id, "suspend").await.status, 200);
    app.state.traces.flush().await;
    let below = collector.below(&collector.span(&format!("POST {CLIENT}/{{id}}/suspend")));
    let transaction = below.iter().find(|span| span.name == "transaction").expect("a transaction");
    assert_eq!(attribute(transaction, "dna.attempts").as_deref(), Some("3"));
    assert_eq!(code(transaction), StatusCode::Unset);
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_told() {
    let (collector, app, _) = traced().await;
    let before = app.state.db.pulse().beats();
    until("the background has asked", async || app.state.db.pulse().beats() > before + 3).await;
    app.state.traces.flush().await;
    let roots: Vec<String> =
        collector.spans().into_iter().filter(|span| span.parent_span_id.is_empty()).map(|span| span.name).collect();
    assert_eq!(roots, ["POST /api/oauth/token"]);
}
