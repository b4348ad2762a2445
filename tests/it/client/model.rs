//! Whatever several partners do, in whatever order: a model of a few lines knows every reply, list and history.

mod call;
mod counts;

use std::{cell::Cell, collections::HashMap};

use proptest::{
    collection::vec,
    prelude::Just,
    test_runner::{Config, TestCaseError, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use call::{Call, call};

use crate::support::{App, CLIENT, Caller, Reply, steve_but};

const PARTNERS: usize = 2;
const EMPTY: &str = "delete from client_events; delete from clients; delete from client_words; delete from ns_domains;
                     delete from ns_domain_counters; delete from client_counts; delete from client_counts_until";

/// What the model knows of a client.
#[derive(Clone, Debug)]
struct Known {
    partner: usize,
    id: i64,
    ns_domain: String,
    status: &'static str,
    billing: &'static str,
    since: i64,
    first_name: &'static str,
    customer_id: &'static str,
    subreseller: &'static str,
    events: Vec<Value>,
}

#[derive(Default)]
struct Model {
    clients: Vec<Known>,
    /// Each partner's feed.
    feeds: [Vec<Value>; PARTNERS],
    namesakes: HashMap<&'static str, u32>,
}

impl Known {
    fn state(&self) -> Value {
        json!({"status": self.status, "billing_status": self.billing})
    }

    /// What is compared of an event.
    fn event(&self, kind: &str, from: &Value, changed: &[&str], reason: Option<&str>) -> Value {
        json!([self.id, kind, from, self.state(), changed, reason])
    }
}

/// The same of an event that the server tells.
fn told(event: &Value) -> Value {
    json!([event["client"]["id"], event["type"], event["from"], event["to"], event["changed"], event["reason"]])
}

fn events(reply: &Reply) -> Vec<Value> {
    reply.json["events"].as_array().expect("events").iter().map(told).collect()
}

impl Model {
    /// The partner's client that a target picks: its place, and the id to ask for.
    fn pick(&self, partner: usize, target: usize) -> (Option<usize>, i64) {
        let id = self.clients.get(target).map_or(4_000_000_000, |client| client.id);
        let own = self.clients.get(target).is_some_and(|client| client.partner == partner);
        (own.then_some(target), id)
    }

    fn holder(&self, partner: usize, customer_id: &str) -> Option<&Known> {
        let held = |client: &&Known| client.partner == partner && client.customer_id == customer_id;
        self.clients.iter().find(held).filter(|_| !customer_id.is_empty())
    }

    fn happened(&mut self, at: usize, event: Value) {
        let client = &mut self.clients[at];
        client.events.push(event.clone());
        self.feeds[client.partner].push(event);
    }

    async fn check(&mut self, app: &App, callers: &[Caller], (partner, call): (usize, Call)) {
        let caller = &callers[partner];
        match call {
            Call::Create { first_name, customer_id } => {
                self.create(app, caller, partner, first_name, customer_id).await;
            }
            Call::Transition { target, action, reason } => {
                self.transition(app, caller, self.pick(partner, target), action, reason).await;
            }
            Call::Change { target, name, value, known } => {
                self.change(app, caller, self.pick(partner, target), (name, value), known).await;
            }
            Call::Read { target } => {
                let (at, id) = self.pick(partner, target);
                let reply = caller.read(app, &format!("{CLIENT}/{id}")).await;
                let Some(at) = at else { return assert_eq!(reply.status, 404) };
                let (client, read) = (&self.clients[at], &reply.json["client"]);
                assert_eq!(json!({"status": read["status"], "billing_status": read["billing_status"]}), client.state());
                assert_eq!(
                    (&read["first_name"], &read["ns_domain"]),
                    (&json!(client.first_name), &json!(client.ns_domain))
                );
                assert_eq!(read["customer_id"].as_str().unwrap_or_default(), client.customer_id);
            }
            Call::Domain { target } => {
                let (at, _) = self.pick(partner, target);
                let name = self.clients.get(target).map_or("nobody.com", |client| &client.ns_domain);
                let reply = caller.read(app, &format!("/api/residential/domain/{name}")).await;
                let Some(at) = at else { return assert_eq!(reply.status, 404) };
                let status = if self.clients[at].status == "active" { "active" } else { "locked" };
                assert_eq!(reply.json["data"], json!({"status": status, "timestamp": self.clients[at].since}));
            }
            Call::History { target } => {
                let (at, id) = self.pick(partner, target);
                let reply = caller.read(app, &format!("{CLIENT}/{id}/events?limit=200")).await;
                let Some(at) = at else { return assert_eq!(reply.status, 404) };
                assert_eq!(events(&reply), self.clients[at].events);
            }
            Call::List { query: (name, value) } => self.list(app, caller, partner, name, value).await,
            Call::Subresellers => self.subresellers(app, caller, partner).await,
            Call::Count => while app.counts_clients(1).await {},
        }
    }

    async fn create(
        &mut self,
        app: &App,
        caller: &Caller,
        partner: usize,
        first_name: &'static str,
        customer_id: &'static str,
    ) {
        let reply = caller.create(app, &steve_but(&[("first_name", first_name), ("customer_id", customer_id)])).await;
        if let Some(holder) = self.holder(partner, customer_id) {
            assert_eq!((reply.status, &reply.json["client"]["id"]), (409, &json!(holder.id)));
            return;
        }
        assert_eq!(reply.status, 201, "{}", reply.text);
        let client = &reply.json["client"];
        let count = self.namesakes.entry(first_name).or_default();
        *count += 1;
        let number = if *count == 1 { String::new() } else { count.to_string() };
        let ns_domain = format!("{}harris{number}.com", first_name.to_lowercase());
        assert_eq!(client["ns_domain"], ns_domain);
        let since = client["created_at"].as_str().and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
        let (id, since) = (client["id"].as_i64().expect("an id"), since.expect("a time").timestamp());
        let (status, billing, subreseller) = ("pending", "none", "1234");
        let known = Known {
            partner,
            id,
            ns_domain,
            status,
            billing,
            since,
            first_name,
            customer_id,
            subreseller,
            events: Vec::new(),
        };
        let event = known.event("created", &Value::Null, &[], None);
        self.clients.push(known);
        self.happened(self.clients.len() - 1, event);
    }

    async fn transition(
        &mut self,
        app: &App,
        caller: &Caller,
        (at, id): (Option<usize>, i64),
        action: &str,
        reason: Option<&str>,
    ) {
        let form = reason.map(|reason| ("reason", reason));
        let request = caller.post(app, &format!("{CLIENT}/{id}/{action}")).form(form.as_slice());
        let reply = Reply::of(request).await;
        let Some(at) = at else { return assert_eq!(reply.status, 404) };
        let client = &mut self.clients[at];
        let (before, from) = (client.status, client.state());
        let kind;
        (client.status, client.billing, kind) = match (action, client.billing) {
            ("activate", _) => ("active", "active", "activated"),
            ("suspend", billing) => ("suspended", billing, "suspended"),
            (_, "none") => ("cancelled", "none", "cancelled"),
            (_, _) => ("cancelled", "suspended", "cancelled"),
        };
        let timestamp = reply.json["timestamp"].as_i64().expect("a time");
        assert!(timestamp == client.since || (before != client.status && timestamp > client.since), "{}", reply.text);
        client.since = timestamp;
        let body = json!({"result": "OK", "timestamp": timestamp,
                          "client": {"id": id, "ns_domain": client.ns_domain, "status": client.status}});
        assert_eq!((reply.status, &reply.text), (200, &body.to_string()));
        if client.state() != from {
            let event = client.event(kind, &from, &[], reason);
            self.happened(at, event);
        }
    }

    async fn change(
        &mut self,
        app: &App,
        caller: &Caller,
        (at, id): (Option<usize>, i64),
        (name, value): (&'static str, &'static str),
        known: bool,
    ) {
        let path = format!("{CLIENT}/{id}");
        let tag = caller.read(app, &path).await.header("etag").to_owned();
        let tag = if known { &tag } else { "\"stale\"" };
        let request = caller.request(app, Method::PATCH, &path).header("if-match", tag).form(&[(name, value)]);
        let reply = Reply::of(request).await;
        if name == "status" || (name, value) == ("first_name", "") {
            return assert_eq!(reply.status, 422);
        }
        let Some(at) = at else { return assert_eq!(reply.status, 404) };
        if !known {
            return assert_eq!(reply.status, 412);
        }
        let client = &self.clients[at];
        let now = match name {
            "customer_id" => client.customer_id,
            "subreseller_id" => client.subreseller,
            _ => client.first_name,
        };
        if now == value {
            return assert_eq!((reply.status, reply.header("etag")), (200, tag));
        }
        if let Some(holder) = self.holder(client.partner, value).filter(|_| name == "customer_id") {
            return assert_eq!((reply.status, &reply.json["client"]["id"]), (409, &json!(holder.id)));
        }
        assert_eq!((reply.status, reply.header("etag") == tag), (200, false));
        let client = &mut self.clients[at];
        match name {
            "customer_id" => client.customer_id = value,
            "subreseller_id" => client.subreseller = value,
            _ => client.first_name = value,
        }
        let event = client.event("updated", &client.state(), &[name], None);
        self.happened(at, event);
    }

    async fn list(&self, app: &App, caller: &Caller, partner: usize, name: &str, value: &str) {
        let own = self.clients.iter().filter(|client| client.partner == partner);
        let expected: Vec<i64> = own
            .filter(|client| match name {
                "status" => client.status == value,
                "customer_id" => client.customer_id == value,
                "q" => client.first_name.eq_ignore_ascii_case(value),
                _ => true,
            })
            .map(|client| client.id)
            .collect();
        assert_eq!(caller.ids(app, &format!("?{name}={value}")).await, expected, "{name}={value}");
    }
}

/// 300 sequences, or as many as `TEST_SEQUENCES` says: its long form has 10,000.
#[test]
fn any_sequence_of_calls_agrees_with_the_model() {
    let cases = std::env::var("TEST_SEQUENCES").map_or(300, |cases| cases.parse().expect("a number"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let _context = runtime.enter();
    let (app, callers) = runtime.block_on(async {
        let app = App::start().await;
        let callers = [app.partner("Acme").await.log_in(&app).await, app.partner("Other").await.log_in(&app).await];
        (app, callers)
    });
    let ran = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });

    let outcome = runner.run(&(vec(call(), 1..16), Just(())), |(calls, ())| {
        let sequence = async {
            app.execute(EMPTY).await;
            let mut model = Model::default();
            for call in calls {
                model.check(&app, &callers, call).await;
            }
            for (partner, (caller, expected)) in callers.iter().zip(&model.feeds).enumerate() {
                model.subresellers(&app, caller, partner).await;
                let feed = caller.feed(&app, expected.len()).await;
                assert_eq!(&feed.iter().map(told).collect::<Vec<_>>(), expected);
            }
        };
        ran.set(ran.get() + 1);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(sequence)));
        caught.map_err(|_| TestCaseError::fail("the model does not agree"))
    });

    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(ran.get() >= cases);
}
