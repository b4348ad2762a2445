//! RFC 7009, a row for each MUST (and what §2.2 says of replies) of §2.

use reqwest::RequestBuilder;

use super::{PATH, form, request};
use crate::{
    support::{App, Reply},
    token::{ALL, with, without},
};

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

fn is(reply: &Reply, status: u16, error: &str) -> bool {
    (reply.status, reply.error()) == (status, error)
}

#[tokio::test]
async fn revocation_is_as_it_says() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let sibling = partner.with_oauth_client(&app, ALL, "password refresh_token").await;
    let (first, second, third) = (partner.log_in(&app).await, partner.log_in(&app).await, partner.log_in(&app).await);
    let whole = form(&partner, &first.refresh_token);
    let bare = without(without(whole.clone(), "client_id"), "client_secret");
    let basic = request(&app, &bare).basic_auth(&partner.client_id, Some(&partner.client_secret));
    let revoked = third.token.clone();
    Reply::of(request(&app, &form(&partner, &revoked))).await;
    let rows: Vec<Row> = vec![
        ("2: the request is a POST", app.get(PATH), |reply| reply.status == 405),
        ("2.1: token is required", request(&app, &without(whole.clone(), "token")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        (
            "2.1: a wrong token_type_hint widens the search",
            request(&app, &with(whole.clone(), "token_type_hint", "access_token")),
            |reply| reply.status == 200,
        ),
        (
            "2.1: an unknown token_type_hint is ignored",
            request(&app, &with(whole.clone(), "token_type_hint", "x")),
            |reply| reply.status == 200,
        ),
        ("2.1: client authentication as in RFC 6749 2.3: Basic", basic, |reply| reply.status == 200),
        ("2.1: confidential clients authenticate", request(&app, &bare), |reply| is(reply, 401, "invalid_client")),
        ("2.1: the credentials are validated", request(&app, &with(whole.clone(), "client_secret", "x")), |reply| {
            is(reply, 401, "invalid_client")
        }),
        (
            "2.1: the token was issued to the client that asks",
            request(&app, &form(&sibling, &second.refresh_token)),
            |reply| is(reply, 400, "invalid_grant"),
        ),
        ("2.1: refresh tokens can be revoked", request(&app, &whole), |reply| reply.status == 200),
        ("2.1: access tokens can be", request(&app, &form(&partner, &second.token)), |reply| reply.status == 200),
        ("2.2: 200 for a token that is invalid", request(&app, &form(&partner, "x")), |reply| reply.status == 200),
        ("2.2: and for one that was revoked before", request(&app, &form(&partner, &revoked)), |reply| {
            reply.status == 200
        }),
        ("2.2.1: errors as in RFC 6749 5.2", request(&app, &Vec::new()), |reply| {
            is(reply, 401, "invalid_client") && reply.header("www-authenticate").starts_with("Basic realm=")
        }),
    ];
    for (says, request, obeys) in rows {
        let reply = Reply::of(request).await;
        assert!(obeys(&reply), "{says}\n{reply:?}");
    }
}
