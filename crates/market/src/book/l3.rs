//! Every order of a book.

use crate::event::{Level, OrderAction, OrderChange};
use fillwright_domain::{Px, Qty, Side};
use std::collections::BTreeMap;

/// Every order of a book, in the order in which they trade: by price, then by time.
///
/// An order keeps its place while its quantity falls, and loses it when its price changes or its quantity grows, as at CME.
/// A change that makes no sense (an order that is not there, or is there already) shows that something was missed: from
/// then on the book says nothing until every order is cleared. It is never guessed.
#[derive(Debug, Clone, Default)]
pub struct L3 {
    orders: BTreeMap<u64, Resting>,
    bids: BTreeMap<Px, Queue>,
    asks: BTreeMap<Px, Queue>,
    /// Places are given out in this order.
    next_place: u64,
    fault: Option<Fault>,
    is_complete: bool,
}

/// An order that rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// Whether it buys or sells.
    pub side: Side,
    /// Its price.
    pub px: Px,
    /// What is left of it.
    pub qty: Qty,
    place: u64,
}

/// The orders at a price, first come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    qty: Qty,
    by_place: BTreeMap<u64, u64>,
}

impl Queue {
    /// The quantity of them all.
    pub const fn qty(&self) -> Qty {
        self.qty
    }

    /// Their numbers, first come first.
    pub fn order_ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.by_place.values().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_place.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }
}

/// What shows that something was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The source says that changes are missing.
    #[error("the source lost changes to the book")]
    Lost,
    /// A change of an order that is not there.
    #[error("order {0} was changed and is not there")]
    Unknown(u64),
    /// An order that is there already was added.
    #[error("order {0} was added and is there already")]
    Twice(u64),
    /// More was taken from an order than it had, or sums cannot be held.
    #[error("order {0} would hold less than nothing, or more than can be held")]
    Quantity(u64),
}

impl L3 {
    /// Takes a change.
    ///
    /// # Errors
    ///
    /// `Fault` for the change that shows that something was missed, and for every one behind it until all is cleared.
    pub fn apply(&mut self, change: &OrderChange) -> Result<(), Fault> {
        if change.action == OrderAction::Clear {
            self.clear(change.ends_event);
            return Ok(());
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.is_complete = change.ends_event;
        let done = match change.action {
            OrderAction::Add => self.add(change),
            OrderAction::Cancel => self.cancel(change),
            OrderAction::Modify => self.modify(change),
            OrderAction::Lost => Err(Fault::Lost),
            OrderAction::Fill | OrderAction::Nothing | OrderAction::Clear => Ok(()),
        };
        self.fault = done.err();
        done
    }

    fn clear(&mut self, ends_event: bool) {
        self.orders.clear();
        self.bids.clear();
        self.asks.clear();
        (self.fault, self.is_complete) = (None, ends_event);
    }

    fn add(&mut self, change: &OrderChange) -> Result<(), Fault> {
        if self.orders.contains_key(&change.order_id) {
            return Err(Fault::Twice(change.order_id));
        }
        self.rest(change)
    }

    /// Puts an order behind all others at its price.
    fn rest(&mut self, change: &OrderChange) -> Result<(), Fault> {
        let (place, order_id) = (self.next_place, change.order_id);
        self.next_place += 1;
        let queue = side_mut(&mut self.bids, &mut self.asks, change.side);
        let queue = queue.entry(change.px).or_default();
        queue.qty = queue.qty.checked_add(change.qty).map_err(|_| Fault::Quantity(order_id))?;
        queue.by_place.insert(place, order_id);
        let resting = Resting { side: change.side, px: change.px, qty: change.qty, place };
        self.orders.insert(order_id, resting);
        Ok(())
    }

    fn cancel(&mut self, change: &OrderChange) -> Result<(), Fault> {
        let resting = self.resting(change.order_id)?;
        let left = resting.qty.checked_sub(change.qty);
        let left = left.ok().filter(|left| !left.is_negative());
        self.set_qty(change.order_id, resting, left.ok_or(Fault::Quantity(change.order_id))?)
    }

    fn modify(&mut self, change: &OrderChange) -> Result<(), Fault> {
        let resting = self.resting(change.order_id)?;
        let keeps_place =
            resting.px == change.px && resting.side == change.side && change.qty <= resting.qty;
        if keeps_place {
            return self.set_qty(change.order_id, resting, change.qty);
        }
        self.set_qty(change.order_id, resting, Qty::ZERO)?;
        self.rest(change)
    }

    fn resting(&self, order_id: u64) -> Result<Resting, Fault> {
        self.orders.get(&order_id).copied().ok_or(Fault::Unknown(order_id))
    }

    /// Leaves an order with less, at its place; with nothing, it goes.
    fn set_qty(&mut self, order_id: u64, resting: Resting, left: Qty) -> Result<(), Fault> {
        let beyond = |_| Fault::Quantity(order_id);
        let side = side_mut(&mut self.bids, &mut self.asks, resting.side);
        let queue = side.get_mut(&resting.px).ok_or(Fault::Unknown(order_id))?;
        let others = queue.qty.checked_sub(resting.qty).map_err(beyond)?;
        queue.qty = others.checked_add(left).map_err(beyond)?;
        if left.is_positive() {
            self.orders.insert(order_id, Resting { qty: left, ..resting });
            return Ok(());
        }
        queue.by_place.remove(&resting.place);
        if queue.is_empty() {
            side.remove(&resting.px);
        }
        self.orders.remove(&order_id);
        Ok(())
    }

    /// What shows that something was missed, if anything does.
    pub const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// Whether the venue's event ended, so that the book is as its members saw it.
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether the best bid is not below the best ask; nothing while an event is under way, when that means nothing.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn is_crossed(&self) -> Result<Option<bool>, Fault> {
        let (bid, ask) = (self.best(Side::Buy)?, self.best(Side::Sell)?);
        let is_crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid.px >= ask.px);
        Ok(self.is_complete.then_some(is_crossed))
    }

