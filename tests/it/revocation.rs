//! Tokens that end before their time: by whom, and how soon on every server.

mod endpoint;
mod knowledge;
mod operators;
mod replicas;
mod rfc7009;

use std::time::{Duration, Instant};

use dna_api::{domain::oauth_client::OauthClientId, store};
use reqwest::RequestBuilder;

use crate::{
    bearer::{REVOKED, assert_invalid, present},
    support::{App, Partner, Reply, until},
    token::{Form, form_about as form},
};

const PATH: &str = "/api/oauth/revoke";
const SECOND: Duration = Duration::from_secs(1);

fn request(app: &App, form: &Form) -> RequestBuilder {
    app.post(PATH).form(form)
}

/// Revokes a token.
async fn revoke(app: &App, partner: &Partner, token: &str) -> Reply {
    Reply::of(request(app, &form(partner, token))).await
}

/// Checks that a revocation was taken, whether or not there was anything to revoke.
#[track_caller]
fn assert_done(reply: &Reply) {
    assert_eq!((reply.status, reply.text.as_str()), (200, "{}"), "{reply:?}");
    assert_eq!(reply.header("pragma"), "no-cache");
}

/// Ends the tokens of an OAuth client, as an operator does.
pub(crate) async fn end_tokens(app: &App, client_id: &str) {
    let id = OauthClientId::parse(client_id).expect("a client_id");
    let mut transaction = app.db.begin().await.expect("a database");
    store::token_family::revoke_of_oauth_client(&mut transaction, id).await.expect("a database");
    transaction.commit().await.expect("a database");
}

/// How long it takes until a server refuses a token.
async fn time_until_refused(server: &App, token: &str) -> Duration {
    let refused = until("the token is refused", async || present(server, token).await.status == 401).await;
    assert_invalid(&present(server, token).await, REVOKED);
    refused
}

/// Checks that a server refuses a token, at once or soon.
pub(crate) async fn assert_refused_within_a_second(server: &App, token: &str) {
    let start = Instant::now();
    time_until_refused(server, token).await;
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
}
