//! Cursors: where the next page begins, as text that a caller sends back and need not understand.
//!
//! A cursor is bound to its list by a checksum: one that was damaged, or that belongs to another list, is refused. It
//! is no secret. Whoever forges one sees no more than the partner's own list from another place on.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::error::ApiError;
use crate::{
    crypto::checksum::{LENGTH, checksum},
    domain::{page::Place, partner::PartnerId},
};

/// A list that cursors lead through: whose, of what, and which of it.
pub struct List<'a> {
    /// Whose.
    pub partner: PartnerId,
    /// Of what.
    pub name: &'a str,
    /// Which: the parameters that choose.
    pub given: &'a [(&'static str, String)],
}

impl List<'_> {
    /// The cursor of a place.
    pub fn cursor(&self, place: &impl Place) -> String {
        let text = place.to_text();
        let sum = self.sum(text.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode([sum.as_slice(), text.as_bytes()].concat())
    }

    /// The place of a cursor.
    ///
    /// # Errors
    /// [`ApiError::InvalidRequest`] where it is none of this list's.
    pub fn place<P: Place>(&self, cursor: &str) -> Result<P, ApiError> {
        let place = || {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (sum, text) = bytes.split_at_checked(LENGTH)?;
            if sum != self.sum(text) {
                return None;
            }
            P::parse(str::from_utf8(text).ok()?)
        };
        place().ok_or_else(|| ApiError::InvalidRequest("The cursor in after does not belong to this list.".into()))
    }

    fn sum(&self, text: &[u8]) -> [u8; LENGTH] {
        let mut parts = vec![self.partner.0.as_bytes().as_slice(), self.name.as_bytes()];
        for (name, value) in self.given.iter().filter(|(name, _)| *name != "limit") {
            parts.extend([name.as_bytes(), value.as_bytes()]);
        }
        parts.push(text);
        checksum(&parts)
    }
}
