//! Child orders and the words of their life.

use crate::{
    BookId, BrokerId, ClientOrderId, InstrumentId, IntentId, IntentKey, OrderIntentId, Px, Qty,
    RouteId, Text,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Which way an order trades (FIX 54).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Adds to a long position.
    #[n(0)]
    Buy,
    /// Takes from a long position.
    #[n(1)]
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `BUY` or `SELL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
        }
    }
}

/// How the price is set (FIX 40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At whatever the market gives.
    #[n(0)]
    Market,
    /// At a stated price or better.
    #[n(1)]
    Limit,
}

/// How long an order works (FIX 59).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the session ends.
    #[n(0)]
    Day,
    /// Until cancelled.
    #[n(1)]
    Gtc,
    /// What can be had at once; the rest is cancelled.
    #[n(2)]
    Ioc,
    /// All at once or nothing.
    #[n(3)]
    Fok,
    /// Until a stated time.
    #[n(4)]
    Gtd,
}

/// Where orders are realised. Chosen by the meta layer, never by a strategy.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cbor(index_only)]
#[serde(rename_all = "kebab-case")]
pub enum Plane {
    /// Full fill at the requested quantity, inside the step.
    #[n(0)]
    Paper,
    /// Deterministic success or failure by rule, reported from outside.
    #[n(1)]
    LiveStub,
}

impl Plane {
    /// `paper` or `live-stub`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::LiveStub => "live-stub",
        }
    }
}

/// A child order: what a plane is asked to realise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "camelCase")]
pub struct OrderIntent {
    /// Its name, derived from the intent and its number.
    #[n(0)]
    pub order_intent_id: OrderIntentId,
    /// The intent it serves.
    #[n(1)]
    pub intent_id: IntentId,
    /// Counts an intent's children from 1.
    #[n(2)]
    pub child_no: u32,
    /// The plane chosen for its book.
    #[n(3)]
    pub plane: Plane,
    /// The book whose position it changes.
    #[n(4)]
    pub book_id: BookId,
    /// The instrument (`marketId`).
    #[n(5)]
    pub market_id: InstrumentId,
    /// Buy or sell.
    #[n(6)]
    pub side: Side,
    /// Quantity asked for, on the lot grid, always positive.
    #[n(7)]
    pub requested_quantity: Qty,
    /// Market or limit.
    #[n(8)]
    pub order_type: OrderType,
    /// Limit price on the tick grid; present exactly when the type is limit.
    #[n(9)]
    pub limit_px: Option<Px>,
    /// How long it works.
    #[n(10)]
    pub time_in_force: TimeInForce,
    /// Whether the venue must refuse it where it would add to a position.
    #[n(11)]
    pub reduce_only: bool,
    /// Whether the venue must refuse it where it would take liquidity.
    #[n(12)]
    pub post_only: bool,
    /// How it goes to its venue, chosen before it is sent and never changed behind it.
    #[n(13)]
    pub route: Option<Route>,
    /// What its intent's plan is for: all its orders together, filled, open and unknown, are never more. Older versions
    /// did not say it.
    #[n(14)]
    pub parent_quantity: Option<Qty>,
}

/// How an order goes to its venue: the logical route, and what it stands for in this environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The logical route.
    #[n(0)]
    pub route_id: RouteId,
    /// The connection it goes out on.
    #[n(1)]
    pub broker: BrokerId,
    /// The broker's own algorithm, where it is to use one.
    #[n(2)]
    pub algorithm: Option<Text>,
}

impl OrderIntent {
    /// The order's name at the venue.
    pub fn client_order_id(&self) -> ClientOrderId {
        self.order_intent_id.client_order_id()
    }

    /// The short name of its intent.
    pub fn intent_key(&self) -> IntentKey {
        self.order_intent_id.intent_key(self.child_no)
    }
}

/// Where an order stands (FIX 39), with `Unknown` for one whose fate nobody has told us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Released to its plane; no answer yet.
    #[n(0)]
    PendingNew,
    /// Working at the venue.
    #[n(1)]
    New,
    /// Working, partly done.
    #[n(2)]
    PartiallyFilled,
    /// We asked to cancel; fills may still come.
    #[n(3)]
    PendingCancel,
    /// Sent, perhaps; the venue is being asked. Never resent, never presumed rejected.
    #[n(4)]
    Unknown,
    /// Done in full.
    #[n(5)]
    Filled,
    /// Ended by a cancel.
    #[n(6)]
    Canceled,
    /// Refused by the venue.
    #[n(7)]
    Rejected,
    /// Ended by its time in force.
    #[n(8)]
    Expired,
}

impl OrderStatus {
    /// Whether nothing more can happen to the order.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Canceled | Self::Rejected | Self::Expired)
    }
}
