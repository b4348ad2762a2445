//! RSA keys that sign access tokens: made here, sealed with AES-256-GCM under the master key for the database, opened
//! at the start.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest,
    encoding::AsDer as _,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use zeroize::Zeroizing;

/// Why a key could not be made, sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A size that is none of 2048, 3072 and 4096 bits.
    #[error("an RSA key has 2048, 3072 or 4096 bits")]
    Size,
    /// The sealed key does not open: another master key sealed it, or it was tampered with.
    #[error(
        "the master key does not open the signing key {0}: set the DNA_MASTER_KEY that sealed it; if that is lost for good, run `dna-api keys replace-all`"
    )]
    Sealed(String),
    /// The cryptographic library failed.
    #[error("RSA or AES failed")]
    Crypto,
}

/// An RSA key pair and its name.
pub struct SigningKey {
    kid: String,
    pair: KeyPair,
}

impl SigningKey {
    /// Makes a new key. Takes a good part of a second: not for the async threads.
    ///
    /// # Errors
    /// [`KeyError::Size`] for a size that is not offered.
    pub fn generate(bits: u32) -> Result<Self, KeyError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(KeyError::Size),
        };
        Ok(Self::named(KeyPair::generate(size).map_err(|_| KeyError::Crypto)?))
    }

    fn named(pair: KeyPair) -> Self {
        Self { kid: thumbprint(&pair), pair }
    }

    /// The key's name: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key pair, to sign with.
    #[must_use]
    pub const fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// The modulus and the public exponent, big-endian.
    #[must_use]
    pub fn public_components(&self) -> (&[u8], &[u8]) {
        components(&self.pair)
    }

    /// The PKCS#8 form under AES-256-GCM, with the key's name authenticated: a nonce, then the ciphertext and its tag.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] when the library fails.
    pub fn seal(&self, master_key: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
        let pkcs8 = self.pair.as_der().map_err(|_| KeyError::Crypto)?;
        let mut sealed = pkcs8.as_ref().to_vec(); // encrypted in place: no plain copy stays
        let nonce = cipher(master_key)?
            .seal_in_place_append_tag(Aad::from(self.kid.as_bytes()), &mut sealed)
            .map_err(|_| KeyError::Crypto)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] when the master key or the name is not the one that it was sealed with.
    pub fn open(kid: &str, sealed: &[u8], master_key: &[u8; 32]) -> Result<Self, KeyError> {
        let refused = || KeyError::Sealed(kid.to_owned());
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or_else(refused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| refused())?;
        let mut bytes = Zeroizing::new(ciphertext.to_vec());
        let pkcs8 =
            cipher(master_key)?.open_in_place(nonce, Aad::from(kid.as_bytes()), &mut bytes).map_err(|_| refused())?;
        Ok(Self::named(KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Crypto)?))
    }

    /// The public half, as others read it.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        let (modulus, exponent) = self.public_components();
        Jwk {
            kty: "RSA",
            usage: "sig",
            alg: "RS256",
            kid: self.kid.clone(),
            n: BASE64_URL_SAFE_NO_PAD.encode(modulus),
            e: BASE64_URL_SAFE_NO_PAD.encode(exponent),
        }
    }
}

/// A public key of RFC 7517, in the members of RFC 7518 §6.3.1. It has no place for a private one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

fn cipher(master_key: &[u8; 32]) -> Result<RandomizedNonceKey, KeyError> {
    RandomizedNonceKey::new(&AES_256_GCM, master_key).map_err(|_| KeyError::Crypto)
}

fn components(pair: &KeyPair) -> (&[u8], &[u8]) {
    let public = pair.public_key();
    (public.modulus().big_endian_without_leading_zero(), public.exponent().big_endian_without_leading_zero())
}

/// RFC 7638 §3: the SHA-256 of the key's required members, in their lexical order.
fn thumbprint(pair: &KeyPair) -> String {
    let (modulus, exponent) = components(pair);
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let members = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, encode(exponent), encode(modulus));
    encode(digest::digest(&digest::SHA256, members.as_bytes()).as_ref())
}
