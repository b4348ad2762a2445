//! `dna-api oauth-client …`

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
        oauth_client::{GrantTypes, OauthClientId},
        partner::{Name, PartnerId},
        scope::ScopeSet,
    },
    operator::{Change, Operator, Target},
    store,
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Add an OAuth client to a partner; prints its secret, this once
    Add {
        /// The partner's name
        #[arg(long)]
        partner: String,
        /// What you call it
        #[arg(long, default_value = "default", value_parser = Name::parse)]
        name: Name,
        /// The scopes that it may have, space-delimited [default: all]
        #[arg(long, value_parser = ScopeSet::parse)]
        scope: Option<ScopeSet>,
        /// The grants that it may use: password, `refresh_token` [default: both]
        #[arg(long, value_parser = GrantTypes::parse)]
        grant: Option<GrantTypes>,
    },
    /// List OAuth clients, and how often they used the deprecated forms of a request
    List {
        /// Those of this partner alone
        #[arg(long)]
        partner: Option<String>,
    },
    /// Change what an OAuth client may have and use; tokens that it has stay as they are until they expire
    Edit {
        /// Its `client_id`
        #[arg(value_parser = client_id)]
        client_id: OauthClientId,
        /// The scopes that it may have from now on, space-delimited
        #[arg(long, value_parser = ScopeSet::parse, required_unless_present = "grant")]
        scope: Option<ScopeSet>,
        /// The grants that it may use from now on
        #[arg(long, value_parser = GrantTypes::parse)]
        grant: Option<GrantTypes>,
    },
    /// Replace an OAuth client's secret; prints the new one, this once
    RotateSecret {
        /// Its `client_id`
        #[arg(value_parser = client_id)]
        client_id: OauthClientId,
    },
    /// Refuse an OAuth client's tokens and requests for tokens, within a second
    Disable {
        /// Its `client_id`
        #[arg(value_parser = client_id)]
        client_id: OauthClientId,
    },
    /// Let a disabled OAuth client in again
    Enable {
        /// Its `client_id`
        #[arg(value_parser = client_id)]
        client_id: OauthClientId,
    },
}

fn client_id(text: &str) -> Result<OauthClientId> {
    OauthClientId::parse(text).context("a client_id looks like 0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d5e")
}

pub(super) async fn run(operator: &Operator, action: Action, json: bool) -> Result<()> {
    match action {
        Action::Add { partner, name, scope, grant } => {
            let mut change = operator.change("oauth-client add").await?;
            let partner = find_partner(&mut change, &partner).await?;
            let (scope, grant) = (scope.unwrap_or_else(ScopeSet::all), grant.unwrap_or_else(GrantTypes::all));
            let account = accounts::add_oauth_client(&mut *change, partner, &name, scope, &grant).await?;
            change.note("name", name.as_str());
            note_what_it_may(&mut change, Some(scope), Some(&grant));
            commit(change, partner, OauthClientId(account.client_id)).await?;
            output::print_once(&account, json)
        }
        Action::List { partner } => {
            let mut look = operator.look().await?;
            let partner = find_partner_if_named(&mut look, partner.as_deref()).await?;
            output::print(&store::oauth_client::list(&mut *look, partner).await?, json)
        }
        Action::Edit { client_id, scope, grant } => {
            let mut change = operator.change("oauth-client edit").await?;
            let partner = partner_of(&mut change, client_id).await?;
            store::oauth_client::edit(&mut *change, client_id, scope, grant.as_ref()).await?;
            let all = store::oauth_client::list(&mut *change, Some(partner)).await?;
            note_what_it_may(&mut change, scope, grant.as_ref());
            commit(change, partner, client_id).await?;
            let edited: Vec<_> = all.into_iter().filter(|listed| listed.client_id == client_id.0).collect();
            output::print(&edited, json)
        }
        Action::RotateSecret { client_id } => {
            let mut change = operator.change("oauth-client rotate-secret").await?;
            let partner = partner_of(&mut change, client_id).await?;
            let account = accounts::rotate_secret(&mut *change, client_id).await?;
            commit(change, partner, client_id).await?;
            output::print_once(&account, json)
        }
        Action::Disable { client_id } => {
            set_enabled(operator.change("oauth-client disable").await?, client_id, false, json).await
        }
        Action::Enable { client_id } => {
            set_enabled(operator.change("oauth-client enable").await?, client_id, true, json).await
        }
    }
}

/// The partner of the OAuth client of that id.
async fn partner_of(db: &mut PgConnection, client_id: OauthClientId) -> Result<PartnerId> {
    let partner = store::oauth_client::partner(db, client_id).await?;
    partner.with_context(|| format!("there is no OAuth client {client_id}: see `dna-api oauth-client list`"))
}

fn note_what_it_may(change: &mut Change<'_>, scope: Option<ScopeSet>, grant: Option<&GrantTypes>) {
    if let Some(scope) = scope {
        change.note("scope", scope.to_string());
    }
    if let Some(grant) = grant {
        change.note("grant", grant.to_string());
    }
}

async fn commit(change: Change<'_>, partner: PartnerId, client_id: OauthClientId) -> Result<()> {
    let name = client_id.to_string();
    let target = Target { name: &name, partner: Some(partner), oauth_client: Some(client_id), ..Target::default() };
    change.commit(target).await
}

async fn set_enabled(mut change: Change<'_>, client_id: OauthClientId, enabled: bool, json: bool) -> Result<()> {
    let partner = partner_of(&mut change, client_id).await?;
    store::oauth_client::set_enabled(&mut *change, client_id, enabled).await?;
    commit(change, partner, client_id).await?;
    output::print(&output::Done { name: client_id.to_string(), enabled }, json)
}
