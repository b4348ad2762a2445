//! Tokens that the server has never seen, signed with its own key: to ask it for each would be to measure something else.

use std::{sync::Arc, thread};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::RSA_PKCS1_SHA256,
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{cluster::Cluster, server::MASTER_KEY};

/// The server's key, and a token of its own that others are made like.
pub struct Signer {
    key: KeyPair,
    header: Value,
    claims: Value,
}

impl Signer {
    pub fn of(cluster: &Cluster, token: &str) -> Result<Self> {
        let mut parts = token.split('.').map(|part| anyhow::Ok(BASE64_URL_SAFE_NO_PAD.decode(part)?));
        let mut part = || anyhow::Ok(serde_json::from_slice(&parts.next().context("a part")??)?);
        let (header, claims): (Value, Value) = (part()?, part()?);
        let kid = header["kid"].as_str().context("no kid")?;
        let sealed = cluster.sql(
            "dna",
            &format!(
                "select translate(encode(private_key, 'base64'), E'\\n', '') from signing_keys where kid = '{kid}'"
            ),
        )?;
        let sealed = BASE64_STANDARD.decode(sealed)?;
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).context("a short key")?;
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, &MASTER_KEY).map_err(|_| anyhow!("no cipher"))?;
        let (nonce, mut rest) = (Nonce::try_assume_unique_for_key(nonce), rest.to_vec());
        let opened =
            cipher.open_in_place(nonce.map_err(|_| anyhow!("no nonce"))?, Aad::from(kid.as_bytes()), &mut rest);
        let key = KeyPair::from_pkcs8(opened.map_err(|_| anyhow!("the signing key does not open"))?);
        Ok(Self { key: key.map_err(|error| anyhow!("no key: {error}"))?, header, claims })
    }

    /// So many, by two threads.
    pub fn tokens(&self, many: usize) -> Result<Vec<Arc<str>>> {
        thread::scope(|scope| {
            let half = || (0..many.div_ceil(2)).map(|_| self.token(&self.claims)).collect::<Result<Vec<_>>>();
            let halves = [scope.spawn(half), scope.spawn(half)];
            let halves = halves.map(|half| half.join().map_err(|_| anyhow!("a thread that signs panicked"))?);
            Ok(halves.into_iter().collect::<Result<Vec<_>>>()?.concat())
        })
    }

    /// One of each of these partners'.
    pub fn of_partners(&self, partners: &[Uuid]) -> Result<Vec<Arc<str>>> {
        let of = |partner: &Uuid| {
            let mut claims = self.claims.clone();
            claims["partner"] = Value::String(partner.to_string());
            self.token(&claims)
        };
        partners.iter().map(of).collect()
    }

    fn token(&self, claims: &Value) -> Result<Arc<str>> {
        let jti = Value::String(Uuid::new_v4().to_string());
        let part = |members: &Value| {
            let mut members = members.clone();
            members["jti"] = jti.clone();
            BASE64_URL_SAFE_NO_PAD.encode(members.to_string())
        };
        let signed = format!("{}.{}", part(&self.header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let sign = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature);
        sign.map_err(|_| anyhow!("no signature"))?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)).into())
    }
}
