//! Partners, and the programs of theirs that call with a token.

use dna_api::{
    accounts::{self, PartnerAccount},
    domain::{
        oauth_client::GrantTypes,
        partner::{Name, PartnerId},
        scope::ScopeSet,
        user::Username,
    },
    store,
};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{App, Reply};

/// A partner: what its developer was handed.
#[derive(Clone, Default)]
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
        Caller::of(app, &Reply::of(app.post("/api/oauth/token").form(&form)).await)
    }

    /// Asks for tokens with a refresh token, in the standard form.
    pub async fn refresh(&self, app: &App, refresh_token: &str) -> Reply {
        Reply::of(app.post("/api/oauth/token").form(&self.refresh_grant(refresh_token))).await
    }

    /// The same partner's OAuth client with a new user, who may have this.
    pub async fn with_user(&self, app: &App, scope: &str) -> Self {
        let username = Username::parse(&format!("{}-{}", self.name, scope.replace([' ', ':'], "-"))).expect("a name");
        let account = accounts::add_user(&app.db, self.id(app).await, &username, scopes(scope)).await.expect("a user");
        app.keep_secret(account.password.reveal());
        Self { username: account.username, password: account.password.reveal().to_owned(), ..self.clone() }
    }

    /// The same partner's user with a new OAuth client, which may have this and ask in these ways.
    pub async fn with_oauth_client(&self, app: &App, scope: &str, grants: &str) -> Self {
        let (name, grants) = (Name::parse("another").expect("a name"), GrantTypes::parse(grants).expect("grants"));
        let partner = self.id(app).await;
        let account = accounts::add_oauth_client(&app.db, partner, &name, scopes(scope), &grants).await;
        let account = account.expect("an OAuth client");
        app.keep_secret(account.client_secret.reveal());
        let client_secret = account.client_secret.reveal().to_owned();
        Self { client_id: account.client_id.to_string(), client_secret, ..self.clone() }
    }

    async fn id(&self, app: &App) -> PartnerId {
        store::partner::find(&app.db, &self.name).await.expect("a database").expect("a partner")
    }
}

fn scopes(list: &str) -> ScopeSet {
    ScopeSet::parse(list).expect("scopes")
}

/// A program that has logged in.
pub struct Caller {
    pub token: String,
    pub refresh_token: String,
}

impl Caller {
    /// Whoever a reply of either form gave tokens to; the refresh token is empty where there is none.
    pub fn of(app: &App, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text);
        let tokens = reply.json.get(0).unwrap_or(&reply.json);
        let member = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        let caller = Self { token: member("access_token"), refresh_token: member("refresh_token") };
        let secrets = [&caller.token, &caller.refresh_token];
        secrets.iter().filter(|secret| !secret.is_empty()).for_each(|secret| app.keep_secret(secret));
        caller
    }

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
