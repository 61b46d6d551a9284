//! Logical time: always given from outside, never read here.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// An instant in nanoseconds since 1970-01-01T00:00:00 UTC.
///
/// JSON holds it as a string of digits, because readers that keep numbers as doubles would round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

impl Timestamp {
    /// The earliest instant that can be named.
    pub const MIN: Self = Self(i64::MIN);

    /// An instant from nanoseconds since the Unix epoch, UTC.
    pub const fn from_ns(ns: i64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the Unix epoch, UTC.
    pub const fn as_ns(self) -> i64 {
        self.0
    }

    /// How many nanoseconds lie between an earlier instant and this one; negative when `earlier` is later.
    /// Saturates at the ends of the range.
    pub const fn since_ns(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| serde::de::Error::custom("expected nanoseconds since 1970 as a string"))
    }
}
