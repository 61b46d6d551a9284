//! Positions per plane and book, derived from outcomes alone, and the exposure they and working orders amount to.

use crate::by_name::ByName;
use crate::directory::{Directory, Slot};
use crate::fact::OrderFact;
use crate::tree::Tree;
use fillwright_domain::{
    BookId, Instrument, InstrumentId, Notional, NumberError, Plane, Px, Qty, Ratio, Rounding, Side,
    Timestamp,
};
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Of an instrument that nobody holds.
    pub(crate) const NOTHING: Self = Self {
        position: Qty::ZERO,
        open_buy: Qty::ZERO,
        open_sell: Qty::ZERO,
        value: Notional::ZERO,
        mark: None,
        contract_size: Ratio::ZERO,
        long: Notional::ZERO,
        short: Notional::ZERO,
    };

    /// What is known of an instrument before anything of it is held: its mark and the size of its contract.
    pub(crate) fn unheld(marks: &ByName<InstrumentId, Mark>, instrument: &Instrument) -> Self {
        Self {
            mark: marks.get(&instrument.instrument_id).copied(),
            contract_size: instrument.contract_size,
            ..Self::default()
        }
    }

    /// The positions that working orders could lead to.
    pub(crate) fn reach(&self) -> Result<Reach, NumberError> {
        Ok(Reach {
            long: self.position.checked_add(self.open_buy)?,
            short: self.position.checked_sub(self.open_sell)?,
        })
    }

    /// The largest position, either way, that working orders could lead to.
    pub(crate) fn worst_qty(&self) -> Result<Qty, NumberError> {
        self.reach()?.worst()
    }

    /// Worst-case exposure at a price, in quote currency, rounded up.
    fn worth(&self, px: Px) -> Result<Notional, NumberError> {
        px.notional_of(self.worst_qty()?, self.contract_size, Rounding::Up)
    }

    /// Changes it and values it anew at its mark.
    fn change(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        *self = checked(self.valued());
    }

    /// The same valued anew at its mark.
    fn valued(&self) -> Result<Self, NumberError> {
        let ends = match self.mark {
            Some(mark) => self.reach()?.worth(mark.mark_px, self.contract_size)?,
            None => Ends::default(),
        };
        Ok(Self { long: ends.long, short: ends.short, value: ends.worst()?, ..*self })
    }

    /// Counts a working order in full.
    fn reserve(&mut self, side: Side, qty: Qty) -> Result<(), NumberError> {
        let open = match side {
            Side::Buy => &mut self.open_buy,
            Side::Sell => &mut self.open_sell,
        };
        *open = open.checked_add(qty)?;
        Ok(())
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

/// The positions that working orders could lead to: every buy done and no sell, and the other way round.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    pub(crate) long: Qty,
    pub(crate) short: Qty,
}

impl Reach {
    /// The larger of the two, either way.
    pub(crate) fn worst(self) -> Result<Qty, NumberError> {
        Ok(self.long.checked_abs()?.max(self.short.checked_abs()?))
    }

    /// What the two are worth at a price, signed, in quote currency: the long one rounded up, the short one down.
    pub(crate) fn worth(self, px: Px, contract_size: Ratio) -> Result<Ends, NumberError> {
        Ok(Ends {
            long: px.notional_of(self.long, contract_size, Rounding::Ceil)?,
            short: px.notional_of(self.short, contract_size, Rounding::Floor)?,
        })
    }
}

/// What something is worth with every buy at work done, and with every sell; signed, in quote currency.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ends {
    pub(crate) long: Notional,
    pub(crate) short: Notional,
}

impl Ends {
    /// The end further from nothing. It is rounded away from it, so it is the worst case.
    pub(crate) fn worst(self) -> Result<Notional, NumberError> {
        Ok(self.long.checked_abs()?.max(self.short.checked_abs()?))
    }
}

/// What an order would add to a holding at worst case.
#[derive(Clone, Copy)]
pub(crate) struct Added {
    before: Reach,
    after: Reach,
    side: Side,
    is_none: bool,
}

impl Added {
    pub(crate) fn of(holding: &Holding, side: Side, qty: Qty) -> Result<Self, NumberError> {
        let before = holding.reach()?;
        let after = match side {
            Side::Buy => {
                let bought = holding.open_buy.checked_add(qty)?;
                Reach { long: holding.position.checked_add(bought)?, ..before }
            }
            Side::Sell => {
                let sold = holding.open_sell.checked_add(qty)?;
                Reach { short: holding.position.checked_sub(sold)?, ..before }
            }
        };
        let is_none = after.worst()? <= before.worst()?;
        Ok(Self { before, after, side, is_none })
    }

    /// Whether the order leaves the worst case no larger than it was.
    pub(crate) fn is_none(&self) -> bool {
        self.is_none
    }

    /// What the order leads to.
    pub(crate) fn after(&self) -> Reach {
        self.after
    }

    /// The largest quantity on this side that keeps the worst case within `most` units; not above zero where none does.
    pub(crate) fn fitting(&self, most: Qty) -> Result<Qty, NumberError> {
        let Reach { long, short } = self.before;
        let (taken, other) = match self.side {
            Side::Buy => (long, short),
            Side::Sell => (Qty::ZERO.checked_sub(short)?, long),
        };
        if other.checked_abs()? > most { Ok(Qty::ZERO) } else { most.checked_sub(taken) }
    }
}

