//! The flow policy: what every order is held to whatever its size — its price, its twin, its pace, its type, its cost.

use crate::unique::UniqueMap;
use fillwright_domain::{InstrumentId, OrderType, Ratio, StrategyId, Text, VenueId};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The name that stands for every strategy, venue or instrument in [`Permissions`].
pub const EVERY: &str = "*";

/// The rules of order flow. A rule that is absent denies: what is deliberately not limited says so.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct FlowPolicy {
    /// How far an order's price may lie from its reference.
    #[n(0)]
    #[serde(default)]
    pub price_collar: Option<PriceCollar>,
    /// When an order is taken for the twin of an earlier one.
    #[n(1)]
    #[serde(default)]
    pub duplicate_window: Option<DuplicateWindow>,
    /// Instruments nothing may be traded in, each with the reason.
    #[n(2)]
    #[serde(default, deserialize_with = "crate::unique::optional_map")]
    pub restricted: Option<BTreeMap<InstrumentId, Text>>,
    /// What each strategy may trade, and where.
    #[n(3)]
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// How many messages may be sent.
    #[n(4)]
    #[serde(default)]
    pub message_rate: Option<MessageRate>,
    /// How often a strategy may execute before a person has to look.
    #[n(5)]
    #[serde(default)]
    pub repeat_throttle: Option<RepeatThrottle>,
    /// Which types of order may be used where; what no row allows is refused.
    #[n(6)]
    #[serde(default)]
    pub order_types: Option<Vec<OrderTypeRule>>,
    /// What an order may cost against the mid, in basis points.
    #[n(7)]
    #[serde(default)]
    pub max_slippage_bps: Option<u32>,
    /// How much of the market's volume an order may be.
    #[n(8)]
    #[serde(default)]
    pub participation: Option<Participation>,
    /// What the health of a venue allows.
    #[n(9)]
    #[serde(default)]
    pub venue_health: Option<VenueHealthPolicy>,
}

/// What an order's price is held against.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The mid of the quote the order is decided by.
    #[n(0)]
    #[default]
    Mid,
    /// The instrument's mark, which comes from another source than the quote: a quote that is wrong on both sides is
    /// caught by it.
    #[n(1)]
    Mark,
}

/// How far an order's price may lie from its reference, either way.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct PriceCollar {
    /// What it is held against.
    #[n(0)]
    #[serde(default)]
    pub reference: Reference,
    /// A mark older than this is no reference. Milliseconds.
    #[n(1)]
    pub reference_age_max_ms: u32,
    /// The largest distance, in basis points of the reference.
    #[n(2)]
    pub max_deviation_bps: u32,
    /// How long the first mid of a window is remembered. Milliseconds; zero remembers none.
    #[n(3)]
    pub window_ms: u32,
    /// The largest distance of any order in the window from that first mid, in basis points of it.
    #[n(4)]
    pub max_movement_bps: u32,
}

/// What happens to the twin of an earlier order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicate {
    /// It is refused.
    #[n(0)]
    #[default]
    Deny,
    /// It passes, and its plan says that it looks like a twin.
    #[n(1)]
    Mark,
}

/// An order of the same book, instrument, side, quantity and price as one less than this long ago is its twin.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct DuplicateWindow {
    /// How long an order is remembered. Milliseconds; zero remembers none.
    #[n(0)]
    pub window_ms: u32,
    /// What happens to a twin.
    #[n(1)]
    #[serde(default)]
    pub action: OnDuplicate,
}

/// What each strategy may trade: strategy, then venue, then instruments. `*` stands for every one. What stands nowhere
/// is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode, JsonSchema)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Permissions(#[n(0)] BTreeMap<StrategyId, BTreeMap<VenueId, BTreeSet<InstrumentId>>>);

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let UniqueMap(strategies) = UniqueMap::<
            StrategyId,
            UniqueMap<VenueId, BTreeSet<InstrumentId>>,
        >::deserialize(deserializer)?;
        Ok(Self(strategies.into_iter().map(|(name, UniqueMap(venues))| (name, venues)).collect()))
    }
}

impl Permissions {
    /// Everything for everyone.
    pub fn everything() -> Self {
        let instruments = BTreeSet::from([InstrumentId::new(EVERY)]);
        let venues = BTreeMap::from([(VenueId::new(EVERY), instruments)]);
        Self(BTreeMap::from([(StrategyId::new(EVERY), venues)]))
    }

