//! The words for what went wrong: five categories, four severities, and what reports on its own health.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A closed set of words: its name in every document is its name on the wire of people.
macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal,)+ }) => {
        impl $type {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one of this name.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// What kind of incident it is. A closed set.
///
/// Source: live trading and operations, section 6.2.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum IncidentCategory {
    /// Feed gaps or corrupt data.
    #[n(0)]
    Data,
    /// Model outputs behaving erratically, or against expectations.
    #[n(1)]
    Model,
    /// High rejection rates, extreme slippage, broker errors.
    #[n(2)]
    Execution,
    /// Envelope breaches, unexpected exposures, drawdowns.
    #[n(3)]
    Risk,
    /// Latency, crashes, connectivity.
    #[n(4)]
    Infrastructure,
}

words!(IncidentCategory {
    Data => "data",
    Model => "model",
    Execution => "execution",
    Risk => "risk",
    Infrastructure => "infrastructure",
});

/// How bad it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be looked at some time.
    #[n(0)]
    Low,
    /// To be looked at today.
    #[n(1)]
    Medium,
    /// To be looked at now; not acknowledged, nothing goes live.
    #[n(2)]
    High,
    /// Everything else waits; not acknowledged, nothing goes live.
    #[n(3)]
    Critical,
}

words!(Severity {
    Low => "low",
    Medium => "medium",
    High => "high",
    Critical => "critical",
});

impl Severity {
    /// Whether somebody must look before anything goes live.
    pub fn is_serious(self) -> bool {
        self >= Self::High
    }

    /// The next worse one; the worst stays.
    #[must_use]
    pub fn worse(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }
}

/// What reports on its own health.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// A part of this system.
    #[n(0)]
    Component,
    /// A source of market data.
    #[n(1)]
    DataFeed,
    /// The way to a broker or venue; its name is the venue's.
    #[n(2)]
    BrokerConnection,
}

words!(ComponentKind {
    Component => "component",
    DataFeed => "data_feed",
    BrokerConnection => "broker_connection",
});

/// How well something works.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// As it should.
    #[n(0)]
    Up,
    /// Slower or with gaps.
    #[n(1)]
    Degraded,
    /// Not at all.
    #[n(2)]
    Down,
}

words!(HealthStatus {
    Up => "up",
    Degraded => "degraded",
    Down => "down",
});

/// What a start found that should not have been.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum StartupAnomaly {
    /// Bytes behind the last durable entry were dropped.
    #[n(0)]
    TornTailDropped,
    /// A snapshot could not be used.
    #[n(1)]
    SnapshotSkipped,
    /// The journal was opened without signing checkpoints.
    #[n(2)]
    OpenedUnsigned,
    /// The program is none of those the rules allow.
    #[n(3)]
    BuildNotAllowed,
}

words!(StartupAnomaly {
    TornTailDropped => "torn_tail_dropped",
    SnapshotSkipped => "snapshot_skipped",
    OpenedUnsigned => "opened_unsigned",
    BuildNotAllowed => "build_not_allowed",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_and_critical_are_serious_and_the_worst_stays_the_worst() {
        let serious: Vec<_> =
            Severity::ALL.iter().filter(|severity| severity.is_serious()).collect();
        assert_eq!(serious, [&Severity::High, &Severity::Critical]);
        let worse: Vec<_> =
            Severity::ALL.iter().map(|severity| severity.worse().as_str()).collect();
        assert_eq!(worse, ["medium", "high", "critical", "critical"]);
    }

    #[test]
    fn a_word_is_read_as_it_is_written() {
        for category in IncidentCategory::ALL {
            assert_eq!(IncidentCategory::of(category.as_str()), Some(*category));
        }
        assert_eq!(IncidentCategory::of("weather"), None);
    }
}
