//! What a strategy wants: the execution intent of the interface document, and the one canonical form all intake becomes.

use crate::{
    BookId, InstrumentId, IntentId, NumberText, PositionId, Ratio, RunId, StrategyId, Text,
};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Universal actions, venue-agnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ActionType {
    /// Do nothing.
    #[n(0)]
    Hold,
    /// Increase the position.
    #[n(1)]
    Add,
    /// Reduce the position.
    #[n(2)]
    Trim,
    /// Close the position.
    #[n(3)]
    Exit,
    /// Buy back after a reclaimed level.
    #[n(4)]
    Reclaim,
    /// Close the position whatever else holds; reduce-only always.
    #[n(5)]
    EmergencyExit,
    /// Move to a target weight (portfolio and drift intake; not part of the interface document).
    #[n(6)]
    Rebalance,
}

impl ActionType {
    /// The word in the interface document's JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Add => "add",
            Self::Trim => "trim",
            Self::Exit => "exit",
            Self::Reclaim => "reclaim",
            Self::EmergencyExit => "emergency_exit",
            Self::Rebalance => "rebalance",
        }
    }
}

/// How soon it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// When convenient.
    #[n(0)]
    Low,
    /// The usual.
    #[n(1)]
    Medium,
    /// Soon.
    #[n(2)]
    High,
    /// At once, at the market.
    #[n(3)]
    Critical,
}

/// `ExecutionIntent` of the interface document: the same fields, in the same order, so both directions of its JSON hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct ExecutionIntent {
    /// What to do. Never `rebalance` here.
    #[n(0)]
    pub action: ActionType,
    /// Fraction of the position or allocation, 0 to 1.
    #[n(1)]
    #[serde(serialize_with = "as_json_number")]
    pub size_frac: Ratio,
    /// How soon.
    #[n(2)]
    pub urgency: Urgency,
    /// 0 to 100, higher is more urgent.
    #[n(3)]
    pub priority: u8,
    /// Largest slippage accepted, in basis points.
    #[n(4)]
    pub max_slippage_bps: Option<u32>,
    /// Only reduce the position.
    #[n(5)]
    pub reduce_only: bool,
    /// Only make, never take.
    #[n(6)]
    pub post_only: bool,
    /// Why the portfolio manager wants it.
    #[n(7)]
    pub reason_codes: Vec<Text>,
    /// Uptrend state now.
    #[n(8)]
    pub state: Text,
    /// Uptrend state before.
    #[n(9)]
    pub prev_state: Text,
    /// Final aggressiveness score, verbatim.
    #[n(10)]
    pub a_final: NumberText,
    /// Final exit assertiveness score, verbatim.
    #[n(11)]
    pub e_final: NumberText,
    /// The portfolio manager's position.
    #[n(12)]
    pub position_id: PositionId,
    /// What to trade, as the venue names it.
    #[n(13)]
    pub token_contract: Text,
    /// The venue namespace, whatever its name says.
    #[n(14)]
    pub token_chain: Text,
    /// The book.
    #[n(15)]
    pub book_id: BookId,
    /// The strategy's timeframe.
    #[n(16)]
    pub timeframe: Text,
    /// The portfolio manager's own leverage cap.
    #[n(17)]
    #[serde(serialize_with = "as_optional_json_number")]
    pub max_leverage: Option<Ratio>,
    /// Why that cap.
    #[n(18)]
    pub risk_reason: Option<Text>,
}

/// Market regimes upstream names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Encode, Decode)]
#[cbor(index_only)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Regime {
    /// The usual.
    #[n(0)]
    Normal,
    /// Unsettled.
    #[n(1)]
    Turbulent,
    /// Crisis: aggressive longs need a person.
    #[n(2)]
    Crisis,
    /// Calm.
    #[n(3)]
    Quiet,
}

