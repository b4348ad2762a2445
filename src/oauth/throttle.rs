//! Why guessing is hopeless: attempts are counted before they are made, and refused where too many have failed. The rules
//! are [`Rule`]'s.

use uuid::Uuid;

use super::{authenticate::OauthClient, error::TokenError};
use crate::{
    crypto::secret,
    domain::{
        attempt::{Address, Count, Key, Rule},
        user,
    },
    state::{AppState, Turn},
    store::{self, attempt::Claim},
};

/// A login that may be tried, counted as failed until it [ends](Attempt::end) otherwise.
pub struct Attempt<'a> {
    app: &'a AppState,
    partner: Uuid,
    counted: Vec<Count>,
    own: Option<Key>,
    _turn: Turn<'a>,
}

/// Counts a login under that username, whether there is such a user or not; none where throttling is off.
///
/// # Errors
/// [`TokenError::Throttled`] where it may not be tried now.
pub async fn login<'a>(
    app: &'a AppState,
    client: &OauthClient,
    username: &str,
    address: Address,
) -> Result<Option<Attempt<'a>>, TokenError> {
    if !app.policy.login_throttle {
        return Ok(None);
    }
    let username = user::fold(username);
    let keys = |network: &str| [key(client, network, Some(&username)), key(client, network, None)];
    let everywhere = keys("everywhere");
    let here = address.network().filter(|_| !address.shared).map(|network| keys(&network));
    let shared = [Rule::USERNAME, Rule::OAUTH_CLIENT];
    let shared = (0..2).map(|n| Count { key: everywhere[n], rule: shared[n], own: here.map(|here| here[n]) });
    let own = here.map(|[username, client]| {
        let count = |key, rule| Count { key, rule, own: None };
        [count(username, Rule::USERNAME_FROM_ADDRESS), count(client, Rule::OAUTH_CLIENT_FROM_ADDRESS)]
    });
    let counts: Vec<Count> = own.into_iter().flatten().chain(shared).collect();

    let turn = app.limits.logins.wait(counts[0].key).await;
    let partner = client.partner.0;
    let counted = claim(app, partner, &counts, "too many wrong passwords").await?;
    Ok(Some(Attempt { app, partner, counted, own: here.map(|[username, _]| username), _turn: turn }))
}

impl Attempt<'_> {
    /// What came of it: a success takes back what was counted for it and forgets the username's failures from this
    /// address, a refusal stands as it was counted, and a failure of ours counts for nothing.
    ///
    /// # Errors
    /// [`TokenError`] where the database cannot be asked.
    pub async fn end<T>(self, outcome: &Result<T, TokenError>) -> Result<(), TokenError> {
        let forgotten = match outcome {
            Ok(_) => self.own.as_ref(),
            Err(TokenError::Refused(_)) => return Ok(()),
            Err(_) => None,
        };
        Ok(store::attempt::take_back(&self.app.db, self.partner, &self.counted, forgotten).await?)
    }
}

/// Counts a caller who is no OAuth client. Who is one is never asked: nobody can fill this count for others.
///
/// # Errors
/// [`TokenError::Throttled`] where too many came from that address.
pub async fn stranger(app: &AppState, address: Address) -> Result<(), TokenError> {
    let Some(network) = address.network().filter(|_| app.policy.login_throttle) else { return Ok(()) };
    let count = Count { key: hash(&format!("stranger {network}")), rule: Rule::STRANGER, own: None };
    claim(app, Uuid::nil(), &[count], "too many failed client authentications").await.map(drop)
}

async fn claim(
    app: &AppState,
    partner: Uuid,
    counts: &[Count],
    reason: &'static str,
) -> Result<Vec<Count>, TokenError> {
    let among = |keys: &[Key]| counts.iter().filter(|count| keys.contains(&count.key)).copied().collect::<Vec<_>>();
    let seconds = match store::attempt::claim(&app.db, partner, counts).await? {
        Claim::Made(keys) => return Ok(among(&keys)),
        Claim::Refused(seconds) => seconds,
        Claim::Crowded(keys) => {
            if !keys.is_empty() {
                store::attempt::take_back(&app.db, partner, &among(&keys), None).await?;
            }
            1.0
        }
    };
    Err(TokenError::Throttled { retry_after: whole_seconds(seconds), reason })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and 3600")]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.ceil().clamp(1.0, 3600.0) as u64
}

fn key(client: &OauthClient, network: &str, username: Option<&str>) -> Key {
    let username = username.map(|username| format!(" {username}")).unwrap_or_default();
    hash(&format!("login {} {network}{username}", client.id))
}

fn hash(text: &str) -> Key {
    secret::hash(text).to_bytes()
}