    /// The best price of a side and the quantity there.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn best(&self, side: Side) -> Result<Option<Level>, Fault> {
        self.fault.map_or(Ok(()), Err)?;
        let best = match side {
            Side::Buy => self.bids.last_key_value(),
            Side::Sell => self.asks.first_key_value(),
        };
        Ok(best.map(|(px, queue)| Level { px: *px, qty: Some(queue.qty) }))
    }

    /// A side by price, best first.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn levels(&self, side: Side) -> Result<Vec<Level>, Fault> {
        self.fault.map_or(Ok(()), Err)?;
        let level = |(px, queue): (&Px, &Queue)| Level { px: *px, qty: Some(queue.qty) };
        Ok(match side {
            Side::Buy => self.bids.iter().rev().map(level).collect(),
            Side::Sell => self.asks.iter().map(level).collect(),
        })
    }

    /// The orders at a price.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn queue(&self, side: Side, px: Px) -> Result<Option<&Queue>, Fault> {
        self.fault.map_or(Ok(()), Err)?;
        Ok(match side {
            Side::Buy => self.bids.get(&px),
            Side::Sell => self.asks.get(&px),
        })
    }

    /// One order.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn order(&self, order_id: u64) -> Result<Option<Resting>, Fault> {
        self.fault.map_or(Ok(()), Err)?;
        Ok(self.orders.get(&order_id).copied())
    }

    /// The quantity that trades before an order does; nothing where it is not there.
    ///
    /// # Errors
    ///
    /// `Fault` where something was missed.
    pub fn qty_ahead(&self, order_id: u64) -> Result<Option<Qty>, Fault> {
        let Some(resting) = self.order(order_id)? else { return Ok(None) };
        let Some(queue) = self.queue(resting.side, resting.px)? else { return Ok(None) };
        let mut ahead = Qty::ZERO;
        for (_, other) in queue.by_place.range(..resting.place) {
            let qty = self.orders.get(other).map_or(Qty::ZERO, |order| order.qty);
            ahead = ahead.checked_add(qty).map_err(|_| Fault::Quantity(order_id))?;
        }
        Ok(Some(ahead))
    }
}

type Levels = BTreeMap<Px, Queue>;

fn side_mut<'a>(bids: &'a mut Levels, asks: &'a mut Levels, side: Side) -> &'a mut Levels {
    match side {
        Side::Buy => bids,
        Side::Sell => asks,
    }
}
