//! `dna-api oauth-client …`

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use super::{output, partner::find_partner};
use crate::{
    accounts,
    domain::{
        oauth_client::{GrantTypes, OauthClientId},
        partner::Name,
        scope::ScopeSet,
    },
    installation::Installation,
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
    /// Give an OAuth client a new secret and print it, this once; the old one stays good beside it until it is retired, or
    /// until the next rotation
    RotateSecret {
        /// Its `client_id`
        #[arg(value_parser = client_id)]
        client_id: OauthClientId,
        /// End the old secret at once
        #[arg(long)]
        now: bool,
    },
    /// End the secret that an OAuth client had before its newest
    RetireSecret {
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

pub(super) async fn run(installation: &Installation, action: Action, json: bool) -> Result<()> {
    let db = &installation.db;
    match action {
        Action::Add { partner, name, scope, grant } => {
            let partner = find_partner(installation, &partner).await?;
            let (scope, grant) = (scope.unwrap_or_else(ScopeSet::all), grant.unwrap_or_else(GrantTypes::all));
            output::print_once(&accounts::add_oauth_client(db, partner, &name, scope, &grant).await?, json)?;
        }
        Action::List { partner } => {
            let partner = match partner {
                Some(name) => Some(find_partner(installation, &name).await?),
                None => None,
            };
            output::print(&store::oauth_client::list(db, partner).await?, json)?;
        }
        Action::Edit { client_id, scope, grant } => {
            found(client_id, store::oauth_client::edit(db, client_id, scope, grant.as_ref()).await?)?;
            print(installation, client_id, json).await?;
        }
        Action::RotateSecret { client_id, now } => {
            output::print_once(&accounts::rotate_secret(db, client_id, !now).await?, json)?;
        }
        Action::RetireSecret { client_id } => {
            found(client_id, store::oauth_client::retire_secret(db, client_id).await?)?;
            print(installation, client_id, json).await?;
        }
        Action::Disable { client_id } => set_enabled(installation, client_id, false, json).await?,
        Action::Enable { client_id } => set_enabled(installation, client_id, true, json).await?,
    }
    Ok(())
}

/// Prints one OAuth client as the list has it.
async fn print(installation: &Installation, client_id: OauthClientId, json: bool) -> Result<()> {
    let all = store::oauth_client::list(&installation.db, None).await?;
    let one: Vec<_> = all.into_iter().filter(|listed| listed.client_id == client_id.0).collect();
    output::print(&one, json)
}

fn found(client_id: OauthClientId, found: bool) -> Result<()> {
    if !found {
        bail!("there is no OAuth client {client_id}: see `dna-api oauth-client list`");
    }
    Ok(())
}

async fn set_enabled(installation: &Installation, client_id: OauthClientId, enabled: bool, json: bool) -> Result<()> {
    found(client_id, store::oauth_client::set_enabled(&installation.db, client_id, enabled).await?)?;
    output::print(&output::Done { name: client_id.to_string(), enabled }, json)
}
