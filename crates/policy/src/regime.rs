//! What an aggressive long needs to know of the market.

use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to an aggressively long order where the market regime is not known.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, Encode, Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRegime {
    /// It is refused.
    #[n(0)]
    #[default]
    Deny,
    /// It passes.
    #[n(1)]
    Allow,
}

/// The rule of regime parity (`regime_parity` in `config/policies/regime.json`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, Encode, Decode,
)]
#[serde(deny_unknown_fields)]
pub struct RegimePolicy {
    /// A regime stated longer ago than this is not known. Seconds.
    #[n(0)]
    pub age_max_s: u32,
    /// Where the regime is not known.
    #[n(1)]
    #[serde(default)]
    pub unknown: UnknownRegime,
}

impl RegimePolicy {
    /// No regime needed: for rulebooks that are built by hand in tests and benches.
    pub const fn wide() -> Self {
        Self { age_max_s: u32::MAX, unknown: UnknownRegime::Allow }
    }
}
