//! Books against slow ones, over orders and updates of every kind.

use fillwright_domain::{Decimal, Px, Qty, Side};
use fillwright_market::book::{Applied, Fault, L2, L3};
use fillwright_market::event::{Depth, Level, OrderAction, OrderChange, UpdateIds};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn px(ticks: i64) -> Px {
    Px::new(Decimal::from_int(ticks))
}

fn qty(lots: i64) -> Qty {
    Qty::new(Decimal::from_int(lots))
}

fn level(ticks: i64, lots: i64) -> Level {
    Level { px: px(ticks), qty: Some(qty(lots)) }
}

/// Prices and quantities of a side, in whole numbers.
type Slow = BTreeMap<i64, i64>;

/// An update: changes of bids below 50 and of asks from 50 on.
#[derive(Debug, Clone)]
struct Update {
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
}

fn updates() -> impl Strategy<Value = Vec<Update>> {
    let bids = proptest::collection::vec((0_i64..50, 0_i64..4), 0..4);
    let asks = proptest::collection::vec((50_i64..100, 0_i64..4), 0..4);
    let update = (bids, asks).prop_map(|(bids, asks)| Update { bids, asks });
    proptest::collection::vec(update, 1..40)
}

fn set(slow: &mut Slow, changes: &[(i64, i64)]) {
    for (ticks, lots) in changes {
        if *lots == 0 {
            slow.remove(ticks);
        } else {
            slow.insert(*ticks, *lots);
        }
    }
}

fn depth(update: &Update, ids: UpdateIds) -> Depth {
    let levels = |changes: &[(i64, i64)]| changes.iter().map(|(t, l)| level(*t, *l)).collect();
    Depth { ids, bids: levels(&update.bids), asks: levels(&update.asks) }
}

/// The numbers of the `index`-th update: three to an update, from one on.
fn ids(index: usize, is_future: bool) -> UpdateIds {
    let first = index as u64 * 3 + 1;
    let last = first + 2;
    if is_future {
        // Futures skip numbers between updates; only the link says what follows what.
        let (first, last) = (first * 2, last * 2);
        return UpdateIds::Linked { first, last, previous: last - 6 };
    }
    UpdateIds::Consecutive { first, last }
}

fn last_of(index: usize, is_future: bool) -> u64 {
    (index as u64 * 3 + 3) * if is_future { 2 } else { 1 }
}

fn sides(book: &L2) -> Option<(Vec<Level>, Vec<Level>)> {
    book.sides().ok().map(|sides| (sides.bids.to_vec(), sides.asks.to_vec()))
}

fn slow_sides(bids: &Slow, asks: &Slow) -> (Vec<Level>, Vec<Level>) {
    let bids = bids.iter().map(|(t, l)| level(*t, *l)).collect();
    (bids, asks.iter().rev().map(|(t, l)| level(*t, *l)).collect())
}

/// The book after the first `count` updates, as a snapshot.
fn snapshot_of(updates: &[Update], count: usize, is_future: bool) -> Depth {
    let (mut bids, mut asks) = (Slow::new(), Slow::new());
    for update in &updates[..count] {
        set(&mut bids, &update.bids);
        set(&mut asks, &update.asks);
    }
    let last = if count == 0 { 0 } else { last_of(count - 1, is_future) };
    let levels = |slow: &Slow| slow.iter().map(|(t, l)| level(*t, *l)).collect();
    Depth { ids: UpdateIds::Snapshot { last }, bids: levels(&bids), asks: levels(&asks) }
}

