//! `dna-api partner …`

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use sqlx::PgConnection;

use super::output;
use crate::{
    accounts,
    domain::partner::{Name, PartnerId, PartnerKind},
    installation::Installation,
    operator::{Account, Change, Operator, Record, Target},
    store,
};

/// Clients that one transaction removes, at most.
const BATCH: i64 = 500;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Add a partner with one OAuth client and one user; prints their secrets, this once
    Add {
        /// A name that no other partner has
        #[arg(value_parser = Name::parse)]
        name: Name,
        /// For trying things out: its clients' domains end in .test, and it is never billed
        #[arg(long)]
        test: bool,
    },
    /// List the partners
    List,
    /// Refuse a partner's tokens and logins, within a second
    Disable {
        /// The partner's name
        name: String,
    },
    /// Remove a test partner's clients with all that happened to them, as the role that owns the schema
    Purge {
        /// The partner's name
        name: String,
    },
    /// Let a disabled partner in again
    Enable {
        /// The partner's name
        name: String,
    },
}

pub(super) async fn run(operator: &Operator, action: Action, json: bool) -> Result<()> {
    match action {
        Action::Add { name, test } => {
            let mut change = operator.change("partner add").await?;
            let account = if test {
                change.note("test", true);
                accounts::add_test_partner(&mut *change, &name).await?
            } else {
                accounts::add_partner(&mut *change, &name).await?
            };
            let partner = store::partner::find(&mut *change, name.as_str()).await?;
            change.commit(Target { name: name.as_str(), partner, ..Target::default() }).await?;
            output::print_once(&account, json)
        }
        Action::List => output::print(&store::partner::list(&mut *operator.look().await?).await?, json),
        Action::Disable { name } => set_enabled(operator.change("partner disable").await?, name, false, json).await,
        Action::Purge { .. } => bail!("a partner is purged as the schema's owner alone"),
        Action::Enable { name } => set_enabled(operator.change("partner enable").await?, name, true, json).await,
    }
}

/// The partner of that name, for commands that need one.
pub(super) async fn find_partner(db: &mut PgConnection, name: &str) -> Result<PartnerId> {
    let partner = store::partner::find(db, name).await?;
    partner.with_context(|| format!("there is no partner `{name}`: see `dna-api partner list`"))
}

/// The partner of the name that was given, where one was.
pub(super) async fn find_partner_if_named(db: &mut PgConnection, name: Option<&str>) -> Result<Option<PartnerId>> {
    match name {
        Some(name) => find_partner(db, name).await.map(Some),
        None => Ok(None),
    }
}

/// Removes a test partner's clients, a batch a transaction, as the role that owns the schema: the one that serves may
/// not remove events.
pub(super) async fn purge(installation: &Installation, name: &str, json: bool) -> Result<()> {
    installation.prepare_for_command().await?;
    let mut owner = installation.owner_for_erasure("purge a partner").await?;
    let partner = find_partner(&mut owner, name).await?;
    if store::partner::kind(&mut owner, partner).await? != PartnerKind::Test {
        bail!("`{name}` is no test partner: its clients stay");
    }
    // On record before the first is gone, so that none goes unnoticed if this ends half-way.
    let account = Account::of_this_process();
    let target = Target { name, partner: Some(partner), ..Target::default() };
    Record::new(&account, "partner purge").write(&mut owner, target).await?;
    let mut removed = 0;
    loop {
        match store::erasure::purge(&mut owner, partner, BATCH).await? {
            0 => break,
            batch => removed += batch,
        }
    }
    output::print(&serde_json::json!({ "partner": name, "removed": removed }), json)
}

async fn set_enabled(mut change: Change<'_>, name: String, enabled: bool, json: bool) -> Result<()> {
    let partner = find_partner(&mut change, &name).await?;
    store::partner::set_enabled(&mut *change, &name, enabled).await?;
    change.commit(Target { name: &name, partner: Some(partner), ..Target::default() }).await?;
    output::print(&output::Done { name, enabled }, json)
}
