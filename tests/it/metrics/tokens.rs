//! Tokens are counted where it is decided on them.

use chrono::TimeDelta;

use crate::support::{App, Forge, Metrics, Reply, acme};

#[track_caller]
fn counted(metrics: &Metrics, name: &str, label: &str, counts: &[(&str, f64)]) {
    for (value, count) in counts {
        let told = metrics.of(&format!("{name}{{{label}=\"{value}\"}}"));
        assert!((told - count).abs() < f64::EPSILON, "{name} {value}: {told}, not {count}");
    }
}

#[tokio::test]
async fn those_that_are_issued_by_grant_and_refusals_by_the_log_s_reason() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    assert_eq!(partner.refresh(&app, &caller.refresh_token).await.status, 200);
    let program = partner.with_oauth_client(&app, "client:read", "client_credentials").await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &program.client_id),
        ("client_secret", &program.client_secret),
    ];
    assert_eq!(Reply::of(app.post("/api/oauth/token").form(&form)).await.status, 200);
    let mut wrong = partner.clone();
    wrong.password = "not it".to_owned();
    for _ in 0..2 {
        assert_eq!(Reply::of(app.post("/api/oauth/token").form(&wrong.password_grant())).await.status, 400);
    }
    assert_eq!(Reply::of(app.post("/api/oauth/token")).await.status, 400);

    let metrics = app.metrics().await;
    let grants = [("password", 1.0), ("refresh_token", 1.0), ("client_credentials", 1.0)];
    counted(&metrics, "dna_tokens_issued_total", "grant", &grants);
    let refusals = [("wrong password", 2.0), ("no grant_type", 1.0)];
    counted(&metrics, "dna_token_requests_refused_total", "reason", &refusals);
    assert!(metrics.of("dna_hashing_wait_seconds_count") >= 3.0);
    counted(&metrics, "dna_shed_total", "reason", &[("password hashing", 0.0)]);
}

#[tokio::test]
async fn refresh_tokens_by_what_came_of_them() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let first = partner.log_in(&app).await.refresh_token;
    assert_eq!(partner.refresh(&app, "unknown").await.status, 400);
    assert_eq!(partner.refresh(&app, &first).await.status, 200);
    let again = partner.refresh(&app, &first).await;
    assert_eq!(again.status, 200, "its reply was lost");
    let second = again.json["refresh_token"].as_str().expect("a token").to_owned();
    app.keep_secret(&second);
    assert_eq!(partner.refresh(&app, &second).await.status, 200);
    assert_eq!(partner.refresh(&app, &first).await.status, 400, "its successor was used");
    let outcomes = [("rotated", 2.0), ("repeated", 1.0), ("stolen", 1.0), ("refused", 1.0), ("failed", 0.0)];
    counted(&app.metrics().await, "dna_refreshes_total", "outcome", &outcomes);
}

#[tokio::test]
async fn access_tokens_that_are_refused_by_reason() {
    let (app, caller) = acme().await;
    let ask = async |token: &str| {
        let reply = app.get("/api/residential/client").header("authorization", format!("Bearer {token}")).send().await;
        assert_eq!(reply.expect("a refusal").status(), 401);
    };
    app.get("/api/residential/client").send().await.expect("a refusal");
    ask("nonsense").await;
    let (signed, _) = caller.token.rsplit_once('.').expect("a signature");
    let forged = format!("{signed}.{}", "A".repeat(342));
    ask(&forged).await;
    app.advance(TimeDelta::seconds(-60));
    ask(&caller.token).await;
    app.advance(TimeDelta::minutes(60));
    ask(&caller.token).await;
    let counts = [
        ("missing", 1.0),
        ("malformed", 1.0),
        ("forged", 1.0),
        ("not yet valid", 1.0),
        ("expired", 1.0),
        ("revoked", 0.0),
    ];
    counted(&app.metrics().await, "dna_access_tokens_refused_total", "reason", &counts);
}

#[tokio::test]
async fn those_of_a_revoked_login_and_of_unknown_keys() {
    let (app, caller) = acme().await;
    let stranger = Forge::stranger();
    let header = format!(r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#, stranger.kid());
    let unknown = stranger.sign(&header, &caller.claims().to_string());
    let reply = app.get("/api/residential/client").bearer_auth(unknown).send().await;
    assert_eq!(reply.expect("a refusal").status(), 401);
    let disabled = "update oauth_clients set disabled_at = now()";
    sqlx::query(disabled).execute(&app.db).await.expect("a database");
    crate::support::until("it is refused", async || {
        let reply = app.get("/api/residential/client").bearer_auth(&caller.token).send().await;
        reply.expect("a reply").status() == 401
    })
    .await;
    counted(
        &app.metrics().await,
        "dna_access_tokens_refused_total",
        "reason",
        &[("unknown key", 1.0), ("revoked", 1.0)],
    );
}

#[tokio::test]
async fn uses_of_the_documented_forms_by_oauth_client() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let reply = app.get("/api/oauth/token").query(&partner.password_grant()).send().await.expect("a reply");
    assert_eq!(reply.status(), 200);
    let caller = partner.log_in(&app).await;
    caller.get(&app, "/api/residential/client/1/suspend").send().await.expect("a refusal");
    let counts = [(partner.client_id.as_str(), 2.0)];
    counted(&app.metrics().await, "dna_documented_form_uses_total", "oauth_client", &counts);
}
