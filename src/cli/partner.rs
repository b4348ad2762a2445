//! `dna-api partner …`

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use super::output;
use crate::{
    accounts,
    domain::partner::{Name, PartnerId},
    installation::Installation,
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

pub(super) async fn run(installation: &Installation, action: Action, json: bool) -> Result<()> {
    match action {
        Action::Add { name } => output::print_once(&accounts::add_partner(&installation.db, &name).await?, json)?,
        Action::List => output::print(&store::partner::list(&installation.db).await?, json)?,
        Action::Disable { name } => set_enabled(installation, name, false, json).await?,
        Action::Enable { name } => set_enabled(installation, name, true, json).await?,
    }
    Ok(())
}

/// The partner of that name, for commands that need one.
pub(super) async fn find_partner(installation: &Installation, name: &str) -> Result<PartnerId> {
    let partner = store::partner::find(&installation.db, name).await?;
    partner.with_context(|| format!("there is no partner `{name}`: see `dna-api partner list`"))
}

async fn set_enabled(installation: &Installation, name: String, enabled: bool, json: bool) -> Result<()> {
    if !store::partner::set_enabled(&installation.db, &name, enabled).await? {
        bail!("there is no partner `{name}`: see `dna-api partner list`");
    }
    output::print(&output::Done { name, enabled }, json)
}
