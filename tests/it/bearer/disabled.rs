//! Tokens of what has been disabled since: refused within a second, by every server.

use std::time::Duration;

use dna_api::{
    domain::{oauth_client::OauthClientId, user::Username},
    store,
};

use super::{REVOKED, assert_invalid, assert_taken, present};
use crate::support::{App, Caller, Partner, until};

const SECOND: Duration = Duration::from_secs(1);

struct Stage {
    app: App,
    second: App,
    partner: Partner,
    caller: Caller,
    /// The partner's other OAuth client, and a colleague who uses it.
    colleague: Caller,
    bystander: Caller,
}

impl Stage {
    async fn new() -> Self {
        let app = App::start().await;
        let second = app.second().await;
        let partner = app.partner("Acme").await;
        let caller = partner.log_in(&app).await;
        let sibling = partner.with_oauth_client(&app, "client:activate", "password").await;
        let colleague = sibling.with_user(&app, "client:activate").await.log_in(&app).await;
        let bystander = app.partner("Other").await.log_in(&app).await;
        Self { app, second, partner, caller, colleague, bystander }
    }

    /// How long both servers need to answer a live token otherwise.
    async fn time_until(&self, taken: bool) -> Duration {
        let mut longest = Duration::ZERO;
        for server in [&self.app, &self.second] {
            let is_so = async || (present(server, &self.caller.token).await.status == 404) == taken;
            longest = longest.max(until("the token is answered otherwise", is_so).await);
        }
        longest
    }

    /// Disables and enables; a busy machine may spoil one round of three.
    async fn assert_fresh(&self, colleague_is_refused: bool, set_enabled: impl AsyncFn(bool) -> bool) {
        let mut best = [Duration::MAX; 2];
        for _ in 0..3 {
            assert!(set_enabled(false).await);
            best[0] = best[0].min(self.time_until(false).await);
            for server in [&self.app, &self.second] {
                assert_invalid(&present(server, &self.caller.token).await, REVOKED);
                let colleague = present(server, &self.colleague.token).await;
                assert_eq!(colleague.status == 401, colleague_is_refused, "{colleague:?}");
                assert_taken(&present(server, &self.bystander.token).await);
            }
            assert!(set_enabled(true).await);
            best[1] = best[1].min(self.time_until(true).await);
        }
        assert!(best.iter().all(|best| *best < SECOND), "{best:?}");
    }
}

#[tokio::test]
async fn a_disabled_partners_tokens_are_refused_within_a_second() {
    let stage = Stage::new().await;
    let set_enabled = async |enabled| {
        store::partner::set_enabled(&stage.app.db, &stage.partner.name, enabled).await.expect("a database")
    };
    stage.assert_fresh(true, set_enabled).await;
}

#[tokio::test]
async fn a_disabled_oauth_clients_tokens_are_refused_within_a_second() {
    let stage = Stage::new().await;
    let id = OauthClientId::parse(&stage.partner.client_id).expect("a client_id");
    let set_enabled =
        async |enabled| store::oauth_client::set_enabled(&stage.app.db, id, enabled).await.expect("a database");
    stage.assert_fresh(false, set_enabled).await;
}

#[tokio::test]
async fn a_disabled_users_tokens_are_refused_within_a_second() {
    let stage = Stage::new().await;
    let username = Username::parse(&stage.partner.username).expect("a username");
    let set_enabled =
        async |enabled| store::user::set_enabled(&stage.app.db, &username, enabled).await.expect("a database");
    stage.assert_fresh(false, set_enabled).await;
}

#[tokio::test]
async fn a_server_that_starts_knows_from_its_first_request_what_is_disabled() {
    let stage = Stage::new().await;
    assert!(store::partner::set_enabled(&stage.app.db, &stage.partner.name, false).await.expect("a database"));
    let third = stage.app.second().await;
    assert_invalid(&present(&third, &stage.caller.token).await, REVOKED);
    assert_taken(&present(&third, &stage.bystander.token).await);
}
