//! Many callers at once.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::support::{App, Caller, Reply, acme, steve_but, steve_harris};

/// Sends requests on eight connections at once, and gathers the replies.
async fn from_eight_connections(requests: Vec<reqwest::RequestBuilder>) -> Vec<Reply> {
    let mut queues: [Vec<_>; 8] = Default::default();
    for (n, request) in requests.into_iter().enumerate() {
        queues[n % 8].push(request);
    }
    let mut callers = JoinSet::new();
    for queue in queues {
        callers.spawn(async {
            let mut replies = Vec::new();
            for request in queue {
                replies.push(Reply::of(request).await);
            }
            replies
        });
    }
    callers.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_namesakes_at_once_get_five_hundred_domains() {
    let (app, caller) = acme().await;
    let requests = (0..500).map(|_| caller.creation(&app).form(&steve_harris())).collect();

    let replies = from_eight_connections(requests).await;

    let domains: BTreeSet<&str> = replies
        .iter()
        .map(|reply| reply.json["client"]["ns_domain"].as_str().unwrap_or_else(|| panic!("{}", reply.text)))
        .collect();
    let numbered = (2..=500).map(|n| format!("steveharris{n}.com"));
    let expected: BTreeSet<String> = numbered.chain(["steveharris.com".to_owned()]).collect();
    assert_eq!(domains, expected.iter().map(String::as_str).collect());
    for table in ["clients", "client_events", "ns_domains"] {
        assert_eq!(app.rows(table).await, 500, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_want_one_customer_id_one_gets_it() {
    let (app, caller) = acme().await;
    let names = ["Adrian", "Bruce", "Dave", "Janick", "Nicko", "Paul", "Clive", "Dennis"].repeat(5);
    let create = |name: &str| caller.creation(&app).form(&steve_but(&[("first_name", name), ("customer_id", "C-1")]));
    let requests = names.iter().map(|name| create(name)).collect();

    let replies = from_eight_connections(requests).await;

    let (created, refused): (Vec<&Reply>, Vec<&Reply>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((created.len(), refused.len()), (1, 39));
    for reply in refused {
        assert_eq!((reply.status, reply.error()), (409, "duplicate_customer_id"));
        assert_eq!(reply.json["client"]["id"], created[0].json["client"]["id"]);
    }
    for table in ["clients", "client_events", "ns_domains", "ns_domain_counters"] {
        assert_eq!(app.rows(table).await, 1, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_ask_for_one_change_one_makes_it_and_all_are_told_its_time() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("/api/residential/client/{id}/activate");
    let requests = (0..40).map(|_| caller.post(&app, &path)).collect();

    let replies = from_eight_connections(requests).await;

    assert_eq!(app.events(id).await.len(), 2);
    let timestamp = app.status(id).await.1.timestamp();
    for reply in replies {
        assert_eq!((reply.status, &reply.json["timestamp"]), (200, &timestamp.into()));
    }
}

async fn ask_200_times(app: &App, caller: &Caller, id: i64, action: &str, status: &str) {
    for _ in 0..200 {
        let reply = caller.transition(app, id, action).await;
        assert_eq!((reply.status, &reply.json["client"]["status"]), (200, &status.into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_leave_one_unbroken_chain_of_events() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    tokio::join!(
        ask_200_times(&app, &caller, id, "activate", "active"),
        ask_200_times(&app, &caller, id, "suspend", "suspended")
    );

    let events = app.events(id).await;
    assert!(events.len() > 20, "the two hardly met: {} events", events.len());
    assert_eq!((&events[0].from_status, events[0].to_status.as_str()), (&None, "pending"));
    for pair in events.windows(2) {
        assert_eq!(pair[1].from_status.as_ref(), Some(&pair[0].to_status), "{pair:?}");
        assert_ne!(pair[0].to_status, pair[1].to_status);
        assert!(pair[0].at < pair[1].at, "{pair:?}");
    }
    let last = events.last().expect("an event");
    assert_eq!(app.status(id).await, (last.to_status.clone(), last.at));
}