proptest! {
    /// The snapshot is taken at one point, and arrives later, among updates that are held until then.
    #[test]
    fn a_book_is_the_same_wherever_its_snapshot_was_taken_and_came(
        updates in updates(),
        taken in any::<prop::sample::Index>(),
        came in any::<prop::sample::Index>(),
        is_future: bool,
    ) {
        let taken = taken.index(updates.len());
        let came = taken + came.index(updates.len() - taken);
        let snapshot = snapshot_of(&updates, taken, is_future);
        let (mut book, mut bids, mut asks) = (L2::default(), Slow::new(), Slow::new());
        for (index, update) in updates.iter().enumerate() {
            if index == came {
                prop_assert_eq!(sides(&book), None);
                prop_assert_eq!(book.snapshot(&snapshot), Applied::Changed);
            }
            set(&mut bids, &update.bids);
            set(&mut asks, &update.asks);
            let applied = book.difference(&depth(update, ids(index, is_future)));
            if index < came {
                prop_assert_eq!(applied, Applied::Held);
            } else {
                prop_assert_eq!(applied, Applied::Changed);
                prop_assert_eq!(sides(&book), Some(slow_sides(&bids, &asks)));
                prop_assert!(!book.sides().expect("whole").is_crossed());
            }
        }
        prop_assert_eq!(book.gaps(), 0);
    }

    #[test]
    fn a_gap_makes_the_book_say_nothing_until_the_next_snapshot(
        updates in updates().prop_filter("three updates", |updates| updates.len() > 2),
        lost in any::<prop::sample::Index>(),
        is_future: bool,
    ) {
        let lost = 1 + lost.index(updates.len() - 2);
        let mut book = L2::default();
        book.snapshot(&snapshot_of(&updates, 0, is_future));
        for (index, update) in updates.iter().enumerate() {
            if index == lost {
                continue;
            }
            let applied = book.difference(&depth(update, ids(index, is_future)));
            match index {
                _ if index < lost => prop_assert_eq!(applied, Applied::Changed),
                _ if index == lost + 1 => {
                    let is_gap = matches!(applied, Applied::Gap { .. });
                    prop_assert!(is_gap, "{:?}", applied);
                }
                _ => prop_assert_eq!(applied, Applied::Held),
            }
            prop_assert_eq!(book.sides().is_ok(), index < lost);
        }
        prop_assert_eq!(book.gaps(), 1);
        // A snapshot that has the lost update makes the book whole, with what was held behind it.
        prop_assert_eq!(book.snapshot(&snapshot_of(&updates, lost + 1, is_future)), Applied::Changed);
        let whole = snapshot_of(&updates, updates.len(), is_future);
        let mut asks = whole.asks.clone();
        asks.reverse();
        prop_assert_eq!(sides(&book), Some((whole.bids, asks)));
    }

    #[test]
    fn updates_that_come_twice_change_nothing(updates in updates(), is_future: bool) {
        let mut book = L2::default();
        book.snapshot(&snapshot_of(&updates, 0, is_future));
        for (index, update) in updates.iter().enumerate() {
            book.difference(&depth(update, ids(index, is_future)));
        }
        let before = sides(&book);
        for (index, update) in updates.iter().enumerate() {
            prop_assert_eq!(book.difference(&depth(update, ids(index, is_future))), Applied::Old);
        }
        prop_assert_eq!(book.snapshot(&snapshot_of(&updates, 0, is_future)), Applied::Old);
        prop_assert_eq!(sides(&book), before);
    }

    /// Orders one by one, added up, are the book by price that the same changes make.
    #[test]
    fn orders_added_up_are_the_book_by_price(
        steps in proptest::collection::vec((0u8..10, 0_i64..100, 1_i64..9, any::<prop::sample::Index>()), 1..120)
    ) {
        let (mut book, mut by_price) = (L3::default(), L2::default());
        by_price.snapshot(&Depth::default());
        let mut orders: Vec<(u64, i64, i64)> = Vec::new();
        for (next, (kind, ticks, lots, which)) in (1..).zip(steps) {
            let change = step(&mut orders, next, kind, ticks, lots, which);
            let before = level_totals(&book);
            prop_assert_eq!(book.apply(&change), Ok(()));
            by_price.difference(&difference(&before, &level_totals(&book)));
            let expected = slow_levels(&orders);
            let sides = by_price.sides().expect("never numbered, never lost");
            prop_assert_eq!(sides.bids, &expected.0[..]);
            prop_assert_eq!(sides.asks, &expected.1[..]);
            prop_assert_eq!(book.is_crossed(), Ok(Some(false)));
            prop_assert_eq!(queue_ids(&book), slow_queue_ids(&orders));
        }
    }

    #[test]
    fn a_change_that_makes_no_sense_silences_the_book_until_it_is_cleared(
        lots in 1_i64..5, more in 1_i64..5, which in 0u8..4
    ) {
        let mut book = L3::default();
        prop_assert_eq!(book.apply(&change(OrderAction::Add, 1, 10, lots)), Ok(()));
        let (wrong, fault) = match which {
            0 => (change(OrderAction::Cancel, 2, 10, lots), Fault::Unknown(2)),
            1 => (change(OrderAction::Add, 1, 10, lots), Fault::Twice(1)),
            2 => (change(OrderAction::Cancel, 1, 10, lots + more), Fault::Quantity(1)),
            _ => (change(OrderAction::Lost, 0, 10, lots), Fault::Lost),
        };
        prop_assert_eq!(book.apply(&wrong), Err(fault));
        prop_assert_eq!(book.apply(&change(OrderAction::Add, 3, 10, lots)), Err(fault));
        prop_assert_eq!(book.best(Side::Buy), Err(fault));
        prop_assert_eq!(book.apply(&change(OrderAction::Clear, 0, 10, 0)), Ok(()));
        prop_assert_eq!(book.best(Side::Buy), Ok(None));
        prop_assert_eq!(book.apply(&change(OrderAction::Add, 3, 10, lots)), Ok(()));
        prop_assert_eq!(book.best(Side::Buy), Ok(Some(level(10, lots))));
    }
}

