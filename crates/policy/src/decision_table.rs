//! The table of decisions: named facts in, allow, reduce or deny out. Typed here, decided by the kernel.

use fillwright_domain::{Decimal, Ratio, Text};
use minicbor::{Decode, Encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `config/policies/dra_decision_tables.json`: rows from the top, the first that matches decides. Where none matches, and
/// where a row asks for a fact that is not there, the order is denied.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct DecisionTable {
    /// The rows.
    #[n(0)]
    pub rows: Vec<DecisionRow>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRow {
    /// Its name, which verdicts carry.
    #[n(0)]
    pub id: Text,
    /// What must hold, all of it; nothing matches every order.
    #[n(1)]
    pub when: Vec<Condition>,
    /// What it decides.
    #[n(2)]
    pub then: Decision,
    /// What is left of the order's quantity where it reduces: above 0, below 1.
    #[n(3)]
    #[serde(default)]
    pub size: Option<Ratio>,
    /// Marks for whoever reads the decision.
    #[n(4)]
    #[serde(default)]
    pub flags: BTreeSet<Text>,
    /// Why, in words.
    #[n(5)]
    pub reason: Text,
}

/// What a row decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, JsonSchema)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The order passes.
    #[n(0)]
    Allow,
    /// The order passes with a part of its quantity.
    #[n(1)]
    Reduce,
    /// The order is refused.
    #[n(2)]
    Deny,
}

/// What must hold of one fact: a word is one of some, a number lies above one limit, at most at another, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The fact.
    #[n(0)]
    pub fact: FactName,
    /// For a word: it is one of these.
    #[n(1)]
    #[serde(default)]
    pub one_of: BTreeSet<Text>,
    /// For a number: it is above this.
    #[n(2)]
    #[serde(default)]
    pub above: Option<Decimal>,
    /// For a number: it is at most this.
    #[n(3)]
    #[serde(default)]
    pub at_most: Option<Decimal>,
}

/// Every fact a table may ask for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    JsonSchema,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    /// What is asked for: `add`, `trim`, `exit`, `reclaim`, `rebalance`.
    #[n(0)]
    Action,
    /// `buy` or `sell`.
    #[n(1)]
    Side,
    /// `low`, `medium`, `high` or `critical`; a rebalance has none.
    #[n(2)]
    Urgency,
    /// `offline`, `paper` or `live`.
    #[n(3)]
    Environment,
    /// The account the book trades for.
    #[n(4)]
    Account,
    /// The strategy behind the order.
    #[n(5)]
    Strategy,
    /// The book.
    #[n(6)]
    Book,
    /// The instrument's venue.
    #[n(7)]
    Venue,
    /// The instrument.
    #[n(8)]
    Instrument,
    /// The market regime the optimiser saw; only a rebalance may have one.
    #[n(9)]
    MarketRegime,
    /// The order's worth at the touch, rounded up, in quote currency.
    #[n(10)]
    OrderNotional,
    /// The order's quantity as sized.
    #[n(11)]
    OrderQty,
    /// What the book holds of the instrument, short below zero.
    #[n(12)]
    PositionQty,
    /// The age of the quote, in whole milliseconds.
    #[n(13)]
    QuoteAgeMs,
}

impl FactName {
    /// Whether it is a number; otherwise it is a word.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::OrderNotional | Self::OrderQty | Self::PositionQty | Self::QuoteAgeMs)
    }
}

/// What keeps rows from deciding: names of their own, conditions of the fact's kind, a size where they reduce.
pub(crate) fn problems(table: &DecisionTable) -> Vec<(String, &'static str)> {
    let mut ids = BTreeSet::new();
    let mut found = Vec::new();
    for row in &table.rows {
        let problem = problem(row).or((!ids.insert(&row.id)).then_some("stands twice; keep one"));
        found.extend(problem.map(|problem| (format!("row {}:", row.id), problem)));
    }
    found
}

fn problem(row: &DecisionRow) -> Option<&'static str> {
    let is_part = |size: Ratio| size.is_positive() && size < Ratio::ONE;
    if row.id.is_empty() {
        return Some("must have an id");
    }
    if row.reason.is_empty() {
        return Some("must say its reason");
    }
    if let Some(problem) = row.when.iter().find_map(mistyped) {
        return Some(problem);
    }
    match (row.then, row.size) {
        (Decision::Reduce, Some(size)) if is_part(size) => None,
        (Decision::Reduce, _) => Some("must have a size above 0 and below 1"),
        (_, Some(_)) => Some("has a size and does not reduce"),
        (_, None) => None,
    }
}

fn mistyped(condition: &Condition) -> Option<&'static str> {
    let has_words = !condition.one_of.is_empty();
    let has_numbers = condition.above.is_some() || condition.at_most.is_some();
    match (condition.fact.is_number(), has_words, has_numbers) {
        (true, false, true) | (false, true, false) => None,
        (true, ..) => Some("asks for a number: write above, at_most or both"),
        (false, ..) => Some("asks for a word: write one_of"),
    }
}
