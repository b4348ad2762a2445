//! `dna-api partner …`

use anyhow::{Context as _, Result};
use clap::Subcommand;
use sqlx::PgConnection;

use super::output;
use crate::{
    accounts,
    domain::partner::{Name, PartnerId},
    operator::{Change, Operator, Target},
    store,
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Add a partner with one OAuth client and one user; prints their secrets, this once
    Add {
        /// A name that no other partner has
        #[arg(value_parser = Name::parse)]
        name: Name,
    },
    /// List the partners
    List,
    /// Refuse a partner's tokens and logins, within a second
    Disable {
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
        Action::Add { name } => {
            let mut change = operator.change("partner add").await?;
            let account = accounts::add_partner(&mut *change, &name).await?;
            let partner = store::partner::find(&mut *change, name.as_str()).await?;
            change.commit(Target { name: name.as_str(), partner, ..Target::default() }).await?;
            output::print_once(&account, json)
        }
        Action::List => output::print(&store::partner::list(&mut *operator.look().await?).await?, json),
        Action::Disable { name } => set_enabled(operator.change("partner disable").await?, name, false, json).await,
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

async fn set_enabled(mut change: Change<'_>, name: String, enabled: bool, json: bool) -> Result<()> {
    let partner = find_partner(&mut change, &name).await?;
    store::partner::set_enabled(&mut *change, &name, enabled).await?;
    change.commit(Target { name: &name, partner: Some(partner), ..Target::default() }).await?;
    output::print(&output::Done { name, enabled }, json)
}
