//! Exposure at every level of the envelope, a plane at a time, kept in step with the ledgers.
//!
//! Nothing of it is stored: it follows from the rules, what is held and what is at work, and is built anew when rules are
//! adopted and when a snapshot is read. A change costs a step a level, however much is held.

use crate::exposure::{Holding, Ledgers, checked};
use crate::orders::Orders;
use fillwright_domain::{BookId, InstrumentId, Notional, NumberError, Plane, Qty, Text, Timestamp};
use fillwright_policy::{Level, Rulebook};
use std::collections::{BTreeMap, BTreeSet};

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
    /// By instrument, what books hold of it at worst case, added up.
    positions: BTreeMap<u32, Qty>,
}

impl Exposure {
    /// What the level's books hold of an instrument at worst case, added up.
    pub(crate) fn position(&self, place: &Slot) -> Qty {
        self.positions.get(&place.instrument).copied().unwrap_or_default()
    }

    fn change(&mut self, change: &Change) {
        self.gross = checked(self.gross.checked_add(change.gross));
        self.long = checked(self.long.checked_add(change.long));
        self.short = checked(self.short.checked_add(change.short));
    }

    fn change_position(&mut self, instrument: u32, change: Qty) {
        let position = self.positions.entry(instrument).or_default();
        *position = checked(position.checked_add(change));
        if position.is_zero() {
            self.positions.remove(&instrument);
        }
    }
}

/// Where a book's orders in an instrument count: the numbers of its levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// By depth, from the firm at 0 to the instrument at 5.
    levels: [Option<u32>; 6],
    pub(crate) sector: u32,
    pub(crate) cluster: u32,
    instrument: u32,
}

impl Slot {
    /// The number of the level at a depth.
    pub(crate) fn level(&self, depth: usize) -> Option<u32> {
        self.levels.get(depth).copied().flatten()
    }

    /// Every level and group that counts the order.
    fn counters(&self) -> impl Iterator<Item = u32> {
        let groups = [self.sector, self.cluster];
        self.levels.iter().flatten().copied().chain(groups)
    }

    /// Levels that count positions by instrument.
    fn position_counters(&self) -> impl Iterator<Item = u32> {
        self.levels[..BOOK_DEPTH].iter().flatten().copied()
    }
}

/// The firm's number.
const FIRM: u32 = 0;
/// Books come at this depth: what they hold of an instrument the ledger says.
pub(crate) const BOOK_DEPTH: usize = 4;
/// Instruments come at this depth: what is held of one is what the firm holds.
pub(crate) const INSTRUMENT_DEPTH: usize = 5;

/// Groups have no depth: they lie across the tree.
const SECTOR: usize = 6;
const CLUSTER: usize = 7;

/// The numbers of everything the rules name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Layout {
    books: BTreeMap<BookId, [Option<u32>; BOOK_DEPTH + 1]>,
    instruments: BTreeMap<InstrumentId, (u32, Groups)>,
    numbers: Numbers,
}

/// The numbers of an instrument as a level, and of its groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Groups {
    own: u32,
    sector: u32,
    cluster: u32,
}

/// Gives numbers to names, the same name the same number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Numbers {
    names: BTreeMap<(usize, Text), u32>,
    next: u32,
}

impl Numbers {
    fn of(&mut self, kind: usize, name: &str) -> u32 {
        let next = &mut self.next;
        *self.names.entry((kind, Text::new(name))).or_insert_with(|| {
            *next += 1;
            *next - 1
        })
    }
}

impl Layout {
    fn of(rules: &Rulebook) -> Self {
        let mut numbers = Numbers::default();
        let firm = numbers.of(0, "");
        let books = rules.books.iter().map(|(id, book)| {
            let account = numbers.of(1, book.account.as_str());
            let lane = book.lane.as_ref().map(|lane| numbers.of(2, lane.as_str()));
            let strategy = numbers.of(3, book.strategy_id.as_str());
            let own = numbers.of(BOOK_DEPTH, id.as_str());
            (id.clone(), [Some(firm), Some(account), lane, Some(strategy), Some(own)])
        });
        let books = books.collect();
        let instruments = rules.instruments.keys().zip(0_u32..).map(|(id, at)| {
            let groups = Groups {
                own: numbers.of(INSTRUMENT_DEPTH, id.as_str()),
                sector: numbers.of(SECTOR, rules.sector_of(id).as_str()),
                cluster: numbers.of(CLUSTER, rules.cluster_of(id).as_str()),
            };
            (id.clone(), (at, groups))
        });
        let instruments = instruments.collect();
        Self { books, instruments, numbers }
    }

