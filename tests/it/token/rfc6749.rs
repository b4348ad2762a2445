//! RFC 6749, a row for each MUST (and REQUIRED) that concerns a token endpoint of these two grants.

use reqwest::RequestBuilder;

use super::{ALL, Form, PATH, with, without};
use crate::support::{App, Caller, Partner, Reply};

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

fn is(reply: &Reply, status: u16, error: &str) -> bool {
    (reply.status, reply.error()) == (status, error)
}

fn has_text(reply: &Reply, member: &str) -> bool {
    reply.json[member].as_str().is_some_and(|text| !text.is_empty())
}

async fn assert_rows(app: &App, rows: Vec<Row>) {
    for (must, request, obeys) in rows {
        let reply = Reply::of(request).await;
        if reply.status == 200 {
            Caller::of(app, &reply);
        }
        assert!(obeys(&reply), "{must}\n{reply:?}");
    }
}

struct Stage {
    app: App,
    partner: Partner,
    login: Form,
}

impl Stage {
    async fn new() -> Self {
        let app = App::start().await;
        let partner = app.partner("Acme").await;
        let login = partner.password_grant();
        Self { app, partner, login }
    }

    fn post(&self, form: &Form) -> RequestBuilder {
        self.app.post(PATH).form(form)
    }

    fn anonymous(&self) -> Form {
        without(without(self.login.clone(), "client_id"), "client_secret")
    }

    fn basic(&self, form: &Form, secret: &str) -> RequestBuilder {
        self.post(form).basic_auth(&self.partner.client_id, Some(secret))
    }

    async fn refresh(&self, name: &'static str, value: &str) -> RequestBuilder {
        let token = self.partner.log_in_for(&self.app, "client:create client:read").await.refresh_token;
        self.post(&with(self.partner.refresh_grant(&token), name, value))
    }
}

