//! What happened between two instants: trades, volume, prices weighted by volume and by time.
//!
//! A figure that does not exist is missing, never zero, and says why.

use crate::book::{L1, Spread};
use crate::event::{Bar, Body, InstrumentNo, MarketEvent, Trade, TradeFlags};
use fillwright_domain::{Decimal, NumberError, Px, Qty, Rounding, Timestamp};

/// From the first instant, until just before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant behind it.
    pub to: Timestamp,
}

impl Interval {
    /// Whether an instant lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// Trades of an interval.
///
/// Every trade counts that the source does not call suspicious, whatever its conditions: late prints and odd lots too.
/// Trades without a quantity are counted apart, because they have no weight.
#[derive(Debug, Clone, Default)]
pub struct TradeFigures {
    /// Trades with a quantity.
    pub trades: u64,
    /// Trades without one: the legs of spreads.
    pub zero_qty_trades: u64,
    /// Trades the source does not trust; they enter nothing.
    pub suspicious_trades: u64,
    /// Bars of trades that lie inside; they have a volume and no single trades.
    pub bars: u64,
    /// The sum of the quantities.
    pub volume: Qty,
    notional: Decimal,
}

impl TradeFigures {
    /// Takes an event.
    ///
    /// # Errors
    ///
    /// `Overflow` where a sum cannot be held.
    pub fn take(&mut self, interval: Interval, event: &MarketEvent) -> Result<(), NumberError> {
        match &event.body {
            Body::Trade(trade) if interval.contains(event.event_at) => self.count(trade),
            Body::Bar(Bar::Trades(candle))
                if interval.contains(event.event_at) && event.received_at <= interval.to =>
            {
                self.bars += 1;
                self.volume = self.volume.checked_add(candle.qty)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, trade: &Trade) -> Result<(), NumberError> {
        if trade.flags.has_any(TradeFlags::SUSPICIOUS) {
            self.suspicious_trades += 1;
            return Ok(());
        }
        if !trade.qty.is_positive() {
            self.zero_qty_trades += 1;
            return Ok(());
        }
        self.trades += 1;
        self.volume = self.volume.checked_add(trade.qty)?;
        // Exact wherever price and quantity have eighteen decimals between them.
        let notional = trade.px.get().checked_mul(trade.qty.get(), Rounding::HalfEven)?;
        self.notional = self.notional.checked_add(notional)?;
        Ok(())
    }

    /// Price weighted by quantity; nothing where nothing traded, or where bars hide the single trades.
    pub fn vwap(&self) -> Option<Px> {
        if self.trades == 0 || self.bars > 0 {
            return None;
        }
        let vwap = self.notional.checked_div(self.volume.get(), Rounding::HalfEven);
        vwap.ok().map(Px::new)
    }
}

/// Quotes of an interval.
#[derive(Debug, Clone)]
pub struct QuoteFigures {
    interval: Interval,
    book: L1,
    /// The book as it stood when the interval began.
    at_start: Option<L1>,
    /// Up to where time was counted.
    counted_to: Timestamp,
    any: TimeWeighted,
    uncrossed: TimeWeighted,
    /// Quotes inside the interval.
    pub quotes: u64,
    /// How many of them are bars, whose last prices stand for the quotes they hide.
    pub bars: u64,
    /// Quotes inside that left the book locked.
    pub locked: u64,
    /// Quotes inside that left the book crossed.
    pub crossed: u64,
}

impl QuoteFigures {
    /// The figures of an interval before anything was said.
    pub fn new(interval: Interval) -> Self {
        Self {
            interval,
            book: L1::default(),
            at_start: None,
            counted_to: interval.from,
            any: TimeWeighted::default(),
            uncrossed: TimeWeighted::default(),
            quotes: 0,
            bars: 0,
            locked: 0,
            crossed: 0,
        }
    }

    /// Takes an event.
    ///
    /// # Errors
    ///
    /// `Overflow` where a sum cannot be held.
    pub fn take(&mut self, event: &MarketEvent) -> Result<(), NumberError> {
        let at = match &event.body {
            Body::Quote(_) => event.event_at,
            Body::Bar(Bar::Quotes { .. }) => event.received_at,
            _ => return Ok(()),
        };
        if at >= self.interval.to {
            return Ok(());
        }
        if at >= self.interval.from {
            self.at_start.get_or_insert(self.book);
            self.count_to(at)?;
        }
        match &event.body {
            Body::Quote(quote) => self.book.apply(at, quote),
            Body::Bar(bar) => self.book.apply_bar(at, bar),
            _ => {}
        }
        if at >= self.interval.from {
            self.quotes += 1;
            self.bars += u64::from(matches!(event.body, Body::Bar(_)));
            self.locked += u64::from(self.book.spread() == Spread::Locked);
            self.crossed += u64::from(self.book.spread() == Spread::Crossed);
        }
        Ok(())
    }

    /// Counts the time that the book stood as it stands.
    fn count_to(&mut self, at: Timestamp) -> Result<(), NumberError> {
        let stood_ns = at.since_ns(self.counted_to);
        if stood_ns <= 0 {
            return Ok(());
        }
        self.counted_to = at;
        let Some((bid, ask)) = self.book.prices() else {
            return Ok(());
        };
        self.any.add(bid, ask, stood_ns)?;
        if bid <= ask {
            self.uncrossed.add(bid, ask, stood_ns)?;
        }
        Ok(())
    }

    /// The figures at the end.
    ///
    /// # Errors
    ///
    /// `Overflow` where a sum cannot be held.
    pub fn finish(mut self) -> Result<QuoteSummary, NumberError> {
        self.count_to(self.interval.to)?;
        Ok(QuoteSummary {
            at_start: self.at_start.unwrap_or(self.book),
            at_end: self.book,
            twap_mid: self.any.mean()?,
            twap_mid_uncrossed: self.uncrossed.mean()?,
            two_sided_ns: self.any.total_ns,
            crossed_ns: self.any.total_ns - self.uncrossed.total_ns,
            quotes: self.quotes,
            bars: self.bars,
            locked: self.locked,
            crossed: self.crossed,
        })
    }
}

/// Quotes of an interval that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuoteSummary {
    /// The best of both sides when the interval began.
    pub at_start: L1,
    /// The best of both sides just before it ended.
    pub at_end: L1,
    /// The mid weighted by the time it stood, crossed or not; nothing where there never were two sides.
    pub twap_mid: Option<Px>,
    /// The same without the time the book was crossed.
    pub twap_mid_uncrossed: Option<Px>,
    /// How long there were two sides.
    pub two_sided_ns: i64,
    /// How long they were crossed.
    pub crossed_ns: i64,
    /// Quotes inside the interval.
    pub quotes: u64,
    /// How many of them are bars, whose last prices stand for the quotes they hide.
    pub bars: u64,
    /// Quotes that left the book locked.
    pub locked: u64,
    /// Quotes that left the book crossed.
    pub crossed: u64,
}

/// A mean over time, exact to its single rounding: sums are of differences from the first value, so that they stay small.
#[derive(Debug, Clone, Copy, Default)]
struct TimeWeighted {
    /// Bid and ask of the first stretch, added up.
    first: Option<i128>,
    /// Differences of the others times nanoseconds.
    sum: i128,
    total_ns: i64,
}

impl TimeWeighted {
    fn add(&mut self, bid: Px, ask: Px, stood_ns: i64) -> Result<(), NumberError> {
        let both = bid.checked_add(ask)?.get().mantissa();
        let beyond = both - *self.first.get_or_insert(both);
        let weighed = beyond.checked_mul(i128::from(stood_ns)).ok_or(NumberError::Overflow)?;
        self.sum = self.sum.checked_add(weighed).ok_or(NumberError::Overflow)?;
        self.total_ns = self.total_ns.checked_add(stood_ns).ok_or(NumberError::Overflow)?;
        Ok(())
    }

