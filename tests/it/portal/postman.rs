//! The Postman collection against `docs/openapi.yaml`, from which both ways nothing is missing, and its downloads.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{App, description::DESCRIPTION};

const COLLECTION: &str = include_str!("../../../postman/dna-api.postman_collection.json");

/// What no collection can bring about that is to run on any server, as often as one likes: it would have to be slow, or
/// many, or an operator, or larger than a proxy in front lets it be.
const OUT_OF_REACH: [&str; 7] = [
    "gone",
    "headers_too_large",
    "idempotency_key_in_use",
    "rate_limited",
    "request_timeout",
    "server_error",
    "temporarily_unavailable",
];

/// Whether an error needs another server or partner than a collection has: one that refuses the documented form, an OAuth
/// client that may not log in so, a token of another OAuth client.
fn needs_another(operation: &str, error: &str) -> bool {
    error == "method_not_allowed"
        || error == "unauthorized_client"
        || operation.starts_with("revoke") && error == "invalid_grant"
}

/// A request of the collection: its name, method, path and the error that its name promises.
struct Request {
    name: String,
    method: String,
    path: String,
    status: String,
    error: Option<String>,
}

fn requests(items: &Value, found: &mut Vec<Request>) {
    for item in items.as_array().expect("items") {
        if item.get("item").is_some() {
            requests(&item["item"], found);
            continue;
        }
        let name = item["name"].as_str().expect("a name").to_owned();
        let path = item["request"]["url"]["path"].as_array().expect("a path");
        let path: Vec<&str> = path.iter().map(|part| part.as_str().expect("text")).collect();
        let path = format!("/{}", path.join("/"));
        let (status, error) =
            name.split_once(": ").map_or("", |(before, _)| before).split_once(' ').unwrap_or_default();
        let method = item["request"]["method"].as_str().expect("a method").to_owned();
        let error = status.parse::<u16>().is_ok().then(|| error.to_owned());
        let status = status.to_owned();
        found.push(Request { name, method, path, status, error });
    }
}

fn collection() -> Vec<Request> {
    let collection: Value = serde_json::from_str(COLLECTION).expect("JSON");
    let mut found = Vec::new();
    requests(&collection["item"], &mut found);
    found
}

fn operation(request: &Request) -> Option<&'static str> {
    DESCRIPTION.operation(&request.method, &request.path).and_then(|(_, operation)| operation["operationId"].as_str())
}

#[test]
fn every_operation_and_every_error_within_reach_has_a_request() {
    let requests = collection();
    let sent: BTreeSet<_> = requests.iter().filter_map(operation).collect();
    let refused: BTreeSet<_> =
        requests.iter().filter_map(|request| Some((operation(request)?, request.error.as_deref()?))).collect();

    for reply in DESCRIPTION.replies() {
        assert!(sent.contains(reply.operation.as_str()), "{} has no request", reply.operation);
    }
    for (operation, status, error) in DESCRIPTION.errors() {
        let within = !OUT_OF_REACH.contains(&error.as_str()) && !needs_another(&operation, &error);
        let has = refused.contains(&(operation.as_str(), error.as_str()));
        assert_eq!(has, within, "{operation}: {status} {error}");
    }
}

#[test]
fn no_request_is_of_what_is_not_described() {
    let described: BTreeSet<_> = DESCRIPTION.errors().collect();
    for request in collection() {
        let Request { name, method, path, status, error } = &request;
        match (operation(&request), error) {
            (Some(operation), Some(error)) => {
                let wanted = (operation.to_owned(), status.clone(), error.clone());
                assert!(described.contains(&wanted), "{name}: {operation} does not describe {status} {error}");
            }
            (Some(_), None) => {}
            // That there is no such path, or no such method: HEAD is a path's that has GET.
            (None, Some(error)) => assert!(
                matches!(error.as_str(), "not_found" | "method_not_allowed" | "uri_too_long"),
                "{name}: {method} {path} is not described"
            ),
            (None, None) => assert!(
                method == "HEAD" && DESCRIPTION.operation("GET", path).is_some(),
                "{name}: {method} {path} is not described"
            ),
        }
    }
}

#[tokio::test]
async fn collection_and_template_are_downloads_and_the_template_has_empty_secrets_that_are_marked() {
    let app = App::start().await;
    let page = app.get("/docs").send().await.expect("a reply").text().await.expect("text");
    let mut downloads = Vec::new();
    for name in ["dna-api.postman_collection.json", "template.postman_environment.json"] {
        assert!(page.contains(&format!("/docs/{name}\" download")), "{name}");
        let reply = app.get(&format!("/docs/{name}")).send().await.expect("a reply");
        assert_eq!(reply.headers()["content-type"], "application/json");
        downloads.push(reply.text().await.expect("text"));
    }

    assert_eq!(downloads[0], COLLECTION);
    let template: Value = serde_json::from_str(&downloads[1]).expect("JSON");
    let values = template["values"].as_array().expect("values");
    let names: BTreeSet<_> = values.iter().map(|value| value["key"].as_str().expect("a key")).collect();
    assert_eq!(names, BTreeSet::from(["base_url", "client_id", "client_secret", "username", "password", "scope"]));
    for value in values {
        let secret = matches!(value["key"].as_str(), Some("client_secret" | "password"));
        assert_eq!(value["type"] == "secret", secret, "{value}");
        assert!(!secret || value["value"] == "", "{value}");
    }
}
