//! `dna-api serve`

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context as _, Result};
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use super::{output, reload::Reload};
use crate::{
    background,
    clock::Clock,
    crypto::{hasher::Hasher, jwt::Jwts, keyring::Keyring, secret::gather_entropy},
    demo, housekeeping,
    http::Api,
    installation::Installation,
    keys::Follower,
    metrics::Metrics,
    portal,
    postgres::Join,
    revoked::Revoked,
    server::{Bounds, Deadlines, Listener, Workers, serve, serve_metrics},
    settings::{Listen, Settings},
    state::{AppState, DocumentedForms, Limits, Parts, Policy},
    telemetry,
    traces::Traces,
};

/// From the settings to the last reply: read top to bottom, this is the life of a server.
pub(super) async fn run(settings: Settings) -> Result<()> {
    gather_entropy();
    let mut stop = Stop::listen()?;
    let reload = Reload::listen()?;
    settings.check_serving()?;
    let doors = Doors::open(&settings).await?;
    settings.check_bound(&doors.bound)?;
    let public_url = settings.public_url(&doors.bound)?;

    let Some(installation) = stop.or(Installation::open(settings, Join::Own)).await? else { return Ok(()) };
    let done = live(&installation, doors, public_url, stop, reload).await;
    installation.close().await?;
    done
}

/// What is between the open database and its closing.
async fn live(
    installation: &Installation,
    doors: Doors,
    public_url: String,
    mut stop: Stop,
    reload: Reload,
) -> Result<()> {
    let Some((app, follower)) = stop.or(start(installation, public_url)).await? else { return Ok(()) };
    let settings = &installation.settings;
    let bounds = Bounds::new(
        settings.max_connections,
        settings.max_requests,
        Deadlines::default(),
        app.metrics.requests.clone(),
    );
    let documents = portal::documents(app.jwts.issuer());
    let answers = app.of_workers().map(|app| Api::new(app, &documents));
    let workers = Workers::start(answers).context("cannot start threads")?;
    announce(installation, &app, &doors)?;
    tell(&[NotifyState::Ready]);

    let reloading = tokio::spawn(reload.run(app.clone()));
    let learning = tokio::spawn(background::run(app.clone()));
    let following = tokio::spawn(follower.run(app.clone()));
    let housekeeping = tokio::spawn(housekeeping::run(app.clone()));
    let told = doors.metrics.map(|listener| tokio::spawn(serve_metrics(listener, app.clone())));
    let behind_proxy = || matches!(doors.bound, Listen::Unix(_)) || !app.policy.trusted_proxies.borrow().is_empty();
    serve(doors.listener, &workers, bounds, settings.drain, behind_proxy, stop.wait()).await;

    told.inspect(JoinHandle::abort);
    reloading.abort();
    learning.abort();
    housekeeping.abort();
    following.abort();
    if let Err(error) = background::write_documented_forms(&app).await {
        tracing::warn!(%error, "the last uses of the documented forms were not counted");
    }
    app.db.close().await;
    app.monitor.close().await;
    workers.end().await; // only now: what a request has left behind may use the database for a moment more
    app.traces.flush().await;
    Ok(())
}

/// Brings the database to what a server needs, and learns from it what a request must know.
async fn start(installation: &Installation, public_url: String) -> Result<(AppState, Follower)> {
    installation.set_up().await?;
    let (follower, keys) = Follower::start(&installation.keys()).await?;
    let app = state(installation, keys, public_url)?;
    background::learn(&app).await.context("cannot learn what is disabled and revoked")?;
    Ok((app, follower))
}

/// Where it listens.
struct Doors {
    listener: Listener,
    /// The address of that, in the end.
    bound: Listen,
    metrics: Option<Listener>,
}

impl Doors {
    async fn open(settings: &Settings) -> Result<Self> {
        let listener = match Listener::inherited()? {
            Some(listener) => listener,
            None => bind(&settings.listen, "DNA_LISTEN").await?,
        };
        let bound = listener.address().unwrap_or_else(|| settings.listen.clone());
        let metrics = match &settings.metrics_listen {
            Some(listen) => Some(bind(listen, "DNA_METRICS_LISTEN").await?),
            None => None,
        };
        Ok(Self { listener, bound, metrics })
    }
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

    /// Does a part of the start-up, which may wait long for the database; none where it was told to stop meanwhile.
    async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        tokio::select! {
            done = work => done.map(Some),
            () = self.next() => {
                tracing::info!("told to stop before it was ready");
                Ok(None)
            }
        }
    }

    async fn wait(mut self) {
        self.next().await;
        tell(&[NotifyState::Stopping]);
        tracing::info!("stopping");
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("told twice to stop: ending at once");
            telemetry::at_end();
            std::process::exit(1);
        });
    }
}

/// Tells the service manager, where there is one (systemd's `Type=notify`).
pub(super) fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}

async fn bind(listen: &Listen, setting: &str) -> Result<Listener> {
    match listen {
        Listen::Tcp(address) => {
            let bound = Listener::tcp(*address).await;
            bound.with_context(|| format!("cannot listen on {address}: set {setting} to a free address"))
        }
        Listen::Unix(path) => {
            let bound = Listener::unix(path).await;
            bound.with_context(|| format!("cannot listen on {}: set {setting} to a free path", path.display()))
        }
    }
}

fn state(installation: &Installation, keys: Keyring, public_url: String) -> Result<AppState> {
    let settings = &installation.settings;
    let metrics = Metrics::new();
    let (db, monitor, readiness) = installation.serving(&metrics.database);
    let parts = Parts {
        monitor,
        readiness,
        jwts: Jwts::new(public_url, keys),
        hasher: Hasher::start(metrics.hashing.clone()),
        clock: Clock::system(),
        policy: Policy::from(settings),
        disabled: watch::Sender::new(HashSet::new()),
        revoked: Revoked::default(),
        documented_forms: DocumentedForms::default(),
        limits: Limits::new(settings.rate_limit),
        metrics,
        traces: Traces::start(settings.tracing.as_ref()).context("cannot send traces")?,
    };
    Ok(AppState::new(db, parts))
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        let seconds = |ttl: std::time::Duration| u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX);
        Self {
            access_token_ttl: seconds(settings.access_token_ttl),
            refresh_token_ttl: seconds(settings.refresh_token_ttl),
            refresh_grace: seconds(settings.refresh_grace),
            documented_get: settings.documented_get,
            validation_status: settings.validation_status,
            ns_domain_suffix: settings.ns_domain_suffix.clone(),
            trusted_proxies: Arc::new(watch::Sender::new(settings.trusted_proxies.clone())),
            login_throttle: settings.login_throttle,
        }
    }
}

/// Tells where the server is; with the embedded database, also how to try it. That it is ready is said last: who waits
/// for that finds the demo's files and lines in place.
fn announce(installation: &Installation, app: &AppState, doors: &Doors) -> Result<()> {
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
    let listen = doors.bound.to_string();
    let metrics = doors.metrics.as_ref().and_then(Listener::address).map(|address| address.to_string());
    tracing::info!(url, listen, metrics, version = env!("CARGO_PKG_VERSION"), "ready");
    Ok(())
}
