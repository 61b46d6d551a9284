//! The written rules: the documents people edit under `config/`, and the one rulebook the kernel reads.
//!
//! Documents are parsed strictly (an unknown field is an error with its place) and compiled into a [`Rulebook`];
//! adopting a rulebook is an input like any other, so the journal holds every rule that ever applied. Types and
//! checks only; nothing here decides on an intent.

pub mod approvals;
pub mod beside;
pub mod calendar;
mod check;
pub mod compile;
mod decision_table;
pub mod difference;
mod document_error;
pub mod documents;
pub mod envelope;
pub mod execution_metrics;
pub mod flow;
pub mod incident_rules;
pub mod lanes;
mod operator_bounds;
pub mod people;
pub mod reconciliation;
pub mod regime;
pub mod restraint;
pub mod route;
pub mod rulebook;
mod rules_hash;
pub mod safe_mode;
pub mod schema;
pub mod surveillance;
mod unique;

pub use approvals::{ApprovalRule, ApprovalRules, ChangeKind, approval_rules};
pub use calendar::{Hours, OpenWindow, Tradable};
pub use compile::{Documents, compile, compile_all, session};
pub use decision_table::{Condition, Decision, DecisionRow, DecisionTable, FactName};
pub use difference::{Change, difference};
pub use document_error::DocumentError;
pub use envelope::{
    Breach, Envelope, Group, GroupLimits, Level, Levels, LimitRow, Limits, UNGROUPED,
};
pub use flow::FlowPolicy;
pub use incident_rules::{DetectionRule, Grouping, IncidentRules, Signal};
pub use lanes::{Lane, Lanes, ModelStatus, PromotionRule, SessionDefinition};
pub use operator_bounds::{Bound, OperatorBounds};
pub use people::{People, Person, Role, people};
pub use reconciliation::{OnBreak, ReconciliationPolicy};
pub use regime::{RegimePolicy, UnknownRegime};
pub use restraint::{KillEffect, KillEffectError, RestraintKind};
pub use route::RoutePolicy;
pub use rulebook::{Book, ExecutionPolicy, Rulebook, Strategy, Venue};
pub use rules_hash::{NotAHash, RulesHash};
