//! argon2id (RFC 9106) over memory that the caller keeps: a fresh 19 MiB for each hash costs a third more time, and
//! the allocator keeps most of it.

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};
use aws_lc_rs::constant_time;

use super::{huge_pages, secret::random_bytes};

/// A well-formed hash, at the cost of those that [`Workspace::hash`] makes, that no password is known to have: verified
/// in place of an unknown user's, so that both take the same time.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm8gdXNlciBoYXMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a hash could not be made or checked: a stored hash that is none.
#[derive(Debug, thiserror::Error)]
#[error("the stored password hash cannot be used: {0}")]
pub struct BadHash(String);

impl BadHash {
    fn new(why: &(impl ToString + ?Sized)) -> Self {
        Self(why.to_string())
    }
}

/// The parameters of new hashes: 19 MiB, two passes, one lane, which is OWASP's first choice.
fn todays() -> Params {
    Params::default()
}

/// Whether a stored hash was made with other parameters than new ones are. It asks for what makes a hash slow, not for
/// the length of its salt.
#[must_use]
pub fn is_outdated(stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| {
        let cost = |params: Params| (params.m_cost(), params.t_cost(), params.p_cost());
        stored.version != Some(Version::default().into())
            || Params::try_from(&stored).map(cost).ok() != Some(cost(todays()))
    })
}

/// The memory of one hashing thread.
#[derive(Default)]
pub struct Workspace(Vec<Block>);

impl Workspace {
    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// [`BadHash`] never happens with the parameters in use; it is there so that nothing panics.
    pub fn hash(&mut self, password: &str) -> Result<String, BadHash> {
        let params = todays();
        let salt = random_bytes::<16>();
        let output = self.derive(password, &salt, Version::default(), params.clone())?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(&params).map_err(|e| BadHash::new(&e))?,
            salt: Some(Salt::new(&salt).map_err(|e| BadHash::new(&e))?),
            hash: Some(Output::new(&output).map_err(|e| BadHash::new(&e))?),
        };
        Ok(hash.to_string())
    }

    /// Whether `password` has the hash `stored`.
    ///
    /// # Errors
    /// [`BadHash`] when `stored` is no argon2id hash.
    pub fn verify(&mut self, password: &str, stored: &str) -> Result<bool, BadHash> {
        let stored = PasswordHash::new(stored).map_err(|e| BadHash::new(&e))?;
        let params = Params::try_from(&stored).map_err(|e| BadHash::new(&e))?;
        let version = stored.version.map_or(Ok(Version::default()), Version::try_from).map_err(|e| BadHash::new(&e))?;
        let (Some(salt), Some(expected), true) =
            (stored.salt, stored.hash, stored.algorithm == Algorithm::Argon2id.ident())
        else {
            return Err(BadHash::new("it is not of argon2id"));
        };
        let output = self.derive(password, &salt, version, params)?;
        Ok(constant_time::verify_slices_are_equal(&output, expected.as_bytes()).is_ok())
    }

    fn make_room(&mut self, blocks: usize) {
        if self.0.capacity() < blocks {
            self.0 = Vec::new(); // not both at once
            self.0 = Vec::with_capacity(blocks);
            huge_pages::ask(self.0.spare_capacity_mut());
        }
        self.0.resize(blocks, Block::new());
    }

    fn derive(&mut self, password: &str, salt: &[u8], version: Version, params: Params) -> Result<[u8; 32], BadHash> {
        self.make_room(params.block_count());
        let mut output = [0; 32];
        Argon2::new(Algorithm::Argon2id, version, params)
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut self.0)
            .map_err(|e| BadHash::new(&e))?;
        Ok(output)
    }
}
