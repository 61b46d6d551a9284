//! How far a control reaches: everything, a lane, an account, a strategy, a venue or an instrument.

use crate::{AccountId, InstrumentId, LaneId, StrategyId, VenueId};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// What a control is for. Written `global`, `environment`, `lane:live_canary`, `account:main`, `strategy:uptrend`,
/// `venue:BINANCE` or `instrument:BINANCE:BTCUSDT`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
pub enum Scope {
    /// Everything.
    #[default]
    #[n(0)]
    Global,
    /// Everything in the environment of this home; a home has exactly one.
    #[n(1)]
    Environment,
    /// One lane.
    #[n(2)]
    Lane(#[n(0)] LaneId),
    /// One account.
    #[n(3)]
    Account(#[n(0)] AccountId),
    /// One strategy.
    #[n(4)]
    Strategy(#[n(0)] StrategyId),
    /// One venue.
    #[n(5)]
    Venue(#[n(0)] VenueId),
    /// One instrument.
    #[n(6)]
    Instrument(#[n(0)] InstrumentId),
}

/// Where an order would stand: all that a scope can name. What is not known is covered by no scope that names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place<'a> {
    /// The lane of its book.
    pub lane: Option<&'a LaneId>,
    /// The account of its book.
    pub account: Option<&'a AccountId>,
    /// The strategy that wants it.
    pub strategy_id: Option<&'a StrategyId>,
    /// The venue of its instrument.
    pub venue: Option<&'a VenueId>,
    /// Its instrument.
    pub instrument_id: Option<&'a InstrumentId>,
}

impl Scope {
    /// Whether an order at this place is within the scope.
    pub fn covers(&self, place: &Place) -> bool {
        match self {
            Self::Global | Self::Environment => true,
            Self::Lane(lane) => place.lane == Some(lane),
            Self::Account(account) => place.account == Some(account),
            Self::Strategy(strategy) => place.strategy_id == Some(strategy),
            Self::Venue(venue) => place.venue == Some(venue),
            Self::Instrument(instrument) => place.instrument_id == Some(instrument),
        }
    }
}

/// A text that is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no scope; write global, environment, lane:NAME, account:NAME, strategy:NAME, venue:NAME or instrument:VENUE:SYMBOL"
)]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        match (kind, name) {
            ("global", "") if kind == text => Ok(Self::Global),
            ("environment", "") if kind == text => Ok(Self::Environment),
            (_, "") => Err(ScopeError),
            ("lane", name) => Ok(Self::Lane(LaneId::new(name))),
            ("account", name) => Ok(Self::Account(AccountId::new(name))),
            ("strategy", name) => Ok(Self::Strategy(StrategyId::new(name))),
            ("venue", name) => Ok(Self::Venue(VenueId::new(name))),
            ("instrument", name) => Ok(Self::Instrument(InstrumentId::new(name))),
            _ => Err(ScopeError),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Environment => f.write_str("environment"),
            Self::Lane(name) => write!(f, "lane:{name}"),
            Self::Account(name) => write!(f, "account:{name}"),
            Self::Strategy(name) => write!(f, "strategy:{name}"),
            Self::Venue(name) => write!(f, "venue:{name}"),
            Self::Instrument(name) => write!(f, "instrument:{name}"),
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format_args!("{text:?} {error}")))
    }
}
