//! What handlers take as arguments; each refuses in the contract's words.

use std::{marker::PhantomData, net::IpAddr};

use axum::{
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::{HeaderMap, header, request::Parts},
};

use super::{
    body::{self, Form},
    error::ApiError,
    token_error::TokenFailure,
};
use crate::{
    domain::{attempt::Address, caller::Identity, client::ClientId, ns_domain, parameters::Parameters, scope::Scope},
    oauth::{authenticate::Basic, error::Refusal},
    state::Allowance,
};

/// A permission, as a type: a handler that takes a [`Caller`] of it was checked.
pub trait Permission {
    /// The scope that a token needs.
    const SCOPE: Scope;
}

/// May create clients.
pub struct Create;
/// May activate clients.
pub struct Activate;
/// May suspend clients.
pub struct Suspend;
/// May cancel clients.
pub struct Cancel;
/// May read clients and what happened to them.
pub struct Read;
/// May change what is told of clients.
pub struct Update;

impl Permission for Create {
    const SCOPE: Scope = Scope::Create;
}
impl Permission for Activate {
    const SCOPE: Scope = Scope::Activate;
}
impl Permission for Suspend {
    const SCOPE: Scope = Scope::Suspend;
}
impl Permission for Cancel {
    const SCOPE: Scope = Scope::Cancel;
}
impl Permission for Read {
    const SCOPE: Scope = Scope::Read;
}
impl Permission for Update {
    const SCOPE: Scope = Scope::Update;
}

/// Who calls, that they may, and that they have not called too often. Behind the bearer middleware alone: elsewhere there is nobody, and it refuses.
pub struct Caller<P> {
    /// Whose token it is.
    pub identity: Identity,
    permission: PhantomData<P>,
}

impl<P: Permission, S: Sync> FromRequestParts<S> for Caller<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let identity = *parts.extensions.get::<Identity>().ok_or(ApiError::Unauthenticated)?;
        if !identity.scope.contains(P::SCOPE) {
            return Err(ApiError::InsufficientScope(P::SCOPE));
        }
        if let Some(retry_after) = parts.extensions.get::<Allowance>().and_then(|allowance| allowance.retry_after) {
            return Err(ApiError::RateLimited { retry_after });
        }
        Ok(Self { identity, permission: PhantomData })
    }
}

/// The request's id.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let id = parts.extensions.get::<Self>().cloned();
        id.ok_or_else(|| ApiError::Internal("the request has no id: the edge is not in front".into()))
    }
}

/// The caller's address, as far as it can be believed: none behind a Unix socket whose peer reports none.
#[derive(Clone, Copy, Debug)]
pub struct CallerAddress(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for CallerAddress {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let address = parts.extensions.get::<Self>().copied();
        address.ok_or_else(|| ApiError::Internal("the request has no address: the edge is not in front".into()))
    }
}

/// The client that a path names. What names none is answered like a client that does not exist.
pub struct ClientPath(pub ClientId);

impl<S: Send + Sync> FromRequestParts<S> for ClientPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        let id = params.iter().find(|(name, _)| *name == "id").and_then(|(_, id)| ClientId::parse(id));
        id.map(Self).ok_or(ApiError::NotFound)
    }
}

/// The domain that a path names, in lower case. What names none is answered like one that was never given out.
pub struct NsDomainPath(pub String);

impl<S: Send + Sync> FromRequestParts<S> for NsDomainPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| ApiError::NotFound)?;
        let name = params.iter().find(|(name, _)| *name == "ns_domain").and_then(|(_, name)| ns_domain::parse(name));
        name.map(Self).ok_or(ApiError::NotFound)
    }
}

/// The parameters of an API request, from URL and body.
pub struct Params(pub Parameters);

impl<S: Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let parameters = body::form(request).await?.parameters;
        if parameters.all("access_token").next().is_some() {
            return Err(ApiError::BadCredentials("The access token belongs in the Authorization header alone."));
        }
        Ok(Self(parameters))
    }
}

/// The parameters of a request that used to have none: what cannot be read is ignored, as it was then; only a `GET` may
/// not have a body.
pub struct OptionalParams(pub Parameters);

impl<S: Sync> FromRequest<S> for OptionalParams {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(body::optional(request).await?))
    }
}

/// A token request: its parameters, and the credentials of its header.
pub struct TokenForm {
    /// The parameters, and what the body is.
    pub form: Form,
    /// HTTP Basic, where it is used; refused only once it is known what is asked.
    pub basic: Result<Option<Basic>, Refusal>,
    /// Where it comes from.
    pub address: Address,
}

impl<S: Sync> FromRequest<S> for TokenForm {
    type Rejection = TokenFailure;

    async fn from_request(request: Request, _: &S) -> Result<Self, TokenFailure> {
        let basic = basic(request.headers());
        let address = request.extensions().get::<Address>().copied().unwrap_or_default();
        let form = body::form(request).await?;
        Ok(Self { form, basic, address })
    }
}

fn basic(headers: &HeaderMap) -> Result<Option<Basic>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Basic::parse(&String::from_utf8_lossy(value.as_bytes())),
        (Some(_), Some(_)) => {
            Err(Refusal::request("There are two Authorization headers.", "two Authorization headers"))
        }
    }
}
