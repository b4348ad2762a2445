//! `dna-api check`

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use super::{Output, deep_check, opened, output};
use crate::{
    domain::{signing_key::State, text},
    installation::Installation,
    postgres::Join,
    settings::{Listen, Settings},
    store::{privileges, schema, signing_key::Key},
};

/// `dna-api check`
#[derive(Args)]
pub(super) struct Check {
    /// Prove the data whole as well: every client's chain of events, counts, what refers to what; and print a digest of
    /// each table
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    output: Output,
}

/// One thing that was proved, or not.
#[derive(Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) ok: bool,
    pub(super) detail: String,
    /// What a table holds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) contents: Option<Contents>,
}

/// What a table holds, equal before a dump and after its restore.
#[derive(Serialize)]
pub(super) struct Contents {
    pub(super) table: String,
    pub(super) rows: i64,
    pub(super) digest: String,
}

impl Finding {
    pub(super) fn new<T>(check: &'static str, proved: Result<T>, detail: impl FnOnce(T) -> String) -> Self {
        match proved {
            Ok(proved) => Self { check, ok: true, detail: detail(proved), contents: None },
            Err(error) => Self { check, ok: false, detail: text::chain(error.as_ref()), contents: None },
        }
    }
}

pub(super) async fn run(settings: Settings, Check { deep, output }: Check) -> Result<ExitCode> {
    let json = output.json;
    let mut findings = vec![serving(&settings)];
    match opened(settings, Join::Share, async |installation| Ok(database(installation, deep).await)).await {
        Ok(more) => findings.extend(more),
        Err(error) => findings.push(Finding::new("database", Err::<(), _>(error), |()| String::new())),
    }
    if json {
        output::print(&findings, true)?;
    } else {
        let line = |f: &Finding| format!("{:6} {:8} {}", if f.ok { "ok" } else { "FAILED" }, f.check, f.detail);
        output::write(&findings.iter().map(line).collect::<Vec<_>>())?;
    }
    let all = findings.iter().all(|finding| finding.ok);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What there is to prove once the database answers.
async fn database(installation: &Installation, deep: bool) -> Vec<Finding> {
    let detail = installation.psql().unwrap_or_else(|| "reachable".to_owned());
    let current = installation.prepare_for_command().await;
    let is_current = current.is_ok();
    let role = role(installation).await;
    let keys = installation.keys().prove().await;
    let mut findings = vec![
        Finding::new("database", Ok(()), |()| detail),
        Finding::new("schema", current, |()| format!("version {}", schema::newest())),
        Finding::new("role", role, |detail| detail),
        Finding::new("keys", keys, |keys| describe(&keys)),
    ];
    if deep && is_current {
        findings.extend(deep_check::run(&installation.db).await);
    }
    findings
}

/// Whether the role that serves may do more than that: a warning, since one role for all is possible.
async fn role(installation: &Installation) -> Result<String> {
    if installation.is_embedded() {
        return Ok("the embedded database has one for all".to_owned());
    }
    let privileges::Excess { role, rewrites, alters } = privileges::excess(&installation.db).await?;
    let excess: Vec<_> = [(rewrites, "rewrite the audit log and clients' events"), (alters, "change the schema")]
        .into_iter()
        .filter_map(|(may, what)| may.then_some(what))
        .collect();
    Ok(if excess.is_empty() {
        format!("{role} may neither rewrite the audit log and clients' events nor change the schema")
    } else {
        format!("{role}; warning: it may {}: serve as another role than the schema's owner", excess.join(" and "))
    })
}

/// The keys that are in use: which signs, which will, which only verify.
fn describe(keys: &[Key]) -> String {
    if keys.is_empty() {
        return "none yet: the server's first start makes one".to_owned();
    }
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC");
    let describe = |key: &Key| match (key.state, key.verifies_until) {
        (State::Next, _) => format!("next {} from {}", key.kid, time(key.signs_from)),
        (State::Verifying, Some(until)) => format!("verifying with {} until {}", key.kid, time(until)),
        _ => format!("signing with {}", key.kid),
    };
    let mut in_use: Vec<&Key> = keys.iter().collect();
    in_use.sort_by_key(|key| key.state != State::Signing);
    in_use.into_iter().map(describe).collect::<Vec<_>>().join("; ")
}

/// The settings were read, or we would not be here: what is left is whether a server could start with them.
fn serving(settings: &Settings) -> Finding {
    let url = settings.check_serving().and_then(|()| settings.public_url(&settings.listen));
    Finding::new("settings", url.map_err(Into::into), |url| {
        format!("listen on {} as {url}{}", settings.listen, warning(settings, &url))
    })
}

/// What is allowed, and hardly meant. The server speaks no TLS: where its URL is https, a proxy stands in front.
fn warning(settings: &Settings, url: &str) -> &'static str {
    if !url.starts_with("https://") {
        "; warning: DNA_PUBLIC_URL is not https"
    } else if matches!(settings.listen, Listen::Tcp(_)) && settings.trusted_proxies.is_empty() {
        "; warning: DNA_TRUSTED_PROXIES does not name the proxy in front, so all callers seem to have its address"
    } else {
        ""
    }
}
