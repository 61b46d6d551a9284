//! Positions per plane and book, derived from outcomes alone, and the exposure they and working orders amount to.

use crate::fact::OrderFact;
use crate::tree::Tree;
use fillwright_domain::{
    BookId, Instrument, InstrumentId, Notional, NumberError, Plane, Px, Qty, Ratio, Rounding, Side,
    Timestamp,
};
use fillwright_policy::Rulebook;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// What a book holds of one instrument on one plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub struct Holding {
    /// Signed position: the sum of outcomes.
    #[n(0)]
    pub position: Qty,
    /// Quantity of working buys, counted in full until their outcome.
    #[n(1)]
    pub open_buy: Qty,
    /// Quantity of working sells, counted in full until their outcome.
    #[n(2)]
    pub open_sell: Qty,
    /// Worst-case exposure at the mark, in quote currency; zero without a mark.
    #[n(3)]
    pub value: Notional,
    /// The mark it is valued at.
    #[n(4)]
    pub mark: Option<Mark>,
    /// Units of the underlying in one unit of quantity, from the rulebook.
    #[n(5)]
    pub contract_size: Ratio,
    /// What it is worth at the mark if every buy at work is done and no sell, signed, rounded up.
    #[n(6)]
    #[cbor(default)]
    pub long: Notional,
    /// What it is worth at the mark if every sell at work is done and no buy, signed, rounded down.
    #[n(7)]
    #[cbor(default)]
    pub short: Notional,
}

/// A price to value holdings at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// The price.
    #[n(0)]
    pub mark_px: Px,
    /// When the source saw it.
    #[n(1)]
    pub as_of: Timestamp,
}

impl Holding {
    /// What is known of an instrument before anything of it is held: its mark and the size of its contract.
    pub(crate) fn unheld(
        marks: &BTreeMap<InstrumentId, Mark>,
        rulebook: Option<&Rulebook>,
        instrument_id: &InstrumentId,
    ) -> Self {
        let instrument = rulebook.and_then(|rulebook| rulebook.instruments.get(instrument_id));
        Self {
            mark: marks.get(instrument_id).copied(),
            contract_size: instrument.map_or(Ratio::ZERO, |instrument| instrument.contract_size),
            ..Self::default()
        }
    }
    /// The largest position, either way, that working orders could lead to.
    pub(crate) fn worst_qty(&self) -> Result<Qty, NumberError> {
        let long = self.position.checked_add(self.open_buy)?.checked_abs()?;
        let short = self.position.checked_sub(self.open_sell)?.checked_abs()?;
        Ok(long.max(short))
    }

    /// Worst-case exposure at a price, in quote currency, rounded up.
    fn worth(&self, px: Px) -> Result<Notional, NumberError> {
        px.notional_of(self.worst_qty()?, self.contract_size, Rounding::Up)
    }

    /// What it is worth at a price at either end: every buy at work done, rounded up, and every sell, rounded down.
    pub(crate) fn ends(&self, px: Px) -> Result<(Notional, Notional), NumberError> {
        let bought = self.position.checked_add(self.open_buy)?;
        let sold = self.position.checked_sub(self.open_sell)?;
        Ok((
            px.notional_of(bought, self.contract_size, Rounding::Ceil)?,
            px.notional_of(sold, self.contract_size, Rounding::Floor)?,
        ))
    }

    /// The holding after a change, valued at its mark.
    fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut after = *self;
        change(&mut after);
        let ends = after.mark.map(|mark| checked(after.ends(mark.mark_px)));
        (after.long, after.short) = ends.unwrap_or_default();
        // The end that is further from nothing is rounded away from it, so it is the worst case.
        after.value = checked(after.long.checked_abs()).max(checked(after.short.checked_abs()));
        after
    }

    /// When its mark was seen; nothing where there is nothing to value.
    fn marked_at(&self) -> Option<Timestamp> {
        self.mark.filter(|_| !self.is_empty()).map(|mark| mark.as_of)
    }

    /// Whether nothing is left to close once working orders are done: flat, or all of it being closed.
    pub(crate) fn is_closing(&self) -> bool {
        if self.position.is_negative() {
            self.position.checked_add(self.open_buy).is_ok_and(|left| !left.is_negative())
        } else {
            self.position.checked_sub(self.open_sell).is_ok_and(|left| !left.is_positive())
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position.is_zero() && self.open_buy.is_zero() && self.open_sell.is_zero()
    }
}

