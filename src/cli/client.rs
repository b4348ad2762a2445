//! `dna-api client …`

use std::io::{BufRead as _, IsTerminal as _, stdin};

use anyhow::{Context as _, Result, bail};
use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;

use super::{output, partner::find_partner_if_named};
use crate::{
    domain::{
        client::{ClientId, Found, Status, Transition},
        client_filter::ClientFilter,
        event::{Author, Origin},
        parameters::{Parameters, Value},
        partner::PartnerId,
        reason,
    },
    installation::Installation,
    operator::{Account, Change, Operator, Record, Target},
    store::{self, any_client, client_row::Row},
};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Find clients by what is known of them, among all partners
    Find(Find),
    /// Show a client
    Show {
        /// Its id
        #[arg(value_parser = client_id)]
        id: ClientId,
    },
    /// Show what happened to a client, the oldest first
    Events {
        /// Its id
        #[arg(value_parser = client_id)]
        id: ClientId,
        /// The newest so many of them
        #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Bring a client to a status, with what that does to its billing
    SetStatus {
        /// Its id
        #[arg(value_parser = client_id)]
        id: ClientId,
        /// pending, active, suspended or cancelled
        #[arg(value_parser = status)]
        status: Status,
        /// Why, for its event: its partner reads it
        #[arg(long, value_parser = because)]
        reason: String,
    },
    /// Erase a client's personal data, for ever, as the role that owns the schema
    Erase(Erase),
}

#[derive(Args)]
pub(super) struct Erase {
    /// Its id
    #[arg(value_parser = client_id)]
    id: ClientId,
    /// Why, for its event: its partner reads it, and it stays
    #[arg(long, value_parser = because)]
    reason: String,
    /// Its domain, so that no other client is meant; without it, you are asked for it on a terminal
    #[arg(long)]
    confirm: Option<String>,
}

#[derive(Args)]
#[group(skip)]
#[command(group = ArgGroup::new("known").required(true).multiple(true).args(Find::KNOWN))]
pub(super) struct Find {
    /// Its id
    #[arg(value_parser = client_id)]
    id: Option<ClientId>,
    /// This partner's alone
    #[arg(long)]
    partner: Option<String>,
    /// Its e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Its partner's own id for it
    #[arg(long)]
    customer_id: Option<String>,
    /// Its domain
    #[arg(long)]
    ns_domain: Option<String>,
    /// The subreseller that it is grouped under
    #[arg(long)]
    subreseller_id: Option<String>,
    /// Words of its names and its address, or how they begin
    #[arg(long)]
    q: Option<String>,
    /// So many of them
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
}

fn client_id(text: &str) -> Result<ClientId> {
    ClientId::parse(text).context("a client's id is a number, such as 6519")
}

fn status(word: &str) -> Result<Status> {
    Status::parse(word).with_context(|| format!("the statuses are {}", Status::ALL.map(Status::as_str).join(", ")))
}

fn because(text: &str) -> Result<String> {
    let given = Parameters::new(vec![("reason".to_owned(), Value::Text(text.to_owned()))], Vec::new());
    reason::parse(&given).ok().flatten().context("a reason is one line of 1 to 500 characters")
}

pub(super) async fn run(operator: &Operator, action: Action, json: bool) -> Result<()> {
    match action {
        Action::Find(find) => self::find(operator, &find, json).await,
        Action::Show { id } => {
            let mut change = operator.change("client show").await?;
            let partner = partner_of(&mut change, id).await?;
            let shown = any_client::show(&mut change, partner, id.get()).await?.with_context(|| unknown(id))?;
            seen(change, id, partner).await?;
            output::print(&shown, json)
        }
        Action::Events { id, limit } => {
            let mut change = operator.change("client events").await?;
            let partner = partner_of(&mut change, id).await?;
            let events = any_client::events(&mut *change, partner, id, limit).await?;
            seen(change, id, partner).await?;
            output::print(&events, json)
        }
        Action::SetStatus { id, status, reason } => set_status(operator, id, status, &reason, json).await,
        Action::Erase(_) => bail!("a client is erased as the schema's owner alone"),
    }
}

fn unknown(id: ClientId) -> String {
    format!("there is no client {}: see `dna-api client find`", id.get())
}

async fn partner_of(db: &mut sqlx::PgConnection, id: ClientId) -> Result<PartnerId> {
    any_client::partner_of(db, id).await?.with_context(|| unknown(id))
}

/// Puts on record that an operator read what is personal.
async fn seen(change: Change<'_>, id: ClientId, partner: PartnerId) -> Result<()> {
    change.commit(Target { name: &id.get().to_string(), partner: Some(partner), ..Target::default() }).await
}

