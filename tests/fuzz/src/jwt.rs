//! Access tokens.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::DateTime;
use dna_api::{
    clock::Clock,
    crypto::{jwt::Jwts, keyring::Keyring, signing_key::SigningKey},
};

const ISSUER: &str = "https://api.example";
const NOW: i64 = 1_700_000_000;
/// Seconds by which another server's clock may differ.
const LEEWAY: i64 = 5;

static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::generate(2048).expect("a key")));
static JWTS: LazyLock<Jwts> =
    LazyLock::new(|| Jwts::new(ISSUER.to_owned(), Keyring::new(vec![Arc::clone(&KEY)], Some(KEY.kid()))));

/// Signs what it is given, well-formed or not.
fn sign(header: &[u8], claims: &[u8]) -> String {
    let mut token = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; KEY.pair().public_modulus_len()];
    KEY.pair().sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature).expect("a signature");
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// The bytes are a token, which nobody signed; and a header and claims, a line each, that our own key signed: `KID` stands
/// for its name. Such a token is good only where the clock, the issuer and the audience say so.
pub(crate) fn jwt(data: &[u8]) {
    let clock = Clock::new(|| DateTime::from_timestamp(NOW, 0).expect("a time"));
    let text = String::from_utf8_lossy(data).replace("KID", KEY.kid());
    assert!(JWTS.claims(&text, &clock).is_err(), "{text} is a forgery");

    let (header, claims) = text.split_once('\n').unwrap_or((r#"{"alg":"RS256","kid":"KID"}"#, &text));
    let header = header.replace("KID", KEY.kid());
    let token = sign(header.as_bytes(), claims.as_bytes());
    let verified = JWTS.claims(&token, &clock);
    let good = |token: &str| JWTS.claims(token, &clock).is_ok();
    let Ok(known) = verified else { return };
    assert!(known.exp > NOW - LEEWAY && known.nbf <= NOW + LEEWAY, "{claims}");
    assert!(known.iss == ISSUER && known.aud.iter().any(|aud| aud == ISSUER), "{claims}");
    let header: serde_json::Value = serde_json::from_str(&header).expect("a header");
    assert!(header["alg"] == "RS256" && header["kid"] == KEY.kid() && header["crit"].is_null(), "{header}");
    if let Ok(identity) = known.identity() {
        assert_eq!((identity.partner.0, identity.sid), (known.partner, known.sid));
    }
    // A single character of it makes it a forgery.
    for place in [0, token.len() / 4, token.len() / 2, token.len() - 2] {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'x' { b'y' } else { b'x' };
        assert!(!good(&String::from_utf8(forged).expect("ASCII")), "character {place} of {token}");
    }
}
