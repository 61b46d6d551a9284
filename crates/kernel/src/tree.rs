//! Exposure at every level of the envelope, a plane at a time, kept in step with the ledgers.
//!
//! Nothing of it is stored: it follows from the rules, the sessions, what is held and what is at work, and is built anew
//! when rules are adopted, when a session moves, because books come into its lane and leave it, and when a snapshot is
//! read. A change costs a step a level, however much is held.

use crate::directory::{Directory, FIRM, Slot};
use crate::exposure::{Holding, Ledgers, checked};
use crate::orders::Orders;
use fillwright_domain::{Notional, NumberError, Plane, Qty, Timestamp};
use std::collections::BTreeSet;

/// What one level has at stake on one plane, every open order counted in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// What is held, each holding of each book the way that hurts more, in quote currency.
    pub gross: Notional,
    /// What is held if every buy at work is done and no sell, signed.
    pub long: Notional,
    /// What is held if every sell at work is done and no buy, signed.
    pub short: Notional,
    /// Orders without an outcome.
    pub open_orders: u32,
}

impl Exposure {
    fn change(&mut self, change: &Change) {
        self.gross = checked(self.gross.checked_add(change.gross));
        self.long = checked(self.long.checked_add(change.long));
        self.short = checked(self.short.checked_add(change.short));
    }
}

/// What a holding's change adds to the levels it counts in.
struct Change {
    gross: Notional,
    long: Notional,
    short: Notional,
    position: Qty,
}

impl Change {
    fn of(before: &Holding, after: &Holding) -> Result<Self, NumberError> {
        Ok(Self {
            gross: after.value.checked_sub(before.value)?,
            long: after.long.checked_sub(before.long)?,
            short: after.short.checked_sub(before.short)?,
            position: after.worst_qty()?.checked_sub(before.worst_qty()?)?,
        })
    }
}

/// All levels on one plane, and how fresh the marks are that they are valued at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    exposures: Vec<Exposure>,
    /// By instrument: what the books of a level hold of it at worst case, added up, for every level that
    /// holds some, by its number.
    positions: Vec<Vec<(u32, Qty)>>,
    /// By instrument, how many books hold some.
    held: Vec<u32>,
    unmarked: BTreeSet<u32>,
    marked: BTreeSet<(Timestamp, u32)>,
}

impl Levels {
    /// What a level has at stake.
    pub(crate) fn get(&self, level: u32) -> &Exposure {
        &self.exposures[level as usize]
    }

    /// What a level's books hold of an instrument at worst case, added up.
    pub(crate) fn position(&self, level: u32, instrument: u32) -> Qty {
        let positions = &self.positions[instrument as usize];
        let own = positions.binary_search_by_key(&level, |(of, _)| *of);
        own.map_or(Qty::ZERO, |at| positions[at].1)
    }

    /// What the firm has at stake.
    pub(crate) fn firm(&self) -> &Exposure {
        self.get(FIRM)
    }

    /// Whether something is held without a mark, but for what the book itself, and nobody else, holds of the instrument.
    pub(crate) fn unmarked_besides(&self, place: &Slot, own: &Holding) -> bool {
        let sole = self.is_sole(place, own);
        self.unmarked.iter().any(|unmarked| !(sole && *unmarked == place.instrument))
    }

    /// The oldest mark among everything held, but for what the book itself, and nobody else, holds of the instrument.
    pub(crate) fn oldest_mark_besides(&self, place: &Slot, own: &Holding) -> Option<Timestamp> {
        let sole = self.is_sole(place, own);
        let mut others =
            self.marked.iter().filter(|(_, marked)| !(sole && *marked == place.instrument));
        others.next().map(|(as_of, _)| *as_of)
    }

    /// Whether nobody but the book holds the instrument.
    fn is_sole(&self, place: &Slot, own: &Holding) -> bool {
        self.held[place.instrument as usize] <= u32::from(!own.is_empty())
    }

    fn change(&mut self, place: &Slot, before: &Holding, after: &Holding) {
        let change = checked(Change::of(before, after));
        for level in place.counters() {
            self.exposures[level as usize].change(&change);
        }
        if !change.position.is_zero() {
            for level in place.position_counters() {
                self.change_position(level, place.instrument, change.position);
            }
        }
        self.follow_held(place.instrument, before, after);
    }

