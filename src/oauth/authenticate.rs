//! Which OAuth client asks (RFC 6749 §2.3.1): by HTTP Basic or by parameters, never by both.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    attempt::Attempt,
    error::{Refusal, TokenError},
    request::TokenRequest,
};
use crate::{
    crypto::secret,
    domain::{
        oauth_client::{GrantTypes, OauthClientId},
        partner::PartnerId,
        scope::ScopeSet,
    },
    state::AppState,
    store,
};

/// An OAuth client that has proved who it is.
pub struct OauthClient {
    /// Its partner.
    pub partner: PartnerId,
    /// Its `client_id`.
    pub id: OauthClientId,
    /// What it may have.
    pub scope: ScopeSet,
    /// How it may ask.
    pub grant_types: GrantTypes,
}

/// A `client_id` and a secret, as they were presented.
struct Presented {
    id: String,
    secret: SecretString,
}

/// The credentials of an `Authorization: Basic` header.
pub struct Basic {
    user: String,
    password: SecretString,
}

impl Basic {
    /// Reads a header's value; none where it is of another scheme, an error where it is Basic and broken.
    ///
    /// # Errors
    /// [`Refusal`] where what follows `Basic` is not base64 of a pair.
    pub fn parse(header: &str) -> Result<Option<Self>, Refusal> {
        let (scheme, encoded) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if !scheme.eq_ignore_ascii_case("basic") {
            return Ok(None);
        }
        let decoded = BASE64_STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|pair| pair.split_once(':'));
        let (user, password) = pair.ok_or(Refusal::client("broken Basic header"))?;
        Ok(Some(Self { user: user.to_owned(), password: password.into() }))
    }

    /// The pair urldecoded, as RFC 6749 wants it encoded, then as it stands, as many send it.
    fn readings(&self) -> Vec<Presented> {
        let raw = Presented { id: self.user.clone(), secret: self.password.clone() };
        let decoded = urldecode(&self.user).zip(urldecode(self.password.expose_secret()));
        decoded.map(|(id, secret)| Presented { id, secret: secret.into() }).into_iter().chain([raw]).collect()
    }
}

fn urldecode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// The OAuth client that sent a request.
///
/// # Errors
/// [`TokenError::Refused`] where it presents nothing, two things, or what is wrong.
pub async fn authenticate(
    app: &AppState,
    request: &TokenRequest<'_>,
    basic: Option<&Basic>,
) -> Result<OauthClient, TokenError> {
    let id = request.text("client_id")?;
    let secret = request.secret("client_secret")?;
    let presented = match (basic, id, secret) {
        (None, Some(id), Some(secret)) => vec![Presented { id: id.to_owned(), secret }],
        (None, _, _) => return Err(Refusal::client("no client credentials").into()),
        (Some(_), _, Some(_)) => return Err(two_ways()),
        (Some(basic), None, None) => basic.readings(),
        (Some(basic), Some(id), None) => {
            let same: Vec<_> = basic.readings().into_iter().filter(|presented| presented.id == id).collect();
            if same.is_empty() {
                return Err(two_ways());
            }
            same
        }
    };
    let mut refusal = Refusal::client("no client credentials");
    for presented in presented {
        match verify(app, &presented, request.attempt()).await? {
            Ok(client) => return Ok(client),
            Err(wrong) => refusal = wrong,
        }
    }
    Err(refusal.into())
}

fn two_ways() -> TokenError {
    Refusal::request("Client credentials were given in two ways.", "two client authentications").into()
}

async fn verify(
    app: &AppState,
    presented: &Presented,
    attempt: &Attempt,
) -> Result<Result<OauthClient, Refusal>, TokenError> {
    attempt.learn(|known| known.has_credentials = true);
    let hash = secret::hash(presented.secret.expose_secret());
    let Some(id) = OauthClientId::parse(&presented.id) else {
        return Ok(Err(Refusal::client("unknown client_id")));
    };
    attempt.learn(|known| known.oauth_client = Some(id));
    let Some(found) = store::oauth_client::credentials(&app.db, id).await? else {
        return Ok(Err(Refusal::client("unknown client_id")));
    };
    let partner = PartnerId(found.partner_id);
    attempt.learn(|known| known.partner = Some(partner));
    if !secret::matches(&hash, &found.secret_hash) {
        return Ok(Err(Refusal::client("wrong client_secret")));
    }
    if !found.enabled {
        return Ok(Err(Refusal::client("OAuth client or partner disabled")));
    }
    Ok(Ok(OauthClient {
        partner,
        id,
        scope: ScopeSet::parse(&found.scope).map_err(|e| TokenError::Foreign(e.to_string()))?,
        grant_types: GrantTypes::parse(&found.grant_types).map_err(|e| TokenError::Foreign(e.to_string()))?,
    }))
}
