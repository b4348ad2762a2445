//! What a creation answers and keeps.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CLIENT, Reply, acme, json_of, steve_but, steve_harris, steve_json, steve_without};

#[tokio::test]
async fn the_documented_form_answers_exactly_what_the_document_prints() {
    let (app, caller) = acme().await;

    let reply = Reply::of(caller.creation(&app).query(&steve_harris())).await;

    let id = &reply.json[0]["client"]["id"];
    assert!(id.is_i64());
    let body = format!(r#"[{{"result":"OK","client":{{"id":{id},"ns_domain":"steveharris.com"}}}}]"#);
    assert_eq!((reply.status, reply.text.as_str()), (200, body.as_str()));
    assert_eq!(reply.header("location"), "");
    assert_eq!(app.rows("clients").await, 1);
}

#[tokio::test]
async fn the_standard_form_answers_the_whole_client_and_where_it_is() {
    let (app, caller) = acme().await;

    let reply = caller.create(&app, &steve_harris()).await;

    let client = &reply.json["client"];
    let (id, at) = (&client["id"], &client["created_at"]);
    let body = json!({"result": "OK", "client": {
        "id": id,
        "ns_domain": "steveharris.com",
        "status": "pending",
        "billing_status": "none",
        "customer_id": null,
        "has_subreseller_id": true,
        "subreseller_id": "1234",
        "email": "email@email.com",
        "first_name": "Steve",
        "last_name": "Harris",
        "address": "126 Mendoza avenue aparment 7A",
        "zipcode": "33134",
        "same_billing_address": true,
        "billing_address": "126 Mendoza avenue aparment 7A",
        "billing_zipcode": "33134",
        "start_billing_date": null,
        "created_at": at,
        "updated_at": at,
        "status_changed_at": at,
    }});
    assert_eq!((reply.status, reply.text.as_str()), (201, body.to_string().as_str()));
    assert_eq!(reply.header("location"), format!("{CLIENT}/{id}"));
}

#[tokio::test]
async fn time_stamps_are_the_databases_own_in_utc_with_microseconds() {
    let (app, caller) = acme().await;

    let reply = caller.create(&app, &steve_harris()).await;

    let stored: [String; 3] = sqlx::query_scalar(
        "select array[to_char(created_at at time zone 'UTC', f), to_char(updated_at at time zone 'UTC', f),
                      to_char(status_changed_at at time zone 'UTC', f)]
         from clients, (values ('YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) as format (f)
         where created_at between now() - interval '1 minute' and now()",
    )
    .fetch_one(&app.db)
    .await
    .map(|stamps: Vec<String>| stamps.try_into().expect("three"))
    .expect("a client of this minute");
    let told = ["created_at", "updated_at", "status_changed_at"].map(|name| reply.json["client"][name].clone());
    assert_eq!(told, stored.map(Value::from));
}

#[tokio::test]
async fn every_parameter_comes_back_in_the_whole_client() {
    let (app, caller) = acme().await;
    let body = json!({
        "has_subreseller_id": false,
        "email": "bruce@example.com",
        "first_name": "Bruce",
        "last_name": "Dickinson",
        "zipcode": "02134-0001",
        "address": "1 Powerslave Rd",
        "same_billing_address": false,
        "billing_address": "2 Piece of Mind St",
        "billing_zipcode": "00501",
        "customer_id": "C-42",
        "start_billing_date": "02/29/2024",
    });

    let reply = caller.create_json(&app, &body).await;

    let client = &reply.json["client"];
    for (name, value) in [
        ("ns_domain", json!("brucedickinson.com")),
        ("status", json!("pending")),
        ("customer_id", json!("C-42")),
        ("has_subreseller_id", json!(false)),
        ("subreseller_id", json!(null)),
        ("email", json!("bruce@example.com")),
        ("first_name", json!("Bruce")),
        ("last_name", json!("Dickinson")),
        ("address", json!("1 Powerslave Rd")),
        ("zipcode", json!("02134-0001")),
        ("same_billing_address", json!(false)),
        ("billing_address", json!("2 Piece of Mind St")),
        ("billing_zipcode", json!("00501")),
        ("start_billing_date", json!("2024-02-29")),
    ] {
        assert_eq!(client[name], value, "{name}");
    }
}

#[tokio::test]
async fn only_post_creates() {
    let (app, caller) = acme().await;

    for method in [Method::OPTIONS, Method::PUT, Method::PATCH, Method::DELETE] {
        let reply = Reply::of(caller.request(&app, method.clone(), CLIENT).query(&steve_harris())).await;
        assert_eq!(reply.header("allow"), "GET, HEAD, POST", "{method}");
        reply.is_refused(405, "method_not_allowed", "The method is not allowed here.");
    }
    let get = Reply::of(caller.get(&app, CLIENT).query(&steve_harris())).await;
    get.is_refused(400, "use_post", "To create a client, send these parameters with POST: GET lists clients.");
    let head = Reply::of(caller.request(&app, Method::HEAD, CLIENT).query(&steve_harris())).await;
    assert_eq!((head.status, head.text.as_str()), (400, ""));
    app.has_no_client().await;
}

#[tokio::test]
async fn nothing_has_a_default() {
    let (app, caller) = acme().await;

    for (name, _) in steve_without(&["subreseller_id", "billing_address", "billing_zipcode"]) {
        let reply = caller.create(&app, &steve_without(&[name])).await;
        let why = format!("The {} field is required.", name.replace('_', " "));
        reply.is_invalid(&[(name, &why)]);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let (app, caller) = acme().await;
    let unknown =
        [("fluffiness", "5"), ("fluffiness", "6"), ("", "x"), ("id", "1"), ("status", "active"), ("a\0", "\0")];

    let form = caller.create(&app, &[steve_harris(), unknown.to_vec()].concat()).await;
    let json = caller.create_json(&app, &steve_json("kittens", json!([{"name": "Max"}, "\u{0}"]))).await;
    let other_case = caller.create(&app, &steve_but(&[("EMAIL", "other@example.com")])).await;

    for reply in [form, json, other_case] {
        assert_eq!((reply.status, &reply.json["client"]["status"]), (201, &json!("pending")), "{}", reply.text);
        assert_eq!(reply.json["client"]["email"], "email@email.com");
    }
}

#[tokio::test]
async fn texts_are_trimmed() {
    let (app, caller) = acme().await;
    let padded: Vec<(&str, String)> =
        steve_harris().into_iter().map(|(name, value)| (name, format!(" \t\u{3000}{value}\r\n "))).collect();
    let padded: Vec<(&str, &str)> = padded.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let form = caller.create(&app, &padded).await;
    let json = caller.create_json(&app, &json_of(&padded).into()).await;

    for reply in [form, json] {
        assert_eq!(reply.status, 201, "{}", reply.text);
        for name in ["first_name", "last_name", "email", "address", "zipcode", "subreseller_id"] {
            let sent = steve_harris().into_iter().find(|(n, _)| *n == name).expect(name).1;
            assert_eq!(reply.json["client"][name], sent, "{name}");
        }
    }
}

#[tokio::test]
async fn ids_are_exact_in_every_json_reader_and_increase_across_partners() {
    let (app, acme) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let mut last = 0;

    for _ in 0..3 {
        for caller in [&acme, &other] {
            let id = caller.new_client(&app).await;
            assert!(id > last && id < 1 << 53, "{id} after {last}");
            last = id;
        }
    }
}
