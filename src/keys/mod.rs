//! What operators do to the signing keys, and how servers follow. Changes wait for each other; servers see one whole.

mod follow;
pub mod master_key_file;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use sqlx::{Acquire, PgPool, Postgres};
use tokio::task::spawn_blocking;

pub use follow::Follower;

use crate::{
    crypto::signing_key::{KeyError, SigningKey},
    domain::signing_key::State,
    settings::MasterKey,
    store::{
        self,
        signing_key::{Key, SealedKey},
    },
};

/// The signing keys of a database, and what makes and opens them.
pub struct Keys {
    db: PgPool,
    master_key: MasterKey,
    bits: u32,
}

/// What a rotation did.
#[derive(Serialize)]
pub struct Rotation {
    /// The new key.
    #[serde(flatten)]
    pub next: Key,
    /// The key that signs until then.
    pub replaces: String,
    /// Until when that one verifies.
    #[serde(serialize_with = "crate::domain::time::rfc3339_or_null")]
    pub replaced_verifies_until: Option<chrono::DateTime<chrono::Utc>>,
}

impl Keys {
    /// The keys of `db`, sealed under `master_key`; new ones have `bits` bits.
    #[must_use]
    pub const fn new(db: PgPool, master_key: MasterKey, bits: u32) -> Self {
        Self { db, master_key, bits }
    }

    /// Every key there is or was, in the order in which they sign.
    ///
    /// # Errors
    /// Where the database cannot be asked.
    pub async fn list(&self) -> Result<Vec<Key>> {
        Ok(store::signing_key::all(&self.db).await?)
    }

