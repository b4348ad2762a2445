//! The errors of the OAuth endpoints: RFC 6749 §5.2 for what it names, the API's own table for everything else.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{body::Unreadable, error::ApiError, reply};
use crate::{
    crypto::jwt::SignError,
    oauth::error::{Code, Refusal, TokenError},
};

/// Why no token is issued, as a reply.
#[derive(Debug)]
pub enum TokenFailure {
    /// One of RFC 6749 §5.2.
    Refused(Refusal),
    /// Too much has failed before, or too much was asked for: so many seconds to wait, and the true reason.
    Throttled(u64, Reason),
    /// Another.
    Other(ApiError),
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    error_description: &'static str,
    /// The description again, for integrations that read this member.
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// The true reason of a refusal, on its way to the log.
#[derive(Clone, Copy, Debug)]
pub struct Reason(pub &'static str);

impl IntoResponse for TokenFailure {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::Other(error) => return error.into_response(),
            Self::Throttled(retry_after, reason) => {
                let mut response = ApiError::RateLimited { retry_after }.into_response();
                response.extensions_mut().insert(reason);
                return response;
            }
            Self::Refused(refusal) => refusal,
        };
        let status =
            if refusal.code == Code::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let body = Body {
            error: refusal.code.as_str(),
            error_description: refusal.description,
            message: refusal.description,
            hint: refusal.hint.as_deref(),
        };
        let mut response = reply::json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Basic realm="DNA API""#);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Reason(refusal.reason));
        response
    }
}

impl From<Refusal> for TokenFailure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<TokenError> for TokenFailure {
    fn from(error: TokenError) -> Self {
        Self::Other(match error {
            TokenError::Refused(refusal) => return Self::Refused(refusal),
            TokenError::Throttled { retry_after, reason } => return Self::Throttled(retry_after, Reason(reason)),
            TokenError::Store(error) => error.into(),
            TokenError::Hasher(error) => error.into(),
            TokenError::Sign(SignError::NoKey) => ApiError::Unavailable(error.into()),
            TokenError::Sign(SignError::Crypto) | TokenError::Foreign(_) => ApiError::Internal(error.into()),
        })
    }
}

impl From<Unreadable> for TokenFailure {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed(why) => Self::Refused(Refusal::request(why, "unreadable request")),
            Unreadable::MediaType(seen) => Self::Refused(
                Refusal::request("The request body has an unknown content type.", "unknown content type")
                    .hint(&format!("Seen: {seen}. Send application/x-www-form-urlencoded.")),
            ),
            Unreadable::TooLarge | Unreadable::TooSlow => Self::Other(error.into()),
        }
    }
}
