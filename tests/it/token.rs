//! The token endpoint.

mod accounts;
mod anything;
mod authentication;
mod client_credentials;
mod deprecation;
mod errors;
mod families;
mod forms;
mod jwt;
mod migration;
mod order;
mod overload;
mod parallel_refresh;
mod parameters;
mod refresh;
mod refresh_once;
mod rfc6749;
mod rfc9700;
mod scope;

use serde_json::json;

use crate::support::{App, Partner, Reply};

const PATH: &str = "/api/oauth/token";
/// Every scope, in the server's order.
pub(crate) const ALL: &str = "client:create client:activate client:suspend client:read client:update client:cancel";
pub(crate) const BAD_CLIENT: &str = "Client authentication failed.";
pub(crate) const BAD_USER: &str = "The user credentials were incorrect.";
pub(crate) const BAD_REFRESH_TOKEN: &str = "The refresh token is invalid.";
const UNKNOWN_SCOPE: &str = "The requested scope is unknown.";
pub(crate) const TWICE: &str = "A parameter was given twice.";
const NO_STRING: &str = "A parameter is not a string.";

pub(crate) type Form = Vec<(&'static str, String)>;

/// A form in which one parameter is another.
pub(crate) fn with(form: Form, name: &'static str, value: &str) -> Form {
    let mut form = without(form, name);
    form.push((name, value.to_owned()));
    form
}

/// A form that lacks a parameter.
pub(crate) fn without(mut form: Form, name: &str) -> Form {
    form.retain(|(given, _)| *given != name);
    form
}

/// Sends a form in the standard form.
/// What is asked about a token, at an endpoint of its own.
pub(crate) fn form_about(partner: &Partner, token: &str) -> Form {
    vec![
        ("token", token.to_owned()),
        ("client_id", partner.client_id.clone()),
        ("client_secret", partner.client_secret.clone()),
    ]
}

pub(crate) async fn ask(app: &App, form: &Form) -> Reply {
    Reply::of(app.post(PATH).form(form)).await
}

/// Checks that a reply is a refusal of RFC 6749 §5.2, whole.
#[track_caller]
pub(crate) fn assert_refused(reply: &Reply, error: &str, description: &str) {
    let mut expected = json!({"error": error, "error_description": description, "message": description});
    if let Some(hint) = reply.json.get("hint") {
        expected["hint"] = hint.clone();
        let members = Reply::members(&reply.json);
        assert_eq!(members, ["error", "error_description", "message", "hint"], "{}", reply.text);
    } else {
        assert_eq!(Reply::members(&reply.json), ["error", "error_description", "message"], "{}", reply.text);
    }
    assert_eq!(reply.json, expected);
    let (status, challenge) = if error == "invalid_client" { (401, "Basic realm=\"DNA API\"") } else { (400, "") };
    assert_eq!((reply.status, reply.header("www-authenticate")), (status, challenge), "{reply:?}");
    assert_eq!(reply.header("pragma"), "no-cache", "{reply:?}");
    for member in reply.json.as_object().expect("an object").values() {
        let text = member.as_str().expect("a string");
        assert!(text.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{text:?}");
    }
}

/// Checks that a reply is an error of the API's own table, whole.
#[track_caller]
pub(crate) fn assert_error(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.error()), (status, error), "{reply:?}");
    assert_eq!(Reply::members(&reply.json), ["result", "error", "message", "request_id"], "{reply:?}");
    assert_eq!(reply.json["result"], "ERROR");
    assert_eq!(reply.json["request_id"], reply.header("x-request-id"));
    assert_eq!(reply.header("pragma"), "no-cache", "{reply:?}");
}

/// What the database knows a refresh token by.
fn sha256(token: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref().to_vec()
}
