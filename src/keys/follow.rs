//! How a server follows the keys' life without a restart: it asks the database, and opens what it has not seen yet.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{Keys, names, signing};
use crate::{
    crypto::{
        keyring::Keyring,
        signing_key::{KeyError, SigningKey},
    },
    domain::signing_key::State,
    settings::MasterKey,
    state::AppState,
    store::{self, signing_key::Key},
};

/// How often the database is asked: a key that is retired must be refused within a second.
const PERIOD: Duration = Duration::from_millis(300);
/// How long one round may take: a host that vanished answers nothing, not even an error.
const DEADLINE: Duration = Duration::from_secs(2);

/// Follows the keys of one database.
pub struct Follower {
    master_key: MasterKey,
    /// The keys that were opened, or could not be, and the sealing that was tried.
    tried: HashMap<String, DateTime<Utc>>,
    /// For how long the key has signed that signs now.
    signing_for: TimeDelta,
}

impl Follower {
    /// Opens the keys that are in use. The one that signs must open; another that does not is a warning.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn start(keys: &Keys) -> Result<(Self, Keyring)> {
        let mut follower =
            Self { master_key: keys.master_key.clone(), tried: HashMap::new(), signing_for: TimeDelta::zero() };
        let (ring, refused) = follower.read(&keys.db, &Keyring::new(Vec::new(), None)).await?;
        if ring.signing().is_none() {
            let why = refused.into_iter().map(|(_, why)| anyhow::Error::from(why)).next();
            return Err(why.unwrap_or_else(|| anyhow::anyhow!("there is no key to sign with: start again")));
        }
        refused.iter().for_each(warn);
        Ok((follower, ring))
    }

    /// Follows for ever; a failure is logged once, until it is over.
    pub async fn run(mut self, app: AppState) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let failure = match timeout(DEADLINE, self.learn(&app)).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("{error:#}")),
                Err(_) => Some("the database did not answer in time".to_owned()),
            };
            match (&failure, failing) {
                (Some(why), false) => tracing::warn!(%why, "cannot learn the signing keys: those known stay in force"),
                (None, true) => tracing::info!("learning the signing keys again"),
                _ => {}
            }
            failing = failure.is_some();
        }
    }

    /// One round.
    async fn learn(&mut self, app: &AppState) -> Result<()> {
        let known = app.jwts.keys();
        let (ring, refused) = self.read(&app.monitor, &known).await?;
        app.metrics.signing_key_age.set(self.signing_for.as_seconds_f64());
        refused.iter().for_each(warn);
        let signs = |ring: &Keyring| ring.signing().map(|key| key.kid().to_owned());
        match (signs(&known), signs(&ring)) {
            (Some(_), None) => tracing::error!("there is no key to sign with: this server issues no tokens"),
            (before, Some(now)) if before.as_ref() != Some(&now) => tracing::info!(kid = now, "signing with this key"),
            _ => {}
        }
        if !known.kids().eq(ring.kids()) || signs(&known) != signs(&ring) {
            app.jwts.set_keys(ring);
        }
        Ok(())
    }

    /// The keys that are in use by now: those that are known are kept, and those that are new, or sealed anew, opened.
    /// Beside them, what could not be opened this time, the key that signs first.
    async fn read(
        &mut self,
        db: impl Copy + PgExecutor<'_>,
        known: &Keyring,
    ) -> Result<(Keyring, Vec<(Key, KeyError)>)> {
        let live: Vec<Key> =
            store::signing_key::all(db).await?.into_iter().filter(|key| key.state != State::Retired).collect();
        let is_new = |key: &&Key| self.tried.get(&key.kid) != Some(&key.sealed_at);
        let new: Vec<Key> = live.iter().filter(is_new).cloned().collect();
        let mut held: Vec<Arc<SigningKey>> = live.iter().filter_map(|key| known.get(&key.kid)).cloned().collect();
        let mut refused = Vec::new();
        if !new.is_empty() {
            for (kid, opened) in self.open(db, &new).await? {
                match opened {
                    Ok(key) if known.get(&kid).is_none() => held.push(Arc::new(key)),
                    Ok(_) => {}
                    Err(why) => refused.extend(new.iter().find(|key| key.kid == kid).cloned().map(|key| (key, why))),
                }
            }
        }
        refused.sort_by_key(|(key, _)| key.state != State::Signing);
        self.tried = live.iter().map(|key| (key.kid.clone(), key.sealed_at)).collect();
        let signing = signing(&live);
        self.signing_for = signing.map_or(TimeDelta::zero(), |key| key.read_at - key.signs_from);
        let signing = signing.map(|key| key.kid.as_str());
        Ok((Keyring::new(held, signing), refused))
    }

    /// Opens keys, beside the async threads: that takes milliseconds of arithmetic each.
    async fn open(&self, db: impl PgExecutor<'_>, new: &[Key]) -> Result<Vec<(String, Result<SigningKey, KeyError>)>> {
        let sealed = store::signing_key::sealed(db, &names(new)).await?;
        let master_key = self.master_key.clone();
        let open = move || {
            let open = |key: store::signing_key::SealedKey| {
                let opened = SigningKey::open(&key.kid, &key.private_key, master_key.as_bytes());
                (key.kid, opened)
            };
            sealed.into_iter().map(open).collect()
        };
        spawn_blocking(open).await.context("opening signing keys")
    }
}

/// Tells an operator of a key that does not open. A server that holds it already is not worse off yet; one that does
/// not can neither verify nor sign with it.
fn warn((key, _): &(Key, KeyError)) {
    let (kid, state) = (&key.kid, key.state);
    tracing::warn!(
        kid,
        ?state,
        "another master key sealed this signing key: restart this server with the DNA_MASTER_KEY that seals the keys now. It goes on with the keys that it has opened before"
    );
}
