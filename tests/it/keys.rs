//! Signing keys: published, rotated, retired and sealed; and what the server says of itself.

mod commands;
mod jwks;
mod life;
mod load;
mod lost_master_key;
mod master_key;
mod master_key_file;
mod rfc8414;

use dna_api::domain::signing_key::State;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::Value;

use crate::support::{App, Reply};

/// Where the public keys are.
const JWKS: &str = "/.well-known/jwks.json";

/// Needs a token; with a good one it is told that there is no such client.
const GUARDED: &str = "/api/residential/client/999/activate";

/// Somebody who knows nothing of a server but the keys that it published.
struct Verifier(JwkSet);

impl Verifier {
    async fn fetch(app: &App) -> Self {
        Self(serde_json::from_value(Reply::public(app.get(JWKS)).await.json).expect("a set of keys"))
    }

    /// The names of the keys, in their order.
    fn kids(&self) -> Vec<&str> {
        self.0.keys.iter().map(|key| key.common.key_id.as_deref().expect("a kid")).collect()
    }

    /// Checks a token as a library does.
    fn takes(&self, token: &str) -> bool {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["http://api.test"]);
        validation.set_audience(&["http://api.test"]);
        let Some(key) = self.0.find(&kid_of(token)) else { return false };
        let key = DecodingKey::from_jwk(key).expect("an RSA key");
        jsonwebtoken::decode::<Value>(token, &key, &validation).is_ok()
    }
}

/// The key that a token says it is signed with.
fn kid_of(token: &str) -> String {
    Reply::jwt_part(token, 0)["kid"].as_str().expect("a kid").to_owned()
}

/// The status with which a server answers a token: 404 where it is taken, 401 where not.
async fn answer(app: &App, token: &str) -> u16 {
    Reply::of(app.post(GUARDED).bearer_auth(token)).await.status
}

/// What each key is good for by now, in the order in which they sign.
async fn states(app: &App) -> Vec<State> {
    app.keys().list().await.expect("keys").iter().map(|key| key.state).collect()
}