impl Find {
    const KNOWN: [&'static str; 6] = ["id", "email", "customer_id", "ns_domain", "q", "subreseller_id"];

    /// The filter of a list, read as the API reads it.
    fn filter(&self) -> Result<ClientFilter> {
        let given = self.given().map(|(name, value)| (name.to_owned(), Value::Text(value.to_owned())));
        ClientFilter::parse(&Parameters::new(given.collect(), Vec::new()))
            .map_err(|errors| anyhow::anyhow!("{}", errors.message()))
    }

    fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let named = [
            ("email", &self.email),
            ("customer_id", &self.customer_id),
            ("ns_domain", &self.ns_domain),
            ("subreseller_id", &self.subreseller_id),
            ("q", &self.q),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

async fn find(operator: &Operator, find: &Find, json: bool) -> Result<()> {
    let filter = find.filter()?;
    let mut change = operator.change("client find").await?;
    let named = find_partner_if_named(&mut change, find.partner.as_deref()).await?;
    let mut found = Vec::new();
    if let Some(id) = find.id {
        let partner = any_client::partner_of(&mut *change, id).await?.filter(|p| named.is_none_or(|named| named == *p));
        found.extend(partner.map(|partner| (partner, id.get())));
    } else {
        let partners = match named {
            Some(partner) => vec![partner],
            None => store::partner::list(&mut *change).await?.into_iter().map(|p| PartnerId(p.id)).collect(),
        };
        for partner in partners {
            let (mut after, limit) = (None, usize::from(find.limit));
            while found.len() < limit {
                let page = store::client_list::page(&mut change, partner, &filter, after.as_ref(), find.limit).await?;
                found.extend(page.rows.iter().map(|client| (partner, client.id)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        found.truncate(find.limit.into());
    }
    let mut shown = Vec::new();
    for (partner, id) in found {
        shown.extend(any_client::show(&mut change, partner, id).await?);
    }
    // What was asked for may be personal, so what is on record is by what, and which clients were seen.
    change.note("by", find.given().map(|(name, _)| name).chain(find.id.map(|_| "id")).collect::<Vec<_>>());
    change.note("clients", shown.iter().map(|shown| shown.client.id).collect::<Vec<_>>());
    change.commit(Target { partner: named, ..Target::default() }).await?;
    output::print(&shown, json)
}

async fn set_status(operator: &Operator, id: ClientId, status: Status, reason: &str, json: bool) -> Result<()> {
    let mut change = operator.change("client set-status").await?;
    let partner = partner_of(&mut change, id).await?;
    let account = Account::of_this_process();
    let origin = Origin { partner, author: Author::Operator(account.name()), request_id: None, reason: Some(reason) };
    match store::client_status::change(&mut *change, origin, id, Transition::to(status)).await? {
        Found::Nothing => bail!(unknown(id)),
        Found::Erased => bail!("client {} was erased: its status stays", id.get()),
        Found::Here(_) => {}
    }
    let shown = any_client::show(&mut change, partner, id.get()).await?.with_context(|| unknown(id))?;
    change.note("status", status.as_str());
    seen(change, id, partner).await?;
    let Row { ns_domain, status, billing_status, .. } = shown.client;
    let done = json!({"id": id.get(), "ns_domain": ns_domain, "status": status, "billing_status": billing_status});
    output::print(&done, json)
}

/// Erases a client as the role that owns the schema: the one that serves may not change events.
pub(super) async fn erase(installation: &Installation, erase: Erase, json: bool) -> Result<()> {
    let Erase { id, reason, confirm } = erase;
    installation.prepare_for_command().await?;
    let mut owner = installation.owner_for_erasure("erase a client").await?;
    let partner = partner_of(&mut owner, id).await?;
    let client = any_client::show(&mut owner, partner, id.get()).await?.with_context(|| unknown(id))?.client;
    if client.erased_at.is_some() {
        bail!("client {} was erased already", id.get());
    }
    is_meant(id, &client.ns_domain, confirm)?;

    let account = Account::of_this_process();
    let mut transaction = sqlx::Connection::begin(&mut owner).await?;
    let origin = Origin { partner, author: Author::Operator(account.name()), request_id: None, reason: Some(&reason) };
    match store::erasure::erase(&mut *transaction, origin, id).await? {
        Found::Here(()) => {}
        Found::Nothing => bail!(unknown(id)),
        Found::Erased => bail!("client {} was erased already", id.get()),
    }
    store::idempotency::forget(&mut *transaction, partner, id).await?;
    let target = Target { name: &id.get().to_string(), partner: Some(partner), ..Target::default() };
    Record::new(&account, "client erase").write(&mut *transaction, target).await?;
    transaction.commit().await.context("nothing was changed: the database did not commit")?;
    output::print(&json!({"id": id.get(), "ns_domain": client.ns_domain, "erased": true}), json)
}

/// Refuses a domain that is not the client's: from `--confirm`, or as it is typed on a terminal. A script that names none
/// has nobody to ask.
fn is_meant(id: ClientId, ns_domain: &str, confirm: Option<String>) -> Result<()> {
    let named = match confirm {
        Some(named) => named,
        None if stdin().is_terminal() => {
            eprint!("This cannot be undone. Type the domain of client {} to erase it ({ns_domain}): ", id.get());
            let mut typed = String::new();
            stdin().lock().read_line(&mut typed).context("cannot read from the terminal")?;
            typed.trim().to_owned()
        }
        None => return Ok(()),
    };
    if !named.eq_ignore_ascii_case(ns_domain) {
        bail!("nothing was erased: the domain of client {} is {ns_domain}", id.get());
    }
    Ok(())
}
