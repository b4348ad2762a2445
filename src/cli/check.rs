//! `dna-api check`

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::{opened, output};
use crate::{
    installation::Installation,
    postgres::Join,
    settings::{Listen, Settings},
    store::schema,
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
            Err(error) => Self { check, ok: false, detail: format!("{error:#}").replace('\n', " ") },
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
async fn database(installation: &Installation) -> [Finding; 3] {
    let detail = installation.psql().unwrap_or_else(|| "reachable".to_owned());
    let current = installation.prepare_for_command().await;
    let key = installation.stored_signing_key().await;
    [
        Finding { check: "database", ok: true, detail },
        Finding::new("schema", current, |()| format!("version {}", schema::newest())),
        Finding::new("keys", key, |key| match key {
            Some(key) => format!("signing with {}", key.kid()),
            None => "none yet: the server's first start makes one".to_owned(),
        }),
    ]
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
