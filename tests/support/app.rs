//! A server of a test's own, in this process and on a real socket.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, TimeDelta, Utc};
use dna_api::{
    accounts, background,
    clock::Clock,
    crypto::{hasher::Hasher, jwt::Jwts},
    domain::partner::Name,
    http::Api,
    keys::{Follower, Keys},
    metrics::Metrics,
    portal,
    revoked::Revoked,
    server::{Bounds, Deadlines, Listener, Workers, serve},
    settings::{Settings, Vars},
    state::{AppState, DocumentedForms, Limits, Parts, Policy, Readiness},
    store,
    traces::Traces,
};
use reqwest::{Method, RequestBuilder};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::sync::watch;

use super::{Partner, audit, database, log};

/// A running server. When it is dropped, all that was logged since it started, and the audit log, are searched for the
/// secrets that it was told: one that is found fails the test.
pub struct App {
    /// `http://127.0.0.1:…`
    pub url: String,
    /// The database, to look into.
    pub db: PgPool,
    /// The server's parts.
    pub state: AppState,
    options: PgConnectOptions,
    hands: Arc<Mutex<Hands>>,
    http: reqwest::Client,
    secrets: Arc<Mutex<Vec<String>>>,
    log_from: usize,
}

impl App {
    /// A server with the default settings, but for the rate limit: none, unless it is set.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with some settings of its own.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::on(database::fresh().await, settings, Arc::default()).await
    }

    /// A server on a database of the test's own.
    pub async fn start_on(options: PgConnectOptions) -> Self {
        Self::on(options, &[], Arc::default()).await
    }

    /// Another server on the same database.
    pub async fn second(&self) -> Self {
        self.second_with(&[]).await
    }

    /// Another server on the same database, with some settings of its own.
    pub async fn second_with(&self, settings: &[(&str, &str)]) -> Self {
        Self::on(self.options.clone(), settings, Arc::clone(&self.secrets)).await
    }

    /// A server on that database.
    pub async fn on_database(options: PgConnectOptions) -> Self {
        Self::on(options, &[], Arc::default()).await
    }

    /// Does to the database what `dna-api migrate` does.
    pub async fn migrate(&self) {
        store::schema::migrate(&self.options).await.expect("migrations");
    }

    async fn on(options: PgConnectOptions, settings: &[(&str, &str)], secrets: Arc<Mutex<Vec<String>>>) -> Self {
        log::keep();
        let log_from = log::position();
        let settings = [("DNA_RATE_LIMIT", "0")].into_iter().chain(settings.iter().copied());
        let settings = Settings::read(&Vars::from_pairs(settings)).expect("settings");
        let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (pulse, metrics) = (store::pulse::Pulse::default(), Metrics::new());
        let serving = |max, pool| store::db::Db::new(&options, max, store::pool::Sessions::Own, &pulse, pool);
        let db = store::pool::pool(options.clone(), 8);
        let (follower, keys) = Follower::start(&keys(&db)).await.expect("signing keys");
        let hands = Arc::default();
        let serving_db = serving(8, metrics.database.requests.clone());
        let parts = Parts {
            monitor: serving(4, metrics.database.background.clone()),
            readiness: Readiness::of(options.clone()),
            // Servers on one database have one public URL, whichever of them is asked.
            jwts: Jwts::new(settings.public_url.clone().unwrap_or_else(|| "http://api.test".to_owned()), keys),
            hasher: Hasher::start(metrics.hashing.clone()),
            clock: clock(Arc::clone(&hands)),
            policy: Policy::from(&settings),
            disabled: watch::Sender::new(HashSet::new()),
            revoked: Revoked::default(),
            documented_forms: DocumentedForms::default(),
            limits: Limits::new(settings.rate_limit),
            metrics,
            traces: Traces::start(settings.tracing.as_ref()).expect("traces"),
        };
        let state = AppState::new(serving_db, parts);
        background::learn(&state).await.expect("a database");
        tokio::spawn(background::run(state.clone()));
        tokio::spawn(follower.run(state.clone()));
        let bounds = Bounds::new(
            settings.max_connections,
            settings.max_requests,
            Deadlines::default(),
            state.metrics.requests.clone(),
        );
        let workers =
            Workers::start([Api::new(state.clone(), &portal::documents(state.jwts.issuer()))]).expect("workers");
        let drain = settings.drain;
        tokio::spawn(async move {
            serve(listener, &workers, bounds, drain, || false, std::future::pending()).await;
        });
        Self { url, db, state, options, hands, http: reqwest::Client::new(), secrets, log_from }
    }

    /// A request to this server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A `GET` to this server.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A `POST` to this server.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A new partner, with its OAuth client and its user.
    pub async fn partner(&self, name: &str) -> Partner {
        let account = accounts::add_partner(&self.db, &Name::parse(name).expect("a name")).await.expect("a partner");
        self.keep_secret(account.client_secret.reveal());
        self.keep_secret(account.password.reveal());
        Partner::new(account)
    }

    /// A secret that the log may not hold.
    pub fn keep_secret(&self, secret: &str) {
        self.secrets.lock().expect("a lock").push(secret.to_owned());
    }

    /// Puts the server's clock forward, or back.
    pub fn advance(&self, by: TimeDelta) {
        self.hands.lock().expect("a lock").ahead += by;
    }

    /// Lets the server's clock stand still, for a test that looks at one second: from then on only [`Self::advance`]
    /// moves it.
    pub fn stop_clock(&self) -> DateTime<Utc> {
        let now = self.state.clock.now();
        *self.hands.lock().expect("a lock") = Hands { stopped: Some(now), ahead: TimeDelta::zero() };
        now
    }

    /// The signing keys, as an operator has them.
    pub fn keys(&self) -> Keys {
        keys(&self.db)
    }

    /// What was logged since this server started (by this and by other tests' servers).
    pub fn log(&self) -> String {
        log::since(self.log_from)
    }
}

fn keys(db: &PgPool) -> Keys {
    Keys::new(db.clone(), database::master_key(), 2048)
}

/// What a test does to a server's clock.
#[derive(Default)]
struct Hands {
    stopped: Option<DateTime<Utc>>,
    ahead: TimeDelta,
}

/// The system's clock, or where a test put it.
fn clock(hands: Arc<Mutex<Hands>>) -> Clock {
    let system = Clock::system();
    Clock::new(move || {
        let hands = hands.lock().expect("a lock");
        hands.stopped.unwrap_or_else(|| system.now()) + hands.ahead
    })
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.log();
        let audit = audit::text(self.options.clone()).unwrap_or_default();
        for secret in self.secrets.lock().expect("a lock").iter() {
            assert!(!log.contains(secret), "the log holds a secret:\n{}", line_with(&log, secret));
            assert!(!audit.contains(secret), "the audit log holds a secret");
        }
    }
}

fn line_with<'a>(log: &'a str, secret: &str) -> &'a str {
    log.lines().find(|line| line.contains(secret)).unwrap_or_default()
}
