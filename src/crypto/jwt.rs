//! Access tokens: JSON Web Tokens (RFC 7519) signed with RS256.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{rand::SystemRandom, signature::RSA_PKCS1_SHA256};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    keyring::Keyring,
    verified::{self, Known},
};
use crate::{
    clock::Clock,
    domain::{caller::Identity, oauth_client::OauthClientId, partner::PartnerId, scope::ScopeSet, user::UserId},
};

/// Seconds by which another server's clock may be ahead or behind.
const LEEWAY: i64 = 5;
/// Far more characters than a token of ours has: nothing longer is decoded.
const LONGEST: usize = 8 * 1024;

/// The members of the header, in the order in which the documented token has them.
#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    jti: Uuid,
    kid: &'a str,
}

/// What a token says (RFC 9068 §2.2), times in Unix seconds.
#[derive(Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: the server's public URL.
    pub iss: String,
    /// Whom it speaks for: the user, or the OAuth client itself.
    pub sub: Uuid,
    /// Who may take it: the issuer and the OAuth client.
    pub aud: Vec<String>,
    /// The OAuth client that it was issued to.
    pub client_id: Uuid,
    /// That OAuth client's partner.
    pub partner: Uuid,
    /// The login that it descends from.
    pub sid: Uuid,
    /// Its own name.
    pub jti: Uuid,
    /// When it was issued.
    pub iat: i64,
    /// From when on it is good.
    pub nbf: i64,
    /// Until when.
    pub exp: i64,
    /// What it allows, space-delimited.
    pub scope: String,
    scopes: Vec<String>,
}

impl Claims {
    /// Who it speaks for.
    ///
    /// # Errors
    /// [`JwtError`] where it allows what does not exist.
    pub fn identity(&self) -> Result<Identity, JwtError> {
        Ok(Identity {
            partner: PartnerId(self.partner),
            oauth_client: OauthClientId(self.client_id),
            user: Some(UserId(self.sub)).filter(|_| self.sub != self.client_id),
            sid: self.sid,
            scope: ScopeSet::parse(&self.scope).map_err(|_| JwtError::Forged)?,
        })
    }
}

/// Why a token is refused. The caller is told whether its time is over, and no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JwtError {
    /// It is no JWT, or asks for what we do not know.
    #[error("The access token is invalid.")]
    Malformed,
    /// The key that it names is not held.
    #[error("The access token is invalid.")]
    UnknownKey,
    /// Signature, issuer or audience are not right, or a claim is missing.
    #[error("The access token is invalid.")]
    Forged,
    /// Its time has not come.
    #[error("The access token is invalid.")]
    NotYet,
    /// Its time is over.
    #[error("The access token has expired.")]
    Expired,
}

/// Why a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key that is to sign now is not held: another master key sealed it.
    #[error("there is no key to sign with")]
    NoKey,
    /// The cryptographic library failed.
    #[error("signing an access token failed")]
    Crypto,
}

/// This issuer's tokens, and the keys that sign and verify them at the moment.
pub struct Jwts {
    issuer: String,
    keys: RwLock<Arc<Keyring>>,
    validation: Validation,
}

impl Jwts {
    /// Tokens of `issuer`, signed and verified with `keys`.
    #[must_use]
    pub fn new(issuer: String, keys: Keyring) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        validation.validate_exp = false; // against our clock, below
        Self { issuer, keys: RwLock::new(Arc::new(keys)), validation }
    }

    /// The keys of the moment.
    #[must_use]
    pub fn keys(&self) -> Arc<Keyring> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on with other keys.
    pub fn set_keys(&self, keys: Keyring) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// The issuer: the server's public URL.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A token that says who `identity` is, for `ttl` seconds from now. Takes about a millisecond.
    ///
    /// # Errors
    /// [`SignError`] when no key is held that signs, or the cryptographic library fails.
    pub fn sign(&self, identity: &Identity, ttl: u32, clock: &Clock) -> Result<SecretString, SignError> {
        let keys = self.keys();
        let key = keys.signing().ok_or(SignError::NoKey)?;
        let jti = Uuid::new_v4();
        let now = clock.now().timestamp();
        let header = Header { typ: "JWT", alg: "RS256", jti, kid: key.kid() };
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: identity.user.map_or(identity.oauth_client.0, |user| user.0),
            aud: vec![self.issuer.clone(), identity.oauth_client.to_string()],
            client_id: identity.oauth_client.0,
            partner: identity.partner.0,
            sid: identity.sid,
            jti,
            iat: now,
            nbf: now,
            exp: now + i64::from(ttl),
            scope: identity.scope.to_string(),
            scopes: identity.scope.iter().map(|scope| scope.as_str().to_owned()).collect(),
        };
        let mut token = format!("{}.{}", part(&header)?, part(&claims)?);
        let mut signature = vec![0; key.pair().public_modulus_len()];
        key.pair()
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| SignError::Crypto)?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token.into())
    }

    /// Who a token speaks for.
    ///
    /// # Errors
    /// [`JwtError`] when it does not hold.
    pub fn verify(&self, token: &str, clock: &Clock) -> Result<Identity, JwtError> {
        if token.len() > LONGEST {
            return Err(JwtError::Malformed);
        }
        let (keys, key) = (self.keys(), verified::key(token));
        if let Some(known) = keys.verified().get(&key) {
            let in_time = in_time(known.nbf, known.exp, clock);
            if in_time == Err(JwtError::Expired) {
                keys.verified().forget(&key);
            }
            return in_time.map(|()| known.identity);
        }
        let claims = self.claims_by(&keys, token, clock)?;
        let identity = claims.identity()?;
        keys.verified().keep(key, Known { identity, nbf: claims.nbf, exp: claims.exp });
        Ok(identity)
    }

    /// Verifies a token anew when it comes again: it was revoked.
    pub fn forget(&self, token: &str) {
        self.keys().verified().forget(&verified::key(token));
    }

    /// What a token says, where it holds. The algorithm is pinned to RS256 and the header's `kid` only looks up a key:
    /// whatever else a header says has no effect, but for `crit`, which asks for what we do not know (RFC 7515 §4.1.11).
    ///
    /// # Errors
    /// [`JwtError`] when it does not hold.
    pub fn claims(&self, token: &str, clock: &Clock) -> Result<Claims, JwtError> {
        self.claims_by(&self.keys(), token, clock)
    }

    fn claims_by(&self, keys: &Keyring, token: &str, clock: &Clock) -> Result<Claims, JwtError> {
        if token.len() > LONGEST {
            return Err(JwtError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| JwtError::Malformed)?;
        let key = header.kid.as_ref().and_then(|kid| keys.verifying(kid)).ok_or(JwtError::UnknownKey)?;
        if header.crit.is_some() {
            return Err(JwtError::Malformed);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| JwtError::Forged)?.claims;
        in_time(claims.nbf, claims.exp, clock).map(|()| claims)
    }
}

fn in_time(nbf: i64, exp: i64, clock: &Clock) -> Result<(), JwtError> {
    let now = clock.now().timestamp();
    if nbf > now + LEEWAY {
        return Err(JwtError::NotYet);
    }
    if exp <= now - LEEWAY {
        return Err(JwtError::Expired);
    }
    Ok(())
}

fn part(member: &impl Serialize) -> Result<String, SignError> {
    serde_json::to_vec(member).map(|json| BASE64_URL_SAFE_NO_PAD.encode(json)).map_err(|_| SignError::Crypto)
}