    /// Half of the mean of bid plus ask, halves of the last decimal to even.
    fn mean(&self) -> Result<Option<Px>, NumberError> {
        let Some(first) = self.first else {
            return Ok(None);
        };
        let total = i128::from(self.total_ns);
        let both = first.checked_add(self.sum.div_euclid(total)).ok_or(NumberError::Overflow)?;
        let (half, odd) = (both.div_euclid(2), both.rem_euclid(2));
        // What is left is (odd * total + rest) of 2 * total; a half of the last decimal is total.
        let left = odd * total + self.sum.rem_euclid(total);
        let up = left > total || (left == total && half.rem_euclid(2) != 0);
        Ok(Some(Px::new(Decimal::from_mantissa(half + i128::from(up)))))
    }
}

/// The instrument figures are of: the one that was named, or the only one there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Only(Option<InstrumentNo>);

impl Only {
    /// This one.
    pub const fn named(instrument: InstrumentNo) -> Self {
        Self(Some(instrument))
    }

    /// Whichever comes first; a second one is an error.
    pub const fn first() -> Self {
        Self(None)
    }

    /// Whether an event is of it.
    pub fn is_of(&mut self, event: &MarketEvent) -> bool {
        *self.0.get_or_insert(event.instrument) == event.instrument
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Level, Quote, QuoteSide};

