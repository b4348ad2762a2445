//! Bad values for every parameter of a creation: each is refused in words, and nothing is written.

use reqwest::multipart;
use serde_json::{Value, json};

use crate::support::{App, Caller, Reply, acme, json_of, steve_but};

/// Every parameter, under every spelling.
const NAMES: [&str; 13] = [
    "has_subreseller_id",
    "subreseller_id",
    "email",
    "first_name",
    "last_name",
    "zipcode",
    "address",
    "same_billing_address",
    "sameBillingAddress",
    "billing_address",
    "billing_zipcode",
    "customer_id",
    "start_billing_date",
];

/// A client with every parameter but one.
fn others(name: &str) -> Vec<(&'static str, &'static str)> {
    let mut all =
        steve_but(&[("same_billing_address", "false"), ("customer_id", "C-1"), ("start_billing_date", "2017-05-23")]);
    let reported = reported(name);
    all.retain(|(given, _)| *given != reported);
    all
}

/// The name under which a parameter is reported.
fn reported(name: &str) -> &str {
    if name == "sameBillingAddress" { "same_billing_address" } else { name }
}

/// The sentence for a value of the right type that breaks the parameter's rule.
fn wrong(name: &str) -> String {
    let spoken = reported(name).replace('_', " ");
    match reported(name) {
        "has_subreseller_id" | "same_billing_address" => format!("The {spoken} field must be true or false."),
        "email" => "The email must be a valid email address.".to_owned(),
        "start_billing_date" => format!("The {spoken} is not a valid date."),
        _ => format!("The {spoken} format is invalid."),
    }
}

fn no_structure(name: &str) -> String {
    format!("The {} format is invalid.", reported(name).replace('_', " "))
}

async fn json_is_refused(app: &App, caller: &Caller, name: &str, value: Value, why: &str) {
    let mut body = json_of(&others(name));
    body.insert(name.to_owned(), value);
    caller.create_json(app, &body.into()).await.is_invalid(&[(reported(name), why)]);
}

#[tokio::test]
async fn characters_that_nobody_can_see_are_refused() {
    let (app, caller) = acme().await;
    let hidden = "\0 \u{1} \u{7f} \u{85} \n \r\n \u{b} \u{2028} \u{2029} \u{202a} \u{202d} \u{202e} \u{2066} \u{2069}";

    for name in NAMES {
        for character in hidden.split(' ') {
            let value = format!("a{character}b");
            let parameters = [others(name), vec![(name, value.as_str())]].concat();
            let why = [(reported(name), &*wrong(name))];
            caller.create(&app, &parameters).await.is_invalid(&why);
            Reply::of(caller.creation(&app).query(&parameters)).await.is_invalid(&why);
            json_is_refused(&app, &caller, name, json!(value), &wrong(name)).await;
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn json_of_another_type_is_refused() {
    let (app, caller) = acme().await;
    let structures = [json!([]), json!({}), json!(["x"]), json!([null]), json!({"a": 1}), json!([[true]])];

    for name in NAMES {
        for structure in &structures {
            json_is_refused(&app, &caller, name, structure.clone(), &no_structure(name)).await;
        }
        for number in [json!(-5), json!(2.5), json!(1e99)] {
            json_is_refused(&app, &caller, name, number, &wrong(name)).await;
        }
        if !["has_subreseller_id", "same_billing_address"].contains(&reported(name)) {
            json_is_refused(&app, &caller, name, json!(true), &wrong(name)).await;
            json_is_refused(&app, &caller, name, json!(false), &wrong(name)).await;
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn an_uploaded_file_is_refused() {
    let (app, caller) = acme().await;

    for name in NAMES {
        for content in ["true", "", "\0"] {
            let form = others(name).into_iter().fold(multipart::Form::new(), |form, (n, value)| form.text(n, value));
            let form = form.part(name, multipart::Part::text(content).file_name("x.txt"));
            let reply = Reply::of(caller.creation(&app).multipart(form)).await;
            reply.is_invalid(&[(reported(name), &no_structure(name))]);
        }
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn what_is_no_utf8_or_no_percent_encoding_cannot_be_read() {
    const NOT_UTF8: &str = "The parameters are not UTF-8.";
    const BROKEN: &str = "The parameters hold a broken percent-encoding.";
    let (app, caller) = acme().await;
    let form = "application/x-www-form-urlencoded";

    for name in NAMES {
        for (value, why) in [
            ("%FF", NOT_UTF8),
            ("%ED%A0%80", NOT_UTF8),
            ("%C0%80", NOT_UTF8),
            ("%ZZ", BROKEN),
            ("a%", BROKEN),
            ("%1", BROKEN),
            ("%u0041", BROKEN),
        ] {
            let pair = format!("{name}={value}");
            let in_url = caller.post(&app, &format!("{}?{pair}", crate::support::CLIENT)).form(&others(name));
            Reply::of(in_url).await.is_refused(400, "invalid_request", why);
            let in_body = caller.creation(&app).header("content-type", form).query(&others(name)).body(pair);
            Reply::of(in_body).await.is_refused(400, "invalid_request", why);
        }
        let raw = [name.as_bytes(), b"=a\xffb"].concat();
        let in_body = caller.creation(&app).header("content-type", form).query(&others(name)).body(raw);
        Reply::of(in_body).await.is_refused(400, "invalid_request", NOT_UTF8);
        let raw = [b"{\"", name.as_bytes(), b"\":\"a\xffb\"}"].concat();
        let in_json = caller.creation(&app).header("content-type", "application/json").query(&others(name)).body(raw);
        Reply::of(in_json).await.is_refused(400, "invalid_request", "The request body is not a JSON object.");
        let part = multipart::Part::bytes(b"a\xffb".as_slice());
        let in_part = caller.creation(&app).query(&others(name)).multipart(multipart::Form::new().part(name, part));
        Reply::of(in_part).await.is_refused(400, "invalid_request", NOT_UTF8);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn an_encoded_nul_is_refused_like_any_control_character() {
    let (app, caller) = acme().await;

    for name in NAMES {
        for value in ["%00", "a%00b", "%00%00"] {
            let path = format!("{}?{name}={value}", crate::support::CLIENT);
            let reply = Reply::of(caller.post(&app, &path).form(&others(name))).await;
            reply.is_invalid(&[(reported(name), &wrong(name))]);
        }
    }
    app.has_no_client().await;
}
