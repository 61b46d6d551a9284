//! The words of the trade: identifiers, exact numbers, instruments, intents, orders and what became of them.
//!
//! Types and arithmetic only. Nothing here decides, waits, reads a clock or touches a file, and money is never a
//! float. Every type that is stored numbers its fields (`#[n(…)]`): the numbers are the journal's wire schema and are
//! never reused.

pub mod digested_intent;
pub mod hex;
pub mod ids;
pub mod incident;
pub mod instrument;
pub mod intent;
pub mod number;
pub mod order;
pub mod outcome;
pub mod plan;
pub mod quote;
pub mod report;
pub mod result;
#[cfg(feature = "schema")]
mod schema;
pub mod scope;
pub mod sink;
pub mod statement;
pub mod text;
pub mod time;

pub use digested_intent::DigestedIntent;
pub use ids::{
    AccountId, BookId, BrokerId, CalendarId, ClientOrderId, ContentDigest, ExecId, ExecutionId,
    IncidentId, InstrumentId, IntentId, IntentKey, LaneId, OrderIntentId, PositionId, Principal,
    RequestId, RouteId, RunId, SessionId, StrategyId, VenueId, VenueOrderId,
};
pub use incident::{ComponentKind, HealthStatus, IncidentCategory, Severity, StartupAnomaly};
pub use instrument::Instrument;
pub use intent::{ActionType, Ask, ExecutionIntent, Intent, Origin, Rebalance, Regime, Urgency};
pub use number::{Decimal, Notional, NumberError, NumberText, Px, Qty, Ratio, Rounding};
pub use order::{OrderIntent, OrderStatus, OrderType, Plane, Route, Side, TimeInForce};
pub use outcome::{ExecutionOutcome, ExecutionReasonCode, ExecutionStatus};
pub use plan::{Constraint, Constraints, ExecutionPlan};
pub use quote::Quote;
pub use report::{ExecutionReport, ReportKind};
pub use result::{ExecutionResult, ResultStatus};
pub use scope::{Place, Scope, ScopeError};
pub use sink::Sink;
pub use statement::{
    StatedFill, StatedFills, StatedOrder, StatedOrders, StatedPosition, Statement,
};
pub use text::Text;
pub use time::Timestamp;
