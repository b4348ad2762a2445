//! `dna-api user …`

use anyhow::{Result, bail};
use clap::Subcommand;

use super::{output, partner::find_partner};
use crate::{
    accounts,
    domain::{scope::ScopeSet, user::Username},
    installation::Installation,
    store,
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Add a user to a partner; prints the password, this once
    Add {
        /// The partner's name
        #[arg(long)]
        partner: String,
        /// A username that no other user has, whatever the letter case
        #[arg(long, value_parser = Username::parse)]
        username: Username,
        /// The scopes that the user may have, space-delimited [default: all]
        #[arg(long, value_parser = ScopeSet::parse)]
        scope: Option<ScopeSet>,
    },
    /// List users
    List {
        /// Those of this partner alone
        #[arg(long)]
        partner: Option<String>,
    },
    /// Give a user a new password and end the tokens of the old one, within a second; prints the password, this once
    ResetPassword {
        /// The username
        #[arg(value_parser = Username::parse)]
        username: Username,
    },
    /// Refuse a user's tokens and logins, within a second
    Disable {
        /// The username
        #[arg(value_parser = Username::parse)]
        username: Username,
    },
    /// Let a disabled user in again
    Enable {
        /// The username
        #[arg(value_parser = Username::parse)]
        username: Username,
    },
}

pub(super) async fn run(installation: &Installation, action: Action, json: bool) -> Result<()> {
    let db = &installation.db;
    match action {
        Action::Add { partner, username, scope } => {
            let partner = find_partner(installation, &partner).await?;
            let scope = scope.unwrap_or_else(ScopeSet::all);
            output::print_once(&accounts::add_user(db, partner, &username, scope).await?, json)?;
        }
        Action::List { partner } => {
            let partner = match partner {
                Some(name) => Some(find_partner(installation, &name).await?),
                None => None,
            };
            output::print(&store::user::list(db, partner).await?, json)?;
        }
        Action::ResetPassword { username } => {
            output::print_once(&accounts::reset_password(db, &username).await?, json)?;
        }
        Action::Disable { username } => set_enabled(installation, &username, false, json).await?,
        Action::Enable { username } => set_enabled(installation, &username, true, json).await?,
    }
    Ok(())
}

async fn set_enabled(installation: &Installation, username: &Username, enabled: bool, json: bool) -> Result<()> {
    if !store::user::set_enabled(&installation.db, username, enabled).await? {
        bail!("there is no user `{}`: see `dna-api user list`", username.as_str());
    }
    output::print(&output::Done { name: username.as_str().to_owned(), enabled }, json)
}
