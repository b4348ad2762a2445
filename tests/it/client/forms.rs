//! Where a creation's parameters are, and what follows from that.

use reqwest::{RequestBuilder, multipart};
use serde_json::{Value, json};

use crate::support::{Reply, acme, acme_with, json_of, steve_harris};

fn part(parameters: &[(&'static str, &'static str)]) -> multipart::Form {
    parameters.iter().fold(multipart::Form::new(), |form, (name, value)| form.text(*name, *value))
}

async fn answers_the_array(request: RequestBuilder) {
    let reply = Reply::of(request).await;
    assert_eq!((reply.status, reply.header("location")), (200, ""), "{}", reply.text);
    assert_eq!(Reply::members(&reply.json[0]["client"]), ["id", "ns_domain"]);
}

async fn answers_the_object(request: RequestBuilder) {
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert_ne!(reply.header("location"), "");
    assert_eq!(reply.json["client"]["last_name"], "Harris");
}

#[tokio::test]
async fn parameters_in_the_url_get_the_documented_array() {
    let (app, caller) = acme().await;
    let in_url = || caller.creation(&app).query(&steve_harris());

    answers_the_array(in_url()).await;
    answers_the_array(in_url().json(&json!({}))).await;
    answers_the_array(in_url().body("")).await;
    answers_the_array(in_url().header("content-type", "application/json")).await;
    answers_the_array(in_url().header("content-type", "text/plain")).await;
    answers_the_array(in_url().form(&[("", ""); 0])).await;
}

#[tokio::test]
async fn parameters_in_a_body_get_an_object() {
    let (app, caller) = acme().await;
    let creation = || caller.creation(&app);

    answers_the_object(creation().form(&steve_harris())).await;
    answers_the_object(creation().json(&json_of(&steve_harris()))).await;
    answers_the_object(creation().multipart(part(&steve_harris()))).await;
}

#[tokio::test]
async fn parameters_in_both_are_taken_together_and_get_an_object() {
    let (app, caller) = acme().await;
    let all = steve_harris();
    let (some, others) = all.split_at(4);
    let in_url = || caller.creation(&app).query(some);

    answers_the_object(in_url().form(others)).await;
    answers_the_object(in_url().json(&json_of(others))).await;
    answers_the_object(in_url().multipart(part(others))).await;
    answers_the_object(caller.creation(&app).query(&all).form(&[("unknown", "x")])).await;
    answers_the_object(caller.creation(&app).query(&all).json(&json!({"unknown": null}))).await;
}

#[tokio::test]
async fn errors_are_objects_wherever_the_parameters_are() {
    let (app, caller) = acme().await;
    let wrong = steve_harris().into_iter().filter(|(name, _)| *name != "email").collect::<Vec<_>>();
    let why = [("email", "The email field is required.")];

    Reply::of(caller.creation(&app).query(&wrong)).await.is_invalid(&why);
    Reply::of(caller.creation(&app).query(&wrong).json(&json!({}))).await.is_invalid(&why);
    Reply::of(caller.creation(&app).form(&wrong)).await.is_invalid(&why);
    Reply::of(caller.creation(&app).json(&json_of(&wrong))).await.is_invalid(&why);
    Reply::of(caller.creation(&app).multipart(part(&wrong))).await.is_invalid(&why);
    app.has_no_client().await;
}

/// The whole client, but for what differs from one client to the next.
async fn kept(request: RequestBuilder) -> Value {
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let mut client = reply.json["client"].clone();
    for name in ["id", "ns_domain", "created_at", "updated_at", "status_changed_at"] {
        client[name] = Value::Null;
    }
    client
}

#[tokio::test]
async fn the_three_kinds_of_body_make_the_same_client() {
    let (app, caller) = acme().await;
    let mut all = steve_harris();
    all.extend([("customer_id", ""), ("start_billing_date", "2017-05-23")]);

    let form = kept(caller.creation(&app).form(&all)).await;
    let json = kept(caller.creation(&app).json(&json_of(&all))).await;
    let multipart = kept(caller.creation(&app).multipart(part(&all))).await;

    assert_eq!(form, json);
    assert_eq!(form, multipart);
}

#[tokio::test]
async fn the_samples_of_the_later_revision_work_as_they_are() {
    let (app, caller) = acme().await;
    let body = "has_subreseller_id=1&subreseller_id=1234&email=email%40email.com&first_name=Steve&last_name=Harris\
                &zipcode=33134&address=126+Mendoza+avenue+aparment+7A&sameBillingAddress=1";
    let form = "application/x-www-form-urlencoded; charset=UTF-8";

    answers_the_object(caller.creation(&app).header("content-type", form).body(body)).await;
}

#[tokio::test]
async fn without_the_get_forms_a_url_may_hold_parameters_still_but_no_credentials() {
    let (app, caller) = acme_with(&[("DNA_DOCUMENTED_GET", "off")]).await;

    answers_the_array(caller.creation(&app).query(&steve_harris())).await;
    for name in ["client_secret", "password", "refresh_token"] {
        let request = caller.creation(&app).query(&[(name, "x")]).form(&steve_harris());
        Reply::of(request).await.is_refused(400, "invalid_request", "Credentials may not be sent in the URL.");
    }
    assert_eq!(app.rows("clients").await, 1);
}
