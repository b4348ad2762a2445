//! `Idempotency-Key`: a request that is repeated under its key is carried out once, and answered in the same way.

mod keys;
mod killed;
mod replay;
mod twins;

use reqwest::{Method, RequestBuilder};

use crate::support::{App, Caller, Reply};

impl Caller {
    /// A request with a key.
    fn keyed(&self, app: &App, method: Method, path: &str, key: &str) -> RequestBuilder {
        self.request(app, method, path).header("Idempotency-Key", key)
    }
}

/// Checks that a reply is an earlier one given again: the same status, body and headers, and a word that says so.
#[track_caller]
fn is_replay(again: &Reply, first: &Reply) {
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
}
