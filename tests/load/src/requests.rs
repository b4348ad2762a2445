//! What callers ask.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::callers::{Caller, Numbers};

/// An OAuth client and one of its users.
#[derive(Clone)]
pub struct Account {
    pub client_id: String,
    pub client_secret: String,
    pub username: String,
    pub password: String,
}

impl Account {
    /// That of a partner which an operator has added, as the command printed it.
    pub fn of(partner: &Value) -> Result<Self> {
        let text = |name: &str| partner[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        Ok(Self {
            client_id: text("client_id")?,
            client_secret: text("client_secret")?,
            username: text("username")?,
            password: text("password")?,
        })
    }
}

/// A request with this form as its body.
pub fn post(path: &str, token: Option<&str>, form: &str) -> Vec<u8> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nHost: api.test\r\n{authorization}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// A request without a body.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// The login of an account.
pub fn login(account: &Account) -> Vec<u8> {
    let Account { client_id, client_secret, username, password } = account;
    let form = format!(
        "grant_type=password&client_id={client_id}&client_secret={client_secret}&username={username}&password={password}"
    );
    post("/api/oauth/token", None, &form)
}

/// A number in letters, for a name that nobody has.
pub fn letters(mut number: usize) -> String {
    let mut name = String::from("q");
    for _ in 0..7 {
        name.push(char::from(b"abcdefghijklmnopqrst"[number % 20]));
        number /= 20;
    }
    name
}

/// The parameters of a new client of that number.
pub fn client(number: usize) -> String {
    format!(
        "has_subreseller_id=false&email=steve.{number}%40example.com&first_name=Steve&last_name={}&zipcode=33134\
         &address=123+Alhambra+Circle&same_billing_address=true&customer_id=load-{number}",
        letters(number)
    )
}

fn expect(wanted: u16, status: u16, body: &[u8]) -> Result<()> {
    ensure!(status == wanted, "{status} in place of {wanted}: {}", String::from_utf8_lossy(body));
    Ok(())
}

/// Creates clients.
pub struct Create {
    pub token: Arc<str>,
    pub numbers: Numbers,
}

impl Caller for Create {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        *request = post("/api/residential/client", Some(&self.token), &client(self.numbers.next()));
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(201, status, body)
    }
}

/// Activates a client and suspends it, then another one: each is a change.
pub struct Change {
    pub token: Arc<str>,
    pub ids: Arc<[u64]>,
    pub draw: Draw,
    pub active: Option<u64>,
}

impl Caller for Change {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let (id, change) = match self.active.take() {
            Some(id) => (id, "suspend"),
            None => (self.draw.of(&self.ids), "activate"),
        };
        if change == "activate" {
            self.active = Some(id);
        }
        *request = post(&format!("/api/residential/client/{id}/{change}"), Some(&self.token), "");
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(200, status, body)
    }
}

/// Reads one client after another.
pub struct Read {
    pub token: Arc<str>,
    pub ids: Arc<[u64]>,
    pub draw: Draw,
}

impl Caller for Read {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        *request = get(&format!("/api/residential/client/{}", self.draw.of(&self.ids)), &self.token);
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(200, status, body)
    }
}

/// Asks for a client whose id is no number: the token is checked, and no database is asked.
pub struct Nothing {
    /// What is left; the last one is used for ever where it is not to be used up.
    pub tokens: Vec<Arc<str>>,
    pub use_up: bool,
}

impl Caller for Nothing {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        let Some(token) = self.tokens.last().cloned() else { return false };
        if self.use_up {
            self.tokens.pop();
        }
        *request = get("/api/residential/client/none", &token);
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(404, status, body)
    }
}

/// Logs in.
pub struct Login(pub Account);

impl Caller for Login {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        *request = login(&self.0);
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(200, status, body)
    }
}

/// Uses the refresh token that came with the one before.
pub struct Refresh {
    pub account: Account,
    pub token: String,
}

impl Refresh {
    /// A caller who has logged in.
    pub fn after_login(address: &str, account: &Account) -> Result<Self> {
        let reply = crate::callers::once(address, &login(account))?;
        Ok(Self { account: account.clone(), token: refresh_token(&reply)? })
    }

    pub fn request(&self) -> Vec<u8> {
        let Account { client_id, client_secret, .. } = &self.account;
        let token = &self.token;
        let form = format!(
            "grant_type=refresh_token&client_id={client_id}&client_secret={client_secret}&refresh_token={token}"
        );
        post("/api/oauth/token", None, &form)
    }
}

impl Caller for Refresh {
    fn ask(&mut self, request: &mut Vec<u8>) -> bool {
        *request = self.request();
        true
    }

    fn hear(&mut self, status: u16, body: &[u8]) -> Result<()> {
        expect(200, status, body)?;
        self.token = refresh_token(body)?;
        Ok(())
    }
}

/// The text of a member of a JSON object.
pub fn member(body: &[u8], name: &str) -> Result<String> {
    let value: Value = serde_json::from_slice(body)?;
    value[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {value}"))
}

fn refresh_token(body: &[u8]) -> Result<String> {
    member(body, "refresh_token")
}

/// Random enough, and the same each time.
#[derive(Clone)]
pub struct Draw(pub u64);

impl Draw {
    /// That of the caller with this number.
    pub fn of_caller(number: usize) -> Self {
        Self(0x9E37_79B9_7F4A_7C15 ^ (number as u64 + 1) << 7)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or_default()
    }

    fn of(&mut self, ids: &[u64]) -> u64 {
        ids[self.below(ids.len())]
    }
}
