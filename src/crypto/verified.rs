//! Access tokens that were verified already: whoever sends one again costs a look-up and no arithmetic.
//!
//! They are those of one [`Keyring`](super::keyring::Keyring), and go with it: a token of a key that is retired is
//! verified anew, and refused. Their time is looked at each time, and whether they were revoked is asked of each request,
//! so nothing is good for longer because it is here. What is kept is a hash, never a token.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};

use crate::domain::caller::Identity;

/// Tokens of one generation: two of them are two megabytes.
const GENERATION: usize = 8192;

/// What a token has said, once it was believed.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub(super) identity: Identity,
    /// From when on it is good, in Unix seconds.
    pub(super) nbf: i64,
    /// Until when.
    pub(super) exp: i64,
}

type Generation = HashMap<[u8; 32], Known>;

/// See the module. Where one generation is full, the one before is forgotten: what is asked for is never among those.
#[derive(Default)]
pub(super) struct Verified(Mutex<[Generation; 2]>);

impl Verified {
    /// What is known of the token of that key.
    pub(super) fn get(&self, key: &[u8; 32]) -> Option<Known> {
        let mut all = self.all();
        let [young, old] = &mut *all;
        if let Some(known) = young.get(key) {
            return Some(*known);
        }
        let known = old.remove(key)?;
        insert(&mut all, *key, known);
        Some(known)
    }

    /// Keeps what was verified.
    pub(super) fn keep(&self, key: [u8; 32], known: Known) {
        insert(&mut self.all(), key, known);
    }

    /// Forgets a token whose time is over, or that was revoked.
    pub(super) fn forget(&self, key: &[u8; 32]) {
        for generation in &mut *self.all() {
            generation.remove(key);
        }
    }

    fn all(&self) -> MutexGuard<'_, [Generation; 2]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn insert([young, old]: &mut [Generation; 2], key: [u8; 32], known: Known) {
    if young.len() >= GENERATION {
        *old = mem::take(young);
    }
    young.insert(key, known);
}

/// What a token is known by.
pub(super) fn key(token: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}
