//! Tokens of which only the algorithm, the key or the claims are wrong.

use aws_lc_rs::{hmac, signature};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Stage;
use crate::support::Forge;

#[tokio::test]
async fn what_the_forger_signs_unchanged_is_taken() {
    let stage = Stage::new().await;
    stage.assert_accepted(&stage.caller.token).await;
    stage.assert_accepted(&stage.forge.sign(&stage.header(), &stage.claims())).await;
}

#[tokio::test]
async fn no_algorithm_but_rs256_is_taken() {
    let stage = Stage::new().await;
    let claims = stage.claims();
    for none in ["none", "None", "NONE", ""] {
        let header = stage.header_with("alg", none.into());
        stage.assert_refused(&Forge::token(&header, &claims, |_| Vec::new())).await;
        stage.assert_refused(&stage.forge.sign(&header, &claims)).await;
    }
    for (name, algorithm) in [
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
        ("PS256", &signature::RSA_PSS_SHA256),
        ("PS512", &signature::RSA_PSS_SHA512),
    ] as [(&str, &'static dyn signature::RsaEncoding); 4]
    {
        let header = stage.header_with("alg", name.into());
        stage.assert_refused(&stage.forge.sign_as(algorithm, &header, &claims)).await;
        stage.assert_refused(&stage.forge.sign_as(algorithm, &stage.header(), &claims)).await;
    }
    for alg in
        [Value::Null, json!(["RS256"]), json!("rs256"), json!("RS256 "), json!("ES256"), json!("EdDSA"), json!(1)]
    {
        stage.assert_refused(&stage.forge.sign(&stage.header_with("alg", alg), &claims)).await;
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let stage = Stage::new().await;
    let der = stage.forge.public_der();
    let lines: Vec<String> = BASE64_STANDARD
        .encode(&der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let jwk = stage.forge.jwk();
    let modulus = jwk["n"].as_str().expect("a modulus").as_bytes();
    for key in [pem.as_bytes(), pem.trim().as_bytes(), &der, modulus, jwk.to_string().as_bytes(), b""] {
        for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512)] {
            let key = hmac::Key::new(algorithm, key);
            let sign = |signed: &str| hmac::sign(&key, signed.as_bytes()).as_ref().to_vec();
            stage.assert_refused(&Forge::token(&stage.header_with("alg", name.into()), &stage.claims(), sign)).await;
            stage.assert_refused(&Forge::token(&stage.header(), &stage.claims(), sign)).await;
        }
    }
}

#[tokio::test]
async fn the_kid_only_looks_up_a_key_of_ours() {
    let stage = Stage::new().await;
    let stranger = Forge::stranger();
    stage.assert_refused(&stranger.sign(&stage.header(), &stage.claims())).await;
    stage.assert_refused(&stranger.sign(&stage.header_with("kid", stranger.kid().into()), &stage.claims())).await;
    let true_kid = stage.forge.kid();
    for kid in [
        Value::Null,
        json!(""),
        json!("unknown"),
        json!("../../../../dev/null"),
        json!("/etc/passwd"),
        json!("' or 1=1 --"),
        json!("x' union select private_key from signing_keys --"),
        json!(format!("{true_kid}\0")),
        json!(format!(" {true_kid}")),
        json!(true_kid.to_lowercase()),
        json!([true_kid]),
        json!(0),
    ] {
        let header = stage.header_with("kid", kid);
        for forge in [&stage.forge, &stranger] {
            stage.assert_refused(&forge.sign(&header, &stage.claims())).await;
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let stage = Stage::new().await;
    let stranger = Forge::stranger();
    let jwk = stranger.jwk();
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("jku", json!("file:///etc/passwd")),
        ("x5u", json!("https://attacker.example/x5u.pem")),
        ("x5c", json!([BASE64_STANDARD.encode(stranger.public_der())])),
        ("jwk", json!("no object")),
        ("keys", json!([jwk])),
    ] {
        for kid in [stage.forge.kid(), stranger.kid()] {
            let mut header: Value = serde_json::from_str(&stage.header_with(name, value.clone())).expect("a header");
            header["kid"] = kid.into();
            stage.assert_refused(&stranger.sign(&header.to_string(), &stage.claims())).await;
        }
    }
}

#[tokio::test]
async fn a_header_that_asks_for_an_extension_is_refused() {
    let stage = Stage::new().await;
    for crit in [json!(["exp"]), json!(["b64"]), json!(["x"]), json!([]), json!("x")] {
        let header = stage.header_with("crit", crit);
        stage.assert_refused(&stage.forge.sign(&header, &stage.claims())).await;
    }
}

#[tokio::test]
async fn issuer_and_audience_are_ours() {
    let stage = Stage::new().await;
    let own = stage.caller.claims();
    let (issuer, client) = (own["aud"][0].clone(), own["aud"][1].clone());
    for iss in [
        Value::Null,
        json!("http://other.test"),
        json!("http://api.test/"),
        json!("HTTP://API.TEST"),
        json!(""),
        json!(["http://other.test"]),
        json!(1),
    ] {
        stage.assert_refused(&stage.forge.sign(&stage.header(), &stage.claims_with("iss", iss))).await;
    }
    for aud in [Value::Null, json!([]), json!([client]), json!(["http://other.test", client]), json!("x"), json!([1])] {
        stage.assert_refused(&stage.forge.sign(&stage.header(), &stage.claims_with("aud", aud))).await;
    }
    stage.assert_accepted(&stage.forge.sign(&stage.header(), &stage.claims_with("aud", json!([issuer, client])))).await;
}

#[tokio::test]
async fn a_claim_that_is_missing_or_of_another_type_is_refused() {
    let stage = Stage::new().await;
    for name in ["sub", "client_id", "partner", "sid", "iat", "nbf", "exp", "scope"] {
        for value in [Value::Null, json!({}), json!([]), json!(true), json!("no-uuid"), json!(1e300), json!(-0.5)] {
            stage.assert_refused(&stage.forge.sign(&stage.header(), &stage.claims_with(name, value))).await;
        }
    }
    for scope in ["nonsense", "client:activate nonsense", "*"] {
        stage.assert_refused(&stage.forge.sign(&stage.header(), &stage.claims_with("scope", scope.into()))).await;
    }
}