/// Orders below 50 buy, the others sell.
fn change(action: OrderAction, order_id: u64, ticks: i64, lots: i64) -> OrderChange {
    let side = if ticks < 50 { Side::Buy } else { Side::Sell };
    OrderChange { action, order_id, side, px: px(ticks), qty: qty(lots), ends_event: true }
}

/// A change of the orders, done to a list of them in the order in which they trade at a price.
fn step(
    orders: &mut Vec<(u64, i64, i64)>,
    next: u64,
    kind: u8,
    ticks: i64,
    lots: i64,
    which: prop::sample::Index,
) -> OrderChange {
    if kind < 5 || orders.is_empty() {
        orders.push((next, ticks, lots));
        return change(OrderAction::Add, next, ticks, lots);
    }
    let at = which.index(orders.len());
    let (order_id, old_ticks, old_lots) = orders[at];
    if kind < 7 {
        let taken = lots.min(old_lots);
        orders[at].2 -= taken;
        orders.retain(|(_, _, lots)| *lots > 0);
        return change(OrderAction::Cancel, order_id, old_ticks, taken);
    }
    // An order stays on its side of the market.
    let new_ticks = if kind == 9 { old_ticks } else { ticks % 50 + old_ticks / 50 * 50 };
    if new_ticks == old_ticks && lots <= old_lots {
        orders[at].2 = lots;
    } else {
        orders.remove(at);
        orders.push((order_id, new_ticks, lots));
    }
    change(OrderAction::Modify, order_id, new_ticks, lots)
}

fn slow_levels(orders: &[(u64, i64, i64)]) -> (Vec<Level>, Vec<Level>) {
    let (mut bids, mut asks) = (Slow::new(), Slow::new());
    for (_, ticks, lots) in orders {
        let side = if *ticks < 50 { &mut bids } else { &mut asks };
        *side.entry(*ticks).or_default() += lots;
    }
    slow_sides(&bids, &asks)
}

fn level_totals(book: &L3) -> BTreeMap<(bool, Px), Qty> {
    let side = |side: Side, is_bid| {
        let levels = book.levels(side).expect("no fault");
        levels.into_iter().map(move |level| ((is_bid, level.px), level.qty.expect("a quantity")))
    };
    side(Side::Buy, true).chain(side(Side::Sell, false)).collect()
}

/// What changed by price.
fn difference(before: &BTreeMap<(bool, Px), Qty>, after: &BTreeMap<(bool, Px), Qty>) -> Depth {
    let mut depth = Depth::default();
    for (is_bid, px) in before.keys().chain(after.keys()) {
        let qty = after.get(&(*is_bid, *px)).copied().unwrap_or(Qty::ZERO);
        let side = if *is_bid { &mut depth.bids } else { &mut depth.asks };
        side.push(Level { px: *px, qty: Some(qty) });
    }
    depth
}

fn queue_ids(book: &L3) -> Vec<u64> {
    let mut all = Vec::new();
    for ticks in 0..100 {
        let side = if ticks < 50 { Side::Buy } else { Side::Sell };
        if let Some(queue) = book.queue(side, px(ticks)).expect("no fault") {
            all.extend(queue.order_ids());
        }
    }
    all
}

fn slow_queue_ids(orders: &[(u64, i64, i64)]) -> Vec<u64> {
    let at = |ticks| orders.iter().filter(move |order| order.1 == ticks).map(|order| order.0);
    (0..100).flat_map(at).collect()
}
