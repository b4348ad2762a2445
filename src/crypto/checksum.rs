//! Checksums of what is no secret: they find damage, not forgery.

use aws_lc_rs::digest::{SHA256, digest};

/// Bytes of a checksum.
pub const LENGTH: usize = 6;

/// The checksum of these parts, each told apart from the next.
#[must_use]
pub fn checksum(parts: &[&[u8]]) -> [u8; LENGTH] {
    let mut sum = [0; LENGTH];
    sum.copy_from_slice(&sha256(parts)[..LENGTH]);
    sum
}

/// The SHA-256 of these parts, each told apart from the next.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut whole = Vec::new();
    for part in parts {
        whole.extend_from_slice(&(part.len() as u64).to_be_bytes());
        whole.extend_from_slice(part);
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &whole).as_ref());
    sum
}