/// What an order would add to a holding at worst case.
pub(crate) struct Added {
    before: Holding,
    after: Result<Holding, NumberError>,
    side: Side,
}

impl Added {
    pub(crate) fn of(holding: &Holding, side: Side, qty: Qty) -> Self {
        Self { before: *holding, after: reserve(*holding, side, qty), side }
    }

    /// Whether the order leaves the worst case no larger than it was.
    pub(crate) fn is_none(&self) -> Result<bool, NumberError> {
        Ok(self.after?.worst_qty()? <= self.before.worst_qty()?)
    }

    /// Worst-case exposure with the order, at a price.
    pub(crate) fn worst(&self, px: Px, instrument: &Instrument) -> Result<Notional, NumberError> {
        px.notional_of(self.after?.worst_qty()?, instrument.contract_size, Rounding::Up)
    }

    /// The holding with the order at work.
    pub(crate) fn after(&self) -> Result<Holding, NumberError> {
        self.after
    }

    /// The largest quantity on this side that keeps worst-case exposure within `room`; not above zero where none fits.
    pub(crate) fn fitting(
        &self,
        room: Notional,
        px: Px,
        instrument: &Instrument,
    ) -> Result<Qty, NumberError> {
        self.fitting_qty(room.qty_at(px, instrument.contract_size, Rounding::Floor)?)
    }

    /// The largest quantity on this side that keeps the worst case within `most` units; not above zero where none does.
    pub(crate) fn fitting_qty(&self, most: Qty) -> Result<Qty, NumberError> {
        let (taken, other) = match self.side {
            Side::Buy => (
                self.before.position.checked_add(self.before.open_buy)?,
                self.before.position.checked_sub(self.before.open_sell)?,
            ),
            Side::Sell => (
                self.before.open_sell.checked_sub(self.before.position)?,
                self.before.position.checked_add(self.before.open_buy)?,
            ),
        };
        if other.checked_abs()? > most { Ok(Qty::ZERO) } else { most.checked_sub(taken) }
    }
}

fn reserve(mut holding: Holding, side: Side, qty: Qty) -> Result<Holding, NumberError> {
    match side {
        Side::Buy => holding.open_buy = holding.open_buy.checked_add(qty)?,
        Side::Sell => holding.open_sell = holding.open_sell.checked_add(qty)?,
    }
    Ok(holding)
}

/// All holdings of one book on one plane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Ledger {
    #[n(0)]
    holdings: BTreeMap<InstrumentId, Holding>,
    #[n(1)]
    gross: Notional,
    #[n(2)]
    unmarked: BTreeSet<InstrumentId>,
    #[n(3)]
    marked: BTreeSet<(Timestamp, InstrumentId)>,
}

impl Ledger {
    /// What the book holds of an instrument.
    pub fn holding(&self, instrument_id: &InstrumentId) -> Option<&Holding> {
        self.holdings.get(instrument_id)
    }

    /// Every holding, by instrument.
    pub fn holdings(&self) -> impl Iterator<Item = (&InstrumentId, &Holding)> {
        self.holdings.iter()
    }

    /// Worst-case gross exposure of all marked holdings, in quote currency.
    pub fn gross(&self) -> Notional {
        self.gross
    }

    /// Whether some other holding has no mark.
    pub(crate) fn unmarked_besides(&self, instrument_id: &InstrumentId) -> bool {
        self.unmarked.iter().any(|unmarked| unmarked != instrument_id)
    }

