//! The market context an input brings with it.

use crate::{Decimal, NumberError, Px, Qty, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The market as it was when an input was sequenced. The kernel keeps no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Best bid.
    #[n(0)]
    pub bid_px: Px,
    /// Best ask.
    #[n(1)]
    pub ask_px: Px,
    /// Size at the best bid, where the source has one.
    #[n(2)]
    #[serde(default)]
    pub bid_qty: Option<Qty>,
    /// Size at the best ask, where the source has one.
    #[n(3)]
    #[serde(default)]
    pub ask_qty: Option<Qty>,
    /// Last trade.
    #[n(4)]
    #[serde(default)]
    pub last_px: Option<Px>,
    /// Volume traded in the source's interval.
    #[n(5)]
    #[serde(default)]
    pub interval_qty: Option<Qty>,
    /// When the source saw it.
    #[n(6)]
    pub as_of: Timestamp,
}

impl Quote {
    /// Whether both sides exist and do not cross: only then is there a price to decide by.
    pub fn is_two_sided(&self) -> bool {
        self.bid_px.is_positive() && self.ask_px.is_positive() && self.bid_px <= self.ask_px
    }
    /// The price half way between the two sides, halves of the last decimal to even.
    ///
    /// # Errors
    ///
    /// `Overflow` where the sum of both sides cannot be held.
    pub fn mid(&self) -> Result<Px, NumberError> {
        let both = self.bid_px.get().checked_add(self.ask_px.get())?.mantissa();
        let (half, odd) = (both.div_euclid(2), both.rem_euclid(2) != 0);
        let to_even = i128::from(odd && half.rem_euclid(2) != 0);
        Ok(Px::new(Decimal::from_mantissa(half + to_even)))
    }
}
