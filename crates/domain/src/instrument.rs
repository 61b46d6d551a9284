//! What can be traded, and in which steps.

use crate::{CalendarId, InstrumentId, Notional, Px, Qty, Ratio, Text, VenueId};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// An instrument at a venue, with the venue's limits (the upstream table's fields).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Instrument {
    /// `VENUE:SYMBOL`.
    #[n(0)]
    pub instrument_id: InstrumentId,
    /// Where it trades.
    #[n(1)]
    pub venue: VenueId,
    /// Quantities are whole multiples of this; a smaller rest is dropped.
    #[n(2)]
    pub lot_size: Qty,
    /// The venue's quantity increment; where it differs from the lot, both hold.
    #[n(3)]
    pub step_size: Qty,
    /// Limit prices are whole multiples of this.
    #[n(4)]
    pub tick_size: Px,
    /// An order worth less is not sent (Below Floor).
    #[n(5)]
    pub min_notional: Notional,
    /// Units of the underlying in one unit of quantity.
    #[n(6)]
    pub contract_size: Ratio,
    /// Fee on a passive fill, as a fraction of notional; negative is a rebate.
    #[n(7)]
    pub maker_fee: Ratio,
    /// Fee on an aggressive fill, as a fraction of notional.
    #[n(8)]
    pub taker_fee: Ratio,
    /// The largest quantity of one order, where the venue has such a limit.
    #[n(9)]
    pub max_qty: Option<Qty>,
    /// When it trades.
    #[n(10)]
    pub calendar: CalendarId,
    /// Whether orders in it are allowed at all.
    #[n(11)]
    pub enabled: bool,
    /// When the limits were read from the venue, as the table says.
    #[n(12)]
    pub updated_at: Text,
}
