//! How the database finds what is asked for: by an index, in its order, on the first page and deep in the list.

use std::time::Instant;

use dna_api::{
    domain::{
        page::{ClientPlace, FeedPlace},
        partner::PartnerId,
    },
    housekeeping,
    http::cursor::List,
};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::support::{App, CLIENT, Caller, until};

const FEED: &str = "/api/residential/event";
const CONSOLIDATION: &str = "clients_consolidation_idx";

/// A partner among many, with a server that logs the plan of each statement.
async fn in_a_crowd(clients: i32, partners: i32) -> (App, App, Caller) {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    app.crowd("Acme", clients, partners).await;
    until("the clients are counted, since no other test's transaction is older", async || {
        housekeeping::counted(&app.state, 1_000).await.expect("counts");
        let sql = "select client_counts_position(id) is not null from partners where name = 'Acme'";
        sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("an answer")
    })
    .await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&app.db).await.expect("a name");
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_level = notice",
    ] {
        let sql = AssertSqlSafe(format!("alter database {name} set {setting}"));
        sqlx::raw_sql(sql).execute(&app.db).await.expect("a setting");
    }
    let explained = app.second().await;
    (app, explained, caller)
}

/// A place in the middle of a list.
enum Middle {
    Clients(ClientPlace),
    Feed(FeedPlace),
}

/// What is asked for, the parameters that choose it, a place in the middle, and what its plan must have in it.
struct Asked {
    path: &'static str,
    given: &'static [(&'static str, &'static str)],
    middle: Option<Middle>,
    index: &'static str,
}

fn asked(half: i64) -> Vec<Asked> {
    let id = || Some(Middle::Clients(ClientPlace::Id(half)));
    let created = |seconds: i64| chrono::DateTime::from_timestamp(1_767_225_600 + seconds, 0).expect("a time");
    let created = |half: i64| Some(Middle::Clients(ClientPlace::Created(created(half * 10), half)));
    let word = || Some(Middle::Clients(ClientPlace::Word("avenue".to_owned(), half)));
    let billing = |given| Asked { path: "/api/residential/billing", given, middle: None, index: CONSOLIDATION };
    let list = |given, middle, index| Asked { path: CLIENT, given, middle, index };
    vec![
        list(&[], id(), "clients_pkey"),
        list(&[("status", "active")], id(), "clients_pkey"),
        list(&[("status", "cancelled")], id(), "clients_pkey"),
        list(&[("subreseller_id", "8")], id(), "clients_subreseller_id_idx"),
        list(&[("status", "active"), ("subreseller_id", "8")], id(), "clients_subreseller_id_idx"),
        list(&[("email", "Someone77@example.com")], None, "clients_email_idx"),
        list(&[("customer_id", "C-77")], None, "clients_customer_id_key"),
        list(&[("ns_domain", "crowd77.acme")], None, "ns_domains_pkey"),
        list(&[("created_after", "2026-01-01")], created(half), "clients_created_at_idx"),
        list(&[("status", "cancelled"), ("created_after", "2026-01-01")], created(half), "clients_created_at_idx"),
        list(&[("q", "avenue")], word(), "client_words_pkey"),
        list(&[("q", "a")], word(), "client_words_pkey"),
        list(&[("q", "last77")], None, "client_words_pkey"),
        list(&[("q", "first11 last77 mendoza")], None, "client_words_pkey"),
        list(&[("q", "mendoza"), ("status", "cancelled")], None, "client_words_pkey"),
        billing(&[("month", "2026-01")]),
        billing(&[("month", "2026-01"), ("subreseller_id", "8")]),
        Asked { path: "/api/residential/subreseller", given: &[], middle: None, index: "client_counts_between" },
        Asked { path: "/api/residential/client/77/events", given: &[], middle: None, index: "client_events_pkey" },
        Asked {
            path: FEED,
            given: &[],
            middle: Some(Middle::Feed(FeedPlace { position: 1, id: Uuid::nil() })),
            index: "client_events_feed_idx",
        },
    ]
}

