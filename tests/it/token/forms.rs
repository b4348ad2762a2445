//! The documented form and the standard one: where the parameters are decides, nothing else.

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Map, Value, json};

use super::{Form, PATH, ask, assert_refused, with, without};
use crate::support::{App, Caller, Partner, Reply};

/// Every way to send parameters.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    Get,
    PostUrl,
    PostUrlAndEmptyObject,
    Urlencoded,
    Json,
    Multipart,
}

impl Way {
    const ALL: [Self; 6] =
        [Self::Get, Self::PostUrl, Self::PostUrlAndEmptyObject, Self::Urlencoded, Self::Json, Self::Multipart];

    fn is_documented(self) -> bool {
        matches!(self, Self::Get | Self::PostUrl | Self::PostUrlAndEmptyObject)
    }

    fn request(self, app: &App, path: &str, form: &Form) -> RequestBuilder {
        match self {
            Self::Get => app.get(path).query(form),
            Self::PostUrl => app.post(path).query(form),
            Self::PostUrlAndEmptyObject => app.post(path).query(form).json(&json!({})),
            Self::Urlencoded => app.post(path).form(form),
            Self::Json => app.post(path).json(&object(form)),
            Self::Multipart => {
                let fields = form.iter().cloned();
                app.post(path)
                    .multipart(fields.fold(multipart::Form::new(), |all, (name, value)| all.text(name, value)))
            }
        }
    }
}

fn object(form: &Form) -> Value {
    form.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect::<Map<_, _>>().into()
}

/// Sends a form, with the OAuth client's credentials in it or in the header.
async fn send(app: &App, partner: &Partner, way: Way, path: &str, form: Form, basic: bool) -> Caller {
    let request = if basic {
        let form = without(without(form, "client_id"), "client_secret");
        way.request(app, path, &form).basic_auth(&partner.client_id, Some(&partner.client_secret))
    } else {
        way.request(app, path, &form)
    };
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, 200, "{way:?} {path} {}", reply.text);
    assert_eq!(reply.header("pragma"), "no-cache");
    let mut members = vec!["token_type", "expires_in", "access_token", "refresh_token"];
    let tokens = if way.is_documented() {
        assert_eq!(reply.json.as_array().map(Vec::len), Some(1), "{way:?} {path}");
        &reply.json[0]
    } else {
        members.push("scope");
        &reply.json
    };
    assert_eq!(Reply::members(tokens), members, "{way:?} {path}");
    Caller::of(app, &reply)
}

#[tokio::test]
async fn every_way_to_ask_works_for_both_grants_on_both_paths() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    for path in [PATH, "/oauth/token", "/api/oauth/token/", "/oauth/token/"] {
        for way in Way::ALL {
            let basic = [way == Way::Get, way != Way::Get];
            let login = send(&app, &partner, way, path, partner.password_grant(), basic[0]).await;
            let refreshed =
                send(&app, &partner, way, path, partner.refresh_grant(&login.refresh_token), basic[1]).await;
            assert_ne!(refreshed.token, login.token);
            assert_ne!(refreshed.refresh_token, login.refresh_token);
        }
    }
}

#[tokio::test]
async fn both_authentications_work_in_every_way_to_ask() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut refresh_token = partner.log_in(&app).await.refresh_token;
    for way in Way::ALL {
        for basic in [true, false] {
            let form = partner.refresh_grant(&refresh_token);
            refresh_token = send(&app, &partner, way, PATH, form, basic).await.refresh_token;
        }
    }
}

#[tokio::test]
async fn the_reply_begins_as_the_documented_one() {
    const TOKENS: &str =
        r#"{"token_type":"Bearer","expires_in":1200,"access_token":"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6I"#;
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();

    let documented = Reply::of(app.get(PATH).query(&form)).await;
    let standard = ask(&app, &form).await;

    Caller::of(&app, &documented);
    Caller::of(&app, &standard);
    assert!(documented.text.starts_with(&format!("[{TOKENS}")) && documented.text.ends_with("\"}]"));
    assert!(standard.text.starts_with(TOKENS) && standard.text.ends_with("\"}"));
}

#[tokio::test]
async fn the_documents_own_curl_line_works() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (id, secret) = (&partner.client_id, &partner.client_secret);
    let line = format!(
        "/api/oauth/token?grant_type=password&client_id={id}&client_secret={secret}&username={}&password={}",
        partner.username, partner.password
    );
    for accept in ["Accept: application/json\r\n", "Accept: */*\r\n", ""] {
        for scope in ["client:create", "client:create+client:activate", "client:create%20client:activate", "*", ""] {
            let head = format!("GET {line}&scope={scope} HTTP/1.1\r\nHost: local.websales-api.nexogy.com\r\n{accept}");
            let reply = app.send(format!("{head}Connection: close\r\n\r\n")).await;
            reply.check();
            Caller::of(&app, &reply);
            let members = ["token_type", "expires_in", "access_token", "refresh_token"];
            assert_eq!(Reply::members(&reply.json[0]), members, "{scope} {accept}");
        }
    }
}

#[tokio::test]
async fn parameters_in_the_url_and_in_the_body_together_get_an_object() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut refresh_token = partner.log_in(&app).await.refresh_token;
    for in_url in ["grant_type", "client_secret", "refresh_token"] {
        let form = partner.refresh_grant(&refresh_token);
        let (url, body): (Form, Form) = form.into_iter().partition(|(name, _)| *name == in_url);

        let reply = Reply::of(app.post(PATH).query(&url).form(&body)).await;

        assert!(reply.json.is_object(), "{in_url}: {}", reply.text);
        refresh_token = Caller::of(&app, &reply).refresh_token;
    }

    let all_in_url = partner.refresh_grant(&refresh_token);
    let reply = Reply::of(app.post(PATH).query(&all_in_url).form(&[("unknown", "1")])).await;
    assert!(reply.json.is_object(), "{}", reply.text);
    Caller::of(&app, &reply);
}

#[tokio::test]
async fn a_body_without_parameters_leaves_the_documented_form() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut refresh_token = partner.log_in(&app).await.refresh_token;
    let bodies = [
        ("application/json", "{}"),
        ("application/json", " { } "),
        ("application/x-www-form-urlencoded", ""),
        ("application/json", ""),
        ("text/plain", ""),
    ];
    for (content_type, body) in bodies {
        let url = partner.refresh_grant(&refresh_token);
        let request = app.post(PATH).query(&url).header("content-type", content_type).body(body);
        let reply = Reply::of(request).await;
        assert!(reply.json.is_array(), "{content_type} {body:?}: {}", reply.text);
        refresh_token = Caller::of(&app, &reply).refresh_token;
    }
}

#[tokio::test]
async fn errors_are_objects_in_every_way_to_ask() {
    let app = App::start().await;
    let form = with(app.partner("Acme").await.password_grant(), "grant_type", "implicit");
    for way in Way::ALL {
        let reply = Reply::of(way.request(&app, PATH, &form)).await;
        assert_refused(&reply, "unsupported_grant_type", "The authorization grant type is not supported.");
    }
}

#[tokio::test]
async fn a_get_may_not_have_a_body() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    let requests = [
        app.get(PATH).query(&form).body("{}").header("content-type", "application/json"),
        app.get(PATH).query(&form).body("x"),
        app.get(PATH).form(&form),
    ];
    for request in requests {
        assert_refused(&Reply::of(request).await, "invalid_request", "A GET request may not have a body.");
    }
    let empty = Reply::of(app.request(Method::GET, PATH).query(&form).header("content-length", "0")).await;
    Caller::of(&app, &empty);
}