/// All holdings of one book on one plane.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Ledger {
    #[n(0)]
    holdings: ByName<InstrumentId, Holding>,
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

    /// Whether a holding has no mark; one may be left out.
    pub(crate) fn is_unmarked(&self, besides: Option<&InstrumentId>) -> bool {
        self.unmarked.iter().any(|unmarked| Some(unmarked) != besides)
    }

    /// The age of the oldest mark; one holding may be left out.
    pub(crate) fn oldest_mark(&self, besides: Option<&InstrumentId>) -> Option<Timestamp> {
        self.marked.iter().find(|(_, marked)| Some(marked) != besides).map(|(as_of, _)| *as_of)
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

    /// Changes one holding, keeps gross exposure and the ages of marks in step with it, and counts the change in the
    /// tree. `unheld` says what is known of an instrument that is not held yet.
    fn change(
        &mut self,
        instrument_id: &InstrumentId,
        unheld: impl FnOnce() -> Holding,
        change: impl FnOnce(&mut Holding),
        count: impl FnOnce(&Holding, &Holding),
    ) {
        let (before, after) = if let Some(held) = self.holdings.get_mut(instrument_id) {
            let before = *held;
            held.change(change);
            (before, *held)
        } else {
            let mut after = unheld();
            after.change(change);
            self.holdings.insert(instrument_id.clone(), after);
            (Holding::NOTHING, after)
        };
        if after.is_empty() {
            self.holdings.remove(instrument_id);
        }
        let others = checked(self.gross.checked_sub(before.value));
        self.gross = checked(others.checked_add(after.value));
        self.follow_mark(instrument_id, &before, &after);
        count(&before, &after);
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
        directory: &Directory,
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
        let Some(instrument) = directory.instrument_level(instrument_id) else { return Ok(()) };
        values.into_iter().try_for_each(|(plane, value)| tree.can_value(plane, instrument, value))
    }

    pub(crate) fn mark(
        &mut self,
        instrument_id: &InstrumentId,
        mark: Mark,
        directory: &Directory,
        tree: &mut Tree,
    ) {
        for (book_id, planes) in &mut self.0 {
            for (plane, ledger) in planes {
                if ledger.holdings.contains(instrument_id) {
                    let set = |holding: &mut Holding| holding.mark = Some(mark);
                    let slot = directory.slot(book_id, instrument_id);
                    ledger.change(instrument_id, Holding::default, set, |before, after| {
                        tree.change(*plane, &slot, before, after);
                    });
                }
            }
        }
    }

    /// Counts a released order in full.
    pub(crate) fn reserve(
        &mut self,
        order: &Reserved,
        slot: &Slot,
        tree: &mut Tree,
        unheld: impl FnOnce() -> Holding,
    ) {
        let ledger = self.open(&order.book_id, order.plane);
        let reserve = |holding: &mut Holding| checked(holding.reserve(order.side, order.qty));
        ledger.change(&order.instrument_id, unheld, reserve, |before, after| {
            tree.change(order.plane, slot, before, after);
        });
        tree.count_order(order.plane, slot, 1);
    }

    /// Books what was filled without a reservation before it.
    pub(crate) fn fill(
        &mut self,
        order: &Reserved,
        filled: Qty,
        slot: &Slot,
        tree: &mut Tree,
        unheld: impl FnOnce() -> Holding,
    ) {
        let ledger = self.open(&order.book_id, order.plane);
        let book = |holding: &mut Holding| {
            holding.position = checked(moved(holding.position, order.side, filled));
        };
        ledger.change(&order.instrument_id, unheld, book, |before, after| {
            tree.change(order.plane, slot, before, after);
        });
    }

    /// Whether so much can be booked without a reservation before it.
    pub(crate) fn can_fill(
        &self,
        order: &Reserved,
        filled: Qty,
        slot: &Slot,
        tree: &Tree,
        unheld: impl FnOnce() -> Holding,
    ) -> Result<(), NumberError> {
        let ledger = self.get(&order.book_id, order.plane);
        let held = ledger.and_then(|ledger| ledger.holding(&order.instrument_id)).copied();
        let mut after = held.unwrap_or_else(unheld);
        after.position = moved(after.position, order.side, filled)?;
        after = after.valued()?;
        let before = held.unwrap_or(Holding::NOTHING);
        let gross = ledger.map_or(Notional::ZERO, Ledger::gross);
        gross.checked_sub(before.value)?.checked_add(after.value)?;
        tree.can_change(order.plane, slot, &before, &after)
    }

    /// Ends a reservation and books what was filled.
    pub(crate) fn settle(&mut self, order: &Reserved, filled: Qty, slot: &Slot, tree: &mut Tree) {
        let ledger = self.open(&order.book_id, order.plane);
        let end = |holding: &mut Holding| {
            let open = match order.side {
                Side::Buy => &mut holding.open_buy,
                Side::Sell => &mut holding.open_sell,
            };
            *open = checked(open.checked_sub(order.qty));
            holding.position = checked(moved(holding.position, order.side, filled));
        };
        ledger.change(&order.instrument_id, Holding::default, end, |before, after| {
            tree.change(order.plane, slot, before, after);
        });
        tree.count_order(order.plane, slot, -1);
    }

    fn open(&mut self, book_id: &BookId, plane: Plane) -> &mut Ledger {
        if !self.0.contains_key(book_id) {
            self.0.insert(book_id.clone(), BTreeMap::new());
        }
        let planes = self.0.get_mut(book_id).expect("it was just put there");
        planes.entry(plane).or_default()
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

impl From<&OrderFact> for Reserved {
    fn from(order: &OrderFact) -> Self {
        Self {
            book_id: order.book_id.clone(),
            plane: order.plane,
            instrument_id: order.market_id.clone(),
            side: order.side,
            qty: order.requested_quantity,
        }
    }
}
