//! `subreseller_id`, which depends on `has_subreseller_id`.

use serde_json::{Value, json};

use crate::support::{acme, json_of, steve_but, steve_json, steve_without};

#[tokio::test]
async fn it_is_required_when_the_client_has_one() {
    let (app, caller) = acme().await;
    let why = [("subreseller_id", "The subreseller id field is required when has subreseller id is true.")];

    caller.create(&app, &steve_without(&["subreseller_id"])).await.is_invalid(&why);
    caller.create(&app, &steve_but(&[("subreseller_id", " ")])).await.is_invalid(&why);
    caller.create(&app, &steve_but(&[("has_subreseller_id", "yes"), ("subreseller_id", "")])).await.is_invalid(&why);
    caller.create_json(&app, &steve_json("subreseller_id", Value::Null)).await.is_invalid(&why);
    app.has_no_client().await;
}

#[tokio::test]
async fn it_is_prohibited_when_the_client_has_none() {
    let (app, caller) = acme().await;
    let why = [("subreseller_id", "The subreseller id field is prohibited when has subreseller id is false.")];

    for no in ["false", "0", "off"] {
        caller.create(&app, &steve_but(&[("has_subreseller_id", no)])).await.is_invalid(&why);
    }
    for value in [json!(1234), json!(true), json!("1234")] {
        let mut body = json_of(&steve_but(&[("has_subreseller_id", "no")]));
        body.insert("subreseller_id".to_owned(), value);
        caller.create_json(&app, &body.into()).await.is_invalid(&why);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn it_may_be_absent_empty_or_null_when_the_client_has_none() {
    let (app, caller) = acme().await;
    let without = json_of(&steve_but(&[("has_subreseller_id", "false"), ("subreseller_id", "")]));
    let mut bodies = vec![without.clone(); 3];
    bodies[1].insert("subreseller_id".to_owned(), Value::Null);
    bodies[2].remove("subreseller_id");

    for body in bodies {
        let reply = caller.create_json(&app, &body.into()).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        assert_eq!(reply.json["client"]["has_subreseller_id"], false);
        assert_eq!(reply.json["client"]["subreseller_id"], Value::Null);
    }
}

#[tokio::test]
async fn a_json_number_is_taken_as_its_digits() {
    let (app, caller) = acme().await;

    for number in
        ["0", "1234", "1234.0", "0.00", "9007199254740993", "18446744073709551615", "123456789012345678901234567890"]
    {
        let digits = number.split('.').next().expect("digits");
        let body = json_of(&steve_without(&["subreseller_id"]));
        let body =
            serde_json::to_string(&body).expect("JSON").replacen('{', &format!(r#"{{"subreseller_id":{number},"#), 1);
        let request = caller.creation(&app).header("content-type", "application/json").body(body);
        let reply = crate::support::Reply::of(request).await;
        assert_eq!(reply.json["client"]["subreseller_id"], digits, "{}", reply.text);
    }
}

#[tokio::test]
async fn a_number_that_is_not_digits_alone_is_refused() {
    let (app, caller) = acme().await;

    for value in [json!(-1), json!(-1.0), json!(1.5), json!(1e300), json!(true)] {
        let reply = caller.create_json(&app, &steve_json("subreseller_id", value)).await;
        reply.is_invalid(&[("subreseller_id", "The subreseller id format is invalid.")]);
    }
}

#[tokio::test]
async fn it_is_any_text() {
    let (app, caller) = acme().await;

    for text in ["x", "0042", "null", "Nexogy / Süd #7", "再販業者"] {
        let reply = caller.create(&app, &steve_but(&[("subreseller_id", text)])).await;
        assert_eq!(reply.json["client"]["subreseller_id"], text, "{}", reply.text);
    }
}
