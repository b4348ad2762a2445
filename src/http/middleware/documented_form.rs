//! The forms of a request that the document prints and that a later revision gave up: served, announced as deprecated
//! (RFC 9745), and counted.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};

use super::bearer::in_query;
use crate::{domain::caller::Principal, oauth::request::CREDENTIALS, state::AppState};

/// The day on which the original moved activate and suspend to `POST`: 23 May 2017.
const DEPRECATION: HeaderValue = HeaderValue::from_static("@1495497600");

/// Announces credentials in the URL of a token request. They are counted once the OAuth client is known.
pub async fn credentials_in_url(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let deprecated = in_query(request.uri(), &CREDENTIALS);
    let mut response = next.run(request).await;
    if deprecated {
        announce(&app, &mut response);
    }
    response
}

/// Announces and counts a change of status by `GET`.
pub async fn change_by_get(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let deprecated = request.method() == Method::GET;
    let mut response = next.run(request).await;
    if deprecated {
        announce(&app, &mut response);
        if let Some(Principal { partner, oauth_client }) = response.extensions().get().copied() {
            app.used_documented_form(partner, oauth_client);
        }
    }
    response
}

fn announce(app: &AppState, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("deprecation"), DEPRECATION);
    if let Ok(link) = HeaderValue::try_from(format!(r#"<{}/docs>; rel="deprecation""#, app.jwts.issuer())) {
        headers.append(header::LINK, link);
    }
}
