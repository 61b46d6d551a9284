//! `config/policies/execution_metrics_spec.json`: from where on figures of the past are worth a recommendation.
//!
//! Nothing is decided by it: `fillwright assess` holds outcomes, incidents and changes of a period against it, and people
//! read what it recommends. It is no part of the rulebook.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The thresholds, by kind of recommendation. Every one must be stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionMetricsSpec {
    /// When a strategy has shown enough to go further.
    pub promote: PromoteThresholds,
    /// When a strategy should go back.
    pub demote: DemoteThresholds,
    /// When a limit is wider than it need be.
    pub tighten: TightenThresholds,
    /// When a limit stands in the way.
    pub loosen: LoosenThresholds,
}

/// All of it must hold of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteThresholds {
    /// Orders that came to an end, at least.
    pub orders_min: u64,
    /// Of them rejected, at most. Percent.
    pub rejected_percent_max: u64,
    /// Slippage against the mid at decision that nineteen of twenty priced fills kept to, at most. Basis points.
    pub slippage_p95_bps_max: i64,
    /// Incidents opened that concern it, at most.
    pub incidents_max: u64,
}

/// Any of it is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoteThresholds {
    /// Below so many orders that came to an end, or priced fills, their shares say nothing.
    pub orders_min: u64,
    /// Orders rejected, at least. Percent.
    pub rejected_percent_min: u64,
    /// Slippage that one of twenty priced fills exceeded or met, at least. Basis points.
    pub slippage_p95_bps_min: i64,
    /// Serious incidents of the strategy itself, at least.
    pub serious_incidents_min: u64,
}

/// Either is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TightenThresholds {
    /// Below so many intents held against it, a limit that was not used says nothing.
    pub intents_min: u64,
    /// A limit of which never more than this was used is wider than it need be. Percent.
    pub used_percent_max: u64,
    /// Incidents of the kinds risk and execution behind a change that widened a limit, at least, and more than before it.
    pub incidents_behind_change_min: u64,
}

/// All of it must hold of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoosenThresholds {
    /// Intents held against it, at least.
    pub intents_min: u64,
    /// Of them denied or cut by it, at least. Percent.
    pub refused_percent_min: u64,
    /// Incidents of the kinds risk and execution in the period, at most.
    pub incidents_max: u64,
}
