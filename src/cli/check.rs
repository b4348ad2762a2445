//! `dna-api check`

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::{opened, output};
use crate::{
    domain::text,
    installation::Installation,
    postgres::Join,
    settings::Settings,
    store::{privileges, schema},
};

/// One thing that was proved, or not.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    detail: String,
}

impl Finding {
    fn new<T>(check: &'static str, proved: Result<T>, detail: impl FnOnce(T) -> String) -> Self {
        match proved {
            Ok(proved) => Self { check, ok: true, detail: detail(proved) },
            Err(error) => Self { check, ok: false, detail: text::chain(error.as_ref()) },
        }
    }
}

pub(super) async fn run(settings: Settings, json: bool) -> Result<ExitCode> {
    let mut findings = vec![serving(&settings)];
    match opened(settings, Join::Share, async |installation| Ok(database(installation).await)).await {
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
async fn database(installation: &Installation) -> [Finding; 4] {
    let detail = installation.psql().unwrap_or_else(|| "reachable".to_owned());
    let current = installation.prepare_for_command().await;
    let role = role(installation).await;
    let key = installation.stored_signing_key().await;
    [
        Finding { check: "database", ok: true, detail },
        Finding::new("schema", current, |()| format!("version {}", schema::newest())),
        Finding::new("role", role, |detail| detail),
        Finding::new("keys", key, |key| match key {
            Some(key) => format!("signing with {}", key.kid()),
            None => "none yet: the server's first start makes one".to_owned(),
        }),
    ]
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

/// The settings were read, or we would not be here: what is left is whether a server could start with them.
fn serving(settings: &Settings) -> Finding {
    let url = settings.check_serving().and_then(|()| settings.public_url(&settings.listen));
    Finding::new("settings", url.map_err(Into::into), |url| {
        let warning = if url.starts_with("https://") { "" } else { "; warning: DNA_PUBLIC_URL is not https" };
        format!("listen on {} as {url}{warning}", settings.listen)
    })
}
