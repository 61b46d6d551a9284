//! What comes in: bytes from strategies, optimisers and venues' quotes, read into the words of the trade.
//!
//! Every parser is a pure function from bytes to [`fillwright_domain::Intent`]s (or another word of the domain) and
//! typed [`Refusal`]s that name file, line, column and field. No parser decides anything, opens a file or reads a
//! clock. Files of one record a line come through any `BufRead` in bounded memory; a refused line never stops the
//! rest. Numbers keep the text they were written in until they are exact decimals; none is ever a float.

mod asset;
mod fields;
mod hash;
mod json;

pub mod actual;
#[doc(hidden)]
pub mod boundaries;
pub mod differences;
pub mod document;
pub mod drift;
pub mod emit;
pub mod ledger;
pub mod lines;
pub mod ndjson;
pub mod portfolio;
pub mod quotes;
pub mod refusal;
pub mod registry;

pub use actual::ActualState;
pub use differences::{Differences, differences};
pub use drift::DriftOrders;
pub use lines::{Counts, LineRecords, Position};
pub use ndjson::Intents;
pub use portfolio::{Portfolio, TargetAsset, TargetBook, Weight};
pub use quotes::Quotes;
pub use refusal::{Excerpt, IntakeError, Refusal, RefusalKind};
pub use registry::AuditedRun;
