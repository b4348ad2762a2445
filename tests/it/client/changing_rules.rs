//! What is wrong with a change: the rules of a creation, judged on the outcome.

use reqwest::Method;
use serde_json::json;

use crate::support::{App, CLIENT, Caller, Reply, acme, steve_but, steve_without};

/// Clients with and without a subreseller, and billed elsewhere or not.
async fn plain_and_full(app: &App, caller: &Caller) -> (i64, i64) {
    let mut plain = steve_without(&["subreseller_id", "has_subreseller_id"]);
    plain.push(("has_subreseller_id", "false"));
    let plain = caller.create(app, &plain).await;
    let full = caller.create(app, &steve_but(&[("same_billing_address", "false")])).await;
    let id = |reply: &Reply| reply.json["client"]["id"].as_i64().expect("an id");
    (id(&plain), id(&full))
}

#[tokio::test]
async fn each_is_told_in_the_words_of_a_creation() {
    let (app, caller) = acme().await;
    let (plain, full) = plain_and_full(&app, &caller).await;
    let long = "x".repeat(256);
    let has = "The subreseller id field is required when has subreseller id is true.";
    let has_not = "The subreseller id field is prohibited when has subreseller id is false.";
    let address = "The billing address field is required when same billing address is false.";
    let zipcode = "The billing zipcode field is required when same billing address is false.";

    for (id, parameters, errors) in [
        (full, vec![("email", "")], vec![("email", "The email field is required.")]),
        (full, vec![("email", "x")], vec![("email", "The email must be a valid email address.")]),
        (full, vec![("first_name", " ")], vec![("first_name", "The first name field is required.")]),
        (full, vec![("zipcode", "1")], vec![("zipcode", "The zipcode format is invalid.")]),
        (full, vec![("address", &long)], vec![("address", "The address may not be greater than 255 characters.")]),
        (
            full,
            vec![("same_billing_address", "")],
            vec![("same_billing_address", "The same billing address field is required.")],
        ),
        (
            full,
            vec![("has_subreseller_id", "maybe")],
            vec![("has_subreseller_id", "The has subreseller id field must be true or false.")],
        ),
        (
            full,
            vec![("start_billing_date", "2026-02-30")],
            vec![("start_billing_date", "The start billing date is not a valid date.")],
        ),
        (plain, vec![("has_subreseller_id", "true")], vec![("subreseller_id", has)]),
        (plain, vec![("subreseller_id", "5")], vec![("subreseller_id", has_not)]),
        (full, vec![("subreseller_id", "")], vec![("subreseller_id", has)]),
        (full, vec![("has_subreseller_id", "false"), ("subreseller_id", "5")], vec![("subreseller_id", has_not)]),
        (
            plain,
            vec![("same_billing_address", "false")],
            vec![("billing_address", address), ("billing_zipcode", zipcode)],
        ),
        (plain, vec![("same_billing_address", "false"), ("billing_address", "x")], vec![("billing_zipcode", zipcode)]),
        (full, vec![("billing_address", "")], vec![("billing_address", address)]),
        (full, vec![("billing_zipcode", "x")], vec![("billing_zipcode", "The billing zipcode format is invalid.")]),
    ] {
        let reply = caller.change(&app, id, &parameters).await;
        reply.is_invalid(&errors);
        assert_eq!(app.events(id).await.len(), 1);
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once_in_the_order_of_a_creation() {
    let (app, caller) = acme().await;
    let (plain, _) = plain_and_full(&app, &caller).await;

    let wrong = [
        ("start_billing_date", "x"),
        ("same_billing_address", "0"),
        ("zipcode", "x"),
        ("email", "x"),
        ("has_subreseller_id", "1"),
        ("ns_domain", "x.com"),
    ];
    caller.change(&app, plain, &wrong).await.is_invalid(&[
        ("ns_domain", "The ns domain field is prohibited."),
        ("subreseller_id", "The subreseller id field is required when has subreseller id is true."),
        ("email", "The email must be a valid email address."),
        ("zipcode", "The zipcode format is invalid."),
        ("billing_address", "The billing address field is required when same billing address is false."),
        ("billing_zipcode", "The billing zipcode field is required when same billing address is false."),
        ("start_billing_date", "The start billing date is not a valid date."),
    ]);
}

#[tokio::test]
async fn id_domain_and_statuses_never_change_here() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for name in ["id", "ns_domain", "status", "billing_status"] {
        let why = format!("The {} field is prohibited.", name.replace('_', " "));
        for value in ["", "1", "active", "steveharris.com"] {
            caller.change(&app, id, &[(name, value)]).await.is_invalid(&[(name, &why)]);
        }
    }
    assert_eq!((app.status(id).await.0.as_str(), app.events(id).await.len()), ("pending", 1));
}

#[tokio::test]
async fn an_unknown_client_comes_after_what_is_wrong_with_the_parameters_alone() {
    let (app, caller) = acme().await;

    let wrong = caller.change(&app, 4711, &[("email", "x"), ("has_subreseller_id", "yes")]).await;
    wrong.is_invalid(&[("email", "The email must be a valid email address.")]);
    for parameters in [vec![], vec![("email", "a@b.example")], vec![("same_billing_address", "no")]] {
        caller.change(&app, 4711, &parameters).await.is_refused(404, "not_found", "There is nothing here.");
    }
    let path = format!("{CLIENT}/4711");
    let broken = caller.request(&app, Method::PATCH, &path).header("content-type", "application/json").body("[1]");
    assert_eq!(Reply::of(broken).await.error(), "invalid_request");
    let strange = caller.request(&app, Method::PATCH, &path).body("x");
    assert_eq!(Reply::of(strange).await.error(), "unsupported_media_type");
    let structure = caller.request(&app, Method::PATCH, &path).json(&json!({"customer_id": {}}));
    Reply::of(structure).await.is_invalid(&[("customer_id", "The customer id format is invalid.")]);
}
