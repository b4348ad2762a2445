//! `dna-api serve`

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::{opened, output};
use crate::{
    background,
    clock::Clock,
    crypto::{hasher::Hasher, jwt::Jwts, signing_key::SigningKey},
    demo,
    http::router,
    installation::Installation,
    postgres::Join,
    server::{Listener, serve},
    settings::{Listen, Settings},
    state::{AppState, DocumentedForms, Limits, Parts, Policy},
};

/// From the settings to the last reply: read top to bottom, this is the life of a server.
pub(super) async fn run(settings: Settings) -> Result<()> {
    let stop = Stop::listen()?;
    settings.check_serving()?;
    let listener = bind(&settings.listen).await?;
    let bound = listener.local_addr().map_or_else(|| settings.listen.clone(), Listen::Tcp);
    let public_url = settings.public_url(&bound)?;

    opened(settings, Join::Own, async |installation| live(installation, listener, &bound, public_url, stop).await).await
}

/// What is between the open database and its closing.
async fn live(
    installation: &Installation,
    listener: Listener,
    bound: &Listen,
    public_url: String,
    stop: Stop,
) -> Result<()> {
    let key = installation.set_up().await?;
    let app = state(installation, key, public_url);
    background::learn_disabled(&app).await.context("cannot learn what is disabled")?;
    announce(installation, &app, bound)?;

    let learning = tokio::spawn(background::run(app.clone()));
    serve(listener, router(app.clone()), stop.wait()).await;

    tracing::info!("stopping");
    learning.abort();
    if let Err(error) = background::write_documented_forms(&app).await {
        tracing::warn!(%error, "the last uses of the documented forms were not counted");
    }
    app.monitor.close().await;
    Ok(())
}

/// SIGTERM and SIGINT; the second of them ends the process at once.
struct Stop {
    term: Signal,
    int: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { term: listen(SignalKind::terminate())?, int: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }

    async fn wait(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("told twice to stop: ending at once");
            std::process::exit(1);
        });
    }
}

async fn bind(listen: &Listen) -> Result<Listener> {
    match listen {
        Listen::Tcp(address) => {
            let bound = Listener::tcp(*address).await;
            bound.with_context(|| format!("cannot listen on {address}: set DNA_LISTEN to a free address"))
        }
        Listen::Unix(path) => {
            let bound = Listener::unix(path).await;
            bound.with_context(|| format!("cannot listen on {}: set DNA_LISTEN to a free path", path.display()))
        }
    }
}

fn state(installation: &Installation, key: SigningKey, public_url: String) -> AppState {
    let settings = &installation.settings;
    AppState::new(Parts {
        db: installation.db.clone(),
        monitor: installation.monitor(),
        jwts: Jwts::new(public_url, key),
        hasher: Hasher::start(),
        clock: Clock::system(),
        policy: Policy::from(settings),
        disabled: watch::Sender::new(HashSet::new()),
        documented_forms: DocumentedForms::default(),
        limits: Limits::new(settings.rate_limit),
    })
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        let seconds = |ttl: std::time::Duration| u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX);
        Self {
            access_token_ttl: seconds(settings.access_token_ttl),
            refresh_token_ttl: seconds(settings.refresh_token_ttl),
            documented_get: settings.documented_get,
            validation_status: settings.validation_status,
            ns_domain_suffix: settings.ns_domain_suffix.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            login_throttle: settings.login_throttle,
        }
    }
}

/// Tells where the server is; with the embedded database, also how to try it. That it is ready is said last: who waits
/// for that finds the demo's files and lines in place.
fn announce(installation: &Installation, app: &AppState, bound: &Listen) -> Result<()> {
    let url = app.jwts.issuer();
    if let Some(psql) = installation.psql() {
        let files = demo::Files::of(installation);
        demo::set_base_url(&files, url)?;
        output::write(&[
            format!("The DNA API is at {url}, on its embedded database ({psql})."),
            format!("The demo partner's credentials: {}", files.env.display()),
            format!("The same for Postman:           {}", files.postman.display()),
            format!("A first token:\n\n{}\n", demo::curl_line(&files)),
        ])?;
    }
    let listen = bound.to_string();
    tracing::info!(url, listen, version = env!("CARGO_PKG_VERSION"), "ready");
    Ok(())
}
