//! Partners, and the programs of theirs that call with a token.

use dna_api::accounts::PartnerAccount;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{App, Reply};

/// A partner: what its developer was handed.
pub struct Partner {
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    pub username: String,
    pub password: String,
}

impl Partner {
    pub fn new(account: PartnerAccount) -> Self {
        Self {
            name: account.partner,
            client_id: account.client_id.to_string(),
            client_secret: account.client_secret.reveal().to_owned(),
            username: account.username,
            password: account.password.reveal().to_owned(),
        }
    }

    /// The parameters of a password grant.
    pub fn password_grant(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "password".to_owned()),
            ("client_id", self.client_id.clone()),
            ("client_secret", self.client_secret.clone()),
            ("username", self.username.clone()),
            ("password", self.password.clone()),
        ]
    }

    /// The parameters of a refresh grant.
    pub fn refresh_grant(&self, refresh_token: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", self.client_id.clone()),
            ("client_secret", self.client_secret.clone()),
            ("refresh_token", refresh_token.to_owned()),
        ]
    }

    /// Logs in, in the standard form.
    pub async fn log_in(&self, app: &App) -> Caller {
        self.log_in_for(app, "").await
    }

    /// Logs in for a scope.
    pub async fn log_in_for(&self, app: &App, scope: &str) -> Caller {
        let mut form = self.password_grant();
        form.push(("scope", scope.to_owned()));
        let reply = Reply::of(app.post("/api/oauth/token").form(&form)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let member = |name: &str| reply.json[name].as_str().expect(name).to_owned();
        let caller = Caller { token: member("access_token"), refresh_token: member("refresh_token") };
        app.keep_secret(&caller.token);
        app.keep_secret(&caller.refresh_token);
        caller
    }
}

/// A program that has logged in.
pub struct Caller {
    pub token: String,
    pub refresh_token: String,
}

impl Caller {
    /// A request with the token.
    pub fn request(&self, app: &App, method: Method, path: &str) -> RequestBuilder {
        app.request(method, path).bearer_auth(&self.token)
    }

    /// A `POST` with the token.
    pub fn post(&self, app: &App, path: &str) -> RequestBuilder {
        self.request(app, Method::POST, path)
    }

    /// A `GET` with the token.
    pub fn get(&self, app: &App, path: &str) -> RequestBuilder {
        self.request(app, Method::GET, path)
    }

    /// Creates a client of these parameters, in the standard form.
    pub async fn create(&self, app: &App, parameters: &[(&str, &str)]) -> Reply {
        Reply::of(self.post(app, "/api/residential/client").form(parameters)).await
    }

    /// Creates Steve Harris, and tells his id.
    pub async fn new_client(&self, app: &App) -> i64 {
        let reply = self.create(app, &steve_harris()).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json["client"]["id"].as_i64().expect("an id")
    }

    /// Activates or suspends a client by `POST`.
    pub async fn transition(&self, app: &App, id: i64, action: &str) -> Reply {
        Reply::of(self.post(app, &format!("/api/residential/client/{id}/{action}"))).await
    }

    /// The claims of the token.
    pub fn claims(&self) -> Value {
        Reply::jwt_part(&self.token, 1)
    }
}

/// The example values of the document's table.
pub fn steve_harris() -> Vec<(&'static str, &'static str)> {
    vec![
        ("has_subreseller_id", "true"),
        ("subreseller_id", "1234"),
        ("email", "email@email.com"),
        ("first_name", "Steve"),
        ("last_name", "Harris"),
        ("zipcode", "33134"),
        ("address", "126 Mendoza avenue aparment 7A"),
        ("same_billing_address", "true"),
        ("billing_address", "2121 ponce de leon"),
        ("billing_zipcode", "33308"),
    ]
}
