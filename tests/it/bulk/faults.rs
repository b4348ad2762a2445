//! Servers that are killed or told to stop during an import, and callers that hang up.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::{EXPORT, IMPORT, row, stage::Stage};
use crate::support::{App, Caller, acme, until};

fn file(rows: usize) -> String {
    (0..rows).map(|n| row(["Steve", "Bruce", "Dave"][n % 3], &n.to_string())).collect::<Vec<_>>().join("\n")
}

fn counts(told: &[Value]) -> [&Value; 4] {
    let sum = told.last().expect("a summary");
    ["rows", "created", "existing", "failed"].map(|name| &sum[name])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_an_import_of_single_rows_it_leaves_whole_ones_and_the_same_file_completes_it() {
    const ROWS: usize = 5_000;
    let (mut stage, server) = Stage::start().await;

    let import = stage.import(&server, "", file(ROWS));
    until("some rows are there", async || stage.count("clients").await > 0).await;
    server.kill();
    let told = import.await.expect("lines");

    until("nothing is under way", async || stage.writing().await == 0).await;
    let there = stage.count("clients").await;
    assert!((1..5_000).contains(&there), "{there} rows are there");
    stage.has_no_half_client().await;
    stage.bears_out(&told).await;
    let server = stage.again();
    let told = stage.import(&server, "", file(ROWS)).await.expect("lines");
    assert_eq!(counts(&told), [&json!(ROWS), &json!(5_000 - there), &json!(there), &json!(0)]);
    stage.has_no_half_client().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_an_import_of_all_or_nothing_it_leaves_nothing() {
    const ROWS: usize = 3_000;
    let (mut stage, server) = Stage::start().await;

    let import = stage.import(&server, "?mode=all", file(ROWS));
    until("some rows are written", async || stage.writing().await > 0).await;
    server.kill();
    assert_eq!(import.await.expect("lines"), Vec::<Value>::new());

    until("nothing is under way", async || stage.writing().await == 0).await;
    for table in ["clients", "client_events", "client_words", "ns_domains", "ns_domain_counters"] {
        assert_eq!(stage.count(table).await, 0, "{table}");
    }
    let server = stage.again();
    let told = stage.import(&server, "?mode=all", file(ROWS)).await.expect("lines");
    assert_eq!(counts(&told), [&json!(ROWS), &json!(ROWS), &json!(0), &json!(0)]);
    stage.has_no_half_client().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_finishes_an_import_that_does_not_take_long() {
    let (mut stage, server) = Stage::start().await;

    let import = stage.import(&server, "", file(1_500));
    until("some rows are there", async || stage.count("clients").await > 0).await;
    let stopped = tokio::task::spawn_blocking(|| server.stop()).await.expect("a thread");
    let told = import.await.expect("lines");

    assert!(stopped);
    stage.bears_out(&told).await;
    assert_eq!(counts(&told), [&json!(1_500), &json!(1_500), &json!(0), &json!(0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_cuts_off_an_import_that_would_not_end_and_nothing_of_it_is_left() {
    let (mut stage, server) = Stage::start().await;
    // No statement takes too long for the database; twenty of them do for a server that is to stop.
    let slow = "create function dawdle() returns trigger language plpgsql as $$ begin
                    perform pg_sleep(1);
                    return null;
                end $$;
                create trigger dawdle before insert on clients for each statement execute function dawdle()";
    sqlx::raw_sql(slow).execute(&mut stage.db).await.expect("a trigger");

    let import = stage.import(&server, "?mode=all", file(10_000));
    let dawdling = "pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    until("it writes", async || stage.count(dawdling).await > 0).await;
    let stopped = tokio::task::spawn_blocking(|| server.stop());
    let stopped = tokio::time::timeout(Duration::from_secs(20), stopped).await.expect("it ends").expect("a thread");
    let told = import.await.expect("lines");

    assert!(stopped);
    assert_eq!(told, Vec::<Value>::new());
    until("nothing is under way", async || stage.writing().await == 0).await;
    assert_eq!(stage.count("clients").await, 0);
}

/// Sends a request as far as it goes, over a connection that takes in little unless it is read.
async fn send(app: &App, caller: &Caller, head: &str, body: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let address = app.url.trim_start_matches("http://").parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("a connection");
    let head = format!("{head}\r\nHost: api\r\nAuthorization: Bearer {}\r\n", caller.token);
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.expect("sent");
    stream
}

async fn until_idle(app: &App) {
    let size = || app.state.db.size();
    until("every connection is back", async || size().1 == size().0 as usize).await;
    let open = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&app.db).await.expect("a count");
    assert_eq!(open, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_while_it_sends_has_created_nothing() {
    let (app, caller) = acme().await;
    let body = file(800);
    let head =
        format!("POST {IMPORT} HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}", body.len() + 1);

    for _ in 0..5 {
        let stream = send(&app, &caller, &head, &body).await;
        // What was sent by now is enough for hundreds of clients.
        assert_eq!(caller.read(&app, "/api/residential/client").await.json["clients"], json!([]));
        drop(stream);
    }

    until_idle(&app).await;
    app.has_no_client().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_while_it_is_told_leaves_whole_clients_and_nothing_open() {
    for query in ["?mode=rows", "?mode=all"] {
        let (app, caller) = acme().await;
        let body = file(2_000);
        let head = format!(
            "POST {IMPORT}{query} HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}",
            body.len()
        );

        let mut stream = send(&app, &caller, &head, &body).await;
        let mut told = [0; 4_096];
        let mut begun = Vec::new();
        while !String::from_utf8_lossy(&begun).contains(r#"{"row":1,"#) {
            let count = stream.read(&mut told).await.expect("a piece of the reply");
            assert!(count > 0, "{}", String::from_utf8_lossy(&begun));
            begun.extend_from_slice(&told[..count]);
        }
        drop(stream);

        until_idle(&app).await;
        let there = app.rows("clients").await;
        assert!(there > 0 && (query == "?mode=rows" || there == 2_000), "{query}: {there}");
        let again = caller.import(&app, query, "application/x-ndjson", body).await;
        assert_eq!(again.last().expect("a summary")["result"], "OK", "{query}: {:?}", again.last());
        for table in ["clients", "client_events", "ns_domains"] {
            assert_eq!(app.rows(table).await, 2_000, "{query}: {table}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_keeps_no_connection_for_who_does_not_read_it_and_ends_when_he_hangs_up() {
    let (app, caller) = acme().await;
    app.execute(
        "insert into clients (partner_id, ns_domain, email, first_name, last_name, address, zipcode, same_billing_address,
                              billing_address, billing_zipcode)
         select id, n || '.other', 'x@example.com', 'X', 'X', repeat('x', 250), '33134', true, repeat('x', 250), '33134'
         from partners, generate_series(1, 20000) as n",
    )
    .await;

    let stream = send(&app, &caller, &format!("GET {EXPORT} HTTP/1.1"), "").await;
    until_idle(&app).await;
    drop(stream);

    until("the export ends", async || app.log().contains("an export was broken off")).await;
    until_idle(&app).await;
}