    fn change_position(&mut self, level: u32, instrument: u32, change: Qty) {
        let positions = &mut self.positions[instrument as usize];
        match positions.binary_search_by_key(&level, |(of, _)| *of) {
            Err(at) => positions.insert(at, (level, change)),
            Ok(at) => {
                let position = &mut positions[at].1;
                *position = checked(position.checked_add(change));
                if position.is_zero() {
                    positions.remove(at);
                }
            }
        }
    }

    fn follow_held(&mut self, instrument: u32, before: &Holding, after: &Holding) {
        let held = &mut self.held[instrument as usize];
        let was_held = *held > 0;
        *held = *held + u32::from(!after.is_empty()) - u32::from(!before.is_empty());
        let is_held = *held > 0;
        if was_held && (!is_held || before.mark != after.mark) {
            self.forget(instrument, before);
        }
        if is_held && (!was_held || before.mark != after.mark) {
            self.remember(instrument, after);
        }
    }

    fn forget(&mut self, instrument: u32, held: &Holding) {
        match held.mark {
            Some(mark) => self.marked.remove(&(mark.as_of, instrument)),
            None => self.unmarked.remove(&instrument),
        };
    }

    fn remember(&mut self, instrument: u32, held: &Holding) {
        match held.mark {
            Some(mark) => self.marked.insert((mark.as_of, instrument)),
            None => self.unmarked.insert(instrument),
        };
    }
}

/// Exposure at every level, plane by plane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tree {
    paper: Levels,
    live_stub: Levels,
}

impl Tree {
    /// The tree of everything that is held and at work.
    pub(crate) fn of(directory: &Directory, ledgers: &Ledgers, orders: &Orders) -> Self {
        let exposures = vec![Exposure::default(); directory.levels()];
        let instruments = directory.instruments();
        let (positions, held) = (vec![Vec::new(); instruments], vec![0; instruments]);
        let levels = Levels { exposures, positions, held, ..Levels::default() };
        let mut tree = Self { paper: levels.clone(), live_stub: levels };
        for (book_id, plane, ledger) in ledgers.iter() {
            for (instrument_id, holding) in ledger.holdings() {
                let slot = directory.slot(book_id, instrument_id);
                tree.change(plane, &slot, &Holding::default(), holding);
            }
        }
        for (_, order) in orders.iter() {
            let of = &order.reserved;
            tree.count_order(of.plane, &directory.slot(&of.book_id, &of.instrument_id), 1);
        }
        tree
    }

    /// All levels on a plane.
    pub(crate) fn levels(&self, plane: Plane) -> &Levels {
        match plane {
            Plane::Paper => &self.paper,
            Plane::LiveStub => &self.live_stub,
        }
    }

    fn levels_mut(&mut self, plane: Plane) -> &mut Levels {
        match plane {
            Plane::Paper => &mut self.paper,
            Plane::LiveStub => &mut self.live_stub,
        }
    }

    /// Counts a change of what a book holds.
    pub(crate) fn change(&mut self, plane: Plane, slot: &Slot, before: &Holding, after: &Holding) {
        self.levels_mut(plane).change(slot, before, after);
    }

    /// Whether a change of what a book holds could be counted at every level.
    pub(crate) fn can_change(
        &self,
        plane: Plane,
        slot: &Slot,
        before: &Holding,
        after: &Holding,
    ) -> Result<(), NumberError> {
        let (levels, change) = (self.levels(plane), Change::of(before, after)?);
        for level in slot.counters() {
            let own = levels.get(level);
            own.gross.checked_add(change.gross)?;
            own.long.checked_add(change.long)?;
            own.short.checked_add(change.short)?;
        }
        for level in slot.position_counters() {
            levels.position(level, slot.instrument).checked_add(change.position)?;
        }
        Ok(())
    }

    /// Counts an order that begins to work, or one less.
    pub(crate) fn count_order(&mut self, plane: Plane, slot: &Slot, change: i32) {
        let levels = self.levels_mut(plane);
        for level in slot.counters() {
            let exposure = &mut levels.exposures[level as usize];
            exposure.open_orders = exposure.open_orders.saturating_add_signed(change);
        }
    }

    /// Whether the firm's exposure could still be counted with this value of an instrument, which has this number as a
    /// level, in place of the present one.
    pub(crate) fn can_value(
        &self,
        plane: Plane,
        instrument: u32,
        value: Notional,
    ) -> Result<(), NumberError> {
        let levels = self.levels(plane);
        let others = levels.firm().gross.checked_sub(levels.get(instrument).gross)?;
        others.checked_add(value).map(|_| ())
    }
}
