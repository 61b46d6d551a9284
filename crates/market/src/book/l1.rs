//! The best bid and ask.

use crate::event::{Bar, Candle, Level, Quote, QuoteSide};
use fillwright_domain::{Decimal, Px, Timestamp};

/// The best bid and ask as they stand: each side is the last that was said of it.
///
/// A source that states one side a row is put together here, and by nothing but the order of its rows: the best of a
/// national market is whatever was said last, from whichever exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct L1 {
    bid: Option<Level>,
    ask: Option<Level>,
    as_of: Option<Timestamp>,
}

/// How the two sides stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// A side is missing.
    OneSided,
    /// The bid is below the ask.
    Open,
    /// They are the same.
    Locked,
    /// The bid is above the ask: no price to decide by.
    Crossed,
}

impl L1 {
    /// Takes what a quote says.
    #[inline]
    pub fn apply(&mut self, at: Timestamp, quote: &Quote) {
        put(&mut self.bid, quote.bid);
        put(&mut self.ask, quote.ask);
        self.as_of = Some(at);
    }

    /// Takes the end of a bar of quotes.
    pub fn apply_bar(&mut self, at: Timestamp, bar: &Bar) {
        if let Bar::Quotes { bid, ask } = bar {
            let last = |candle: &Candle| Level { px: candle.close_px, qty: Some(candle.qty) };
            self.bid = bid.as_ref().map(last);
            self.ask = ask.as_ref().map(last);
            self.as_of = Some(at);
        }
    }

    /// The best bid.
    pub const fn bid(&self) -> Option<Level> {
        self.bid
    }

    /// The best ask.
    pub const fn ask(&self) -> Option<Level> {
        self.ask
    }

    /// When something was last said.
    pub const fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// How long ago something was last said; nothing where nothing ever was.
    pub fn age_ns(&self, now: Timestamp) -> Option<i64> {
        self.as_of.map(|as_of| now.since_ns(as_of))
    }

    /// How the two sides stand to each other.
    pub fn spread(&self) -> Spread {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) if bid.px < ask.px => Spread::Open,
            (Some(bid), Some(ask)) if bid.px == ask.px => Spread::Locked,
            (Some(_), Some(_)) => Spread::Crossed,
            _ => Spread::OneSided,
        }
    }

    /// Both best prices, whether crossed or not.
    pub fn prices(&self) -> Option<(Px, Px)> {
        Some((self.bid?.px, self.ask?.px))
    }

    /// The price half way between the sides; nothing where a side is missing or they cross, because then nobody could have
    /// traded at it.
    pub fn mid(&self) -> Option<Px> {
        let (bid, ask) = self.prices().filter(|(bid, ask)| bid <= ask)?;
        let both = bid.checked_add(ask).ok()?;
        let half = both.get().mantissa();
        // Halves of the last decimal go to even.
        let to_even = i128::from(half % 2 != 0 && half.div_euclid(2) % 2 != 0);
        Some(Px::new(Decimal::from_mantissa(half.div_euclid(2) + to_even)))
    }
}

#[inline]
fn put(side: &mut Option<Level>, said: QuoteSide) {
    match said {
        QuoteSide::Unchanged => {}
        QuoteSide::Empty => *side = None,
        QuoteSide::At(level) => *side = Some(level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fillwright_domain::Qty;

    fn level(px: &str) -> QuoteSide {
        let px = Px::new(px.parse().expect("a price"));
        QuoteSide::At(Level { px, qty: Some(Qty::new(Decimal::ONE)) })
    }

    fn book(quotes: &[(QuoteSide, QuoteSide)]) -> L1 {
        let mut book = L1::default();
        for (ns, (bid, ask)) in (0..).zip(quotes) {
            book.apply(Timestamp::from_ns(ns), &Quote { bid: *bid, ask: *ask });
        }
        book
    }

    #[test]
    fn one_sided_quotes_keep_the_other_side() {
        let book =
            book(&[(level("10"), QuoteSide::Unchanged), (QuoteSide::Unchanged, level("11"))]);
        assert_eq!(book.mid().map(|px| px.to_string()), Some("10.5".into()));
        assert_eq!(book.spread(), Spread::Open);
    }

    #[test]
    fn an_empty_side_takes_the_mid_away() {
        let book = book(&[(level("10"), level("11")), (QuoteSide::Empty, QuoteSide::Unchanged)]);
        assert_eq!((book.mid(), book.spread()), (None, Spread::OneSided));
    }

    #[test]
    fn a_crossed_book_has_no_mid_and_a_locked_one_has() {
        let crossed = book(&[(level("10.1"), level("10"))]);
        assert_eq!((crossed.mid(), crossed.spread()), (None, Spread::Crossed));
        let locked = book(&[(level("10"), level("10"))]);
        assert_eq!(locked.mid().map(|px| px.to_string()), Some("10".into()));
        assert_eq!(locked.spread(), Spread::Locked);
    }

    #[test]
    fn half_of_the_last_decimal_goes_to_even() {
        let mid = |bid, ask| book(&[(level(bid), level(ask))]).mid().map(|px| px.to_string());
        assert_eq!(
            mid("0.000000000000000001", "0.000000000000000002"),
            Some("0.000000000000000002".into())
        );
        assert_eq!(
            mid("0.000000000000000002", "0.000000000000000003"),
            Some("0.000000000000000002".into())
        );
    }

    #[test]
    fn a_book_grows_old() {
        let book = book(&[(level("10"), level("11"))]);
        assert_eq!(book.age_ns(Timestamp::from_ns(5)), Some(5));
        assert_eq!(L1::default().age_ns(Timestamp::from_ns(5)), None);
    }
}
