use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

const WITH_OR_WITHOUT_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ALPHABETS: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, WITH_OR_WITHOUT_PADDING),
    GeneralPurpose::new(&alphabet::URL_SAFE, WITH_OR_WITHOUT_PADDING),
];

/// The 32 bytes that encrypt the signing keys. It does not print, and leaves memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// A text that is not 32 bytes in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 bytes in base64")]
pub struct NotAMasterKey;

impl MasterKey {
    /// From base64, of the standard or the URL-safe alphabet, padded or not.
    ///
    /// # Errors
    /// The text is not base64, or not of 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, NotAMasterKey> {
        ALPHABETS.iter().find_map(|alphabet| decode(alphabet, text)).ok_or(NotAMasterKey)
    }

    /// The key itself, for the cipher and nobody else.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}

fn decode(alphabet: &GeneralPurpose, text: &str) -> Option<MasterKey> {
    // Filled in place, so that no copy stays behind; 33 is what the decoder wants for 44 characters.
    let mut bytes = Zeroizing::new([0; 33]);
    let length = alphabet.decode_slice(text, bytes.as_mut_slice()).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(bytes.get(..length).filter(|bytes| bytes.len() == 32)?);
    Some(MasterKey(key))
}
