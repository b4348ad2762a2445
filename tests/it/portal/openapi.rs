//! `/openapi.yaml` and `/openapi.json` against the router and the page.

use std::collections::BTreeSet;

use dna_api::domain::scope::Scope;
use reqwest::Method;
use serde_json::Value;

use crate::support::App;

const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::PATCH];

async fn description(app: &App) -> Value {
    let reply = app.get("/openapi.json").send().await.expect("a reply");
    assert_eq!(reply.headers()["content-type"], "application/json");
    reply.json().await.expect("JSON")
}

#[tokio::test]
async fn the_description_is_served_in_both_spellings() {
    let app = App::start().await;

    let yaml = app.get("/openapi.yaml").send().await.expect("a reply");

    assert_eq!(yaml.headers()["content-type"], "application/yaml");
    assert!(yaml.text().await.expect("text").contains("openapi: 3.1.0"));
    assert_eq!(description(&app).await["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_method_that_is_described_is_routed_and_no_other() {
    let app = App::start().await;

    for (path, item) in description(&app).await["paths"].as_object().expect("paths") {
        let path = path.replace("{id}", "1").replace("{ns_domain}", "x.com");
        for method in METHODS {
            let described = item.get(method.as_str().to_lowercase()).is_some();
            let status = app.request(method.clone(), &path).send().await.expect("a reply").status().as_u16();
            assert_ne!(status, 404, "{method} {path}");
            assert_eq!(status != 405, described, "{method} {path}: {status}");
        }
    }
}

/// The router's own file says which paths there are.
#[tokio::test]
async fn every_path_of_the_router_is_described() {
    let app = App::start().await;
    let source = include_str!("../../../src/http/router.rs");
    let routed =
        source.split(".route(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    // Routed without being named there: its place may have the issuer's path behind it.
    let routed = routed.chain(["/.well-known/oauth-authorization-server"]);
    let routed: BTreeSet<_> = routed.filter(|path| *path != "/").collect();

    let description = description(&app).await;
    let described = description["paths"].as_object().expect("paths").keys().map(String::as_str).collect();

    assert_eq!(routed, described);
}

#[tokio::test]
async fn every_operation_has_a_heading_in_the_page_and_a_name_of_its_own() {
    let app = App::start().await;
    let page = app.get("/docs").send().await.expect("a reply").text().await.expect("text");
    let mut names = BTreeSet::new();

    for (path, item) in description(&app).await["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods").iter().filter(|(name, _)| *name != "parameters") {
            let heading = operation["externalDocs"]["url"].as_str().and_then(|url| url.strip_prefix("/docs#"));
            let heading = heading.unwrap_or_else(|| panic!("{method} {path} has no heading"));
            assert!(page.contains(&format!(" id=\"{heading}\"")), "{method} {path}: no heading {heading}");
            assert!(names.insert(operation["operationId"].as_str().expect("a name").to_owned()), "{method} {path}");
        }
    }
}

/// Every `$ref` of a value, wherever it is.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(to) if name == "$ref" => found.push(to),
            _ => references(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = App::start().await;
    let description = description(&app).await;
    let mut found = Vec::new();

    references(&description, &mut found);

    assert!(found.len() > 100);
    for to in found {
        assert!(description.pointer(to.trim_start_matches('#')).is_some(), "{to} leads nowhere");
    }
}

/// The scope that an operation asks for, where it asks for one.
fn scope(operation: &Value) -> Option<&str> {
    operation["security"].as_array()?.iter().find_map(|way| way["login"].as_array()?.first()?.as_str())
}

#[tokio::test]
async fn every_operation_that_names_a_scope_refuses_a_token_without_it_and_names_it() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let description = description(&app).await;
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        let path = path.replace("{id}", "1").replace("{ns_domain}", "x.com");
        let wanting = METHODS.iter().filter_map(|method| {
            let wanted = scope(item.get(method.as_str().to_lowercase())?)?;
            Some((method.clone(), path.clone(), wanted))
        });
        operations.extend(wanting);
    }
    assert!(operations.len() >= 17, "{operations:?}");

    for wanted in Scope::ALL.map(Scope::as_str) {
        let others: Vec<_> = Scope::ALL.map(Scope::as_str).into_iter().filter(|scope| *scope != wanted).collect();
        let caller = partner.log_in_for(&app, &others.join(" ")).await;
        let mut wanting = operations.iter().filter(|(.., scope)| *scope == wanted).peekable();
        assert!(wanting.peek().is_some(), "{wanted} is for nothing");
        for (method, path, _) in wanting {
            let reply = caller.request(&app, method.clone(), path).send().await.expect("a reply");
            assert_eq!(reply.status(), 403, "{method} {path}");
            let challenge = reply.headers()["www-authenticate"].to_str().expect("ASCII");
            assert!(challenge.contains(&format!("scope=\"{wanted}\"")), "{method} {path}: {challenge}");
        }
    }

    let all = BTreeSet::from(Scope::ALL.map(Scope::as_str));
    for flow in ["password", "clientCredentials"] {
        let flow = &description["components"]["securitySchemes"]["login"]["flows"][flow];
        let offered: BTreeSet<_> = flow["scopes"].as_object().expect("scopes").keys().map(String::as_str).collect();
        assert_eq!(offered, all);
        assert_eq!(flow["tokenUrl"], "/api/oauth/token");
    }
}