    const INTERVAL: Interval =
        Interval { from: Timestamp::from_ns(10), to: Timestamp::from_ns(20) };

    fn side(px: &str) -> QuoteSide {
        QuoteSide::At(Level { px: Px::new(px.parse().expect("a price")), qty: None })
    }

    fn quotes(rows: &[(i64, &str, &str)]) -> QuoteSummary {
        let mut figures = QuoteFigures::new(INTERVAL);
        for (at, bid, ask) in rows {
            let at = Timestamp::from_ns(*at);
            let body = Body::Quote(Quote { bid: side(bid), ask: side(ask) });
            let event = MarketEvent { event_at: at, received_at: at, body, ..Default::default() };
            figures.take(&event).expect("small numbers");
        }
        figures.finish().expect("small numbers")
    }

    fn trades(rows: &[(i64, &str, &str, TradeFlags)]) -> TradeFigures {
        let mut figures = TradeFigures::default();
        for (at, px, qty, flags) in rows {
            let at = Timestamp::from_ns(*at);
            let px = Px::new(px.parse().expect("a price"));
            let qty = Qty::new(qty.parse().expect("a quantity"));
            let trade = Trade { px, qty, aggressor: None, trade_id: None, flags: *flags };
            let body = Body::Trade(trade);
            let event = MarketEvent { event_at: at, received_at: at, body, ..Default::default() };
            figures.take(INTERVAL, &event).expect("small numbers");
        }
        figures
    }

    fn text(px: Option<Px>) -> Option<String> {
        px.map(|px| px.to_string())
    }

    #[test]
    fn a_mid_weighs_as_long_as_it_stood() {
        let summary = quotes(&[(5, "9", "11"), (12, "19", "21"), (19, "99", "101")]);
        // 2 ns at 10, 7 ns at 20, 1 ns at 100.
        assert_eq!(text(summary.twap_mid), Some("26".into()));
        assert_eq!(summary.two_sided_ns, 10);
    }

    #[test]
    fn quotes_at_both_ends_are_those_that_stood_there() {
        let summary = quotes(&[(5, "9", "11"), (10, "1", "2"), (20, "3", "4")]);
        let bid = |book: L1| book.bid().map(|level| level.px.to_string());
        assert_eq!(
            (bid(summary.at_start), bid(summary.at_end)),
            (Some("9".into()), Some("1".into()))
        );
    }

    #[test]
    fn before_the_first_quote_there_is_nothing_and_its_time_does_not_weigh() {
        let summary = quotes(&[(15, "9", "11")]);
        assert_eq!(summary.at_start.bid(), None);
        assert_eq!((text(summary.twap_mid), summary.two_sided_ns), (Some("10".into()), 5));
    }

    #[test]
    fn without_quotes_there_is_no_mean() {
        assert_eq!(quotes(&[]).twap_mid, None);
        assert_eq!(quotes(&[(25, "9", "11")]).twap_mid, None);
    }

    #[test]
    fn crossed_time_is_told_apart() {
        let summary = quotes(&[(10, "9", "11"), (15, "13", "11")]);
        assert_eq!(text(summary.twap_mid), Some("11".into()));
        assert_eq!(text(summary.twap_mid_uncrossed), Some("10".into()));
        assert_eq!((summary.crossed_ns, summary.crossed), (5, 1));
    }

    #[test]
    fn a_mean_that_cannot_be_held_is_rounded_once_to_even() {
        // Seven parts 1 and three parts 2, in units of the last decimal but one half: 1.3, and so on.
        let summary = quotes(&[
            (10, "0.000000000000000001", "0.000000000000000001"),
            (15, "0.000000000000000002", "0.000000000000000002"),
        ]);
        assert_eq!(text(summary.twap_mid), Some("0.000000000000000002".into()));
    }

    #[test]
    fn trades_weigh_by_their_quantity_and_those_without_do_not() {
        let figures = trades(&[
            (9, "1", "1000", TradeFlags::NONE),
            (10, "10", "1", TradeFlags::NONE),
            (11, "20", "3", TradeFlags::NONE),
            (12, "999", "0", TradeFlags::NONE),
            (13, "999", "5", TradeFlags::SUSPICIOUS),
            (20, "1", "1000", TradeFlags::NONE),
        ]);
        assert_eq!(text(figures.vwap()), Some("17.5".into()));
        assert_eq!((figures.trades, figures.zero_qty_trades, figures.suspicious_trades), (2, 1, 1));
    }

    #[test]
    fn without_trades_there_is_no_price() {
        assert_eq!(trades(&[]).vwap(), None);
        assert_eq!(trades(&[(12, "999", "0", TradeFlags::NONE)]).vwap(), None);
    }
}
