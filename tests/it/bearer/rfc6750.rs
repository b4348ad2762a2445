//! RFC 6750, a row for each MUST of §2 and §3 that concerns a server that takes tokens in the header alone.

use reqwest::RequestBuilder;

use super::GUARDED;
use crate::support::{App, Reply};

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

fn challenge(reply: &Reply) -> &str {
    reply.header("www-authenticate")
}

/// The auth-params of a challenge: names and quoted values.
fn parameters(reply: &Reply) -> Vec<(&str, &str)> {
    let parameters = challenge(reply).strip_prefix("Bearer ").unwrap_or_default();
    let pairs = parameters.split("\", ").filter_map(|pair| pair.split_once("=\""));
    pairs.map(|(name, value)| (name, value.trim_end_matches('"'))).collect()
}

fn error(reply: &Reply) -> Option<&str> {
    parameters(reply).iter().find(|(name, _)| *name == "error").map(|(_, value)| *value)
}

fn is_well_formed(reply: &Reply) -> bool {
    let parameters = parameters(reply);
    let names: std::collections::HashSet<_> = parameters.iter().map(|(name, _)| *name).collect();
    let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    reply.headers.get_all("www-authenticate").iter().count() == 1
        && names.contains("realm")
        && names.len() == parameters.len()
        && parameters.iter().all(|(_, value)| value.chars().all(allowed))
}

#[tokio::test]
async fn requests_and_challenges_are_as_it_says() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in_for(&app, "client:read").await;
    let in_url = || app.post(GUARDED).query(&[("access_token", "x")]);
    let rows: Vec<Row> = vec![
        ("2.1: the header is supported", caller.post(&app, "/api/residential/client/1/activate"), |reply| {
            reply.status == 403
        }),
        ("2: one method a request", caller.post(&app, GUARDED).query(&[("access_token", "x")]), |reply| {
            reply.status == 400 && error(reply) == Some("invalid_request")
        }),
        ("2.3: a token in the URL is not taken", in_url(), |reply| reply.status == 400),
        ("3: a request without credentials gets a challenge", app.post(GUARDED), |reply| {
            reply.status == 401 && is_well_formed(reply)
        }),
        ("3: whose scheme is Bearer", app.post(GUARDED), |reply| challenge(reply).starts_with("Bearer ")),
        ("3: with an auth-param", app.post(GUARDED), |reply| !parameters(reply).is_empty()),
        ("3: realm once", app.post(GUARDED), |reply| challenge(reply).matches("realm=").count() == 1),
        ("3.1: and without an error code", app.post(GUARDED), |reply| error(reply).is_none()),
        ("3: a refused token gets a challenge", app.post(GUARDED).bearer_auth("x"), is_well_formed),
        ("3: with the error", app.post(GUARDED).bearer_auth("x"), |reply| error(reply) == Some("invalid_token")),
        ("3.1: invalid_token is 401", app.post(GUARDED).bearer_auth("x"), |reply| reply.status == 401),
        ("3.1: invalid_request is 400", in_url(), |reply| {
            reply.status == 400 && error(reply) == Some("invalid_request")
        }),
        ("3: its challenge is well formed", in_url(), is_well_formed),
        ("3.1: insufficient_scope is 403", caller.post(&app, GUARDED), |reply| {
            reply.status == 403 && error(reply) == Some("insufficient_scope")
        }),
        ("3.1: and names the scope", caller.post(&app, GUARDED), |reply| {
            parameters(reply).contains(&("scope", "client:activate"))
        }),
        ("3: scope once, all well formed", caller.post(&app, GUARDED), |reply| {
            is_well_formed(reply) && challenge(reply).matches("scope=").count() == 1
        }),
        ("5.3: no token in a reply", app.post(GUARDED).bearer_auth("sesame-sesame"), |reply| {
            !format!("{reply:?}").contains("sesame-sesame")
        }),
    ];
    for (must, request, obeys) in rows {
        let reply = Reply::of(request).await;
        assert!(obeys(&reply), "{must}\n{reply:?}");
    }
}
