//! The name of a version of the rules by what it says.

use crate::Rulebook;
use minicbor::{Decode, Encode};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a rulebook's stored form: two rulebooks have the same hash exactly when they say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct RulesHash(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

/// A text that is not the hash of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash of rules is 64 hexadecimal digits")]
pub struct NotAHash;

impl Rulebook {
    /// What this version is called by its content.
    ///
    /// # Panics
    ///
    /// Never: writing to memory cannot fail.
    pub fn content_hash(&self) -> RulesHash {
        let stored = minicbor::to_vec(self).expect("writing to memory cannot fail");
        RulesHash(Sha256::digest(stored).into())
    }
}

impl RulesHash {
    /// The first twelve digits: enough for a person to tell versions apart.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for RulesHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&fillwright_domain::hex::write(&self.0))
    }
}

impl FromStr for RulesHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        fillwright_domain::hex::read(text.as_bytes()).map(Self).ok_or(NotAHash)
    }
}

impl Serialize for RulesHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
