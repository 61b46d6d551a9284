//! Market data: recorded formats read into one kind of event, one file to keep events in, and books made of them.
//!
//! Readers stream in bounded memory, refuse lines that make no sense with their place, and go on. Prices and quantities
//! are exact decimals from the first byte to the last; none is ever a float.

mod archive;
pub mod book;
pub mod calendar;
pub mod event;
pub mod file;
mod lines;
pub mod merge;
pub mod readers;
pub mod refused;
pub mod source;
pub mod stats;
pub mod zone;

pub use event::{Body, InstrumentNo, MarketEvent};
pub use merge::Merged;
pub use refused::{Reason, Refusal, Refused};
pub use source::{Listing, Listings, MarketError, Source};
pub use zone::Zone;
