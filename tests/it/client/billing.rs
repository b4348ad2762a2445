//! The billing address, which may be the client's own.

use serde_json::{Value, json};

use crate::support::{Reply, acme, json_of, steve_but, steve_json, steve_without};

const ADDRESS: (&str, &str) =
    ("billing_address", "The billing address field is required when same billing address is false.");
const ZIPCODE: (&str, &str) =
    ("billing_zipcode", "The billing zipcode field is required when same billing address is false.");

#[tokio::test]
async fn a_billing_address_of_its_own_is_required_and_kept() {
    let (app, caller) = acme().await;
    let own = steve_but(&[("same_billing_address", "false")]);
    let without = |name: &str| own.iter().copied().filter(|(n, _)| *n != name).collect::<Vec<_>>();

    caller.create(&app, &without("billing_address")).await.is_invalid(&[ADDRESS]);
    caller.create(&app, &without("billing_zipcode")).await.is_invalid(&[ZIPCODE]);
    let empty = steve_but(&[("same_billing_address", "off"), ("billing_address", " "), ("billing_zipcode", "")]);
    caller.create(&app, &empty).await.is_invalid(&[ADDRESS, ZIPCODE]);
    app.has_no_client().await;

    let reply = caller.create(&app, &own).await;
    let client = &reply.json["client"];
    assert_eq!(client["same_billing_address"], false);
    assert_eq!((&client["address"], &client["zipcode"]), (&json!("126 Mendoza avenue aparment 7A"), &json!("33134")));
    assert_eq!(
        (&client["billing_address"], &client["billing_zipcode"]),
        (&json!("2121 ponce de leon"), &json!("33308"))
    );
}

#[tokio::test]
async fn the_billing_address_is_the_clients_when_they_are_the_same_whatever_else_is_sent() {
    let (app, caller) = acme().await;
    let long = "x".repeat(300);

    for ignored in
        [json!("2121 ponce de leon"), json!(""), json!(null), json!([]), json!(7), json!("\u{0}"), json!(long)]
    {
        let mut body = steve_json("billing_address", ignored.clone());
        body["billing_zipcode"] = ignored;
        let reply = caller.create_json(&app, &body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.json["client"]["billing_address"], "126 Mendoza avenue aparment 7A");
        assert_eq!(reply.json["client"]["billing_zipcode"], "33134");
    }
    let stored: (String, String) = sqlx::query_as("select distinct billing_address, billing_zipcode from clients")
        .fetch_one(&app.db)
        .await
        .expect("one billing address");
    assert_eq!(stored, ("126 Mendoza avenue aparment 7A".to_owned(), "33134".to_owned()));
}

#[tokio::test]
async fn without_knowing_whether_it_is_the_same_only_that_is_asked_for() {
    let (app, caller) = acme().await;

    let reply =
        caller.create(&app, &steve_without(&["same_billing_address", "billing_address", "billing_zipcode"])).await;

    reply.is_invalid(&[("same_billing_address", "The same billing address field is required.")]);
}

#[tokio::test]
async fn the_later_spelling_means_the_same_and_is_reported_under_the_documents() {
    let (app, caller) = acme().await;
    let with = |value| {
        let mut all = steve_without(&["same_billing_address"]);
        all.push(("sameBillingAddress", value));
        all
    };

    for (value, same) in [("1", true), ("true", true), ("0", false), ("No", false)] {
        let reply = caller.create(&app, &with(value)).await;
        assert_eq!(reply.json["client"]["same_billing_address"], same, "{}", reply.text);
        assert_eq!(reply.json["client"]["sameBillingAddress"], Value::Null);
    }
    let required = [("same_billing_address", "The same billing address field is required.")];
    caller.create(&app, &with("")).await.is_invalid(&required);
    let boolean = [("same_billing_address", "The same billing address field must be true or false.")];
    caller.create(&app, &with("2")).await.is_invalid(&boolean);
    let mut body = json_of(&steve_without(&["same_billing_address"]));
    body.insert("sameBillingAddress".to_owned(), json!([true]));
    let format = [("same_billing_address", "The same billing address format is invalid.")];
    caller.create_json(&app, &body.into()).await.is_invalid(&format);
}

#[tokio::test]
async fn both_spellings_at_once_are_one_parameter_given_twice() {
    let (app, caller) = acme().await;

    let equal = caller.create(&app, &steve_but(&[("sameBillingAddress", "true")])).await;
    let unequal = caller.create(&app, &steve_but(&[("sameBillingAddress", "false")])).await;
    let apart = Reply::of(
        caller
            .creation(&app)
            .query(&[("sameBillingAddress", "false")])
            .json(&steve_json("same_billing_address", json!(true))),
    )
    .await;

    assert_eq!(equal.status, 201, "{}", equal.text);
    let twice = [("same_billing_address", "The same billing address was given twice.")];
    unequal.is_invalid(&twice);
    apart.is_invalid(&twice);
}
