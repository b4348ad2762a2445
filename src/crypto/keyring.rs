//! The keys of a moment: the one that signs, and those that verify.

use std::sync::Arc;

use jsonwebtoken::DecodingKey;

use super::{
    signing_key::{Jwk, SigningKey},
    verified::Verified,
};

/// A key with what verification needs of it.
struct Held {
    key: Arc<SigningKey>,
    verifying: DecodingKey,
}

/// Keys, of which at most one signs. There are few, so they are looked through.
pub struct Keyring {
    /// The one that signs comes first, where it is held.
    keys: Vec<Held>,
    signs: bool,
    verified: Verified,
}

impl Keyring {
    /// A ring of these keys, all of which verify; the one of the name `signing` signs.
    #[must_use]
    pub fn new(mut keys: Vec<Arc<SigningKey>>, signing: Option<&str>) -> Self {
        keys.sort_by_key(|key| Some(key.kid()) != signing);
        let signs = keys.first().is_some_and(|key| Some(key.kid()) == signing);
        let hold = |key: Arc<SigningKey>| {
            let (modulus, exponent) = key.public_components();
            let verifying = DecodingKey::from_rsa_raw_components(modulus, exponent);
            Held { key, verifying }
        };
        Self { keys: keys.into_iter().map(hold).collect(), signs, verified: Verified::default() }
    }

    /// The key that signs, where it is held.
    #[must_use]
    pub fn signing(&self) -> Option<&SigningKey> {
        self.keys.first().filter(|_| self.signs).map(|held| held.key.as_ref())
    }

    /// The key of that name.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&Arc<SigningKey>> {
        self.find(kid).map(|held| &held.key)
    }

    /// The tokens of these keys that were verified.
    pub(super) const fn verified(&self) -> &Verified {
        &self.verified
    }

    /// What verifies the signatures of the key of that name.
    pub(super) fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.find(kid).map(|held| &held.verifying)
    }

    /// The public halves, the one that signs first.
    #[must_use]
    pub fn public(&self) -> Vec<Jwk> {
        self.keys.iter().map(|held| held.key.jwk()).collect()
    }

    /// Their names, the one that signs first.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|held| held.key.kid())
    }

    fn find(&self, kid: &str) -> Option<&Held> {
        self.keys.iter().find(|held| held.key.kid() == kid)
    }
}
