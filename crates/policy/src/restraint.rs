//! What can hold trading back: the kinds of restraint, and what a kill switch does.

use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A kind of restraint. One person imposes it, two lift it; several may stand at once, and each holds on its own.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum RestraintKind {
    /// No new risk, and what [`KillEffect`] says.
    #[n(0)]
    KillSwitch,
    /// The market does not trade: nothing is sent, safety exits included.
    #[n(1)]
    Halt,
    /// A time after something happened, during which nothing new is let through.
    #[n(2)]
    Cooldown,
    /// Planned work: nothing new is let through.
    #[n(3)]
    Maintenance,
    /// Something does not work as it should: only what reduces passes.
    #[n(4)]
    Degraded,
    /// Only what reduces passes.
    #[n(5)]
    ReduceOnly,
}

/// What engaging a kill switch does, each including the ones before it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum KillEffect {
    /// New risk is denied.
    #[n(0)]
    Block,
    /// Working orders are asked to be cancelled.
    #[n(1)]
    #[default]
    Cancel,
    /// Holdings are closed by safety exits.
    #[n(2)]
    Flatten,
}

impl RestraintKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::KillSwitch,
        Self::Halt,
        Self::Cooldown,
        Self::Maintenance,
        Self::Degraded,
        Self::ReduceOnly,
    ];

    /// Its name in documents and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KillSwitch => "kill_switch",
            Self::Halt => "halt",
            Self::Cooldown => "cooldown",
            Self::Maintenance => "maintenance",
            Self::Degraded => "degraded",
            Self::ReduceOnly => "reduce_only",
        }
    }
}

impl KillEffect {
    /// Every effect.
    pub const ALL: [Self; 3] = [Self::Block, Self::Cancel, Self::Flatten];

    /// Its name in documents and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Cancel => "cancel",
            Self::Flatten => "flatten",
        }
    }
}

impl fmt::Display for RestraintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for KillEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no kill effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no effect; write block, cancel or flatten")]
pub struct KillEffectError;

impl FromStr for KillEffect {
    type Err = KillEffectError;

    fn from_str(text: &str) -> Result<Self, KillEffectError> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == text).ok_or(KillEffectError)
    }
}
