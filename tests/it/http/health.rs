//! `/healthz` and `/readyz`.

use reqwest::Method;

use crate::support::{App, Reply, database, until};

#[tokio::test]
async fn a_server_tells_that_it_is_alive_and_ready_to_whoever_asks() {
    let app = App::start().await;

    for (path, body) in [("/healthz", r#"{"status":"ok"}"#), ("/readyz", r#"{"status":"ready"}"#)] {
        for accept in ["*/*", "text/html", "text/plain"] {
            let reply = Reply::of(app.get(path).header("accept", accept)).await;
            assert_eq!((reply.status, reply.text.as_str()), (200, body));
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let reply = Reply::of(app.request(method, path)).await;
            assert_eq!(reply.header("allow"), "GET, HEAD");
            reply.is_refused(405, "method_not_allowed", "The method is not allowed here.");
        }
    }
}

#[tokio::test]
async fn a_server_on_a_schema_that_is_behind_is_alive_but_not_ready() {
    let app = App::start().await;
    app.execute("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)").await;

    let ready = Reply::even_a_failure(app.get("/readyz")).await;
    let text = &ready.text;

    assert_eq!((ready.status, ready.header("retry-after")), (503, "1"));
    assert!(
        text.contains(r#""error":"temporarily_unavailable","message":"The service is temporarily unavailable.""#),
        "{text}"
    );
    assert!(!text.contains("schema") && !text.contains("migrate"), "{text}");
    assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
}

/// Says this of the server's database, and ends every session that was there before.
async fn alter_database(app: &App, what: &str) {
    let name = app.db.connect_options().get_database().expect("a name").to_owned();
    database::administer(&format!("alter database {name} {what}")).await;
    let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    database::administer(&end).await;
}

#[tokio::test]
async fn a_server_whose_database_takes_no_changes_is_not_ready() {
    let app = App::start().await;

    alter_database(&app, "set default_transaction_read_only = on").await;

    let status = async || Reply::even_a_failure(app.get("/readyz")).await.status;
    until("it is not ready", async || status().await == 503).await;
    assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn a_database_that_takes_no_sessions_is_away() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let activate = async || Reply::even_a_failure(caller.post(&app, "/api/residential/client/1/activate")).await;

    alter_database(&app, "allow_connections false").await;
    let reply = activate().await;
    alter_database(&app, "allow_connections true").await;

    assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
    assert_eq!(reply.header("retry-after"), "1");
    until("it is back", async || activate().await.status == 404).await;
}
