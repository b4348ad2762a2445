//! The access token: a JWT whose header begins as the documented one.

use aws_lc_rs::{rsa::PublicKeyComponents, signature::RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

use super::{ALL, PATH, with};
use crate::support::{App, Caller, Forge, Reply};

const ISSUER: &str = "http://api.test";

fn bytes(part: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64url without padding")
}

#[tokio::test]
async fn the_header_has_four_members_in_the_documented_order() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let (claims, kid) = (caller.claims(), Forge::of(&app).await.kid().to_owned());
    let jti = claims["jti"].as_str().expect("a jti");

    let header = bytes(caller.token.split('.').next().expect("a header"));

    let expected = format!(r#"{{"typ":"JWT","alg":"RS256","jti":"{jti}","kid":"{kid}"}}"#);
    assert_eq!(String::from_utf8(header).expect("UTF-8"), expected);
    assert!(caller.token.starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6I"));
}

#[tokio::test]
async fn the_claims_say_who_may_do_what_and_until_when() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (user, partner_id): (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("select id, partner_id from users").fetch_one(&app.db).await.expect("a user");
    let now = app.stop_clock().timestamp();

    let claims = partner.log_in_for(&app, "client:suspend client:create").await.claims();

    let expected = json!({
        "iss": ISSUER,
        "sub": user.to_string(),
        "aud": [ISSUER, partner.client_id],
        "client_id": partner.client_id,
        "partner": partner_id.to_string(),
        "sid": claims["sid"],
        "jti": claims["jti"],
        "iat": now,
        "nbf": now,
        "exp": now + 1200,
        "scope": "client:create client:suspend",
        "scopes": ["client:create", "client:suspend"],
    });
    assert_eq!(claims, expected);
    for id in ["sid", "jti"] {
        assert!(uuid::Uuid::try_parse(claims[id].as_str().expect(id)).is_ok(), "{id}");
    }
}

#[tokio::test]
async fn the_signature_is_of_the_key_that_the_header_names() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let jwk = Forge::of(&app).await.jwk();
    let key = |member: &str| bytes(jwk[member].as_str().expect(member));
    let (signed, signature) = caller.token.rsplit_once('.').expect("a JWT");

    let key = PublicKeyComponents { n: key("n"), e: key("e") };

    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &bytes(signature)).expect("a signature");
}

#[tokio::test]
async fn a_login_keeps_its_sid_over_refreshes_and_no_two_logins_share_one() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (one, two) = (partner.log_in(&app).await, partner.log_in(&app).await);
    assert_ne!(one.claims()["sid"], two.claims()["sid"]);

    let refreshed = Caller::of(&app, &partner.refresh(&app, &one.refresh_token).await);
    let again = Caller::of(&app, &partner.refresh(&app, &refreshed.refresh_token).await);

    let stays = ["iss", "sub", "aud", "client_id", "partner", "sid", "scope", "scopes"];
    for claim in stays {
        assert_eq!(again.claims()[claim], one.claims()[claim], "{claim}");
    }
    let mut ids = [&one, &two, &refreshed, &again].map(|caller| caller.claims()["jti"].to_string()).to_vec();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each token has an id of its own");
}

#[tokio::test]
async fn tokens_live_as_long_as_the_operator_says() {
    let app = App::start_with(&[("DNA_ACCESS_TOKEN_TTL", "61"), ("DNA_REFRESH_TOKEN_TTL", "3600")]).await;
    let partner = app.partner("Acme").await;
    for request in [app.post(PATH).form(&partner.password_grant()), app.get(PATH).query(&partner.password_grant())] {
        let reply = Reply::of(request).await;
        let refreshed = partner.refresh(&app, &Caller::of(&app, &reply).refresh_token).await;
        for reply in [reply, refreshed] {
            assert!(reply.text.contains(r#""token_type":"Bearer","expires_in":61,"#), "{}", reply.text);
            let claims = Caller::of(&app, &reply).claims();
            assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|issued| issued + 61));
        }
    }
    let lives: Vec<i64> =
        sqlx::query_scalar("select extract(epoch from expires_at - issued_at)::bigint from refresh_tokens")
            .fetch_all(&app.db)
            .await
            .expect("refresh tokens");
    assert_eq!(lives, [3600; 4]);
}

#[tokio::test]
async fn the_defaults_are_twenty_minutes_and_thirty_days() {
    let app = App::start().await;
    app.partner("Acme").await.log_in(&app).await;
    let life: i64 = sqlx::query_scalar("select extract(epoch from expires_at - issued_at)::bigint from refresh_tokens")
        .fetch_one(&app.db)
        .await
        .expect("a refresh token");
    assert_eq!(life, 30 * 24 * 3600);
}

#[tokio::test]
async fn the_server_takes_every_scope_back_that_it_gave() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    for scope in ALL.split(' ') {
        let reply = super::ask(&app, &with(partner.password_grant(), "scope", scope)).await;
        let caller = Caller::of(&app, &reply);
        assert_eq!(caller.claims()["scopes"], json!([scope]));
        let expected = if scope == "client:activate" { 404 } else { 403 };
        assert_eq!(caller.transition(&app, 1, "activate").await.status, expected, "{scope}");
    }
}