    /// The age of the oldest mark among the other holdings.
    pub(crate) fn oldest_mark_besides(&self, instrument_id: &InstrumentId) -> Option<Timestamp> {
        self.marked.iter().find(|(_, marked)| marked != instrument_id).map(|(as_of, _)| *as_of)
    }

    /// Gross exposure if the instrument were valued at this mark, or nothing where it is not held.
    fn gross_with(
        &self,
        instrument_id: &InstrumentId,
        px: Px,
    ) -> Result<Option<Notional>, NumberError> {
        let Some(holding) = self.holdings.get(instrument_id) else { return Ok(None) };
        let others = self.gross.checked_sub(holding.value)?;
        others.checked_add(holding.worth(px)?).map(Some)
    }

    /// Changes one holding and keeps gross exposure and the ages of marks in step with it. `unheld` says what is known
    /// of an instrument that is not held yet.
    fn change(
        &mut self,
        instrument_id: &InstrumentId,
        unheld: impl FnOnce() -> Holding,
        change: impl FnOnce(&mut Holding),
    ) -> (Holding, Holding) {
        let mut entry = self.holdings.entry(instrument_id.clone());
        let (before, after) = match &mut entry {
            Entry::Vacant(_) => (Holding::default(), unheld().changed(change)),
            Entry::Occupied(held) => (*held.get(), held.get().changed(change)),
        };
        match (entry, after.is_empty()) {
            (Entry::Occupied(mut held), false) => *held.get_mut() = after,
            (Entry::Occupied(held), true) => drop(held.remove()),
            (Entry::Vacant(place), false) => drop(place.insert(after)),
            (Entry::Vacant(_), true) => {}
        }
        let others = checked(self.gross.checked_sub(before.value));
        self.gross = checked(others.checked_add(after.value));
        self.follow_mark(instrument_id, &before, &after);
        (before, after)
    }

    fn follow_mark(&mut self, instrument_id: &InstrumentId, before: &Holding, after: &Holding) {
        let (was, is) = (before.marked_at(), after.marked_at());
        if was != is {
            was.map(|as_of| self.marked.remove(&(as_of, instrument_id.clone())));
            is.map(|as_of| self.marked.insert((as_of, instrument_id.clone())));
        }
        if after.mark.is_none() && !after.is_empty() {
            self.unmarked.insert(instrument_id.clone());
        } else if !self.unmarked.is_empty() {
            self.unmarked.remove(instrument_id);
        }
    }
}

/// Unwraps a figure that `decide` has shown to be in range before it let the event happen.
pub(crate) fn checked<T>(figure: Result<T, NumberError>) -> T {
    match figure {
        Ok(figure) => figure,
        Err(error) => {
            panic!("a figure that was checked when it was decided is out of range: {error}")
        }
    }
}

/// Every ledger, by book and plane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Ledgers(#[n(0)] BTreeMap<BookId, BTreeMap<Plane, Ledger>>);

impl Ledgers {
    /// The ledger of a book on a plane, where it ever held anything.
    pub fn get(&self, book_id: &BookId, plane: Plane) -> Option<&Ledger> {
        self.0.get(book_id)?.get(&plane)
    }

    /// Every ledger.
    pub fn iter(&self) -> impl Iterator<Item = (&BookId, Plane, &Ledger)> {
        self.0.iter().flat_map(|(book, planes)| {
            planes.iter().map(move |(plane, ledger)| (book, *plane, ledger))
        })
    }

    /// Whether every ledger, and the firm on every plane, can value the instrument at this price.
    pub(crate) fn can_mark(
        &self,
        tree: &Tree,
        instrument_id: &InstrumentId,
        px: Px,
    ) -> Result<(), NumberError> {
        let mut values = BTreeMap::new();
        for (_, plane, ledger) in self.iter() {
            if ledger.gross_with(instrument_id, px)?.is_some()
                && let Some(holding) = ledger.holding(instrument_id)
            {
                let value: &mut Notional = values.entry(plane).or_default();
                *value = value.checked_add(holding.worth(px)?)?;
            }
        }
        values
            .into_iter()
            .try_for_each(|(plane, value)| tree.can_value(plane, instrument_id, value))
    }

