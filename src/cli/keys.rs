//! `dna-api keys …`

use anyhow::Result;
use clap::{Subcommand, value_parser};
use serde::Serialize;

use super::output;
use crate::{
    domain::signing_key::{LEAD, LEAST_LEAD, MOST_LEAD},
    installation::Installation,
    operator::{Operator, Target},
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// List the signing keys: which signs, which will, which only verify, which are over
    List,
    /// Make the next signing key; servers follow by themselves
    ///
    /// It is published at once and begins to sign later, when nobody who verifies tokens can still have a copy of the
    /// published keys that lacks it. The key before it verifies on until its last token has expired.
    Rotate {
        /// Seconds until the new key signs
        ///
        /// With less than the 300 for which copies of the published keys may be kept, those who verify tokens
        /// themselves and do not fetch the keys again for a name that they miss refuse good tokens for up to so long.
        /// Servers need 5 to learn a key.
        #[arg(long, value_name = "SECONDS", default_value_t = LEAD, value_parser = value_parser!(u32).range(i64::from(LEAST_LEAD)..=i64::from(MOST_LEAD)))]
        lead: u32,
    },
    /// End a signing key that got out: its tokens are refused within a second
    ///
    /// Who verifies tokens by a copy of the published keys takes them for up to 300 seconds more.
    Retire {
        /// Its name, as `keys list` shows it: one in 64 begins with a hyphen
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Seal the signing keys under the master key of `DNA_NEW_MASTER_KEY`
    ///
    /// Running servers go on with the keys that they have opened; restart them with the new master key before the next
    /// rotation.
    ChangeMasterKey,
    /// End every signing key and make a new one, for a master key that is lost: everyone must log in again
    ///
    /// Run it with the new `DNA_MASTER_KEY`, then start the servers with that. Access tokens are refused; refresh tokens,
    /// passwords and all else stay good.
    ReplaceAll,
}

/// What a change of the master key did.
#[derive(Serialize)]
struct Changed {
    keys: usize,
    next: &'static str,
}

pub(super) async fn run(installation: &Installation, operator: &Operator, action: Action, json: bool) -> Result<()> {
    let keys = installation.keys();
    match action {
        Action::List => output::print(&keys.list().await?, json),
        Action::Rotate { lead } => {
            let mut change = operator.change("keys rotate").await?;
            let rotation = keys.rotate(&mut *change, lead).await?;
            change.note("lead", lead);
            change.commit(target(&rotation.next.kid)).await?;
            output::print(&rotation, json)
        }
        Action::Retire { kid } => {
            let mut change = operator.change("keys retire").await?;
            let key = keys.retire(&mut *change, &kid).await?;
            change.commit(target(&key.kid)).await?;
            output::print(&key, json)
        }
        Action::ReplaceAll => {
            let mut change = operator.change("keys replace-all").await?;
            let all = keys.replace_all(&mut *change).await?;
            change.commit(Target::default()).await?;
            output::print(&all, json)
        }
        Action::ChangeMasterKey => {
            let changed = installation.change_master_key(operator).await?;
            let next = if installation.has_master_key_file() {
                "keep a copy of master.key, and restart the server"
            } else {
                "set DNA_MASTER_KEY to the new key for every server and restart them one after the other; then destroy the old one"
            };
            output::print(&Changed { keys: changed, next }, json)
        }
    }
}

fn target(kid: &str) -> Target<'_> {
    Target { name: kid, ..Target::default() }
}
