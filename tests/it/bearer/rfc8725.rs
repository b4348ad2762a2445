//! RFC 8725, a row for each MUST of §3 that concerns a server that verifies the signed tokens which it issued itself, and
//! that no forged token takes long to refuse.
//!
//! Not concerned: encryption and nested tokens (§3.2, §3.3, §3.6), ECDH (§3.4), keys that people remember (§3.5). A
//! departure: `typ` is `JWT`, as the original document prints, though §3.11 recommends a type of the application's own.

use std::time::{Duration, Instant};

use aws_lc_rs::{hmac, signature};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{EXPIRED, INVALID, Stage, assert_invalid, assert_taken, present};
use crate::support::{Forge, Reply, until};

/// What the standard says, a token that shows it, and whether that is taken.
type Row = (&'static str, String, bool);

async fn assert_rows(stage: &Stage, rows: Vec<Row>) {
    for (must, token, taken) in rows {
        stage.app.keep_secret(&token);
        let reply = present(&stage.app, &token).await;
        if taken {
            assert_eq!(reply.status, 404, "{must}\n{reply:?}");
        } else {
            assert_eq!((reply.status, reply.error()), (401, "invalid_token"), "{must}\n{reply:?}");
        }
    }
}

impl Stage {
    fn forged_header(&self, name: &str, value: impl Into<Value>) -> String {
        self.forge.sign(&self.header_with(name, value.into()), &self.claims())
    }

    fn forged_claims(&self, name: &str, value: impl Into<Value>) -> String {
        self.forge.sign(&self.header(), &self.claims_with(name, value.into()))
    }

    fn unsigned(&self, alg: &str) -> String {
        Forge::token(&self.header_with("alg", alg.into()), &self.claims(), |_| Vec::new())
    }

    /// HS256 with the public key for a secret.
    fn mac(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.forge.public_der());
        let sign = |signed: &str| hmac::sign(&key, signed.as_bytes()).as_ref().to_vec();
        Forge::token(&self.header_with("alg", "HS256".into()), &self.claims(), sign)
    }

    fn rs512(&self, alg: &str) -> String {
        let header = self.header_with("alg", alg.into());
        self.forge.sign_as(&signature::RSA_PKCS1_SHA512, &header, &self.claims())
    }

    /// The true token with the last character of its part changed.
    fn spoilt(&self, part: usize) -> String {
        let mut parts: Vec<String> = self.caller.token.split('.').map(str::to_owned).collect();
        let last = parts[part].pop().expect("a character");
        parts[part].push(if last == 'A' { 'B' } else { 'A' });
        parts.join(".")
    }
}

#[tokio::test]
async fn algorithms_and_keys_are_as_it_says() {
    let stage = Stage::new().await;
    let stranger = Forge::stranger();
    let kid = stage.forge.kid().to_owned();
    let rows: Vec<Row> = vec![
        ("3.1: the allowed algorithm is used", stage.caller.token.clone(), true),
        ("3.1: and no other: none", stage.unsigned("none"), false),
        ("3.1: HS256", stage.mac(), false),
        ("3.1: RS512, though the key could", stage.rs512("RS512"), false),
        ("3.1: alg is the one of the operation", stage.rs512("RS256"), false),
        ("3.1: a key has one algorithm", stage.forged_header("alg", "PS256"), false),
        ("3.2: current algorithms alone: RS1", stage.forged_header("alg", "RS1"), false),
        ("3.3: the signature is validated", stage.spoilt(2), false),
        ("3.3: over the claims", stage.spoilt(1), false),
        ("3.3: and the header", stage.spoilt(0), false),
        ("3.8: the key belongs to the issuer", stranger.sign(&stage.header(), &stage.claims()), false),
        (
            "3.8: whatever it is called",
            stranger.sign(&stage.header_with("kid", stranger.kid().into()), &stage.claims()),
            false,
        ),
        ("3.10: a kid looks up a key: no other", stage.forged_header("kid", "other"), false),
        ("3.10: none", stage.forged_header("kid", Value::Null), false),
        ("3.10: a path", stage.forged_header("kid", format!("/../{kid}")), false),
        ("3.10: SQL", stage.forged_header("kid", format!("{kid}' or '1'='1")), false),
        ("3.10: LDAP", stage.forged_header("kid", "*)(kid=*"), false),
        (
            "3.10: jku is not followed",
            stranger.sign(&stage.header_with("jku", json!("http://127.0.0.1:1/")), &stage.claims()),
            false,
        ),
        (
            "3.10: nor x5u",
            stranger.sign(&stage.header_with("x5u", json!("http://127.0.0.1:1/")), &stage.claims()),
            false,
        ),
        ("3.10: nor is jwk believed", stranger.sign(&stage.header_with("jwk", stranger.jwk()), &stage.claims()), false),
        ("RFC 7515 4.1.11: crit is understood or refused", stage.forged_header("crit", json!(["b64"])), false),
    ];
    assert_rows(&stage, rows).await;
}

