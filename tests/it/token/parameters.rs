//! What a parameter may be: once, a string, trimmed or not.

use reqwest::multipart;
use serde_json::{Map, Value, json};

use super::{BAD_CLIENT, BAD_REFRESH_TOKEN, BAD_USER, NO_STRING, PATH, TWICE, ask, assert_refused, with};
use crate::support::{App, Caller, Reply};

#[tokio::test]
async fn a_parameter_may_come_once_whatever_its_values() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = partner.password_grant();
    for (name, other) in [
        ("grant_type", "password"),
        ("client_id", partner.client_id.as_str()),
        ("client_secret", &partner.client_secret),
        ("username", &partner.username),
        ("password", &partner.password),
        ("password", "another"),
        ("username", ""),
    ] {
        let twice = [form.clone(), vec![(name, other.to_owned())]].concat();
        let requests = [
            app.post(PATH).form(&twice),
            app.post(PATH).query(&twice),
            app.get(PATH).query(&twice),
            app.post(PATH).form(&form).query(&[(name, other)]),
            app.post(PATH).form(&[(name, other)]).query(&form),
            app.post(PATH).json(&json!({name: other})).query(&form),
        ];
        for request in requests {
            let reply = Reply::of(request).await;
            assert_refused(&reply, "invalid_request", TWICE);
            assert_eq!(reply.json["hint"], name);
        }
    }
}

/// RFC 6749 §5.2 allows neither other characters nor an empty text.
#[tokio::test]
async fn of_a_name_in_other_letters_there_is_no_hint_rather_than_an_empty_one() {
    let app = App::start().await;
    for name in ["ß", "\"\\", " é"] {
        let reply = Reply::of(app.post(PATH).form(&[(name, "1"), (name, "2")])).await;
        assert_refused(&reply, "invalid_request", TWICE);
        assert_eq!(reply.json.get("hint"), None, "{name}");
    }
}

#[tokio::test]
async fn a_parameter_may_come_once_even_if_it_is_unknown_or_null_or_spelt_with_escapes() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    let body =
        |text: &'static str, content_type| app.post(PATH).query(&form).body(text).header("content-type", content_type);
    let fields = multipart::Form::new().text("x", "1").text("x", "1");
    let requests = [
        body("x=1&x=1", "application/x-www-form-urlencoded"),
        body("x&%78", "application/x-www-form-urlencoded"),
        body(r#"{"x":1,"x":1}"#, "application/json"),
        body(r#"{"x":null,"x":null}"#, "application/json"),
        body(r#"{"x":1,"\u0078":2}"#, "application/json"),
        app.post(PATH).query(&form).multipart(fields),
        app.post(PATH).query(&form).form(&[("grant%5Ftype", "1"), ("x", "1")]).query(&[("x", "2")]),
    ];
    for request in requests {
        assert_refused(&Reply::of(request).await, "invalid_request", TWICE);
    }
}

#[tokio::test]
async fn parameters_are_trimmed() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let padded = |text: &str| format!(" \t{text}\r\n ");
    let mut form = with(partner.password_grant(), "scope", &padded("client:create"));
    for name in ["grant_type", "client_id", "username"] {
        let value = form.iter().find(|(given, _)| *given == name).map(|(_, value)| padded(value)).expect(name);
        form = with(form, name, &value);
    }

    let reply = ask(&app, &form).await;

    assert_eq!(Caller::of(&app, &reply).claims()["scope"], "client:create");
    assert!(reply.json.get("scope").is_none(), "{}", reply.text);
}

#[tokio::test]
async fn passwords_and_secrets_are_never_trimmed() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in(&app).await.refresh_token;
    for (before, after) in [(" ", ""), ("", " "), ("", "\n"), ("\t", ""), ("", "\u{a0}")] {
        let padded = |text: &str| format!("{before}{text}{after}");
        let (login, refresh) = (partner.password_grant(), partner.refresh_grant(&token));

        let reply = ask(&app, &with(login.clone(), "password", &padded(&partner.password))).await;
        assert_refused(&reply, "invalid_grant", BAD_USER);
        let reply = ask(&app, &with(login, "client_secret", &padded(&partner.client_secret))).await;
        assert_refused(&reply, "invalid_client", BAD_CLIENT);
        let reply = ask(&app, &with(refresh, "refresh_token", &padded(&token))).await;
        assert_refused(&reply, "invalid_grant", BAD_REFRESH_TOKEN);
    }
    Caller::of(&app, &partner.refresh(&app, &token).await);
}

#[tokio::test]
async fn json_parameters_are_strings() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = partner.password_grant();
    let login: Value =
        form.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into();
    for name in ["grant_type", "client_id", "client_secret", "username", "password", "scope"] {
        for value in [json!(1), json!(1.5), json!(true), json!(["password"]), json!({}), json!([])] {
            let mut body = login.clone();
            body[name] = value;
            let reply = Reply::of(app.post(PATH).json(&body)).await;
            assert_refused(&reply, "invalid_request", NO_STRING);
            assert_eq!(reply.json["hint"], name);
        }
    }
    let mut body = login;
    body["scope"] = Value::Null;
    let reply = Reply::of(app.post(PATH).json(&body)).await;
    assert_eq!(reply.json["scope"], super::ALL, "null is a missing parameter");
    Caller::of(&app, &reply);
}

#[tokio::test]
async fn a_missing_parameter_may_also_be_empty_or_null() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let required = "The username and password parameters are required.";
    for (name, error, description) in [
        ("grant_type", "invalid_request", "The grant_type parameter is missing."),
        ("client_id", "invalid_client", BAD_CLIENT),
        ("client_secret", "invalid_client", BAD_CLIENT),
        ("username", "invalid_request", required),
        ("password", "invalid_request", required),
        ("refresh_token", "invalid_request", "The refresh_token parameter is required."),
    ] {
        let form = if name == "refresh_token" { partner.refresh_grant("x") } else { partner.password_grant() };
        let others = super::without(form, name);
        let mut object: Map<String, Value> =
            others.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
        object.insert(name.to_owned(), Value::Null);
        let requests = [
            app.post(PATH).form(&others),
            app.post(PATH).form(&with(others.clone(), name, "")),
            app.get(PATH).query(&with(others.clone(), name, "")),
            app.post(PATH).json(&object),
        ];
        for request in requests {
            assert_refused(&Reply::of(request).await, error, description);
        }
    }
}

#[tokio::test]
async fn an_uploaded_file_is_no_parameter() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = super::without(partner.password_grant(), "password");
    let file = multipart::Part::text(partner.password.clone()).file_name("password.txt");

    let reply = Reply::of(app.post(PATH).query(&form).multipart(multipart::Form::new().part("password", file))).await;

    assert_refused(&reply, "invalid_request", NO_STRING);
}
