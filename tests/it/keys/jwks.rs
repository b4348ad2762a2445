//! The published keys.

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet, ThumbprintHash};
use reqwest::Method;

use super::{JWKS, Verifier};
use crate::support::{App, Reply, until};

/// Checks that nothing but public members is there, whatever the keys are good for.
async fn assert_public(app: &App, count: usize) {
    until("the keys are published", async || Verifier::fetch(app).await.kids().len() == count).await;
    let reply = Reply::public(app.get(JWKS)).await;
    assert_eq!(Reply::members(&reply.json), ["keys"]);
    let keys = reply.json["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), count);
    for key in keys {
        assert_eq!(Reply::members(key), ["kty", "use", "alg", "kid", "n", "e"]);
        assert_eq!((&key["kty"], &key["use"], &key["alg"]), (&"RSA".into(), &"sig".into(), &"RS256".into()));
        assert_eq!(key["e"], "AQAB");
    }
    let set: JwkSet = serde_json::from_value(reply.json).expect("a set of keys");
    for key in &set.keys {
        let AlgorithmParameters::RSA(rsa) = &key.algorithm else { panic!("not RSA: {key:?}") };
        assert_eq!(rsa.n.len(), 342, "2048 bits in base64url");
        assert_eq!(key.thumbprint(ThumbprintHash::SHA256).ok(), key.common.key_id);
    }
}

#[tokio::test]
async fn no_private_member_is_ever_published() {
    let app = App::start().await;
    assert_public(&app, 1).await;
    app.keys().rotate(&app.db, 600).await.expect("a next key");
    assert_public(&app, 2).await;
    app.keys().rotate(&app.db, 0).await.expect("one that signs at once");
    assert_public(&app, 3).await;
    let all = app.keys().list().await.expect("keys");
    app.keys().retire(&app.db, &all[0].kid).await.expect("the first is only verifying by now");
    assert_public(&app, 2).await;
}

#[tokio::test]
async fn a_token_is_verified_by_the_published_keys_alone() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let verifier = Verifier::fetch(&app).await;
    assert!(verifier.takes(&caller.token));
    let end = caller.token.len() - 10;
    assert!(!verifier.takes(&format!("{}AAAAAAAAAA", &caller.token[..end])));
}

#[tokio::test]
async fn the_keys_are_for_everybody_to_read_and_to_keep_for_five_minutes() {
    let app = App::start().await;
    let reply = Reply::public(app.get(JWKS)).await;
    for accept in ["*/*", "application/json", "application/jwk-set+json", "application/jwk-set+json, */*;q=0.1", ""] {
        assert_eq!(Reply::public(app.get(JWKS).header("accept", accept)).await.json, reply.json);
    }
    assert_eq!(Reply::public(app.get("/.well-known/jwks.json/?x=y")).await.json, reply.json);

    let head = Reply::public(app.request(Method::HEAD, JWKS)).await;
    assert_eq!((head.text.as_str(), head.header("content-length")), ("", reply.text.len().to_string().as_str()));
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let refused = Reply::of(app.request(method, JWKS)).await;
        assert_eq!(refused.header("allow"), "GET, HEAD");
        refused.is_refused(405, "method_not_allowed", "The method is not allowed here.");
    }
    let refused = Reply::of(app.get(JWKS).header("accept", "text/html")).await;
    assert_eq!((refused.status, refused.error()), (406, "not_acceptable"));
}
