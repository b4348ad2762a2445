//! However much callers vary, there are never more than 2,000 series.

use dna_api::{
    domain::oauth_client::OauthClientId,
    metrics::{Metrics as Counted, SERIES},
};
use uuid::Uuid;

use crate::support::{App, Metrics};

fn told(metrics: &Counted) -> Metrics {
    Metrics::parse(metrics.text().expect("text"))
}

#[test]
fn all_that_could_ever_be_told_is_not_more_than_two_thousand_series() {
    let metrics = Counted::new();
    let statuses = (200..=599).filter(|status| status % 100 < 40);
    for status in statuses {
        for method in ["GET", "HEAD", "POST", "PATCH", "DELETE", "other"] {
            for route in 0..10 {
                let _ = metrics.requests.begin().answered(method, &format!("/route/{route}"), status);
            }
        }
    }
    for n in 0..1000_u128 {
        metrics.tokens.documented_form(OauthClientId(Uuid::from_u128(n)));
        metrics.tokens.refused(Box::leak(format!("reason {n}").into_boxed_str()));
    }
    let told = told(&metrics);
    assert!(told.count() <= SERIES, "{} series", told.count());
    assert!(told.count() > SERIES * 4 / 5, "the bound was not reached: {} series", told.count());
}

#[test]
fn refusals_that_anybody_brings_about_leave_room_for_replies_and_failures() {
    let metrics = Counted::new();
    for n in 0..1000_u16 {
        let _ = metrics.requests.begin().answered("GET", &format!("/route/{n}"), 404);
    }
    for status in [200, 503] {
        let _ = metrics.requests.begin().answered("GET", "/api/residential/client", status);
        let series = format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"GET\",\
             http_route=\"/api/residential/client\",http_response_status_code=\"{status}\"}}"
        );
        assert!((told(&metrics).of(&series) - 1.0).abs() < f64::EPSILON, "{series}");
    }
}

#[tokio::test]
async fn the_first_oauth_clients_are_told_apart_and_the_rest_counted_together() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    for _ in 0..60 {
        let program = partner.with_oauth_client(&app, "client:read", "client_credentials").await;
        let query = [
            ("grant_type", "client_credentials"),
            ("client_id", &program.client_id),
            ("client_secret", &program.client_secret),
        ];
        let reply = app.get("/api/oauth/token").query(&query).send().await.expect("a reply");
        assert_eq!(reply.status(), 200);
    }
    let metrics = app.metrics().await;
    let lines = metrics.text.lines().filter(|line| line.starts_with("dna_documented_form_uses_total{"));
    assert_eq!(lines.count(), 51);
    assert!((metrics.of("dna_documented_form_uses_total{oauth_client=\"other\"}") - 10.0).abs() < f64::EPSILON);
    assert!(metrics.count() <= SERIES);
}
