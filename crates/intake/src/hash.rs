//! Names and digests derived by SHA-256, in hexadecimal.

use fillwright_domain::hex;
use sha2::{Digest, Sha256};

/// `prefix` and the first 32 hexadecimal digits over the parts. Each part's length is hashed before it, so that no
/// two lists of parts look alike.
pub(crate) fn derived_name(prefix: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("{prefix}{}", hex::write(&hash.finalize()[..16]))
}

/// All 64 hexadecimal digits over the bytes.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::write(&Sha256::digest(bytes))
}

/// Whether a text is a SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
