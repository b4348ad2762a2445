//! RFC 8414, a row for each MUST (and REQUIRED) of §2 and §3 that concerns a server without an authorization endpoint.
//!
//! Departures: `issuer` is an `http` URL where an operator says so (§2: "uses the https scheme"), on which `check` warns;
//! and `response_types_supported` is an empty array, for §2 requires the member though §3.2 would leave it out.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{App, Reply};

const PATH: &str = "/.well-known/oauth-authorization-server";
const ISSUER: &str = "https://api.example.com";
const ISSUER_WITH_PATH: &str = "https://api.example.com/dna/v1";

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

async fn assert_rows(rows: Vec<Row>) {
    for (must, request, obeys) in rows {
        let reply = Reply::public(request).await; // 3.2: 200, application/json
        assert!(obeys(&reply), "{must}\n{reply:?}");
    }
}

async fn server_of(issuer: &str) -> App {
    App::start_with(&[("DNA_PUBLIC_URL", issuer)]).await
}

fn list(reply: &Reply, member: &str) -> Vec<String> {
    let texts = reply.json[member].as_array().map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned));
    texts.map(Iterator::collect).unwrap_or_default()
}

fn is_https(value: &Value) -> bool {
    value.as_str().is_some_and(|url| url.starts_with("https://") && !url.contains(['?', '#']))
}

#[tokio::test]
async fn the_members_are_as_it_says() {
    let app = server_of(ISSUER).await;
    let get = || app.get(PATH);
    let rows: Vec<Row> = vec![
        ("2: issuer is required, https, without query and fragment", get(), |reply| {
            reply.json["issuer"] == ISSUER && is_https(&reply.json["issuer"])
        }),
        ("2: authorization_endpoint is required unless no grant uses it", get(), |reply| {
            let grants = list(reply, "grant_types_supported");
            reply.json.get("authorization_endpoint").is_none()
                && grants.iter().all(|grant| !["authorization_code", "implicit"].contains(&grant.as_str()))
        }),
        ("2: token_endpoint is required", get(), |reply| {
            reply.json["token_endpoint"] == format!("{ISSUER}/api/oauth/token")
        }),
        ("2: jwks_uri is an https URL", get(), |reply| {
            reply.json["jwks_uri"] == format!("{ISSUER}/.well-known/jwks.json")
        }),
        ("2: which has the signing keys", app.get("/.well-known/jwks.json"), |reply| {
            reply.json["keys"].as_array().is_some_and(|keys| keys.iter().all(|key| key["use"] == "sig"))
        }),
        ("2: response_types_supported is required", get(), |reply| reply.json["response_types_supported"] == json!([])),
        ("2: grant_types_supported, since its default is others", get(), |reply| {
            let grants = list(reply, "grant_types_supported");
            ["password", "refresh_token"].iter().all(|grant| grants.contains(&(*grant).to_owned()))
        }),
        ("2: token_endpoint_auth_methods_supported", get(), |reply| {
            list(reply, "token_endpoint_auth_methods_supported") == ["client_secret_basic", "client_secret_post"]
        }),
        ("2: an alg list is required with JWT methods alone", get(), |reply| {
            reply.json.get("token_endpoint_auth_signing_alg_values_supported").is_none()
        }),
        ("2: scopes_supported", get(), |reply| list(reply, "scopes_supported").contains(&"client:create".to_owned())),
        ("2: service_documentation", get(), |reply| reply.json["service_documentation"] == format!("{ISSUER}/docs")),
        ("2: revocation_endpoint and its methods", get(), |reply| {
            reply.json["revocation_endpoint"] == format!("{ISSUER}/api/oauth/revoke")
                && list(reply, "revocation_endpoint_auth_methods_supported").len() == 2
        }),
        ("2: introspection_endpoint and its methods", get(), |reply| {
            reply.json["introspection_endpoint"] == format!("{ISSUER}/api/oauth/introspect")
                && list(reply, "introspection_endpoint_auth_methods_supported").len() == 2
        }),
    ];
    assert_rows(rows).await;
}

#[tokio::test]
async fn request_and_reply_are_as_it_says() {
    let app = server_of(ISSUER).await;
    let nested = server_of(ISSUER_WITH_PATH).await;
    let get = || app.get(PATH);
    let rows: Vec<Row> = vec![
        ("3: a GET at the well-known path", get(), |reply| reply.json.is_object()),
        ("3: which comes before the issuer's path", nested.get(&format!("{PATH}/dna/v1")), |reply| {
            reply.json["issuer"] == ISSUER_WITH_PATH
        }),
        ("3: whose last / is left out", nested.get(&format!("{PATH}/dna/v1/")), |reply| {
            reply.json["issuer"] == ISSUER_WITH_PATH
        }),
        ("3.2: several values are an array", get(), |reply| {
            let lists = reply.json.as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("_supported"));
            lists.into_iter().all(|(_, value)| value.is_array())
        }),
        ("3.2: no value is null", get(), |reply| {
            reply.json.as_object().is_some_and(|members| members.values().all(|value| !value.is_null()))
        }),
        ("3.3: issuer is what the URL was made of", nested.get(PATH), |reply| reply.json["issuer"] == ISSUER_WITH_PATH),
        ("3.3: and every URL begins with it", nested.get(PATH), |reply| {
            let members = reply.json.as_object().into_iter().flatten();
            let urls = members.filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
            urls.into_iter().all(|(_, url)| url.as_str().is_some_and(|url| url.starts_with(ISSUER_WITH_PATH)))
        }),
    ];
    assert_rows(rows).await;
}

#[tokio::test]
async fn the_issuer_is_the_one_in_the_tokens() {
    let app = server_of(ISSUER_WITH_PATH).await;
    let claims = app.partner("Acme").await.log_in(&app).await.claims();
    assert_eq!(claims["iss"], Reply::public(app.get(PATH)).await.json["issuer"]);
}

#[tokio::test]
async fn everything_else_under_well_known_is_an_error_in_json() {
    let app = server_of(ISSUER).await;
    let nested = server_of(ISSUER_WITH_PATH).await;
    for request in [
        app.get("/.well-known/oauth-authorization-server/dna/v1"),
        app.get("/.well-known/openid-configuration"),
        app.get("/.well-known/"),
        nested.get("/.well-known/oauth-authorization-server/dna"),
        nested.get("/.well-known/oauth-authorization-server/dna/v1/x"),
        nested.get("/dna/v1/.well-known/oauth-authorization-server"),
    ] {
        Reply::of(request).await.is_refused(404, "not_found", "There is nothing here.");
    }
    for path in [PATH.to_owned(), format!("{PATH}/dna/v1")] {
        let head = Reply::public(nested.request(Method::HEAD, &path)).await;
        assert_eq!(head.text, "");
        let refused = Reply::of(nested.post(&path)).await;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"));
    }
}

#[tokio::test]
async fn an_issuer_without_tls_is_named_as_it_is() {
    let app = server_of("http://127.0.0.1:8080").await;
    assert_eq!(Reply::public(app.get(PATH)).await.json["issuer"], "http://127.0.0.1:8080");
}
