//! How far prices moved: each instrument's first mid of a window, which later orders of the window are held against.

use super::is_within;
use crate::by_name::ByName;
use fillwright_domain::{InstrumentId, Px, Timestamp};
use minicbor::{Decode, Encode};

/// Where a window began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct First {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    mid_px: Px,
}

/// The first mid of each instrument's window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Movements(#[n(0)] ByName<InstrumentId, First>);

impl Movements {
    /// The mid the instrument's first order in the current window was decided by.
    pub fn first(&self, at: Timestamp, instrument: &InstrumentId, window_ms: u32) -> Option<Px> {
        let first = self.0.get(instrument).filter(|first| is_within(at, first.at, window_ms));
        first.map(|first| first.mid_px)
    }

    /// Begins a window with this order's mid where none is open.
    pub(crate) fn follow(
        &mut self,
        at: Timestamp,
        instrument: &InstrumentId,
        mid_px: Px,
        window_ms: u32,
    ) {
        if window_ms > 0 && self.first(at, instrument, window_ms).is_none() {
            self.0.insert(instrument.clone(), First { at, mid_px });
        }
    }
}
