//! Signatures with the journal's key over what is made of the journal: Ed25519, the same bytes for the same message.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use fillwright_domain::hex;

/// A signature and the key that can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The public key.
    pub key: [u8; 32],
    /// The signature.
    pub signature: [u8; 64],
}

/// Keeps these signatures apart from those of checkpoints, which are of other texts.
const CONTEXT: &[u8] = b"fillwright/document/1\n";

/// Signs a document with the seed of a key.
pub fn sign(seed: &[u8; 32], document: &[u8]) -> Signed {
    let signer = SigningKey::from_bytes(seed);
    let signature = signer.sign(&[CONTEXT, document].concat()).to_bytes();
    Signed { key: signer.verifying_key().to_bytes(), signature }
}

impl Signed {
    /// Whether it is of this document.
    pub fn is_of(&self, document: &[u8]) -> bool {
        let signature = Signature::from_bytes(&self.signature);
        VerifyingKey::from_bytes(&self.key)
            .is_ok_and(|key| key.verify_strict(&[CONTEXT, document].concat(), &signature).is_ok())
    }

    /// One JSON object: the key and the signature in hexadecimal digits.
    pub fn to_json(&self) -> Vec<u8> {
        let (key, signature) = (hex::write(&self.key), hex::write(&self.signature));
        format!("{{\"key\":\"{key}\",\"signature\":\"{signature}\"}}\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_its_document_alone_and_the_same_every_time() {
        let signed = sign(&[7; 32], b"limits");
        assert_eq!(signed, sign(&[7; 32], b"limits"));
        assert!(signed.is_of(b"limits"));
        assert!(!signed.is_of(b"limits "));
        assert!(!Signed { key: sign(&[8; 32], b"").key, ..signed }.is_of(b"limits"));
    }
}
