//! Trades that were printed, and what is odd about them.

use fillwright_domain::{Px, Qty, Side};
use serde::{Serialize, Serializer};

/// A trade that was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trade {
    /// The price.
    pub px: Px,
    /// The quantity; zero where the source prints the legs of spreads.
    pub qty: Qty,
    /// Who crossed the spread, where the source says so.
    pub aggressor: Option<Side>,
    /// The venue's number for the trade, where it has one.
    pub trade_id: Option<u64>,
    /// What is odd about it.
    pub flags: TradeFlags,
}

impl Trade {
    /// Whether the trade shows the price at which one could trade then: a quantity above zero, in the hours of the market,
    /// not flagged by the source, not an average over earlier trades and not reported behind its time. Auctions do.
    pub fn sets_price(&self) -> bool {
        self.qty.is_positive() && !self.flags.has_any(TradeFlags::NO_PRICE)
    }
}

/// What is odd about a trade, as a set.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TradeFlags(u16);

impl TradeFlags {
    /// Nothing is.
    pub const NONE: Self = Self(0);
    /// The source does not trust it.
    pub const SUSPICIOUS: Self = Self(1);
    /// The opening auction.
    pub const OPENING: Self = Self(1 << 1);
    /// The closing auction.
    pub const CLOSING: Self = Self(1 << 2);
    /// Outside regular hours, or reported there.
    pub const EXTENDED_HOURS: Self = Self(1 << 3);
    /// A sweep over several markets.
    pub const SWEEP: Self = Self(1 << 4);
    /// Away from the exchanges.
    pub const OFF_EXCHANGE: Self = Self(1 << 5);
    /// At an average over earlier trades.
    pub const AVERAGE_PX: Self = Self(1 << 6);
    /// Reported late or out of its order.
    pub const LATE: Self = Self(1 << 7);
    /// The exchange's official open or close: a statement of volume that was printed already.
    pub const OFFICIAL: Self = Self(1 << 8);
    /// What keeps a trade from showing a price.
    pub const NO_PRICE: Self = Self(
        Self::SUSPICIOUS.0
            | Self::EXTENDED_HOURS.0
            | Self::AVERAGE_PX.0
            | Self::LATE.0
            | Self::OFFICIAL.0,
    );
    const NAMES: [(Self, &'static str); 9] = [
        (Self::SUSPICIOUS, "suspicious"),
        (Self::OPENING, "opening"),
        (Self::CLOSING, "closing"),
        (Self::EXTENDED_HOURS, "extended_hours"),
        (Self::SWEEP, "sweep"),
        (Self::OFF_EXCHANGE, "off_exchange"),
        (Self::AVERAGE_PX, "average_px"),
        (Self::LATE, "late"),
        (Self::OFFICIAL, "official"),
    ];
    const KNOWN: u16 = (1 << Self::NAMES.len()) - 1;

    /// The set of these bits, if every bit is known.
    pub const fn from_bits(bits: u16) -> Option<Self> {
        if bits & !Self::KNOWN == 0 { Some(Self(bits)) } else { None }
    }

    /// The set as bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether any of the others is here.
    pub const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The set with the others, if they hold.
    #[must_use]
    pub const fn with(self, others: Self, hold: bool) -> Self {
        if hold { Self(self.0 | others.0) } else { self }
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        let here = Self::NAMES.into_iter().filter(move |(flag, _)| self.has_any(*flag));
        here.map(|(_, name)| name)
    }
}

impl std::fmt::Debug for TradeFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Serialize for TradeFlags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_a_name_and_a_bit_of_its_own() {
        let all = TradeFlags::NAMES.iter().fold(0, |bits, (flag, _)| {
            assert_eq!(bits & flag.bits(), 0, "{flag:?}");
            bits | flag.bits()
        });
        assert_eq!(all, TradeFlags::KNOWN);
    }

    #[test]
    fn a_bit_that_is_not_known_is_refused() {
        assert_eq!(TradeFlags::from_bits(1 << 9), None);
        assert_eq!(TradeFlags::from_bits(0b11).map(TradeFlags::bits), Some(0b11));
    }
}
