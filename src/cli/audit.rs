//! `dna-api audit`

use std::io::{BufWriter, Stdout, Write as _, stdout};

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Output, output, partner::find_partner_if_named};
use crate::{
    domain::{
        audit::Kind,
        time::{Age, Moment, to_rfc3339},
    },
    installation::Installation,
    operator::{Account, Operator, Record, Target},
    store::{
        audit::{self, Listed},
        privileges,
    },
};

/// Entries that are held in memory at once.
const PAGE: i64 = 500;
/// Rows that one statement removes, at most.
const BATCH: i64 = 5_000;
/// Columns of a line.
const WIDTH: usize = 120;
/// What of the detail a person looks for first.
const FIRST: [&str; 3] = ["command", "target", "reason"];

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    pub(super) action: Option<Action>,
    #[command(flatten)]
    pub(super) filter: Filter,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Args)]
pub(super) struct Filter {
    /// From then on: an RFC 3339 time, or how long ago, such as 2h or 7d
    #[arg(long, value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Before then
    #[arg(long, value_parser = Moment::parse)]
    until: Option<Moment>,
    /// This partner's alone
    #[arg(long)]
    partner: Option<String>,
    /// Of this kind alone: `token_issued`, `token_refused`, `refresh_token_reused`, `token_revoked`, operator
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// The newest so many of them; they are printed the oldest first
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Subcommand)]
pub(super) enum Action {
    /// Remove old entries, as the role that owns the schema
    Prune {
        /// How old, a day at least, such as 400d
        #[arg(long, value_parser = a_day_at_least)]
        older_than: Age,
    },
}

fn kind(word: &str) -> Result<Kind> {
    Kind::parse(word).with_context(|| format!("the kinds are {}", Kind::ALL.map(Kind::as_str).join(", ")))
}

fn a_day_at_least(text: &str) -> Result<Age> {
    let age = Age::parse(text)?;
    if age < Age::DAY {
        bail!("nothing that is younger than a day is removed");
    }
    Ok(age)
}

/// Prints the newest entries, the oldest first, a page at a time.
pub(super) async fn read(operator: &Operator, filter: Filter, json: bool) -> Result<()> {
    let mut look = operator.look().await?;
    let partner = find_partner_if_named(&mut look, filter.partner.as_deref()).await?;
    let (since, until) = (filter.since.unwrap_or(Moment::Open), filter.until.unwrap_or(Moment::Open));
    let wanted = audit::Filter { since, until, partner, kind: filter.kind };
    let left_out = audit::before_newest(&mut *look, wanted, filter.limit.into()).await?;

    let mut printer = Printer { out: BufWriter::new(stdout()), json, printed: 0 };
    let mut after = left_out.unwrap_or((DateTime::<Utc>::UNIX_EPOCH, Uuid::nil()));
    loop {
        let page = audit::page(&mut *look, wanted, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (last.at, last.id);
        page.iter().try_for_each(|entry| printer.print(entry)).context(output::CANNOT_WRITE)?;
    }
    printer.end().context(output::CANNOT_WRITE)?;
    if left_out.is_some() && !json {
        eprintln!("Older entries are left out: raise --limit, or set --until.");
    }
    Ok(())
}

/// Entries on their way out.
struct Printer {
    out: BufWriter<Stdout>,
    json: bool,
    printed: u64,
}

impl Printer {
    fn print(&mut self, entry: &Listed) -> std::io::Result<()> {
        self.printed += 1;
        if self.json {
            let before = if self.printed == 1 { "[" } else { ",\n" };
            return write!(self.out, "{before}{}", json!(entry));
        }
        lines(entry).iter().try_for_each(|line| writeln!(self.out, "{line}"))
    }

    fn end(&mut self) -> std::io::Result<()> {
        match (self.json, self.printed) {
            (true, 0) => writeln!(self.out, "[]")?,
            (true, _) => writeln!(self.out, "]")?,
            (false, 0) => writeln!(self.out, "none")?,
            (false, _) => {}
        }
        self.out.flush()
    }
}

/// An entry in as many lines as it needs: what happened to whom, then what else is known.
fn lines(entry: &Listed) -> Vec<String> {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string());
    let named = [
        ("user", entry.username.clone().or(id(entry.user_id))),
        ("client", id(entry.oauth_client_id)),
        ("sid", id(entry.sid)),
        ("from", entry.address.clone()),
        ("by", Some(entry.actor.clone()).filter(|actor| actor != "api")),
        ("request", entry.request_id.clone()),
    ];
    let named = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let mut detail: Vec<(&String, &Value)> = entry.detail.as_object().into_iter().flatten().collect();
    detail.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    let detail = detail.into_iter().map(|(name, value)| format!("{name}={}", plain(value)));
    let partner = entry.partner.clone().or(id(entry.partner_id)).unwrap_or_else(|| "-".to_owned());

    let mut lines = vec![format!("{}  {}  {partner}", to_rfc3339(&entry.at), entry.kind)];
    for item in detail.chain(named) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + item.chars().count() <= WIDTH => {
                line.push_str("  ");
                line.push_str(&item);
            }
            _ => lines.push(format!("    {item}")),
        }
    }
    lines
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains(' ') => text.clone(),
        other => other.to_string(),
    }
}

/// Runs a command that changes the log, as the role that owns the schema: the one that serves may not.
pub(super) async fn change(installation: &Installation, action: Action, json: bool) -> Result<()> {
    let Action::Prune { older_than } = action;
    installation.prepare_for_command().await?;
    let mut owner = installation.owner().await?;
    if !privileges::may_prune_audit(&mut owner).await? {
        let role = privileges::role(&mut owner).await?;
        bail!("the role `{role}` may not remove audit entries: set DNA_MIGRATE_DATABASE_URL to the schema's owner");
    }
    // On record before the first is gone, so that none goes unnoticed if this ends half-way.
    let (entries, before) = audit::older_than(&mut owner, older_than.seconds()).await?;
    let account = Account::of_this_process();
    let mut record = Record::new(&account, "audit prune");
    record.note("before", to_rfc3339(&before));
    record.note("entries", entries);
    record.write(&mut owner, Target::default()).await?;

    let mut removed = 0;
    loop {
        match audit::prune(&mut owner, before, BATCH).await? {
            0 => break,
            batch => removed += batch,
        }
    }
    output::print(&json!({ "removed": removed, "before": to_rfc3339(&before) }), json)
}
