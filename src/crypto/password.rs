//! argon2id (RFC 9106) over memory that the caller keeps, on huge pages where the system has them: a fresh 19 MiB for
//! each hash costs a quarter more time.

use argon2_rust::{Algorithm, Argon2, Error, Hasher, Params, Version, decode_string};

use super::secret::random_bytes;

/// A well-formed hash, at the cost of those that [`Workspace::hash`] makes, that no password is known to have: verified
/// in place of an unknown user's, so that both take the same time.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm8gdXNlciBoYXMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How new hashes are made: with 19 MiB, two passes, one lane, which is OWASP's first choice.
const TODAYS: Argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::OWASP);

/// Why a hash could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The stored one is no PHC string of argon2id, as this program writes them.
    #[error("the stored password hash cannot be used: {0}")]
    Unusable(Error),
    /// The system has none left.
    #[error("there is no memory to hash a password in")]
    NoMemory,
}

impl From<Error> for HashError {
    fn from(error: Error) -> Self {
        if error == Error::MemoryAllocationError { Self::NoMemory } else { Self::Unusable(error) }
    }
}

/// Whether a stored hash was made with other parameters than new ones are. It asks for what makes a hash slow or long, not
/// for the length of its salt.
#[must_use]
pub fn is_outdated(stored: &str) -> bool {
    let cost = |params: &Params| (params.memory_kib(), params.passes(), params.lanes(), params.tag_len());
    decode_string(stored, Algorithm::Argon2id)
        .is_ok_and(|stored| stored.version != TODAYS.version() || cost(&stored.params) != cost(TODAYS.params()))
}

/// The memory of one hashing thread: as much as a new hash needs. A stored one that needs more is given its own for as
/// long as it takes.
pub struct Workspace(Hasher);

impl Default for Workspace {
    fn default() -> Self {
        Self(TODAYS.hasher())
    }
}

impl Workspace {
    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// [`HashError::NoMemory`]
    pub fn hash(&mut self, password: &str) -> Result<String, HashError> {
        Ok(self.0.hash_encoded(password.as_bytes(), &random_bytes::<16>())?)
    }

    /// Whether `password` has the hash `stored`.
    ///
    /// # Errors
    /// [`HashError`]
    pub fn verify(&mut self, password: &str, stored: &str) -> Result<bool, HashError> {
        match self.0.verify_encoded(stored, password.as_bytes(), TODAYS.algorithm()) {
            Ok(()) => Ok(true),
            Err(Error::VerifyMismatch) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
