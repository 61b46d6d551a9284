//! The patterns themselves.

use super::acts::{Act, Acts, Deed};
use super::books;
use fillwright_domain::{
    BookId, Decimal, InstrumentId, NumberError, Px, Qty, Rounding, Side, StrategyId,
};
use fillwright_policy::surveillance::{Layering, OrderToTrade, Wash};
use serde::Serialize;
use std::collections::BTreeSet;

const BPS_PER_ONE: i64 = 10_000;

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Many orders, few trades.
    OrderToTrade,
    /// Orders on one side taken back while the other side is filled.
    Layering,
    /// The desk on both sides of a trade.
    Wash,
}

/// Something to look into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it looks like.
    pub pattern: Pattern,
    /// The strategy; nothing where several books are in it together.
    pub strategy_id: Option<StrategyId>,
    /// The instrument.
    pub instrument_id: InstrumentId,
    /// The books.
    pub books: BTreeSet<BookId>,
    /// What was counted: messages a trade, percent of the filled quantity, basis points between two prices.
    pub measured: Decimal,
    /// The threshold it reached.
    pub threshold: Decimal,
    /// The entries it rests on.
    pub entries: Vec<u64>,
}

/// A pattern that was seen, before it is said whose.
pub(super) struct Seen {
    pattern: Pattern,
    books: BTreeSet<BookId>,
    measured: Decimal,
    threshold: Decimal,
    entries: Vec<u64>,
}

impl Seen {
    pub(super) fn of(
        self,
        strategy_id: Option<StrategyId>,
        instrument_id: &InstrumentId,
    ) -> Finding {
        let Self { pattern, books, measured, threshold, entries } = self;
        let instrument_id = instrument_id.clone();
        Finding { pattern, strategy_id, instrument_id, books, measured, threshold, entries }
    }
}

fn seen<'a>(
    pattern: Pattern,
    acts: impl Iterator<Item = &'a Act> + Clone,
    measured: Decimal,
    threshold: Decimal,
) -> Seen {
    let mut entries: Vec<u64> = acts.clone().map(|act| act.seq).collect();
    entries.dedup();
    Seen { pattern, books: books(acts), measured, threshold, entries }
}

/// Messages for each trade, rounded down.
pub(super) fn order_to_trade(acts: &mut Acts, policy: &OrderToTrade) -> Option<Seen> {
    let of_late: Vec<&Act> = acts.new_to(Pattern::OrderToTrade).collect();
    let count =
        |is_it: fn(Deed) -> bool| of_late.iter().filter(|act| is_it(act.deed)).count() as u64;
    let messages = count(|deed| matches!(deed, Deed::Ordered | Deed::CancelAsked));
    let trades = count(|deed| matches!(deed, Deed::Filled { .. })).max(1);
    let each = messages / trades;
    if messages < policy.messages_min || each < policy.messages_per_trade_min {
        return None;
    }
    let (measured, threshold) = (whole(each), whole(policy.messages_per_trade_min));
    let found = seen(Pattern::OrderToTrade, of_late.iter().copied(), measured, threshold);
    acts.show(Pattern::OrderToTrade);
    Some(found)
}

/// What was taken back on one side over what was filled on the other, in percent, rounded down.
pub(super) fn layering(acts: &mut Acts, policy: &Layering) -> Option<Seen> {
    let of_late: Vec<&Act> = acts.new_to(Pattern::Layering).collect();
    let found = [Side::Buy, Side::Sell].into_iter().find_map(|side| {
        let taken_back = of_late.iter().filter_map(|act| match act.deed {
            Deed::TakenBack { qty } if act.side == side => Some(qty),
            _ => None,
        });
        let filled = of_late.iter().filter_map(|act| match act.deed {
            Deed::Filled { qty, .. } if act.side != side => Some(qty),
            _ => None,
        });
        if (taken_back.clone().count() as u64) < policy.cancelled_min {
            return None;
        }
        let percent = percent_of(sum(taken_back).ok()?, sum(filled).ok()?)?;
        let threshold = whole(policy.cancelled_over_filled_percent_min);
        let acts = of_late.iter().copied().filter(move |act| match act.deed {
            Deed::TakenBack { .. } => act.side == side,
            Deed::Filled { .. } => act.side != side,
            _ => false,
        });
        (percent >= threshold).then(|| seen(Pattern::Layering, acts, percent, threshold))
    });
    if found.is_some() {
        acts.show(Pattern::Layering);
    }
    found
}

/// The last fill, and the latest before it on the other side, of another book, at about the same price.
pub(super) fn wash(fills: &mut Acts, policy: &Wash) -> Option<Seen> {
    let last = fills.last()?.clone();
    let Deed::Filled { px, .. } = last.deed else { return None };
    let threshold = whole(policy.apart_max_bps.into());
    let other = fills.new_to(Pattern::Wash).rev().find_map(|act| {
        let Deed::Filled { px: other, .. } = act.deed else { return None };
        let is_against = act.side != last.side && act.book_id != last.book_id;
        let apart = apart_bps(px, other).ok().filter(|_| is_against)?;
        (apart <= threshold).then(|| (act.clone(), apart))
    });
    let (other, apart) = other?;
    let found = seen(Pattern::Wash, [&other, &last].into_iter(), apart, threshold);
    fills.show(Pattern::Wash);
    Some(found)
}

fn sum(quantities: impl Iterator<Item = Qty>) -> Result<Qty, NumberError> {
    let mut quantities = quantities;
    quantities.try_fold(Qty::ZERO, Qty::checked_add)
}

/// Nothing where nothing was filled: what was taken back then moved nobody to trade.
fn percent_of(part: Qty, whole: Qty) -> Option<Decimal> {
    let hundred = Decimal::from_int(100);
    let percent = part.get().checked_mul_div(hundred, whole.get(), Rounding::Down);
    percent.ok().filter(|_| whole.is_positive())
}

/// How far two prices lie apart, in basis points of the lower one, rounded up.
fn apart_bps(one: Px, other: Px) -> Result<Decimal, NumberError> {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let bps = Decimal::from_int(BPS_PER_ONE);
    high.checked_sub(low)?.get().checked_mul_div(bps, low.get(), Rounding::Up)
}

fn whole(count: u64) -> Decimal {
    Decimal::from_int(i64::try_from(count).unwrap_or(i64::MAX))
}
