//! A reply, read whole.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::description::{DESCRIPTION, Told};

/// A reply, with its body as text and as JSON (null where it is none).
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Reply {
    /// Sends a request that the server can answer, and checks of its reply what every reply must be.
    pub async fn of(request: RequestBuilder) -> Self {
        let reply = Self::even_a_failure(request).await;
        assert!(reply.status < 500, "{reply:?}");
        reply
    }

    /// Sends a request that may be too much, and checks of its reply what every reply must be.
    pub async fn even_a_failure(request: RequestBuilder) -> Self {
        let reply = Self::read(request).await;
        reply.check();
        reply
    }

    /// Sends a request for what anybody may keep for a while, and checks of its reply what such a reply must be.
    pub async fn public(request: RequestBuilder) -> Self {
        let reply = Self::read(request).await;
        assert_eq!((reply.status, reply.header("cache-control")), (200, "public, max-age=300"), "{reply:?}");
        assert_eq!(reply.header("pragma"), "", "{reply:?}");
        reply.check_but_for_caching();
        reply
    }

    /// Sends a request, and holds its reply against the description of the API alone: for files, and for what has no
    /// body.
    pub async fn read(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        // No operation has a GET with a body.
        let described = method != "GET" || request.body().is_none();
        let reply = client.execute(request).await.expect("a reply");
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let text = reply.text().await.expect("a body in UTF-8");
        let told = Told { method: &method, path: &path, status, headers: &headers, text: &text };
        if described {
            DESCRIPTION.judge(&told).unwrap_or_else(|why| panic!("docs/openapi.yaml: {why}\n{told:?}"));
        }
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, json }
    }

    /// Checks what every reply must be.
    pub fn check(&self) {
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        self.check_but_for_caching();
    }

    fn check_but_for_caching(&self) {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{self:?}");
        assert!((8..=128).contains(&self.header("x-request-id").len()), "{self:?}");
    }

    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }

    /// The error word.
    pub fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_default()
    }

    /// Checks that this is the error of that status, word and sentence, byte by byte.
    #[track_caller]
    pub fn is_refused(&self, status: u16, error: &str, message: &str) {
        let body = json!({"result": "ERROR", "error": error, "message": message,
                          "request_id": self.header("x-request-id")});
        assert_eq!((self.status, &self.text), (status, &body.to_string()));
    }

    /// Checks that exactly these parameters are refused, in this order and with these sentences, byte by byte.
    #[track_caller]
    pub fn is_invalid(&self, errors: &[(&str, &str)]) {
        let map: Map<String, Value> = errors.iter().map(|(name, why)| ((*name).to_owned(), json!([why]))).collect();
        let message = match errors {
            [] => panic!("nothing to refuse"),
            [(_, only)] => (*only).to_owned(),
            [(_, first), _] => format!("{first} (and 1 more error)"),
            [(_, first), more @ ..] => format!("{first} (and {} more errors)", more.len()),
        };
        let body = json!({"result": "ERROR", "error": "validation_failed", "message": message, "errors": map,
                          "request_id": self.header("x-request-id")});
        assert_eq!((self.status, &self.text), (422, &body.to_string()));
    }

    /// The body without the request's id, which alone may differ between two replies.
    pub fn without_request_id(&self) -> Value {
        let mut body = self.json.clone();
        if let Some(members) = body.as_object_mut() {
            members.shift_remove("request_id");
        }
        body
    }

    /// The names of a body's members, in their order.
    pub fn members(body: &Value) -> Vec<&str> {
        body.as_object().expect("an object").keys().map(String::as_str).collect()
    }

    /// The header (0) or the claims (1) of a JWT.
    pub fn jwt_part(token: &str, part: usize) -> Value {
        let encoded = token.split('.').nth(part).expect("a JWT");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    }
}
