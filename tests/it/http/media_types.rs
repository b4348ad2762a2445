//! `Content-Type` and `Content-Encoding`: what a body says it is, and what it is.

use crate::support::{App, Caller, Reply, acme, json_of, steve_harris};

const UNSUPPORTED: &str =
    "The request body must be application/x-www-form-urlencoded, multipart/form-data or application/json.";
const FORM: &str = "application/x-www-form-urlencoded";

async fn sent_as(app: &App, caller: &Caller, media_type: &str, body: &str) -> Reply {
    Reply::of(caller.creation(app).header("content-type", media_type).body(body.to_owned())).await
}

fn json() -> String {
    serde_json::to_string(&json_of(&steve_harris())).expect("JSON")
}

fn form() -> String {
    let pairs = steve_harris().into_iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+")));
    pairs.collect::<Vec<_>>().join("&")
}

fn multipart() -> String {
    let part = |(name, value)| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    steve_harris().into_iter().map(part).chain(["--x--\r\n".to_owned()]).collect()
}

#[tokio::test]
async fn a_body_of_no_type_or_another_is_refused() {
    let (app, caller) = acme().await;

    for media_type in
        ["text/plain", "text/json", "application/xml", "application/vnd.x+json", "json", "*/*", "", " ", "application"]
    {
        let reply = sent_as(&app, &caller, media_type, &json()).await;
        reply.is_refused(415, "unsupported_media_type", UNSUPPORTED);
    }
    let untyped = Reply::of(caller.creation(&app).body(form())).await;
    untyped.is_refused(415, "unsupported_media_type", UNSUPPORTED);
    let of_url = Reply::of(caller.creation(&app).query(&steve_harris()).body(" ")).await;
    of_url.is_refused(415, "unsupported_media_type", UNSUPPORTED);
    app.has_no_client().await;
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let (app, caller) = acme().await;

    for encoding in ["gzip", "br", "deflate", "gzip, identity", "x"] {
        let request = caller.creation(&app).json(&json_of(&steve_harris())).header("content-encoding", encoding);
        Reply::of(request).await.is_refused(415, "unsupported_media_type", UNSUPPORTED);
    }
    app.has_no_client().await;
    let identity = caller.creation(&app).json(&json_of(&steve_harris())).header("content-encoding", "identity");
    assert_eq!(Reply::of(identity).await.status, 201);
}

#[tokio::test]
async fn a_type_may_be_in_any_case_and_have_parameters() {
    let (app, caller) = acme().await;

    for (media_type, body) in [
        ("application/json; charset=utf-8", json()),
        ("Application/JSON", json()),
        ("application/json ;x", json()),
        ("application/x-www-form-urlencoded;charset=UTF-8", form()),
        ("APPLICATION/X-WWW-FORM-URLENCODED", form()),
        ("multipart/form-data; boundary=x", multipart()),
        ("Multipart/Form-Data; charset=utf-8; boundary=\"x\"", multipart()),
    ] {
        assert_eq!(sent_as(&app, &caller, media_type, &body).await.status, 201, "{media_type}");
    }
}

#[tokio::test]
async fn a_body_is_what_its_type_says_even_when_that_is_a_lie() {
    const NO_JSON: &str = "The request body is not a JSON object.";
    const NO_PARTS: &str = "The multipart body is broken.";
    let (app, caller) = acme().await;

    for body in [form(), multipart()] {
        sent_as(&app, &caller, "application/json", &body).await.is_refused(400, "invalid_request", NO_JSON);
    }
    for body in [form(), json()] {
        let reply = sent_as(&app, &caller, "multipart/form-data; boundary=x", &body).await;
        reply.is_refused(400, "invalid_request", NO_PARTS);
    }
    for media_type in ["multipart/form-data", "multipart/form-data; boundary=y"] {
        sent_as(&app, &caller, media_type, &multipart()).await.is_refused(400, "invalid_request", NO_PARTS);
    }
    for body in [json(), multipart()] {
        let reply = sent_as(&app, &caller, FORM, &body).await; // read as one parameter of a strange name
        assert_eq!((reply.status, reply.error()), (422, "validation_failed"), "{}", reply.text);
    }
    app.has_no_client().await;
}