    /// Makes a first key where none signs. Of several servers that start at once, one does.
    ///
    /// # Errors
    /// Where the database cannot be asked.
    pub async fn ensure(&self) -> Result<()> {
        if signing(&self.list().await?).is_some() {
            return Ok(());
        }
        let made = self.make().await?;
        let mut transaction = self.db.begin().await?;
        store::signing_key::lock(&mut transaction).await?;
        if signing(&store::signing_key::all(&mut *transaction).await?).is_none() {
            store::signing_key::insert(&mut *transaction, &made, self.bits, 0, true).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Proves that the master key opens every key that is in use, and gives those.
    ///
    /// # Errors
    /// One line that tells the operator what to do, where it does not.
    pub async fn prove(&self) -> Result<Vec<Key>> {
        let live: Vec<Key> = self.list().await?.into_iter().filter(|key| key.state != State::Retired).collect();
        for sealed in store::signing_key::sealed(&self.db, &names(&live)).await? {
            self.open(&sealed)?;
        }
        Ok(live)
    }

    /// Makes a key that signs in `lead` seconds, in place of the one that does now.
    ///
    /// # Errors
    /// One line that tells the operator what to do: no key signs yet, or the master key is not the servers'.
    pub async fn rotate(&self, db: impl Acquire<'_, Database = Postgres>, lead: u32) -> Result<Rotation> {
        let made = self.make().await?;
        let mut transaction = db.begin().await?;
        store::signing_key::lock(&mut transaction).await?;
        let before = store::signing_key::all(&mut *transaction).await?;
        let signing = signing(&before).context("no key signs yet: the server's first start makes one")?.kid.clone();
        for sealed in store::signing_key::sealed(&mut *transaction, std::slice::from_ref(&signing)).await? {
            self.open(&sealed)?; // else the servers could not open the new one
        }
        store::signing_key::insert(&mut *transaction, &made, self.bits, lead, false).await?;
        let over: Vec<Key> = before.into_iter().filter(|key| key.state == State::Retired).collect();
        store::signing_key::erase(&mut *transaction, &names(&over)).await?;
        let after = store::signing_key::all(&mut *transaction).await?;
        transaction.commit().await?;
        let replaced_verifies_until = find(&after, &signing)?.verifies_until;
        Ok(Rotation { next: find(&after, &made.kid)?, replaces: signing, replaced_verifies_until })
    }

    /// Ends a key at once: what it signed is refused.
    ///
    /// # Errors
    /// One line that tells the operator what to do: there is no such key, or nothing would sign without it.
    pub async fn retire(&self, db: impl Acquire<'_, Database = Postgres>, kid: &str) -> Result<Key> {
        let mut transaction = db.begin().await?;
        store::signing_key::lock(&mut transaction).await?;
        let before = store::signing_key::all(&mut *transaction).await?;
        let key = find(&before, kid)?;
        if key.state == State::Signing {
            match before.iter().find(|other| other.state == State::Next) {
                None => bail!("{kid} is the key that signs: run `dna-api keys rotate` first"),
                Some(next) => bail!(
                    "{kid} signs until {}: retire it then, or run `dna-api keys rotate --lead 5` to have a successor sooner",
                    next.signs_from.format("%H:%M:%S UTC on %Y-%m-%d")
                ),
            }
        }
        // The time at which its state was read: what was about to sign then has not signed.
        store::signing_key::retire(&mut *transaction, &[key.kid], key.read_at).await?;
        let after = store::signing_key::all(&mut *transaction).await?;
        transaction.commit().await?;
        find(&after, kid)
    }

    /// Ends every key at once and makes a new one, whatever master key sealed them.
    ///
    /// # Errors
    /// Where the database cannot be asked.
    pub async fn replace_all(&self, db: impl Acquire<'_, Database = Postgres>) -> Result<Vec<Key>> {
        let made = self.make().await?;
        let mut transaction = db.begin().await?;
        store::signing_key::lock(&mut transaction).await?;
        let before = store::signing_key::all(&mut *transaction).await?;
        if let Some(key) = before.first() {
            store::signing_key::retire(&mut *transaction, &names(&before), key.read_at).await?;
        }
        store::signing_key::insert(&mut *transaction, &made, self.bits, 0, true).await?;
        let after = store::signing_key::all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Seals every key under another master key, all or none, and says how many those are. Keys that are sealed under
    /// it already are left, so a change that was cut off can be repeated.
    ///
    /// # Errors
    /// One line that tells the operator what to do, where a key opens with neither.
    pub async fn change_master_key(&self, db: impl Acquire<'_, Database = Postgres>, new: &MasterKey) -> Result<usize> {
        let mut transaction = db.begin().await?;
        store::signing_key::lock(&mut transaction).await?;
        let all = store::signing_key::all(&mut *transaction).await?;
        let mut changed = 0;
        for sealed in store::signing_key::sealed(&mut *transaction, &names(&all)).await? {
            match self.open(&sealed) {
                Ok(key) => {
                    let resealed = SealedKey { kid: sealed.kid, private_key: key.seal(new.as_bytes())? };
                    store::signing_key::reseal(&mut *transaction, &resealed).await?;
                    changed += 1;
                }
                Err(error) => {
                    SigningKey::open(&sealed.kid, &sealed.private_key, new.as_bytes()).map_err(|_| error)?;
                }
            }
        }
        transaction.commit().await?;
        Ok(changed)
    }

    fn open(&self, sealed: &SealedKey) -> Result<SigningKey, KeyError> {
        SigningKey::open(&sealed.kid, &sealed.private_key, self.master_key.as_bytes())
    }

    async fn make(&self) -> Result<SealedKey> {
        let bits = self.bits;
        let made = spawn_blocking(move || SigningKey::generate(bits)).await.context("making a signing key")??;
        Ok(SealedKey { kid: made.kid().to_owned(), private_key: made.seal(self.master_key.as_bytes())? })
    }
}

fn signing(keys: &[Key]) -> Option<&Key> {
    keys.iter().find(|key| key.state == State::Signing)
}

fn names(keys: &[Key]) -> Vec<String> {
    keys.iter().map(|key| key.kid.clone()).collect()
}

fn find(keys: &[Key], kid: &str) -> Result<Key> {
    let found = keys.iter().find(|key| key.kid == kid).cloned();
    found.with_context(|| format!("there is no signing key `{kid}`: see `dna-api keys list`"))
}
