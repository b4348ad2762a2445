//! Every error but those of RFC 6749: one table of status, word and sentence.
//!
//! A handler's failure rides in an extension of its response to the edge, which knows the request's id: there it is
//! written as JSON, and logged once.

use std::{borrow::Cow, sync::Arc};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::body::Unreadable;
use crate::{
    crypto::{hasher::HasherError, jwt::JwtError, password::HashError},
    domain::{
        client::{ClientName, Found},
        scope::Scope,
        validation::ValidationErrors,
    },
    store::StoreError,
};

/// Why a request is refused, or failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: it cannot be read.
    #[error("{0}")]
    InvalidRequest(Cow<'static, str>),
    /// 400: the parameters of a creation, sent to where clients are listed.
    #[error("To create a client, send these parameters with POST: GET lists clients.")]
    UsePost,
    /// 400: credentials where they may not be, or two of them.
    #[error("{0}")]
    BadCredentials(&'static str),
    /// 401: no bearer token.
    #[error("A bearer token is required.")]
    Unauthenticated,
    /// 401: a bearer token that does not hold.
    #[error(transparent)]
    InvalidToken(#[from] JwtError),
    /// 401: it was revoked, or its partner, OAuth client or user is disabled.
    #[error("The access token has been revoked.")]
    RevokedToken,
    /// 403: a token without this scope.
    #[error("The access token lacks the scope {}.", .0.as_str())]
    InsufficientScope(Scope),
    /// 404: no such path, or no such client of this partner's.
    #[error("There is nothing here.")]
    NotFound,
    /// 405: the path knows other methods.
    #[error("The method is not allowed here.")]
    MethodNotAllowed(&'static str),
    /// 406: the reply is JSON.
    #[error("The reply is JSON: accept application/json.")]
    NotAcceptable,
    /// 408: the body took too long.
    #[error("The request body did not arrive in time.")]
    RequestTimeout,
    /// 408: the head took too long.
    #[error("The request did not arrive in time.")]
    HeadTimeout,
    /// 409: the partner has a client of that `customer_id`.
    #[error("The customer id belongs to another client.")]
    DuplicateCustomerId(ClientName),
    /// 409: a request with the same `Idempotency-Key` is still running.
    #[error("A request with this Idempotency-Key is still running.")]
    IdempotencyKeyInUse,
    /// 410: a client whose personal data was erased.
    #[error("The client was erased.")]
    Gone,
    /// 412: the client has changed since the caller read it.
    #[error("The client has changed since it was read.")]
    PreconditionFailed,
    /// 413: the body is too large.
    #[error("The request body may not be greater than 64 KiB.")]
    PayloadTooLarge,
    /// 414: the URL is too long.
    #[error("The URL may not be longer than 8 KiB.")]
    UriTooLong,
    /// 415: a body of no type that is understood.
    #[error("The request body must be application/x-www-form-urlencoded, multipart/form-data or application/json.")]
    UnsupportedMediaType,
    /// 415: a file of no type that is understood.
    #[error("The file must be application/x-ndjson or text/csv.")]
    UnsupportedFile,
    /// 422, or what the operator set: parameters are missing or wrong.
    #[error("{}", .0.message())]
    Validation(ValidationErrors, u16),
    /// 429: more than this caller may have, for so many seconds.
    #[error("Too many requests: wait before you try again.")]
    RateLimited {
        /// Seconds after which the caller may try again, one at least.
        retry_after: u64,
    },
    /// 431: more headers, or more bytes of them, than are read.
    #[error("The request's headers are too many or too long.")]
    HeadTooLarge,
    /// 422: the `Idempotency-Key` was used for other parameters.
    #[error("The Idempotency-Key was used for a request with other parameters.")]
    IdempotencyKeyReused,
    /// 503: try again.
    #[error("The service is temporarily unavailable.")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// 500: a defect of ours.
    #[error("Something went wrong on our side.")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Seconds after which a caller may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

impl ApiError {
    /// What was found, or why it is not to be had.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] or [`ApiError::Gone`].
    pub fn missing<T>(found: Found<T>) -> Result<T, Self> {
        match found {
            Found::Nothing => Err(Self::NotFound),
            Found::Erased => Err(Self::Gone),
            Found::Here(found) => Ok(found),
        }
    }

    /// The status and the word of each.
    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidRequest(_) | Self::BadCredentials(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::UsePost => (StatusCode::BAD_REQUEST, "use_post"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::InvalidToken(_) | Self::RevokedToken => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::InsufficientScope(_) => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, "not_acceptable"),
            Self::RequestTimeout | Self::HeadTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Self::DuplicateCustomerId(_) => (StatusCode::CONFLICT, "duplicate_customer_id"),
            Self::IdempotencyKeyInUse => (StatusCode::CONFLICT, "idempotency_key_in_use"),
            Self::Gone => (StatusCode::GONE, "gone"),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "precondition_failed"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "uri_too_long"),
            Self::UnsupportedMediaType | Self::UnsupportedFile => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            Self::Validation(_, status) => {
                (StatusCode::from_u16(*status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY), "validation_failed")
            }
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Self::IdempotencyKeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        }
    }

    /// The header that RFC 6750 §3, RFC 9110 §15.5.6 or §10.2.3 asks for.
    fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        const REALM: &str = r#"Bearer realm="DNA API""#;
        let challenge = match self {
            Self::Unauthenticated => REALM.to_owned(),
            Self::BadCredentials(_) | Self::InvalidToken(_) | Self::RevokedToken => {
                format!(r#"{REALM}, error="{}", error_description="{self}""#, self.row().1)
            }
            Self::InsufficientScope(scope) => {
                format!(
                    r#"{REALM}, error="insufficient_scope", error_description="{self}", scope="{}""#,
                    scope.as_str()
                )
            }
            Self::MethodNotAllowed(allow) => return Some((header::ALLOW, HeaderValue::from_static(allow))),
            Self::RateLimited { retry_after } => return Some((header::RETRY_AFTER, (*retry_after).into())),
            Self::Unavailable(_) | Self::IdempotencyKeyInUse => return Some((header::RETRY_AFTER, RETRY_AFTER)),
            _ => return None,
        };
        HeaderValue::try_from(challenge).ok().map(|value| (header::WWW_AUTHENTICATE, value))
    }

    /// The error word, for the log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.row().1
    }

    /// The body of the reply to the request of that id.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let errors = if let Self::Validation(errors, _) = self { Some(errors) } else { None };
        let client = match self {
            Self::DuplicateCustomerId(client) => Some(Holder { id: client.id, ns_domain: &client.ns_domain }),
            _ => None,
        };
        let body = Body { result: "ERROR", error: self.row().1, message: self.to_string(), errors, client, request_id };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    result: &'static str,
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a ValidationErrors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Holder<'a>>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Holder<'a> {
    id: i64,
    ns_domain: &'a str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.row().0.into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.into()),
            StoreError::Refused(_) => Self::InvalidRequest("A parameter holds what cannot be stored.".into()),
            StoreError::Taken(_) | StoreError::Failed(_) => Self::Internal(error.into()),
        }
    }
}

impl From<HasherError> for ApiError {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy | HasherError::Hash(HashError::NoMemory) => Self::Unavailable(error.into()),
            HasherError::Hash(HashError::Unusable(_)) | HasherError::Panicked => Self::Internal(error.into()),
        }
    }
}

impl From<Unreadable> for ApiError {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::TooLarge => Self::PayloadTooLarge,
            Unreadable::TooSlow => Self::RequestTimeout,
            Unreadable::MediaType(_) => Self::UnsupportedMediaType,
            Unreadable::Malformed(why) => Self::InvalidRequest(why.into()),
        }
    }
}
