//! Clients: where they are made, the example of one, and what the database knows of them.

use chrono::{DateTime, Utc};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{App, Caller, Reply, steve_harris, until};

/// Where clients are created.
pub const CLIENT: &str = "/api/residential/client";

/// A server with the default settings, and a program of a partner's that has logged in.
pub async fn acme() -> (App, Caller) {
    acme_with(&[]).await
}

/// The same, with some settings of its own.
pub async fn acme_with(settings: &[(&str, &str)]) -> (App, Caller) {
    let app = App::start_with(settings).await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    (app, caller)
}

/// Steve Harris, with some parameters set to something else or added.
pub fn steve_but<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = steve_harris().into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}

/// Steve Harris without some parameters.
pub fn steve_without(names: &[&str]) -> Vec<(&'static str, &'static str)> {
    steve_harris().into_iter().filter(|(name, _)| !names.contains(name)).collect()
}

/// Parameters as a JSON object of texts.
pub fn json_of(parameters: &[(&str, &str)]) -> Map<String, Value> {
    parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// Steve Harris as JSON, with one member set to something else or added.
pub fn steve_json(name: &str, value: Value) -> Value {
    let mut members = json_of(&steve_harris());
    members.insert(name.to_owned(), value);
    Value::Object(members)
}

impl Caller {
    /// A `POST` to create a client.
    pub fn creation(&self, app: &App) -> RequestBuilder {
        self.post(app, CLIENT)
    }

    /// Creates a client of a JSON body.
    pub async fn create_json(&self, app: &App, body: &Value) -> Reply {
        Reply::of(self.creation(app).json(body)).await
    }
}

impl Caller {
    /// Asks by `GET`.
    pub async fn read(&self, app: &App, path: &str) -> Reply {
        Reply::of(self.get(app, path)).await
    }

    /// Changes a client by `PATCH`.
    pub async fn change(&self, app: &App, id: i64, parameters: &[(&str, &str)]) -> Reply {
        Reply::of(self.request(app, Method::PATCH, &format!("{CLIENT}/{id}")).form(parameters)).await
    }

    /// The ids of a page of clients.
    pub async fn ids(&self, app: &App, query: &str) -> Vec<i64> {
        let page = self.read(app, &format!("{CLIENT}{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let clients = page.json["clients"].as_array().expect("clients").iter();
        clients.map(|client| client["id"].as_i64().expect("an id")).collect()
    }

    /// The partner's whole feed, once it has that many events: what any other transaction of the cluster still writes
    /// holds it up.
    pub async fn feed(&self, app: &App, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        until("the feed has all events", async || {
            events.clear();
            let mut after = String::new();
            loop {
                let page = self.read(app, &format!("/api/residential/event?limit=200{after}")).await;
                let page_of = page.json["events"].as_array().unwrap_or_else(|| panic!("{}", page.text)).clone();
                if page_of.is_empty() {
                    break events.len() >= count;
                }
                after = format!("&after={}", page.json["next"].as_str().expect("a cursor"));
                events.extend(page_of);
            }
        })
        .await;
        events
    }

    /// Every page of a list from a query on, as the replies' `next` leads through it, and the last `next`.
    pub async fn pages(&self, app: &App, path: &str, query: &str) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.read(app, &format!("{path}?{query}{after}")).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let next = page.json["next"].as_str().map(str::to_owned);
            let link = next.as_ref().map(|next| format!("after={next}>; rel=\"next\""));
            assert!(link.is_none_or(|link| page.header("link").ends_with(&link)), "{page:?}");
            pages.push(page.json);
            match next {
                Some(next) => after = format!("&after={next}"),
                None => return pages,
            }
        }
    }
}

/// An event as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct Event {
    pub from_status: Option<String>,
    pub to_status: String,
    pub at: DateTime<Utc>,
    pub user_id: Uuid,
    pub oauth_client_id: Uuid,
    pub request_id: String,
}

impl App {
    /// How many rows a table has.
    pub async fn rows(&self, table: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.db).await.expect("a count")
    }

    /// Moves a partner's counts on that has so many events left to count; says whether there was one.
    pub async fn counts_clients(&self, left: i64) -> bool {
        let mut connection = self.db.acquire().await.expect("a connection");
        dna_api::store::client_counts::refresh(&mut connection, left).await.expect("counts")
    }

    /// Checks that nothing at all was written for a client.
    pub async fn has_no_client(&self) {
        for table in ["clients", "client_events", "client_words", "ns_domains", "ns_domain_counters"] {
            assert_eq!(self.rows(table).await, 0, "{table}");
        }
    }

    /// A client's events, oldest first.
    pub async fn events(&self, client: i64) -> Vec<Event> {
        let sql = "select from_status, to_status, at, user_id, oauth_client_id, request_id
                   from client_events where client_id = $1 order by at";
        sqlx::query_as(sql).bind(client).fetch_all(&self.db).await.expect("events")
    }

    /// A client's status, and since when.
    pub async fn status(&self, client: i64) -> (String, DateTime<Utc>) {
        let sql = "select status, status_changed_at from clients where id = $1";
        sqlx::query_as(sql).bind(client).fetch_one(&self.db).await.expect("a client")
    }

    /// Runs a statement.
    pub async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.db).await.expect(sql);
    }
}
