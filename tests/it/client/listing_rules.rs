//! What is wrong with a request for a list.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::support::{CLIENT, acme, acme_with};

const FEED: &str = "/api/residential/event";

#[tokio::test]
async fn the_parameters_of_a_creation_are_told_to_use_post() {
    let (app, caller) = acme().await;

    for name in [
        "has_subreseller_id",
        "first_name",
        "last_name",
        "zipcode",
        "address",
        "same_billing_address",
        "sameBillingAddress",
        "billing_address",
        "billing_zipcode",
        "start_billing_date",
    ] {
        for query in [format!("{name}=x"), format!("limit=x&unknown=1&{name}")] {
            let reply = caller.read(&app, &format!("{CLIENT}?{query}")).await;
            reply.is_refused(
                400,
                "use_post",
                "To create a client, send these parameters with POST: GET lists clients.",
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_and_not_repeated() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for path in [
        format!("{CLIENT}?client_secret=s3cret"),
        format!("{CLIENT}?Status=active"),
        format!("{CLIENT}?order=asc"),
        format!("{CLIENT}?limit=0&page=2"),
        format!("{CLIENT}/{id}/events?status=active"),
        format!("{FEED}?order=desc"),
        format!("{FEED}?="),
    ] {
        let reply = caller.read(&app, &path).await;
        reply.is_refused(400, "invalid_request", "There is a parameter that is unknown here.");
    }
}

#[tokio::test]
async fn wrong_values_are_told_all_at_once() {
    let (app, caller) = acme().await;

    let query = "limit=x&q=!!!&created_before=soon&created_after=2026-02-30&ns_domain=%00&email=x&status=Active&customer_id=a%0Ab";
    caller.read(&app, &format!("{CLIENT}?{query}")).await.is_invalid(&[
        ("status", "The status format is invalid."),
        ("email", "The email must be a valid email address."),
        ("customer_id", "The customer id format is invalid."),
        ("ns_domain", "The ns domain format is invalid."),
        ("created_after", "The created after is not a valid date."),
        ("created_before", "The created before is not a valid date."),
        ("q", "The q format is invalid."),
        ("limit", "The limit format is invalid."),
    ]);
    for (query, name, why) in [
        ("status=active&status=pending", "status", "The status was given twice."),
        ("q=a+b+c+d+e+f+g+h+i+j+k", "q", "The q format is invalid."),
        ("created_after=2026-11-24T00:00:00", "created_after", "The created after is not a valid date."),
        ("created_after=10000-01-01T00:00:00Z", "created_after", "The created after is not a valid date."),
    ] {
        caller.read(&app, &format!("{CLIENT}?{query}")).await.is_invalid(&[(name, why)]);
    }
    let long = "x".repeat(201);
    let reply = caller.read(&app, &format!("{CLIENT}?q={long}")).await;
    reply.is_invalid(&[("q", "The q may not be greater than 200 characters.")]);
    let reply = caller.read(&app, &format!("{CLIENT}/1/events?order=up")).await;
    reply.is_invalid(&[("order", "The order format is invalid.")]);
    assert_eq!(caller.ids(&app, "?status=active&status=active").await, [0_i64; 0]);
}

#[tokio::test]
async fn the_status_of_a_wrong_value_is_what_the_operator_set() {
    let (app, caller) = acme_with(&[("DNA_VALIDATION_STATUS", "400")]).await;
    let reply = caller.read(&app, &format!("{CLIENT}?limit=x")).await;
    assert_eq!((reply.status, reply.error()), (400, "validation_failed"));
}

#[tokio::test]
async fn a_cursor_that_was_damaged_or_is_of_another_list_is_refused() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let id = caller.new_client(&app).await;
    caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;
    let next = async |path: &str| {
        caller.read(&app, path).await.json["next"].as_str().unwrap_or_else(|| panic!("a cursor of {path}")).to_owned()
    };
    caller.feed(&app, 3).await;
    let clients = next(&format!("{CLIENT}?limit=1")).await;
    let events = next(&format!("{CLIENT}/{id}/events?limit=1")).await;
    let feed = next(&format!("{FEED}?limit=1")).await;
    let flipped = |at: usize| {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&clients).expect("base64url");
        bytes[at] ^= 1;
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    };

    for path in [
        format!("{CLIENT}?after={}", flipped(0)),
        format!("{CLIENT}?after={}", flipped(8)),
        format!("{CLIENT}?after={}", &clients[1..]),
        format!("{CLIENT}?after={clients}="),
        format!("{CLIENT}?after=x"),
        format!("{CLIENT}?after=%C3%A9"),
        format!("{CLIENT}?status=pending&after={clients}"),
        format!("{CLIENT}?after={events}"),
        format!("{CLIENT}?after={feed}"),
        format!("{CLIENT}/{}/events?after={events}", id + 1),
        format!("{CLIENT}/{id}/events?order=desc&after={events}"),
        format!("{FEED}?after={clients}"),
    ] {
        let reply = caller.read(&app, &path).await;
        reply.is_refused(400, "invalid_request", "The cursor in after does not belong to this list.");
    }
    let theirs = other.read(&app, &format!("{CLIENT}?after={clients}")).await;
    assert_eq!(theirs.status, 400);
    assert_eq!(caller.ids(&app, &format!("?limit=7&after={clients}")).await, [id + 1]);
}
