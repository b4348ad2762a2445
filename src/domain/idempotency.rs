//! Keys under which a caller may repeat a request: it is carried out once, and answered in the same way each time.

use super::{oauth_client::OauthClientId, partner::PartnerId};

/// Characters of a key, at most.
const MAX: usize = 255;

/// A request with a key.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Whose.
    pub partner: PartnerId,
    /// By which program: another one's keys are other keys.
    pub oauth_client: OauthClientId,
    /// The SHA-256 of the key and of what it was sent to.
    pub key: [u8; 32],
    /// The SHA-256 of the parameters.
    pub fingerprint: [u8; 32],
}

/// What became of a key that a request has asked for.
#[derive(Debug)]
pub enum Claim {
    /// It is this request's.
    Mine,
    /// A request with it is still running.
    Running,
    /// It was used for a request of other parameters.
    Other,
    /// It was used for this request, which was answered so.
    Done(KeptReply),
    /// It was used for a client whose personal data was erased since.
    Erased,
}

/// A reply, as it is kept.
#[derive(Debug)]
pub struct KeptReply {
    /// The status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// The header `ETag`.
    pub etag: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads a key as it stands in a header: 1 to 255 visible ASCII characters, between double quotes or not, with no double
/// quote and no backslash among them.
#[must_use]
pub fn key(header: &[u8]) -> Option<&[u8]> {
    let header = header.trim_ascii();
    let unquoted = header.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let key = unquoted.unwrap_or(header);
    let visible = key.iter().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(byte));
    (visible && (1..=MAX).contains(&key.len())).then_some(key)
}
