//! A parameter that is given twice.

use reqwest::{RequestBuilder, multipart};
use serde_json::json;

use crate::support::{App, Caller, Reply, acme, json_of, steve_but, steve_harris, steve_without};

fn json_text(caller: &Caller, app: &App, more: &str) -> RequestBuilder {
    let body = serde_json::to_string(&json_of(&steve_harris())).expect("JSON").replacen('{', &format!("{{{more},"), 1);
    caller.creation(app).header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn equal_values_are_one() {
    let (app, caller) = acme().await;
    let twice = [steve_harris(), steve_harris()].concat();

    assert_eq!(Reply::of(caller.creation(&app).query(&twice)).await.status, 200);
    assert_eq!(Reply::of(caller.creation(&app).form(&twice)).await.status, 201);
    assert_eq!(Reply::of(caller.creation(&app).query(&steve_harris()).form(&steve_harris())).await.status, 201);
    assert_eq!(Reply::of(json_text(&caller, &app, r#""email":"email@email.com""#)).await.status, 201);
    assert_eq!(Reply::of(json_text(&caller, &app, r#""has_subreseller_id":true"#)).await.status, 201);
    let padded = [steve_harris(), vec![("email", " email@email.com ")]].concat();
    assert_eq!(Reply::of(caller.creation(&app).form(&padded)).await.status, 201);
}

#[tokio::test]
async fn unequal_values_are_refused_wherever_they_stand() {
    let (app, caller) = acme().await;
    let why = [("email", "The email was given twice.")];
    let more = ("email", "other@email.com");
    let both = [steve_harris(), vec![more]].concat();

    Reply::of(caller.creation(&app).query(&both)).await.is_invalid(&why);
    Reply::of(caller.creation(&app).form(&both)).await.is_invalid(&why);
    Reply::of(caller.creation(&app).query(&[more]).form(&steve_harris())).await.is_invalid(&why);
    Reply::of(caller.creation(&app).query(&[more]).json(&json_of(&steve_harris()))).await.is_invalid(&why);
    Reply::of(json_text(&caller, &app, r#""email":"other@email.com""#)).await.is_invalid(&why);
    Reply::of(json_text(&caller, &app, r#""email":["email@email.com"]"#)).await.is_invalid(&why);
    let form = both.into_iter().fold(multipart::Form::new(), |form, (name, value)| form.text(name, value));
    Reply::of(caller.creation(&app).multipart(form)).await.is_invalid(&why);
    app.has_no_client().await;
}

#[tokio::test]
async fn every_parameter_may_come_but_once() {
    let (app, caller) = acme().await;
    let base =
        steve_but(&[("same_billing_address", "false"), ("customer_id", "C-1"), ("start_billing_date", "2017-05-23")]);

    for (name, _) in &base {
        let why = format!("The {} was given twice.", name.replace('_', " "));
        let both = [base.clone(), vec![(*name, "another")]].concat();
        let reply = caller.create(&app, &both).await;
        assert_eq!(reply.status, 422, "{name}");
        assert_eq!(reply.json["errors"][name], json!([why]), "{}", reply.text);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn letter_case_makes_values_unequal() {
    let (app, caller) = acme().await;
    let both = [steve_without(&[]), vec![("first_name", "STEVE")]].concat();

    caller.create(&app, &both).await.is_invalid(&[("first_name", "The first name was given twice.")]);
}
