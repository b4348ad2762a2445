//! Secrets that we hand out. A plain one can be shown once; only its hash can be stored; neither prints by accident.

use secrecy::{ExposeSecret as _, SecretString};

/// A secret in the clear: an OAuth client's secret, a refresh token, a password.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// A secret of this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The secret in the clear, for the one reply or line that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<Secret> for SecretString {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

/// The SHA-256 of a secret of 256 random bits: what is stored in its place. It needs no salt and no slow hash, since
/// there is nothing to guess.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy of the bytes, for what is counted or waits under them.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}
