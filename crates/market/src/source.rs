//! What every reader is: listings, events one by one, and what it had to refuse.

use crate::event::{InstrumentNo, MarketEvent};
use crate::refused::Refused;
use crate::zone::Zone;
use fillwright_domain::InstrumentId;
use std::path::PathBuf;

/// Recorded market data, read from its beginning to its end in bounded memory.
pub trait Source {
    /// The instruments met so far, by the number events name them with. It only grows.
    fn listings(&self) -> &[Listing];

    /// Reads the next event into `event`, whose memory is used again; `false` at the end.
    ///
    /// # Errors
    ///
    /// `MarketError` where the source cannot be read on. A line that makes no sense is counted in [`Source::refused`] and
    /// left out.
    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError>;

    /// What was refused so far.
    fn refused(&self) -> &Refused;

    /// How many bytes of the file were taken so far.
    fn bytes_taken(&self) -> u64;
}

/// An instrument of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its name.
    pub instrument: InstrumentId,
    /// The time zone its market keeps.
    pub zone: Zone,
}

/// The instruments of a source, in the order they were met.
#[derive(Debug, Clone, Default)]
pub struct Listings(Vec<Listing>);

impl Listings {
    /// A source of one instrument.
    pub fn of(instrument: InstrumentId, zone: Zone) -> Self {
        Self(vec![Listing { instrument, zone }])
    }

    /// The number of an instrument; a new one is appended.
    pub fn number(&mut self, instrument: &InstrumentId, zone: &Zone) -> InstrumentNo {
        let known = self.0.iter().position(|listing| listing.instrument == *instrument);
        let index = known.unwrap_or_else(|| {
            self.0.push(Listing { instrument: instrument.clone(), zone: zone.clone() });
            self.0.len() - 1
        });
        InstrumentNo(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// All of them.
    pub fn all(&self) -> &[Listing] {
        &self.0
    }
}

/// Why a source cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// The file cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be read on.
    #[error("{place} cannot be read")]
    Read {
        /// File, member and line.
        place: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing says how to read the file.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A block of an event file is damaged.
    #[error("{}: block {block} at byte {offset}: {damage}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// The number of the block, from one.
        block: u64,
        /// Where the block begins.
        offset: u64,
        /// What is wrong.
        damage: crate::file::Damage,
    },
    /// An event cannot be held by an event file.
    #[error("an event cannot be written: {0}")]
    Unwritable(&'static str),
}

impl MarketError {
    /// A file that says nothing of how to read it.
    pub fn unreadable(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Unreadable { path: path.into(), reason: reason.into() }
    }
}
