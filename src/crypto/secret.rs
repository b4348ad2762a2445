//! Making and hashing the secrets that we hand out.

use std::thread;

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::domain::secret::{Secret, SecretHash};

/// 256 random bits in URL-safe characters: an OAuth client's secret, a refresh token.
#[must_use]
pub fn generate() -> Secret {
    of_random::<32>()
}

/// 144 random bits in 24 characters: a password that a person may have to type.
#[must_use]
pub fn generate_password() -> Secret {
    of_random::<18>()
}

fn of_random<const BYTES: usize>() -> Secret {
    let bytes = Zeroizing::new(random_bytes::<BYTES>());
    Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// What is stored in place of a secret, and looked up when a caller presents it.
#[must_use]
pub fn hash(presented: &str) -> SecretHash {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, presented.as_bytes()).as_ref());
    SecretHash::new(bytes)
}

/// Whether `hash` is the stored one, in a time that does not tell how far they agree.
#[must_use]
pub fn matches(hash: &SecretHash, stored: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(hash.as_bytes(), stored).is_ok()
}

/// Has the generator of random numbers gather its first entropy, on a thread of its own: that takes it a twentieth of a
/// second of a core, which no request should wait for.
pub fn gather_entropy() {
    thread::spawn(random_bytes::<1>);
}

/// Random bytes that nobody can predict.
///
/// # Panics
/// Where the system has no source of randomness, without which nothing here is safe.
#[must_use]
pub fn random_bytes<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).expect("the system's random numbers");
    bytes
}