    fn place(&self, book_id: &BookId, instrument_id: &InstrumentId) -> Option<Slot> {
        let (book, (instrument, groups)) =
            self.books.get(book_id).zip(self.instruments.get(instrument_id))?;
        let [firm, account, lane, strategy, own] = *book;
        Some(Slot {
            levels: [firm, account, lane, strategy, own, Some(groups.own)],
            sector: groups.sector,
            cluster: groups.cluster,
            instrument: *instrument,
        })
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
                self.exposures[level as usize].change_position(place.instrument, change.position);
            }
        }
        self.follow_held(place.instrument, before, after);
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
pub struct Tree {
    layout: Layout,
    paper: Levels,
    live_stub: Levels,
}

impl Tree {
    /// The tree of these rules, with everything that is held and at work.
    pub(crate) fn of(rules: &Rulebook, ledgers: &Ledgers, orders: &Orders) -> Self {
        let layout = Layout::of(rules);
        let exposures = vec![Exposure::default(); layout.numbers.next as usize];
        let levels =
            Levels { exposures, held: vec![0; layout.instruments.len()], ..Levels::default() };
        let mut tree = Self { layout, paper: levels.clone(), live_stub: levels };
        for (book_id, plane, ledger) in ledgers.iter() {
            for (instrument_id, holding) in ledger.holdings() {
                tree.change(book_id, plane, instrument_id, &Holding::default(), holding);
            }
        }
        for (_, order) in orders.iter() {
            let of = &order.reserved;
            tree.count_order(&of.book_id, of.plane, &of.instrument_id, 1);
        }
        tree
    }

    /// What a level has at stake on a plane; nothing where the rules do not know the level.
    pub fn exposure(&self, plane: Plane, level: Level) -> Option<&Exposure> {
        let (kind, name) = match level {
            Level::Firm => (0, ""),
            Level::Account(name) => (1, name.as_str()),
            Level::Lane(name) => (2, name.as_str()),
            Level::Strategy(name) => (3, name.as_str()),
            Level::Book(name) => (BOOK_DEPTH, name.as_str()),
            Level::Instrument(name) => (INSTRUMENT_DEPTH, name.as_str()),
            Level::Sector(name) => (SECTOR, name.as_str()),
            Level::Cluster(name) => (CLUSTER, name.as_str()),
            Level::EverySector | Level::EveryCluster => return None,
        };
        let number = self.layout.numbers.names.get(&(kind, Text::new(name))).copied();
        number.map(|number| self.levels(plane).get(number))
    }

    /// Where a book's orders in an instrument count; nothing where the rules do not know both.
    pub(crate) fn place(&self, book_id: &BookId, instrument_id: &InstrumentId) -> Option<Slot> {
        self.layout.place(book_id, instrument_id)
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
    pub(crate) fn change(
        &mut self,
        book_id: &BookId,
        plane: Plane,
        instrument_id: &InstrumentId,
        before: &Holding,
        after: &Holding,
    ) {
        let counted = self.known_place(book_id, instrument_id);
        self.levels_mut(plane).change(&counted, before, after);
    }

    /// Counts an order that begins to work, or one less.
    pub(crate) fn count_order(
        &mut self,
        book_id: &BookId,
        plane: Plane,
        instrument_id: &InstrumentId,
        change: i32,
    ) {
        let counted = self.known_place(book_id, instrument_id);
        for level in counted.counters() {
            let exposure = &mut self.levels_mut(plane).exposures[level as usize];
            exposure.open_orders = exposure.open_orders.saturating_add_signed(change);
        }
    }

    fn known_place(&self, book_id: &BookId, instrument_id: &InstrumentId) -> Slot {
        let Some(place) = self.place(book_id, instrument_id) else {
            panic!("{book_id} holds {instrument_id}, and the rules do not know one of them");
        };
        place
    }

    /// Whether the firm's exposure could still be counted with these values of an instrument in place of the present
    /// ones.
    pub(crate) fn can_value(
        &self,
        plane: Plane,
        instrument_id: &InstrumentId,
        value: Notional,
    ) -> Result<(), NumberError> {
        let Some((_, groups)) = self.layout.instruments.get(instrument_id) else { return Ok(()) };
        let levels = self.levels(plane);
        let others = levels.firm().gross.checked_sub(levels.get(groups.own).gross)?;
        others.checked_add(value).map(|_| ())
    }
}
