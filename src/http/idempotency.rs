//! `Idempotency-Key`: a request that is repeated under its key is carried out once, and answered in the same way each
//! time. The reply is kept in the transaction of the effect, so that no crash can come between them.

use axum::{
    body::Body,
    extract::{FromRequestParts, MatchedPath, RawPathParams},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use http_body_util::BodyExt as _;
use sqlx::PgConnection;

use super::error::ApiError;
use crate::{
    crypto::checksum::sha256,
    domain::{
        caller::Identity,
        idempotency::{self, Attempt, Claim, KeptReply},
        parameters::Parameters,
    },
    metrics::Idempotency as Outcome,
    state::AppState,
    store::{
        self, StoreError,
        lease::{Lease, Transaction},
    },
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The key of a request, together with what it was sent to; none where it came without.
#[derive(Clone, Copy)]
pub struct IdempotencyKey(Option<[u8; 32]>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        const WRONG: &str = "The Idempotency-Key must be one of 1 to 255 visible ASCII characters.";
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next().cloned() else { return Ok(Self(None)) };
        let key = idempotency::key(value.as_bytes()).filter(|_| values.next().is_none());
        let key = key.ok_or(ApiError::InvalidRequest(WRONG.into()))?;
        let route = parts.extensions.get::<MatchedPath>().map(|route| route.as_str().to_owned()).unwrap_or_default();
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        let client = params.iter().find(|(name, _)| *name == "id").map_or("", |(_, id)| id);
        Ok(Self(Some(sha256(&[route.as_bytes(), client.as_bytes(), key]))))
    }
}

/// How a request stands that may have a key.
pub enum Begun {
    /// It is to be carried out.
    First(Once),
    /// It was, and this was the reply.
    Before(Response),
}

/// What carries a request out: a connection, which with a key is in a transaction that has claimed it. Dropped before its
/// end, it takes claim and effect back.
pub enum Once {
    /// Without a key.
    Plain(Lease),
    /// With one.
    Keyed(Transaction, Attempt),
}

impl IdempotencyKey {
    /// Begins a request, once it is read and nothing more of it is waited for.
    ///
    /// # Errors
    /// [`ApiError`] where the key was used for something else, or a request with it is running.
    pub async fn begin(self, app: &AppState, identity: &Identity, parameters: &Parameters) -> Result<Begun, ApiError> {
        let Some(key) = self.0 else {
            let connection = app.db.acquire().await.map_err(StoreError::from)?;
            return Ok(Begun::First(Once::Plain(connection)));
        };
        let attempt = Attempt {
            partner: identity.partner,
            oauth_client: identity.oauth_client,
            key,
            fingerprint: fingerprint(parameters),
        };
        let mut transaction = store::idempotency::begin(&app.db).await?;
        let claim = store::idempotency::claim(&mut transaction, &attempt).await?;
        app.metrics.idempotency.count(outcome(&claim));
        match claim {
            Claim::Mine => Ok(Begun::First(Once::Keyed(transaction, attempt))),
            Claim::Done(kept) => replay(kept).map(Begun::Before),
            Claim::Running => Err(ApiError::IdempotencyKeyInUse),
            Claim::Other => Err(ApiError::IdempotencyKeyReused),
            Claim::Erased => Err(ApiError::Gone),
        }
    }
}

impl Once {
    /// The connection to carry it out on.
    pub fn db(&mut self) -> &mut PgConnection {
        match self {
            Self::Plain(connection) => connection,
            Self::Keyed(transaction, _) => transaction,
        }
    }

    /// Ends a request that concerned this client, and whose statements have all ended well: keeps its reply, together with
    /// its effect, and gives it.
    ///
    /// # Errors
    /// [`ApiError`] when the database cannot be asked; then there is neither effect nor reply.
    pub async fn end(self, client: i64, reply: Response) -> Result<Response, ApiError> {
        let (mut transaction, attempt) = match self {
            Self::Plain(connection) => {
                connection.put_back();
                return Ok(reply);
            }
            Self::Keyed(transaction, attempt) => (transaction, attempt),
        };
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|error| ApiError::Internal(error.into()))?.to_bytes();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let kept = KeptReply {
            status: parts.status.as_u16(),
            location: text(header::LOCATION),
            etag: text(header::ETAG),
            body: body.to_vec(),
        };
        store::idempotency::keep(&mut *transaction, &attempt, client, &kept).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        Ok(Response::from_parts(parts, Body::from(body)))
    }
}

/// What is counted of it.
const fn outcome(claim: &Claim) -> Outcome {
    match claim {
        Claim::Mine => Outcome::First,
        Claim::Done(_) => Outcome::Replayed,
        Claim::Running => Outcome::InUse,
        Claim::Other => Outcome::Reused,
        Claim::Erased => Outcome::Gone,
    }
}

/// What tells one payload from another: which form the reply has, and each parameter's name and trimmed value, in an
/// order of their own.
fn fingerprint(parameters: &Parameters) -> [u8; 32] {
    let form: &[u8] = if parameters.are_documented_form() { b"documented" } else { b"standard" };
    let mut pairs: Vec<(&str, Option<&str>)> = parameters.pairs().collect();
    pairs.sort_unstable();
    let mut parts = vec![form];
    for (name, value) in pairs {
        let kind: &[u8] = if value.is_some() { b"text" } else { b"none" };
        parts.extend([name.as_bytes(), kind, value.unwrap_or_default().as_bytes()]);
    }
    sha256(&parts)
}

fn replay(kept: KeptReply) -> Result<Response, ApiError> {
    let internal = |error: axum::http::Error| ApiError::Internal(error.into());
    let status = StatusCode::from_u16(kept.status).map_err(|error| internal(error.into()))?;
    let json = HeaderValue::from_static("application/json");
    let mut response = (status, [(header::CONTENT_TYPE, json)], kept.body).into_response();
    for (name, value) in
        [(header::LOCATION, kept.location), (header::ETAG, kept.etag), (IDEMPOTENT_REPLAYED, Some("true".to_owned()))]
    {
        if let Some(value) = value {
            let value = HeaderValue::try_from(value).map_err(|error| internal(error.into()))?;
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
