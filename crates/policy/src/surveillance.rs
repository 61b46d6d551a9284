//! `config/policies/surveillance.json`: from where on what was traded looks like abuse of a market.
//!
//! Nothing is decided by it: `fillwright surveil` holds the recorded orders and fills against it, and people look into what
//! it shows. It is no part of the rulebook. Source: RTS 6, article 13; MAR, annex I.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The patterns looked for. Every threshold must be stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveillancePolicy {
    /// How long acts count together. Seconds.
    pub window_s: u32,
    /// Many orders, few trades.
    pub order_to_trade: OrderToTrade,
    /// Orders on one side that are taken back while the other side is filled.
    pub layering: Layering,
    /// Trades of the desk with itself.
    pub wash: Wash,
}

/// Both must hold of a strategy in an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderToTrade {
    /// Orders and cancels in the window, at least.
    pub messages_min: u64,
    /// Of them for each trade, at least; no trade counts as one.
    pub messages_per_trade_min: u64,
}

/// Both must hold of a strategy in an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layering {
    /// Orders on one side that were taken back in the window, at least.
    pub cancelled_min: u64,
    /// Their unfilled quantity over what was filled on the other side, at least. Percent.
    pub cancelled_over_filled_percent_min: u64,
}

/// Two fills in one instrument, of different books, on different sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wash {
    /// So far apart in time, at most. Milliseconds.
    pub apart_max_ms: u32,
    /// So far apart in price, at most. Basis points of the lower one.
    pub apart_max_bps: u32,
}
