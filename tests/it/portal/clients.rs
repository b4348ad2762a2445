//! The clients for download, in PHP and shell: run as partners run them, against a server behind a proxy that loses
//! replies and answers in its place.

mod php;
mod php_in_trouble;
mod proxy;
mod shell;
mod shell_in_trouble;

use proxy::{Fault, Proxy, Seen};

use crate::support::{App, Partner, Reply};

/// A server, a partner of it, and the proxy that its clients go through.
struct Stage {
    app: App,
    partner: Partner,
    proxy: Proxy,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Self {
        let app = App::start().await;
        let partner = app.partner("Acme").await;
        let proxy = Proxy::start(&app.url);
        Self { app, partner, proxy, folder: tempfile::tempdir().expect("a folder") }
    }

    /// What a client reads from its environment.
    fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("API_URL", self.proxy.url.clone()),
            ("API_CLIENT_ID", self.partner.client_id.clone()),
            ("API_CLIENT_SECRET", self.partner.client_secret.clone()),
            ("API_USERNAME", self.partner.username.clone()),
            ("API_PASSWORD", self.partner.password.clone()),
        ]
    }

    /// Asks the server about a token, or has it end the token's login.
    async fn oauth(&self, endpoint: &str, token: &str) -> Reply {
        let Partner { client_id, client_secret, .. } = &self.partner;
        let form = [("token", token), ("client_id", client_id), ("client_secret", client_secret)];
        let reply = Reply::of(self.app.post(&format!("/api/oauth/{endpoint}")).form(&form)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
    }

    async fn revoke(&self, token: &str) {
        self.oauth("revoke", token).await;
    }

    async fn is_active(&self, token: &str) -> bool {
        self.oauth("introspect", token).await.json["active"] == true
    }

    /// Checks that no secret was in a URL, nor on any command line while a request was answered, and that there were
    /// requests.
    fn no_secret_shows(&self, more: &[&str]) {
        let secrets = [self.partner.client_secret.as_str(), self.partner.password.as_str()];
        let seen = self.proxy.seen();
        assert!(!seen.is_empty());
        for secret in secrets.iter().chain(more) {
            assert!(secret.len() > 20, "no secret: {secret}");
            for Seen { target, command_lines, .. } in &seen {
                assert!(!target.contains(secret), "a secret in {target}");
                assert!(!command_lines.contains(secret), "a secret on a command line");
            }
        }
    }
}

/// The code of that language in the guide to the clients.
fn of_the_guide(language: &str) -> &'static str {
    let guide = include_str!("../../../docs/guides/clients.md");
    let mut blocks = guide.split("```").skip(1).step_by(2);
    let code = blocks.find_map(|block| block.strip_prefix(language)).expect("a block");
    assert!(blocks.all(|block| !block.starts_with(language)), "a block is not run");
    code
}

/// The Idempotency-Keys of what was sent to create a client.
fn keys(seen: &[Seen]) -> Vec<String> {
    let creations = seen.iter().filter(|seen| seen.is("POST", "/api/residential/client"));
    creations.map(|seen| seen.header("idempotency-key").expect("a key").to_owned()).collect()
}

/// How often tokens were asked for by each grant.
fn logins(seen: &[Seen]) -> (usize, usize) {
    let count = |grant: &str| {
        let tokens = seen.iter().filter(|seen| seen.is("POST", "/api/oauth/token"));
        tokens.filter(|seen| seen.body.contains(&format!("grant_type={grant}"))).count()
    };
    (count("password"), count("refresh_token"))
}
