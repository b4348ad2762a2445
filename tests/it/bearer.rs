//! Bearer tokens: how one is presented, and which are taken.

mod disabled;
mod forged;
mod header;
mod malformed;
mod rfc6750;
mod rfc8725;
mod scope;
mod time;

use serde_json::{Value, json};

use crate::support::{App, Caller, Forge, Reply};

/// Needs the scope `client:activate`; a token that is taken is told that there is no such client.
const GUARDED: &str = "/api/residential/client/999/activate";
const INVALID: &str = "The access token is invalid.";
const EXPIRED: &str = "The access token has expired.";
pub(crate) const REVOKED: &str = "The access token has been revoked.";

/// Presents a token.
pub(crate) async fn present(app: &App, token: &str) -> Reply {
    Reply::of(app.post(GUARDED).bearer_auth(token)).await
}

/// Checks that the token was taken.
#[track_caller]
pub(crate) fn assert_taken(reply: &Reply) {
    assert_eq!((reply.status, reply.error()), (404, "not_found"), "{reply:?}");
}

/// Checks that a reply is an error of the API, whole.
#[track_caller]
fn assert_error(reply: &Reply, status: u16, error: &str, message: &str, challenge: &str) {
    let id = reply.header("x-request-id");
    let expected = json!({"result": "ERROR", "error": error, "message": message, "request_id": id});
    assert_eq!((reply.status, &reply.json), (status, &expected), "{reply:?}");
    assert_eq!(Reply::members(&reply.json), ["result", "error", "message", "request_id"]);
    let challenges: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(challenges, [challenge], "{reply:?}");
}

/// Checks that a token was refused, and why.
#[track_caller]
pub(crate) fn assert_invalid(reply: &Reply, message: &str) {
    let challenge = format!(r#"Bearer realm="DNA API", error="invalid_token", error_description="{message}""#);
    assert_error(reply, 401, "invalid_token", message, &challenge);
}

/// Checks that a request with two credentials, or with one in the URL, was refused.
#[track_caller]
fn assert_bad_credentials(reply: &Reply, message: &str) {
    let challenge = format!(r#"Bearer realm="DNA API", error="invalid_request", error_description="{message}""#);
    assert_error(reply, 400, "invalid_request", message, &challenge);
}

/// Checks that a request was taken for one without a token.
#[track_caller]
fn assert_unauthenticated(reply: &Reply) {
    assert_error(reply, 401, "unauthenticated", "A bearer token is required.", r#"Bearer realm="DNA API""#);
}

/// A server, a token of its own, and a forger who has its key.
struct Stage {
    app: App,
    caller: Caller,
    forge: Forge,
}

impl Stage {
    async fn new() -> Self {
        let app = App::start().await;
        let caller = app.partner("Acme").await.log_in(&app).await;
        let forge = Forge::of(&app).await;
        Self { app, caller, forge }
    }

    /// The header of the true token, with one member changed; null takes it away.
    fn header_with(&self, name: &str, value: Value) -> String {
        changed(Reply::jwt_part(&self.caller.token, 0), name, value)
    }

    /// The claims of the true token, with one changed; null takes it away.
    fn claims_with(&self, name: &str, value: Value) -> String {
        changed(self.caller.claims(), name, value)
    }

    /// The header of the true token.
    fn header(&self) -> String {
        Reply::jwt_part(&self.caller.token, 0).to_string()
    }

    /// The claims of the true token.
    fn claims(&self) -> String {
        self.caller.claims().to_string()
    }

    async fn assert_refused(&self, token: &str) {
        self.app.keep_secret(token);
        assert_invalid(&present(&self.app, token).await, INVALID);
    }

    async fn assert_accepted(&self, token: &str) {
        self.app.keep_secret(token);
        assert_taken(&present(&self.app, token).await);
    }
}

fn changed(mut object: Value, name: &str, value: Value) -> String {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.shift_remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object.to_string()
}
