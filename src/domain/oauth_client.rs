//! An OAuth client: the partner's program that asks for tokens (RFC 6749 §1.1 calls it the client).

use std::fmt;

use uuid::Uuid;

/// The `client_id` of RFC 6749 §2.2: a UUID in its hyphenated, lower-case form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OauthClientId(pub Uuid);

impl OauthClientId {
    /// Reads a `client_id`; nothing but the one spelling that was handed out names it.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Uuid::try_parse(id).ok().map(Self).filter(|parsed| parsed.to_string() == id)
    }
}

impl fmt::Display for OauthClientId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(out)
    }
}

/// A way to a token: the `grant_type` of RFC 6749.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantType {
    /// §4.3: a username and a password.
    Password,
    /// §6: a refresh token.
    RefreshToken,
    /// §4.4: nothing but the OAuth client's own secret.
    ClientCredentials,
}

impl GrantType {
    /// Every grant there is.
    pub const ALL: [Self; 3] = [Self::Password, Self::RefreshToken, Self::ClientCredentials];

    /// The value of the parameter `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// The grant of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }
}

/// The grants that an OAuth client may use, in the order of [`GrantType::ALL`]; prints as a space-delimited list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantTypes(Vec<GrantType>);

/// A list that is empty or names an unknown grant.
#[derive(Debug, thiserror::Error)]
#[error("grants are one or more of password, refresh_token and client_credentials")]
pub struct BadGrantTypes;

impl GrantTypes {
    /// What an OAuth client may use unless it is told: that a user logs in. To speak for itself, it must be allowed.
    #[must_use]
    pub fn usual() -> Self {
        Self(vec![GrantType::Password, GrantType::RefreshToken])
    }

    /// Reads a list that is delimited by spaces, commas or both.
    ///
    /// # Errors
    /// [`BadGrantTypes`] when it is empty or names what does not exist.
    pub fn parse(list: &str) -> Result<Self, BadGrantTypes> {
        let named: Vec<&str> = list.split([' ', ',']).filter(|name| !name.is_empty()).collect();
        if named.is_empty() || named.iter().any(|name| GrantType::parse(name).is_none()) {
            return Err(BadGrantTypes);
        }
        Ok(Self(GrantType::ALL.into_iter().filter(|grant| named.contains(&grant.as_str())).collect()))
    }

    /// Whether `grant` is among them.
    #[must_use]
    pub fn contains(&self, grant: GrantType) -> bool {
        self.0.contains(&grant)
    }
}

impl fmt::Display for GrantTypes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|grant| grant.as_str()).collect();
        out.write_str(&names.join(" "))
    }
}
