//! What a token request asks: its parameters, each at most once (RFC 6749 §3.2).

use secrecy::SecretString;

use super::{
    attempt::Attempt,
    error::{Code, Refusal},
};
use crate::domain::{
    oauth_client::GrantType,
    parameters::{Parameters, Value},
    scope::ScopeSet,
};

/// Parameters that are secrets: in a URL they are documented, deprecated, and never logged.
pub const CREDENTIALS: [&str; 4] = ["client_secret", "password", "refresh_token", "access_token"];

/// The parameters of a token request, none of them twice, and what is learnt of it on its way.
pub struct TokenRequest<'a> {
    parameters: &'a Parameters,
    attempt: Attempt,
}

impl<'a> TokenRequest<'a> {
    /// The request of these parameters.
    ///
    /// # Errors
    /// [`Refusal`] where a parameter comes twice, whatever its values.
    pub fn new(parameters: &'a Parameters) -> Result<Self, Refusal> {
        match parameters.repeated() {
            Some(name) => Err(Refusal::request("A parameter was given twice.", "repeated parameter").hint(name)),
            None => Ok(Self { parameters, attempt: Attempt::default() }),
        }
    }

    /// What is learnt of the request on its way.
    #[must_use]
    pub const fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// Text as it was sent; none where the parameter is missing or empty (RFC 6749 §3.1).
    fn raw(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.parameters.all(name).next() {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(Refusal::request("A parameter is not a string.", "parameter of another type").hint(name)),
        }
    }

    /// Text without the white space around it.
    ///
    /// # Errors
    /// [`Refusal`] where the parameter is no text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        Ok(self.raw(name)?.map(str::trim).filter(|text| !text.is_empty()))
    }

    /// A password or another secret: never trimmed.
    ///
    /// # Errors
    /// [`Refusal`] where the parameter is no text.
    pub fn secret(&self, name: &str) -> Result<Option<SecretString>, Refusal> {
        Ok(self.raw(name)?.map(SecretString::from))
    }

    /// The grant that is asked for. Where it is missing, `seen` tells the caller what came in its place.
    ///
    /// # Errors
    /// [`Refusal`] where it is missing or there is no such grant.
    pub fn grant_type(&self, seen: &str) -> Result<GrantType, Refusal> {
        const UNSUPPORTED: Refusal = Refusal::new(
            Code::UnsupportedGrantType,
            "The authorization grant type is not supported.",
            "unknown grant type",
        );
        match self.text("grant_type")? {
            None => Err(Refusal::request("The grant_type parameter is missing.", "no grant_type").hint(seen)),
            Some(name) => {
                let grant = GrantType::parse(name)
                    .ok_or(UNSUPPORTED.hint("Use password, refresh_token or client_credentials."))?;
                self.attempt.learn(|known| known.grant = Some(grant));
                Ok(grant)
            }
        }
    }

    /// The scopes that are asked for; none where that is missing, empty or `*`: all that may be had.
    ///
    /// # Errors
    /// [`Refusal`] where a scope does not exist.
    pub fn scope(&self) -> Result<Option<ScopeSet>, Refusal> {
        match self.text("scope")? {
            None | Some("*") => Ok(None),
            Some(list) => match ScopeSet::parse(list) {
                Ok(scope) => {
                    self.attempt.learn(|known| known.asked = Some(scope));
                    Ok(Some(scope))
                }
                Err(_) => Err(Refusal::scope("The requested scope is unknown.", "unknown scope")
                    .hint(&format!("The scopes are {}.", ScopeSet::all()))),
            },
        }
    }
}
