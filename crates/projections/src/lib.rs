//! Read models, folded from journal entries and nothing else.
//!
//! | read model | file under `data/` | for |
//! |---|---|---|
//! | [`telemetry`] | `telemetry/events_execution.ndjson`, `telemetry/events_risk.ndjson` | streams of events |
//! | [`execution_log`] | `lakehouse/execution_logs.jsonl` | fills, latencies, costs |
//! | [`audit`] | `audit.jsonl` | the chain from research run to fill |
//! | [`actual_state`] | `portfolio_actual_state.json` | the shadow loop |
//! | [`incidents_log`] | `registry/incidents_log.json` | what went wrong, who looked, what was behind it |
//! | [`session_registry`] | `registry/live_sessions.json`, `registry/paper_sessions.json` | where and with how much strategies run |
//! | [`change_log`] | `registry/change_log.jsonl` | every input of a person |
//! | [`blotter`] | `blotter.sqlite` | questions |
//!
//! Each has a cursor of its own, and each is exactly once: killed at any byte and opened again, it goes on to the same
//! bytes. The journal is the truth; any of these files may be removed and is built again from it.

pub mod actual_state;
pub mod assessment;
pub mod audit;
pub mod blotter;
pub mod change_log;
mod database;
mod disposition;
mod entry;
mod error;
pub mod evidence;
pub mod execution_log;
mod facts;
mod governance;
pub mod incidents_log;
mod known;
mod known_store;
pub mod line_file;
mod paths;
mod portfolio_file;
mod projections;
mod python_json;
pub mod session_registry;
pub mod surveillance;
pub mod telemetry;
mod text;
mod verdicts;
pub mod weight;
mod words;

pub use blotter::{
    AdminRow, BlotterReader, Counts, DuplicateRow, FillRow, IntentFilter, IntentRow, OrderRow,
    OutcomeRow, PositionRow,
};
pub use disposition::Disposition;
pub use entry::ProjectedEntry;
pub use error::ProjectionError;
pub use facts::{Facts, InSession, IntentFacts, OrderFacts, PositionChange, PositionPlace, Rules};
pub use line_file::Vouch;
pub use paths::Paths;
pub use projections::{Projection, Projections};