#[tokio::test]
async fn requests_are_read_as_it_says() {
    let stage = Stage::new().await;
    let login = &stage.login;
    let rows: Vec<Row> = vec![
        ("3.2: POST must be supported", stage.post(login), |reply| reply.status == 200),
        (
            "3.2: a parameter without a value is treated as omitted",
            stage.post(&with(login.clone(), "grant_type", "")),
            |reply| is(reply, 400, "invalid_request"),
        ),
        ("3.2: the same, where it is optional", stage.post(&with(login.clone(), "scope", "")), |reply| {
            reply.status == 200
        }),
        ("3.2: unrecognized parameters are ignored", stage.post(&with(login.clone(), "x", "y")), |reply| {
            reply.status == 200
        }),
        ("3.2: parameters come once", stage.post(&[login.clone(), login.clone()].concat()), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("3.2: an optional query component is kept", stage.post(login).query(&[("tenant", "1")]), |reply| {
            reply.status == 200
        }),
        ("2.3.1: HTTP Basic is supported", stage.basic(&stage.anonymous(), &stage.partner.client_secret), |reply| {
            reply.status == 200
        }),
        ("2.3: one authentication method a request", stage.basic(login, &stage.partner.client_secret), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("3.2.1: confidential clients authenticate", stage.post(&stage.anonymous()), |reply| {
            is(reply, 401, "invalid_client")
        }),
        (
            "3.3: scope is a list of case-sensitive strings",
            stage.post(&with(login.clone(), "scope", "CLIENT:READ")),
            |reply| is(reply, 400, "invalid_scope"),
        ),
        (
            "3.3: their order does not matter",
            stage.post(&with(login.clone(), "scope", "client:read client:create")),
            |reply| reply.status == 200 && reply.json.get("scope").is_none(),
        ),
        ("3.3: scope is named where it differs from the requested", stage.post(login), |reply| {
            reply.json["scope"] == ALL
        }),
    ];
    assert_rows(&stage.app, rows).await;
}

#[tokio::test]
async fn the_password_grant_is_as_it_says() {
    let stage = Stage::new().await;
    let login = &stage.login;
    let rows: Vec<Row> = vec![
        ("4.3.2: grant_type is required", stage.post(&without(login.clone(), "grant_type")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("4.3.2: username is required", stage.post(&without(login.clone(), "username")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("4.3.2: password is required", stage.post(&without(login.clone(), "password")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("4.3.2: scope is optional", stage.post(login), |reply| reply.status == 200),
        ("4.3.2: client authentication is required", stage.post(&without(login.clone(), "client_secret")), |reply| {
            is(reply, 401, "invalid_client")
        }),
        ("4.3.2: and authenticated if included", stage.post(&with(login.clone(), "client_secret", "x")), |reply| {
            is(reply, 401, "invalid_client")
        }),
        ("4.3.2: the password is validated", stage.post(&with(login.clone(), "password", "x")), |reply| {
            is(reply, 400, "invalid_grant")
        }),
        ("4.5, 5.2: an unsupported grant", stage.post(&with(login.clone(), "grant_type", "urn:x")), |reply| {
            is(reply, 400, "unsupported_grant_type")
        }),
    ];
    assert_rows(&stage.app, rows).await;
}

#[tokio::test]
async fn replies_are_as_it_says() {
    let stage = Stage::new().await;
    let login = &stage.login;
    let wrong = with(login.clone(), "client_secret", "x");
    let rows: Vec<Row> = vec![
        ("5.1: access_token is required", stage.post(login), |reply| has_text(reply, "access_token")),
        ("5.1: token_type is required", stage.post(login), |reply| reply.json["token_type"] == "Bearer"),
        ("5.1: expires_in is a number", stage.post(login), |reply| reply.json["expires_in"].is_u64()),
        ("5.1: application/json", stage.post(login), |reply| reply.header("content-type") == "application/json"),
        ("5.1: members are at the top level", stage.post(login), |reply| reply.json.is_object()),
        ("5.1: Cache-Control is no-store", stage.post(login), |reply| reply.header("cache-control") == "no-store"),
        ("5.1: Pragma is no-cache", stage.post(login), |reply| reply.header("pragma") == "no-cache"),
        ("5.2: 400 unless said otherwise", stage.post(&Vec::new()), |reply| is(reply, 400, "invalid_request")),
        ("5.2: invalid_client may be 401", stage.post(&wrong), |reply| is(reply, 401, "invalid_client")),
        ("5.2: and is, with the scheme used, for the header", stage.basic(&stage.anonymous(), "x"), |reply| {
            is(reply, 401, "invalid_client") && reply.header("www-authenticate").starts_with("Basic realm=")
        }),
        ("5.2: errors are JSON too", stage.post(&wrong), |reply| {
            reply.header("content-type") == "application/json" && has_text(reply, "error")
        }),
        (
            "5.2: error_description in its characters",
            stage.post(&with(login.clone(), "é\"\\", "é\"\\")).query(&[("é\"\\", "")]),
            |reply| {
                let seen = ["error_description", "hint"].map(|member| reply.json[member].as_str().unwrap_or_default());
                is(reply, 400, "invalid_request")
                    && seen.concat().chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\')
            },
        ),
    ];
    assert_rows(&stage.app, rows).await;
}

#[tokio::test]
async fn refreshing_is_as_it_says() {
    let stage = Stage::new().await;
    let sibling = stage.partner.with_oauth_client(&stage.app, ALL, "refresh_token").await;
    let token = stage.partner.log_in(&stage.app).await.refresh_token;
    let same = stage.partner.log_in_for(&stage.app, "client:create client:read").await.refresh_token;
    let narrow = with(stage.partner.refresh_grant(&same), "scope", "client:read");
    let narrowed = Caller::of(&stage.app, &Reply::of(stage.post(&narrow)).await).refresh_token;
    let rows: Vec<Row> = vec![
        ("6: refresh_token is required", stage.refresh("refresh_token", "").await, |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("6: scope is optional, and means the granted one", stage.refresh("scope", "").await, |reply| {
            reply.json["scope"] == "client:create client:read"
        }),
        (
            "6: scope holds nothing that was not granted",
            stage.refresh("scope", "client:create client:cancel").await,
            |reply| is(reply, 400, "invalid_scope"),
        ),
        ("6: client authentication is required", stage.refresh("client_secret", "").await, |reply| {
            is(reply, 401, "invalid_client")
        }),
        ("6: and authenticated", stage.refresh("client_secret", "x").await, |reply| is(reply, 401, "invalid_client")),
        ("6: the token is the authenticated client's", stage.post(&sibling.refresh_grant(&token)), |reply| {
            is(reply, 400, "invalid_grant")
        }),
        ("6: the token is validated", stage.refresh("refresh_token", "x").await, |reply| {
            is(reply, 400, "invalid_grant")
        }),
        ("6: an access token is issued", stage.refresh("scope", "client:read").await, |reply| {
            reply.status == 200 && has_text(reply, "access_token")
        }),
        (
            "6: a new refresh token has the scope of the old one",
            stage.post(&stage.partner.refresh_grant(&narrowed)),
            |reply| reply.json["scope"] == "client:create client:read",
        ),
    ];
    assert_rows(&stage.app, rows).await;
}

/// The same list is in `docs/reference.md`, "Where the API departs from the standards".
#[tokio::test]
async fn these_are_the_departures_that_the_document_forces() {
    let stage = Stage::new().await;
    let login = &stage.login;
    let with_get = stage.app.get(PATH).query(login);
    let in_url = stage.app.post(PATH).query(login);
    let rows: Vec<Row> = vec![
        ("2.3.1: credentials must not be in the URI: they may", in_url, |reply| reply.status == 200),
        ("3.2: the client must use POST: it may use GET", with_get, |reply| {
            reply.status == 200 && !reply.header("deprecation").is_empty()
        }),
        ("5.1: the reply is an object: it is an array of one", stage.app.post(PATH).query(login), |reply| {
            reply.json.as_array().is_some_and(|array| array.len() == 1)
        }),
        ("9700 2.4: the password grant must not be used: it may", stage.post(login), |reply| reply.status == 200),
    ];
    assert_rows(&stage.app, rows).await;

    let off = App::start_with(&[("DNA_DOCUMENTED_GET", "off")]).await;
    let partner = off.partner("Acme").await;
    let rows: Vec<Row> = vec![
        ("2.3.1, kept where the operator wants it", off.post(PATH).query(&partner.password_grant()), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("3.2, kept where the operator wants it", off.get(PATH).query(&partner.password_grant()), |reply| {
            is(reply, 405, "method_not_allowed")
        }),
    ];
    assert_rows(&off, rows).await;
}
