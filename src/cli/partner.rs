//! `dna-api partner …`

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::{Output, output};
use crate::{accounts, domain::partner::Name, installation::Installation, store};

#[derive(Args)]
pub(super) struct Command {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Action {
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

pub(super) async fn run(installation: &Installation, command: Command) -> Result<()> {
    let json = command.output.json;
    match command.action {
        Action::Add { name } => output::print_once(&accounts::add_partner(&installation.db, &name).await?, json)?,
        Action::List => output::print(&store::partner::list(&installation.db).await?, json)?,
        Action::Disable { name } => set_enabled(installation, name, false, json).await?,
        Action::Enable { name } => set_enabled(installation, name, true, json).await?,
    }
    Ok(())
}

async fn set_enabled(installation: &Installation, name: String, enabled: bool, json: bool) -> Result<()> {
    if !store::partner::set_enabled(&installation.db, &name, enabled).await? {
        bail!("there is no partner `{name}`: see `dna-api partner list`");
    }
    output::print(&output::Done { name, enabled }, json)
}
