//! What becomes of a token request goes on record before the caller learns of it.

use serde_json::{Map, Value};

use super::{
    attempt::Known,
    error::{Refusal, TokenError},
    grant::Tokens,
    request::TokenRequest,
};
use crate::{
    domain::audit::{Entry, Kind, Source},
    state::AppState,
    store,
};

/// Puts a decision on record and hands it on. Tokens that cannot be put on record do not go out; a refusal stands all
/// the same. What presents no credentials of an OAuth client asks in nobody's name, and is in the log alone; failures of
/// ours decide nothing.
///
/// # Errors
/// The decision's own, or [`TokenError::Store`] where tokens could not be put on record.
pub async fn record(
    app: &AppState,
    source: Source<'_>,
    request: &TokenRequest<'_>,
    decision: Result<Tokens, TokenError>,
) -> Result<Tokens, TokenError> {
    let known = request.attempt().known();
    match &decision {
        Ok(tokens) => {
            store::audit::record(&app.db, &issued(known, source, tokens)).await?;
            if let Some(grant) = known.grant {
                app.metrics.tokens.issued.count(grant.into());
            }
        }
        Err(TokenError::Refused(refusal)) if known.has_credentials => {
            if let Err(error) = store::audit::record(&app.db, &refused(known, source, refusal)).await {
                tracing::warn!(%error, reason = refusal.reason, "a refused token request is not in the audit log");
            }
        }
        Err(_) => {}
    }
    decision
}

fn issued<'a>(known: Known, source: Source<'a>, tokens: &Tokens) -> Entry<'a> {
    entry(Kind::TokenIssued, known, source, [("scope", tokens.scope.to_string())])
}

fn refused<'a>(known: Known, source: Source<'a>, refusal: &Refusal) -> Entry<'a> {
    let why = [("error", refusal.code.as_str()), ("reason", refusal.reason)];
    entry(Kind::TokenRefused, known, source, why.map(|(name, word)| (name, word.to_owned())))
}

/// Nothing that a caller wrote goes into the detail: a password may be typed where a username or a scope belongs.
fn entry<'a, const N: usize>(kind: Kind, known: Known, source: Source<'a>, more: [(&str, String); N]) -> Entry<'a> {
    let grant = known.grant.map(|grant| grant.as_str().to_owned());
    let asked = known.asked.map(|asked| asked.to_string());
    let detail: Map<String, Value> = [("grant", grant), ("asked", asked)]
        .into_iter()
        .chain(more.map(|(name, value)| (name, Some(value))))
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
    Entry {
        kind,
        partner: known.partner,
        oauth_client: known.oauth_client,
        user: known.user,
        sid: known.sid,
        source,
        detail: detail.into(),
    }
}