    pub(crate) fn mark(&mut self, instrument_id: &InstrumentId, mark: Mark, tree: &mut Tree) {
        for (book_id, planes) in &mut self.0 {
            for (plane, ledger) in planes {
                if ledger.holdings.contains_key(instrument_id) {
                    let set = |holding: &mut Holding| holding.mark = Some(mark);
                    let (before, after) = ledger.change(instrument_id, Holding::default, set);
                    tree.change(book_id, *plane, instrument_id, &before, &after);
                }
            }
        }
    }

    /// Counts a released order in full.
    pub(crate) fn reserve(
        &mut self,
        order: &Reserved,
        tree: &mut Tree,
        unheld: impl FnOnce() -> Holding,
    ) {
        let planes = self.0.entry(order.book_id.clone()).or_default();
        let ledger = planes.entry(order.plane).or_default();
        let (before, after) = ledger.change(&order.instrument_id, unheld, |holding| {
            *holding = checked(reserve(*holding, order.side, order.qty));
        });
        tree.change(&order.book_id, order.plane, &order.instrument_id, &before, &after);
        tree.count_order(&order.book_id, order.plane, &order.instrument_id, 1);
    }

    /// Books what was filled without a reservation before it.
    pub(crate) fn fill(
        &mut self,
        order: &Reserved,
        filled: Qty,
        tree: &mut Tree,
        unheld: impl FnOnce() -> Holding,
    ) {
        let planes = self.0.entry(order.book_id.clone()).or_default();
        let ledger = planes.entry(order.plane).or_default();
        let (before, after) = ledger.change(&order.instrument_id, unheld, |holding| {
            holding.position = checked(moved(holding.position, order.side, filled));
        });
        tree.change(&order.book_id, order.plane, &order.instrument_id, &before, &after);
    }

    /// Ends a reservation and books what was filled.
    pub(crate) fn settle(&mut self, order: &Reserved, filled: Qty, tree: &mut Tree) {
        let Some(ledger) =
            self.0.get_mut(&order.book_id).and_then(|planes| planes.get_mut(&order.plane))
        else {
            return;
        };
        let (before, after) = ledger.change(&order.instrument_id, Holding::default, |holding| {
            let open = match order.side {
                Side::Buy => &mut holding.open_buy,
                Side::Sell => &mut holding.open_sell,
            };
            *open = checked(open.checked_sub(order.qty));
            holding.position = checked(moved(holding.position, order.side, filled));
        });
        tree.change(&order.book_id, order.plane, &order.instrument_id, &before, &after);
        tree.count_order(&order.book_id, order.plane, &order.instrument_id, -1);
    }
}

fn moved(position: Qty, side: Side, filled: Qty) -> Result<Qty, NumberError> {
    match side {
        Side::Buy => position.checked_add(filled),
        Side::Sell => position.checked_sub(filled),
    }
}

/// An order as the ledgers count it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Reserved {
    /// The book.
    #[n(0)]
    pub book_id: BookId,
    /// The plane.
    #[n(1)]
    pub plane: Plane,
    /// The instrument.
    #[n(2)]
    pub instrument_id: InstrumentId,
    /// Buy or sell.
    #[n(3)]
    pub side: Side,
    /// Quantity ordered.
    #[n(4)]
    pub qty: Qty,
}

impl From<OrderFact> for Reserved {
    fn from(order: OrderFact) -> Self {
        Self {
            book_id: order.book_id,
            plane: order.plane,
            instrument_id: order.market_id,
            side: order.side,
            qty: order.requested_quantity,
        }
    }
}
