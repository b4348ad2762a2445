//! `dna-api user …`

use anyhow::{Context as _, Result};
use clap::Subcommand;
use sqlx::PgConnection;

use super::{
    output,
    partner::{find_partner, find_partner_if_named},
};
use crate::{
    accounts,
    domain::{
        partner::PartnerId,
        scope::ScopeSet,
        user::{UserId, Username},
    },
    operator::{Change, Operator, Target},
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
    /// Give a user a new password and end the refresh tokens of the old one; prints the password, this once
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

pub(super) async fn run(operator: &Operator, action: Action, json: bool) -> Result<()> {
    match action {
        Action::Add { partner, username, scope } => {
            let mut change = operator.change("user add").await?;
            let partner = find_partner(&mut change, &partner).await?;
            let scope = scope.unwrap_or_else(ScopeSet::all);
            let account = accounts::add_user(&mut *change, partner, &username, scope).await?;
            change.note("scope", scope.to_string());
            let (_, user) = find(&mut change, &username).await?;
            change.commit(target(&username, partner, user)).await?;
            output::print_once(&account, json)
        }
        Action::List { partner } => {
            let mut look = operator.look().await?;
            let partner = find_partner_if_named(&mut look, partner.as_deref()).await?;
            output::print(&store::user::list(&mut *look, partner).await?, json)
        }
        Action::ResetPassword { username } => {
            let mut change = operator.change("user reset-password").await?;
            let (partner, user) = find(&mut change, &username).await?;
            let account = accounts::reset_password(&mut *change, &username).await?;
            change.commit(target(&username, partner, user)).await?;
            output::print_once(&account, json)
        }
        Action::Disable { username } => {
            set_enabled(operator.change("user disable").await?, &username, false, json).await
        }
        Action::Enable { username } => set_enabled(operator.change("user enable").await?, &username, true, json).await,
    }
}

/// The user of that name, and whose that is.
async fn find(db: &mut PgConnection, username: &Username) -> Result<(PartnerId, UserId)> {
    let found = store::user::find(db, username).await?;
    found.with_context(|| format!("there is no user `{}`: see `dna-api user list`", username.as_str()))
}

fn target(username: &Username, partner: PartnerId, user: UserId) -> Target<'_> {
    Target { name: username.as_str(), partner: Some(partner), user: Some(user), ..Target::default() }
}

async fn set_enabled(mut change: Change<'_>, username: &Username, enabled: bool, json: bool) -> Result<()> {
    let (partner, user) = find(&mut change, username).await?;
    store::user::set_enabled(&mut *change, username, enabled).await?;
    change.commit(target(username, partner, user)).await?;
    output::print(&output::Done { name: username.as_str().to_owned(), enabled }, json)
}
