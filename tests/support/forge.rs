//! A forger of access tokens who has even the server's own signing key.

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use dna_api::{crypto::signing_key::SigningKey, domain::signing_key::State, store};
use serde_json::{Value, json};

use super::{App, database::MASTER_KEY};

/// Makes tokens of any header and any claims.
pub struct Forge {
    key: SigningKey,
}

impl Forge {
    /// With the server's own key: what it signs differs from the server's tokens only where the test wants it to.
    pub async fn of(app: &App) -> Self {
        let keys = app.keys().list().await.expect("keys");
        let kid = keys.iter().find(|key| key.state == State::Signing).expect("a key that signs").kid.clone();
        let sealed = store::signing_key::sealed(&app.db, &[kid]).await.expect("a database").remove(0);
        Self { key: SigningKey::open(&sealed.kid, &sealed.private_key, &MASTER_KEY).expect("a key") }
    }

    /// With a key that the server does not know.
    pub fn stranger() -> Self {
        Self { key: SigningKey::generate(2048).expect("a key") }
    }

    /// The name of the key.
    pub fn kid(&self) -> &str {
        self.key.kid()
    }

    /// The public key, as a JWK.
    pub fn jwk(&self) -> Value {
        let (modulus, exponent) = self.key.public_components();
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"kty": "RSA", "kid": self.kid(), "n": encode(modulus), "e": encode(exponent)})
    }

    /// The public key, as DER.
    pub fn public_der(&self) -> Vec<u8> {
        self.key.pair().public_key().as_der().expect("DER").as_ref().to_vec()
    }

    /// A token of these bytes, signed with RS256.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        self.sign_as(&RSA_PKCS1_SHA256, header, claims)
    }

    /// A token of these bytes, signed in another way.
    pub fn sign_as(&self, algorithm: &'static dyn RsaEncoding, header: &str, claims: &str) -> String {
        self.sign_bytes_as(algorithm, header, claims.as_bytes())
    }

    /// A token whose claims need not be text, signed in one way or another.
    pub fn sign_bytes_as(&self, algorithm: &'static dyn RsaEncoding, header: &str, claims: &[u8]) -> String {
        let mut signature = vec![0; self.key.pair().public_modulus_len()];
        Self::token_of(header, claims, |signed| {
            let pair = self.key.pair();
            pair.sign(algorithm, &SystemRandom::new(), signed.as_bytes(), &mut signature).expect("a signature");
            signature.clone()
        })
    }

    /// A token of these bytes, and what `sign` makes of them.
    pub fn token(header: &str, claims: &str, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
        Self::token_of(header, claims.as_bytes(), sign)
    }

    /// The same, with claims that need not be text.
    pub fn token_of(header: &str, claims: &[u8], sign: impl FnOnce(&str) -> Vec<u8>) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims));
        let signature = encode(&sign(&signed));
        format!("{signed}.{signature}")
    }
}