#[tokio::test]
async fn claims_are_as_it_says() {
    let stage = Stage::new().await;
    let now = stage.app.state.clock.now().timestamp();
    let client = stage.caller.claims()["aud"][1].clone();
    let mut latin1 = stage.claims_with("scopes", json!(["client:activate\u{7f}"])).into_bytes();
    latin1.iter_mut().filter(|byte| **byte == 0x7f).for_each(|byte| *byte = 0xff);
    let rows: Vec<Row> = vec![
        (
            "3.7: claims are UTF-8",
            stage.forge.sign_bytes_as(&signature::RSA_PKCS1_SHA256, &stage.header(), &latin1),
            false,
        ),
        ("3.8: iss is ours", stage.forged_claims("iss", "http://other.test"), false),
        ("3.8: and there", stage.forged_claims("iss", Value::Null), false),
        ("3.8: sub is a user's id", stage.forged_claims("sub", "root"), false),
        ("3.8: and there", stage.forged_claims("sub", Value::Null), false),
        ("3.9: aud has us", stage.forged_claims("aud", json!(["http://other.test"])), false),
        ("3.9: not the OAuth client alone", stage.forged_claims("aud", json!([client])), false),
        ("3.9: and is there", stage.forged_claims("aud", Value::Null), false),
        ("3.12: another kind of token has not these claims", stage.forged_claims("scope", Value::Null), false),
        ("3.12: nor without a login", stage.forged_claims("sid", Value::Null), false),
        ("RFC 7519 4.1.4: expired", stage.forged_claims("exp", now - 60), false),
        ("RFC 7519 4.1.5: not yet valid", stage.forged_claims("nbf", now + 60), false),
        (
            "RFC 7519 4: a claim twice",
            stage.forge.sign(&stage.header(), &twice(&stage.claims(), "exp", now + 60)),
            false,
        ),
    ];
    assert_rows(&stage, rows).await;
}

fn twice(object: &str, name: &str, value: i64) -> String {
    format!(r#"{{"{name}":{value},{}"#, &object[1..])
}

#[tokio::test]
async fn the_audience_and_the_issuer_are_in_every_token() {
    let stage = Stage::new().await;
    let claims = stage.caller.claims();
    assert_eq!((&claims["iss"], &claims["aud"][0]), (&"http://api.test".into(), &"http://api.test".into()), "3.8, 3.9");
    assert_eq!(claims["aud"][1], claims["client_id"], "3.9");
    assert_eq!(Reply::jwt_part(&stage.caller.token, 0)["typ"], "JWT", "3.11, the departure");
}

#[tokio::test]
async fn keys_that_are_over_or_not_there_yet_open_nothing() {
    let stage = Stage::new().await;
    let (app, old) = (&stage.app, stage.caller.token.clone());
    app.keys().rotate(&app.db, 600).await.expect("a rotation");
    let next = app.keys().list().await.expect("keys").remove(1).kid;
    until("the next key is known", async || app.state.jwts.keys().get(&next).is_some()).await;
    stage.assert_refused(&stage.forged_header("kid", next)).await;
    assert_taken(&present(app, &old).await);

    app.advance(TimeDelta::seconds(1300));
    assert_invalid(&present(app, &old).await, EXPIRED);
    app.advance(TimeDelta::seconds(-1300));
    app.keys().replace_all(&app.db).await.expect("new keys");
    until("the old key is over", async || present(app, &old).await.status == 401).await;
    assert_invalid(&present(app, &old).await, INVALID);
    stage.assert_refused(&stage.forge.sign(&stage.header(), &stage.claims())).await;
}

#[tokio::test]
async fn no_forged_token_is_slow_to_refuse() {
    const SLOW: Duration = Duration::from_millis(500);
    let stage = Stage::new().await;
    let long = "x".repeat(75_000);
    let nested = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    for (name, token) in [
        ("none", stage.unsigned("none")),
        ("HS256", stage.mac()),
        ("RS512", stage.rs512("RS512")),
        ("a signature that is wrong", stage.spoilt(2)),
        ("jku", stage.forged_header("jku", "http://10.255.255.1/jwks.json")),
        ("x5u", Forge::stranger().sign(&stage.header_with("x5u", json!("http://10.255.255.1/")), &stage.claims())),
        ("kid", stage.forged_header("kid", "/dev/random")),
        ("truncated", stage.caller.token[..200].to_owned()),
        ("100 KB", "x".repeat(100_000)),
        ("a header of 100 KB", stage.forged_header("x", long.clone())),
        ("claims of 100 KB", stage.forged_claims("x", long)),
        ("nested", stage.forge.sign(&stage.header(), &nested)),
    ] {
        stage.app.keep_secret(&token);
        let mut fastest = Duration::MAX;
        for _ in 0..3 {
            let start = Instant::now();
            let status = present(&stage.app, &token).await.status;
            fastest = fastest.min(start.elapsed()); // a busy machine may spoil two of three
            assert!(status == 401 || (name == "jku" && status == 404), "{name}: {status}");
        }
        assert!(fastest < SLOW, "{name}: {fastest:?}");
    }
}