    /// Lets a strategy trade an instrument at a venue.
    pub fn grant(&mut self, strategy: &str, venue: &str, instrument: &str) {
        let venues = self.0.entry(StrategyId::new(strategy)).or_default();
        venues.entry(VenueId::new(venue)).or_default().insert(InstrumentId::new(instrument));
    }

    /// Every permission: strategy, venue, instrument.
    pub fn iter(&self) -> impl Iterator<Item = (&StrategyId, &VenueId, &InstrumentId)> {
        self.0.iter().flat_map(|(strategy, venues)| {
            venues.iter().flat_map(move |(venue, instruments)| {
                instruments.iter().map(move |instrument| (strategy, venue, instrument))
            })
        })
    }

    /// Whether the strategy may trade the instrument at the venue.
    pub fn allow(&self, strategy: &str, venue: &str, instrument: &str) -> bool {
        [EVERY, strategy].into_iter().filter_map(|name| self.0.get(name)).any(|venues| {
            [EVERY, venue]
                .into_iter()
                .filter_map(|name| venues.get(name))
                .any(|instruments| instruments.contains(instrument) || instruments.contains(EVERY))
        })
    }
}

/// A bucket that holds so many messages and fills up again at so many a second.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// How many messages may be sent at once.
    #[n(0)]
    pub burst: u32,
    /// How many more each second.
    #[n(1)]
    pub per_s: u32,
    /// How many of the burst only cancels and safety exits may use.
    #[n(2)]
    pub reserve: u32,
}

/// How many messages may be sent to a venue, for an account, for a strategy. All three hold.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct MessageRate {
    /// To one venue.
    #[n(0)]
    pub venue: Bucket,
    /// For one account.
    #[n(1)]
    pub account: Bucket,
    /// For one strategy.
    #[n(2)]
    pub strategy: Bucket,
}

/// How often a strategy may execute within a time. One execution more disables it until two people enable it again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct RepeatThrottle {
    /// How often; at most [`RepeatThrottle::EXECUTIONS_MAX`].
    #[n(0)]
    pub max_executions: u32,
    /// Within how long. Milliseconds.
    #[n(1)]
    pub window_ms: u32,
}

impl RepeatThrottle {
    /// The most executions that can be counted: each is remembered for the window.
    pub const EXECUTIONS_MAX: u32 = 100_000;
}

/// Types of order that may be used where a row applies. What a row does not name, it applies to all of.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct OrderTypeRule {
    /// Only in this environment.
    #[n(0)]
    #[serde(default)]
    pub environment: Option<Text>,
    /// Only at this venue.
    #[n(1)]
    #[serde(default)]
    pub venue: Option<VenueId>,
    /// Only for this strategy.
    #[n(2)]
    #[serde(default)]
    pub strategy: Option<StrategyId>,
    /// The types.
    #[n(3)]
    pub order_types: Vec<OrderType>,
}

/// How much of the volume the quote states an order may be. Without a rate, volume is not looked at.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The largest share of the interval's volume.
    #[n(0)]
    #[serde(default)]
    pub max_rate: Option<Ratio>,
}

/// What the health of a venue allows. A venue that is down never trades; one that is degraded only reduces.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct VenueHealthPolicy {
    /// Whether a venue nobody has told of counts as healthy.
    #[n(0)]
    pub unknown_is_healthy: bool,
}

impl FlowPolicy {
    /// Very wide limits, every one stated: for tests, benches and generated rulebooks that are about something else.
    pub fn wide() -> Self {
        let bucket = Bucket { burst: u32::MAX, per_s: u32::MAX, reserve: 0 };
        let any_type = OrderTypeRule {
            order_types: vec![OrderType::Market, OrderType::Limit],
            ..OrderTypeRule::default()
        };
        Self {
            price_collar: Some(PriceCollar {
                reference: Reference::Mid,
                reference_age_max_ms: u32::MAX,
                max_deviation_bps: u32::MAX,
                window_ms: 0,
                max_movement_bps: u32::MAX,
            }),
            duplicate_window: Some(DuplicateWindow::default()),
            restricted: Some(BTreeMap::new()),
            permissions: Some(Permissions::everything()),
            message_rate: Some(MessageRate { venue: bucket, account: bucket, strategy: bucket }),
            repeat_throttle: Some(RepeatThrottle {
                max_executions: RepeatThrottle::EXECUTIONS_MAX,
                window_ms: 0,
            }),
            order_types: Some(vec![any_type]),
            max_slippage_bps: Some(u32::MAX),
            participation: Some(Participation::default()),
            venue_health: Some(VenueHealthPolicy { unknown_is_healthy: true }),
        }
    }
}
