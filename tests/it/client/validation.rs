//! What is refused, in which words and in which order.

use serde_json::{Value, json};

use crate::support::{Reply, acme, acme_with, json_of, steve_but, steve_harris, steve_json, steve_without};

const REQUIRED: [(&str, &str); 7] = [
    ("has_subreseller_id", "The has subreseller id field is required."),
    ("email", "The email field is required."),
    ("first_name", "The first name field is required."),
    ("last_name", "The last name field is required."),
    ("zipcode", "The zipcode field is required."),
    ("address", "The address field is required."),
    ("same_billing_address", "The same billing address field is required."),
];

#[tokio::test]
async fn a_request_without_parameters_is_told_every_one_that_it_lacks() {
    let (app, caller) = acme().await;

    let reply = Reply::of(caller.creation(&app)).await;

    reply.is_invalid(&REQUIRED);
    assert_eq!(reply.json["message"], "The has subreseller id field is required. (and 6 more errors)");
    app.has_no_client().await;
}

#[tokio::test]
async fn an_empty_text_and_a_null_are_missing_parameters() {
    let (app, caller) = acme().await;

    for (name, why) in REQUIRED {
        for empty in ["", " ", " \t\r\n", "\u{a0}\u{3000}"] {
            caller.create(&app, &steve_but(&[(name, empty)])).await.is_invalid(&[(name, why)]);
            caller.create_json(&app, &steve_json(name, json!(empty))).await.is_invalid(&[(name, why)]);
        }
        caller.create_json(&app, &steve_json(name, Value::Null)).await.is_invalid(&[(name, why)]);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn empty_optional_parameters_are_missing_ones() {
    let (app, caller) = acme().await;

    for empty in [json!(""), json!("  "), json!(null)] {
        let mut body = json_of(&steve_harris());
        body.insert("customer_id".to_owned(), empty.clone());
        body.insert("start_billing_date".to_owned(), empty);
        let reply = caller.create_json(&app, &body.into()).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.json["client"]["customer_id"], Value::Null);
        assert_eq!(reply.json["client"]["start_billing_date"], Value::Null);
    }
}

#[tokio::test]
async fn the_message_is_the_first_error_and_how_many_more_there_are() {
    let (app, caller) = acme().await;

    let one = caller.create(&app, &steve_without(&["email"])).await;
    let two = caller.create(&app, &steve_without(&["email", "zipcode"])).await;
    let three = caller.create(&app, &steve_without(&["email", "zipcode", "address"])).await;

    assert_eq!(one.json["message"], "The email field is required.");
    assert_eq!(two.json["message"], "The email field is required. (and 1 more error)");
    assert_eq!(three.json["message"], "The email field is required. (and 2 more errors)");
}

#[tokio::test]
async fn the_reply_to_two_wrong_parameters_reads_as_printed() {
    let (app, caller) = acme().await;

    let reply = Reply::of(
        caller.creation(&app).header("x-request-id", "request-1").form(&steve_but(&[("email", ""), ("zipcode", "1")])),
    )
    .await;

    let body = concat!(
        r#"{"result":"ERROR","error":"validation_failed","#,
        r#""message":"The email field is required. (and 1 more error)","#,
        r#""errors":{"email":["The email field is required."],"zipcode":["The zipcode format is invalid."]},"#,
        r#""request_id":"request-1"}"#
    );
    assert_eq!((reply.status, reply.text.as_str()), (422, body));
}

#[tokio::test]
async fn errors_stand_in_the_order_of_the_parameters_whatever_the_order_sent() {
    let (app, caller) = acme().await;
    let wrong = json!({
        "start_billing_date": "tomorrow",
        "customer_id": ["c"],
        "billing_zipcode": "x",
        "billing_address": {},
        "same_billing_address": false,
        "address": [],
        "zipcode": 33134,
        "last_name": true,
        "first_name": 1,
        "email": "nobody",
        "subreseller_id": {},
        "has_subreseller_id": "maybe",
    });

    caller.create_json(&app, &wrong).await.is_invalid(&[
        ("has_subreseller_id", "The has subreseller id field must be true or false."),
        ("subreseller_id", "The subreseller id format is invalid."),
        ("email", "The email must be a valid email address."),
        ("first_name", "The first name format is invalid."),
        ("last_name", "The last name format is invalid."),
        ("zipcode", "The zipcode format is invalid."),
        ("address", "The address format is invalid."),
        ("billing_address", "The billing address format is invalid."),
        ("billing_zipcode", "The billing zipcode format is invalid."),
        ("customer_id", "The customer id format is invalid."),
        ("start_billing_date", "The start billing date is not a valid date."),
    ]);
}

#[tokio::test]
async fn booleans_have_ten_spellings_in_any_case() {
    let (app, caller) = acme().await;
    let texts = ["true", "TRUE", "True", "1", "on", "On", "yes", "YES"].map(|text| (json!(text), true));
    let others = ["false", "FALSE", "fAlse", "0", "off", "OFF", "no", "No"].map(|text| (json!(text), false));
    let json = [(json!(true), true), (json!(1), true), (json!(false), false), (json!(0), false)];

    for (spelling, meaning) in texts.into_iter().chain(others).chain(json) {
        let mut body = json_of(&steve_without(&["has_subreseller_id", "same_billing_address"]));
        body.insert("has_subreseller_id".to_owned(), spelling.clone());
        body.insert("sameBillingAddress".to_owned(), spelling.clone());
        if !meaning {
            body.remove("subreseller_id");
        }
        let reply = caller.create_json(&app, &body.into()).await;
        assert_eq!(reply.status, 201, "{spelling}: {}", reply.text);
        assert_eq!(reply.json["client"]["has_subreseller_id"], meaning, "{spelling}");
        assert_eq!(reply.json["client"]["same_billing_address"], meaning, "{spelling}");
    }
}

#[tokio::test]
async fn what_spells_no_boolean_is_refused() {
    let (app, caller) = acme().await;

    for name in ["has_subreseller_id", "same_billing_address"] {
        let why = format!("The {} field must be true or false.", name.replace('_', " "));
        for text in ["2", "-1", "01", "y", "n", "t", "f", "nil", "null", "truee", "１", "ja", "on off", "1.5"] {
            caller.create(&app, &steve_but(&[(name, text)])).await.is_invalid(&[(name, &why)]);
        }
        for value in [json!(2), json!(-1), json!(0.5)] {
            caller.create_json(&app, &steve_json(name, value)).await.is_invalid(&[(name, &why)]);
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn a_zipcode_has_five_ascii_digits_and_may_have_four_more() {
    let (app, caller) = acme().await;
    let same = |zipcode| steve_but(&[("zipcode", zipcode)]);
    let other = |zipcode| {
        steve_but(&[("same_billing_address", "false"), ("billing_address", "1 Way"), ("billing_zipcode", zipcode)])
    };

    for zipcode in ["33134", "00501", "02134-0001", "33134-1234"] {
        assert_eq!(caller.create(&app, &same(zipcode)).await.json["client"]["zipcode"], zipcode);
        assert_eq!(caller.create(&app, &other(zipcode)).await.json["client"]["billing_zipcode"], zipcode);
    }
    for zipcode in ["3313", "331345", "33134-", "33134-123", "33134-12345", "33134 1234", "331341234", "33134–1234"]
        .into_iter()
        .chain(["３３１３４", "٣٣١٣٤", "ABCDE", "K1A 0B1", "+3313", "-3134", "3313.", "33134-1234-"])
    {
        caller.create(&app, &same(zipcode)).await.is_invalid(&[("zipcode", "The zipcode format is invalid.")]);
        let why = [("billing_zipcode", "The billing zipcode format is invalid.")];
        caller.create(&app, &other(zipcode)).await.is_invalid(&why);
    }
}

#[tokio::test]
async fn an_operator_may_set_the_status_of_a_failed_validation_and_nothing_else_of_it() {
    for status in ["400", "406", "422"] {
        let (app, caller) = acme_with(&[("DNA_VALIDATION_STATUS", status)]).await;

        let reply = caller.create(&app, &steve_without(&["email", "zipcode"])).await;

        assert_eq!(reply.status.to_string(), status);
        assert_eq!(
            reply.without_request_id().to_string(),
            concat!(
                r#"{"result":"ERROR","error":"validation_failed","#,
                r#""message":"The email field is required. (and 1 more error)","#,
                r#""errors":{"email":["The email field is required."],"zipcode":["The zipcode field is required."]}}"#
            )
        );
        app.has_no_client().await;
    }
}