/// A change of weight: the difference between a target portfolio and the actual state, or a drift order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Rebalance {
    /// Change asked for, as a signed fraction of the book's equity; positive buys.
    #[n(0)]
    pub weight_change: Ratio,
    /// Weight wanted in the end, signed. Zero closes the position.
    #[n(1)]
    pub target_weight: Ratio,
    /// The regime the optimiser saw.
    #[n(2)]
    pub regime: Option<Regime>,
    /// `Market` of the source row.
    #[n(3)]
    pub market: Text,
    /// `Description` of the source row.
    #[n(4)]
    pub description: Text,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// An execution intent as the interface document has it.
    #[n(0)]
    Execution(#[n(0)] Box<ExecutionIntent>),
    /// A change of weight.
    #[n(1)]
    Rebalance(#[n(0)] Box<Rebalance>),
}

/// Where an intent was read, so that a person can find it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct Origin {
    /// File name, `-` for standard input.
    #[n(0)]
    pub source: Text,
    /// Line or row, counted from 1.
    #[n(1)]
    pub line: u64,
}

/// The one canonical form that every kind of intake becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Intent {
    /// Its name; the same name is the same intent for ever.
    #[n(0)]
    pub intent_id: IntentId,
    /// The strategy that wants it; where absent, its book's.
    #[n(1)]
    pub strategy_id: Option<StrategyId>,
    /// The book whose position changes.
    #[n(2)]
    pub book_id: BookId,
    /// What is traded.
    #[n(3)]
    pub instrument_id: InstrumentId,
    /// The research run behind it (`Source_Run`); where absent, its book's.
    #[n(4)]
    pub source_run: Option<RunId>,
    /// What is asked for.
    #[n(5)]
    pub ask: Ask,
    /// Whether a number had to be cut to 18 decimals.
    #[n(6)]
    pub input_truncated: bool,
    /// Where it was read. Not part of its content: the same intent read elsewhere is the same intent.
    #[n(7)]
    pub origin: Origin,
}

impl Intent {
    /// The action in the universal vocabulary.
    pub fn action(&self) -> ActionType {
        match &self.ask {
            Ask::Execution(asked) => asked.action,
            Ask::Rebalance(_) => ActionType::Rebalance,
        }
    }

    /// Whether it may only reduce a position; an emergency exit always is.
    pub fn reduce_only(&self) -> bool {
        match &self.ask {
            Ask::Execution(asked) => asked.reduce_only || asked.action == ActionType::EmergencyExit,
            Ask::Rebalance(_) => false,
        }
    }

    /// Whether it may only make liquidity.
    pub fn post_only(&self) -> bool {
        matches!(&self.ask, Ask::Execution(asked) if asked.post_only)
    }

    /// How soon it is wanted.
    pub fn urgency(&self) -> Urgency {
        match &self.ask {
            Ask::Execution(asked) => asked.urgency,
            Ask::Rebalance(_) => Urgency::Medium,
        }
    }

    /// Largest slippage accepted, in basis points.
    pub fn max_slippage_bps(&self) -> Option<u32> {
        match &self.ask {
            Ask::Execution(asked) => asked.max_slippage_bps,
            Ask::Rebalance(_) => None,
        }
    }

    /// The sender's own leverage cap.
    pub fn max_leverage(&self) -> Option<Ratio> {
        match &self.ask {
            Ask::Execution(asked) => asked.max_leverage,
            Ask::Rebalance(_) => None,
        }
    }
}

fn as_json_number<S: serde::Serializer>(ratio: &Ratio, serializer: S) -> Result<S::Ok, S::Error> {
    let literal = NumberText::parse(&ratio.to_string()).map_err(serde::ser::Error::custom)?;
    literal.serialize(serializer)
}

#[allow(clippy::ref_option, reason = "serde hands over the field as it is")]
fn as_optional_json_number<S: serde::Serializer>(
    ratio: &Option<Ratio>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match ratio {
        Some(ratio) => as_json_number(ratio, serializer),
        None => serializer.serialize_none(),
    }
}
