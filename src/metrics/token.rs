//! Tokens, and who still asks in the documented forms.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::label::{Bounded, Counts, kind};
use crate::domain::oauth_client::{GrantType, OauthClientId};

/// Reasons that are told apart: more than there are.
const REASONS: usize = 60;
/// OAuth clients that are told apart.
const OAUTH_CLIENTS: usize = 50;
/// What the rest is called.
const OTHER: &str = "other";

kind! {
    /// How tokens were asked for.
    Grant, "grant", {
        /// With a password.
        Password = "password",
        /// With a refresh token.
        RefreshToken = "refresh_token",
        /// With the OAuth client's secret alone.
        ClientCredentials = "client_credentials",
    }
}

impl From<GrantType> for Grant {
    fn from(grant: GrantType) -> Self {
        match grant {
            GrantType::Password => Self::Password,
            GrantType::RefreshToken => Self::RefreshToken,
            GrantType::ClientCredentials => Self::ClientCredentials,
        }
    }
}

kind! {
    /// What came of a refresh token.
    Refresh, "outcome", {
        /// It was used, and has a successor.
        Rotated = "rotated",
        /// It was used before, and its reply taken for lost.
        Repeated = "repeated",
        /// It was used before its successor was: its login is revoked.
        Stolen = "stolen",
        /// It is unknown, over, or good for less than was asked.
        Refused = "refused",
        /// Failures of ours.
        Failed = "failed",
    }
}

kind! {
    /// Why an access token was refused.
    BadToken, "reason", {
        /// None came.
        Missing = "missing",
        /// It came in the query, twice, or is no JWT of ours at all.
        Malformed = "malformed",
        /// Its key is not known here, or no longer.
        UnknownKey = "unknown key",
        /// Signature, issuer or audience are not right, or a claim is missing.
        Forged = "forged",
        /// It is not good yet: another server's clock is ahead.
        NotYet = "not yet valid",
        /// Its time is over.
        Expired = "expired",
        /// Its login was revoked, or its partner, OAuth client or user is disabled.
        Revoked = "revoked",
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OauthClient {
    oauth_client: String,
}

/// Tokens as the endpoints decide on them.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Tokens that were issued.
    pub issued: Counts<Grant>,
    /// What came of refresh tokens.
    pub refreshes: Counts<Refresh>,
    /// Access tokens that were refused.
    pub bad: Counts<BadToken>,
    refused: Bounded<Reason, Counter>,
    documented: Bounded<OauthClient, Counter>,
}

impl Tokens {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let refused: Family<Reason, Counter, fn() -> Counter> = Family::new_with_constructor(Counter::default);
        let documented: Family<OauthClient, Counter, fn() -> Counter> = Family::new_with_constructor(Counter::default);
        registry.register(
            "dna_token_requests_refused",
            "Requests of the OAuth endpoints that were refused, by the log's reason",
            refused.clone(),
        );
        registry.register(
            "dna_documented_form_uses",
            "Uses of the deprecated forms, by OAuth client",
            documented.clone(),
        );
        Self {
            issued: Counts::registered(registry, "dna_tokens_issued", "Access tokens issued, by grant"),
            refreshes: Counts::registered(registry, "dna_refreshes", "What came of refresh tokens"),
            bad: Counts::registered(registry, "dna_access_tokens_refused", "Access tokens refused, by reason"),
            refused: Bounded::new(refused, REASONS),
            documented: Bounded::new(documented, OAUTH_CLIENTS),
        }
    }

    /// A request of the OAuth endpoints was refused for this, in the log's words.
    pub fn refused(&self, reason: &'static str) {
        self.refused.of(&Reason { reason }, || Reason { reason: OTHER }).inc();
    }

    /// An OAuth client used a documented form.
    pub fn documented_form(&self, oauth_client: OauthClientId) {
        let named = |name: String| OauthClient { oauth_client: name };
        self.documented.of(&named(oauth_client.to_string()), || named(OTHER.to_owned())).inc();
    }
}