impl Asked {
    fn paths(&self, partner: PartnerId) -> Vec<String> {
        let given: Vec<_> = self.given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let name = if self.path == FEED { "feed" } else { "clients" };
        let list = List { partner, name, given: &given };
        let pairs: Vec<_> = given.iter().map(|(name, value)| format!("{name}={}&", value.replace(' ', "+"))).collect();
        let first = format!("{}?{}limit=50", self.path, pairs.concat());
        let cursor = |middle: &Middle| match middle {
            Middle::Clients(place) => list.cursor(place),
            Middle::Feed(place) => list.cursor(place),
        };
        let middle = self.middle.as_ref().map(|middle| format!("{first}&after={}", cursor(middle)));
        std::iter::once(first).chain(middle).collect()
    }
}

fn partner(caller: &Caller) -> PartnerId {
    PartnerId(caller.claims()["partner"].as_str().expect("a partner").parse().expect("a UUID"))
}

/// Asks for a page on a server that logs plans, and checks them.
async fn is_answered_from_its_index(explained: &App, caller: &Caller, asked: &Asked, path: &str) {
    let from = explained.log().len();
    let page = caller.read(explained, path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    let log = explained.log()[from..].to_owned();
    // A plan ends where the next line of the log begins with its time: that may be another test's.
    let plans = log.split("Query Text: ").skip(1).filter_map(|rest| rest.split("\n20").next());
    // The server's own statements, such as housekeeping's, are none of these.
    let asked_of = [" clients ", "client_counts", "client_words", "client_events", "ns_domains"];
    let is_asked = |plan: &&str| plan.contains("partner_id") && asked_of.iter().any(|table| plan.contains(table));
    let plans: Vec<&str> = plans.filter(is_asked).collect();
    assert!(plans.iter().any(|plan| plan.contains(asked.index)), "{path}\n{log}");
    for plan in plans {
        let whole = ["clients", "client_words", "client_events", "ns_domains"];
        assert!(!whole.iter().any(|table| plan.contains(&format!("Seq Scan on {table}"))), "{path}\n{plan}");
        // A few, or what is left of a bounded part of an index, may be sorted.
        let bounded = plan.split("Limit").next().is_some_and(|sql| sql.contains(") <= ("));
        assert!(bounded || asked.middle.is_none() || !plan.contains("Sort"), "{path}\n{plan}");
    }
}

#[tokio::test]
async fn each_page_and_filter_is_answered_from_an_index_in_its_order() {
    let (_app, explained, caller) = in_a_crowd(30_000, 200).await;

    for asked in asked(15_000) {
        for path in asked.paths(partner(&caller)) {
            // More often than it takes the database to settle for a plan for all partners.
            for _ in 0..8 {
                is_answered_from_its_index(&explained, &caller, &asked, &path).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_rare_is_found_on_short_pages_that_have_a_next_one() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    app.crowd("Acme", 30_000, 1).await;

    for query in ["status=cancelled", "status=cancelled&created_after=2026-01-01", "status=cancelled&q=mendoza"] {
        let pages = caller.pages(&app, CLIENT, query).await;
        let counts: Vec<_> = pages.iter().map(|page| page["clients"].as_array().map_or(0, Vec::len)).collect();
        assert_eq!((counts.len(), counts.iter().sum::<usize>()), (4, 3), "{query}: {counts:?}");
    }
}

/// Postgres makes a new version of a row in the place of the old one only where no index has a column that changes.
#[tokio::test]
async fn a_change_of_status_changes_no_index() {
    let (app, caller) = crate::support::acme().await;
    let id = caller.new_client(&app).await;
    for action in ["activate", "suspend", "cancel", "activate"] {
        caller.transition(&app, id, action).await;
    }

    let indexes: Vec<String> = sqlx::query_scalar("select indexdef from pg_indexes where tablename = 'clients'")
        .fetch_all(&app.db)
        .await
        .expect("indexes");
    assert!(indexes.len() >= 5, "{indexes:?}");
    for index in indexes {
        for column in ["status", "updated_at", "last_position"] {
            assert!(!index.contains(column), "{index}");
        }
    }
    until("the four are counted as made in place", async || {
        let counts: (i64, i64) =
            sqlx::query_as("select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'clients'")
                .fetch_one(&app.db)
                .await
                .expect("counts");
        counts == (4, 4)
    })
    .await;
}

/// The figures of docs/performance.md: `TEST_CLIENTS=1000000 cargo test --release --test it -- --ignored --nocapture
/// figures`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "fills a database with a million clients: minutes, and gigabytes"]
async fn figures_of_lists_in_a_crowd() {
    let clients = std::env::var("TEST_CLIENTS").map_or(1_000_000, |clients| clients.parse().expect("a number"));
    let (app, explained, caller) = in_a_crowd(clients, 1_000).await;

    for asked in asked(i64::from(clients) / 2) {
        for (path, page) in asked.paths(partner(&caller)).iter().zip(["first", "middle"]) {
            is_answered_from_its_index(&explained, &caller, &asked, path).await;
            let mut times = Vec::new();
            for _ in 0..21 {
                let start = Instant::now();
                let reply = caller.read(&app, path).await;
                times.push(start.elapsed());
                assert_eq!(reply.status, 200);
            }
            times.sort();
            let given: Vec<_> = asked.given.iter().map(|(name, value)| format!("{name}={value}")).collect();
            println!("{} {} {page}: {:.2?}, at most {:.2?}", asked.path, given.join("&"), times[10], times[20]);
        }
    }
}

/// All that happened is that every client of the crowd was activated, the year before.
const ACTIVATED: &str = "
    truncate client_events;
    insert into client_events (partner_id, client_id, id, kind, from_status, to_status, from_billing_status,
                               to_billing_status, at, request_id)
    select partner_id, id, event_id(created_at), 'activated', 'pending', 'active', 'none', 'active',
           created_at - interval '1 year', 'crowd-2'
    from clients order by id;
    analyze client_events";

/// Kilobytes of memory that this process has had since `clear_refs` was written, at most.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The same for a month's billing from its first page to its last, each client of the million on 31 days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "fills a database with a million clients: minutes, and gigabytes"]
async fn figures_of_a_whole_months_billing() {
    let clients = std::env::var("TEST_CLIENTS").map_or(1_000_000, |clients| clients.parse().expect("a number"));
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    app.crowd("Acme", clients, 1_000).await;
    app.execute(ACTIVATED).await;

    for format in ["json", "csv"] {
        std::fs::write("/proc/self/clear_refs", "5").expect("the peak is now");
        let (before, start) = (peak(), Instant::now());
        let (mut after, mut lines, mut slowest, mut pages) = (String::new(), 0, std::time::Duration::ZERO, 0);
        loop {
            let asked = Instant::now();
            let path = format!("/api/residential/billing?month=2026-01&format={format}&limit=200{after}");
            let reply = caller.get(&app, &path).send().await.expect("a reply");
            assert_eq!(reply.status(), 200);
            let next = reply.headers().get("link").map(|link| link.to_str().expect("ASCII").to_owned());
            lines += reply.text().await.expect("a body").matches("2026-01-31").count();
            slowest = slowest.max(asked.elapsed());
            pages += 1;
            let Some(next) = next else { break };
            let cursor = next.split("after=").nth(1).and_then(|rest| rest.split('>').next()).expect("a cursor");
            after = format!("&after={cursor}");
        }
        assert_eq!(i64::try_from(lines).expect("a number"), i64::from(clients), "each client once");
        let (took, grew) = (start.elapsed(), peak() - before);
        println!("{format}: {pages} pages in {took:.1?}, the slowest {slowest:.1?}, memory grew by {grew} kB");
    }
}
