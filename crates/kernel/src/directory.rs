//! Who is who under the rules in force: books and instruments with where they count, found once a step.
//!
//! Nothing of it is stored: it follows from the rules and the sessions, and is built anew when rules are adopted, when a
//! session moves, because books come into its lane and leave it, and when a snapshot is read.

use crate::by_name::ByName;
use crate::sessions::{Sessions, lane_of};
use fillwright_domain::{BookId, Instrument, InstrumentId, Intent, LaneId, StrategyId, Text};
use fillwright_policy::{Book, GroupLimits, Level, Levels, Limits, Rulebook};
use std::collections::BTreeMap;

/// The firm's number.
pub(crate) const FIRM: u32 = 0;
/// Books come at this depth: what they hold of an instrument the ledger says.
pub(crate) const BOOK_DEPTH: usize = 4;
/// Instruments come at this depth: what is held of one is what the firm holds.
pub(crate) const INSTRUMENT_DEPTH: usize = 5;

/// Groups have no depth: they lie across the tree.
const SECTOR: usize = 6;
const CLUSTER: usize = 7;

/// Where a book's orders in an instrument count: the numbers of its levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// By depth, from the firm at 0 to the instrument at 5.
    levels: [Option<u32>; 6],
    pub(crate) sector: u32,
    pub(crate) cluster: u32,
    pub(crate) instrument: u32,
}

impl Slot {
    /// The number of the level at a depth.
    pub(crate) fn level(&self, depth: usize) -> Option<u32> {
        self.levels.get(depth).copied().flatten()
    }

    /// Every level and group that counts the order.
    pub(crate) fn counters(&self) -> impl Iterator<Item = u32> {
        let groups = [self.sector, self.cluster];
        self.levels.iter().flatten().copied().chain(groups)
    }

    /// Levels that count positions by instrument.
    pub(crate) fn position_counters(&self) -> impl Iterator<Item = u32> {
        self.levels[..BOOK_DEPTH].iter().flatten().copied()
    }
}

/// A book with the numbers of the levels above it, and its own, and with what the rules say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedBook {
    book: Book,
    lane: Option<LaneId>,
    levels: [Option<u32>; BOOK_DEPTH + 1],
    /// By depth, what the levels below the firm state.
    limits: [Option<Limits>; BOOK_DEPTH + 1],
    /// Whether its strategy is enabled; nothing where the rules do not know it.
    strategy: Option<bool>,
    /// By the number of the instrument, whether its strategy may trade it; nothing where no permissions are stated.
    permitted: Option<Vec<bool>>,
}

/// An instrument with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedInstrument {
    instrument: Instrument,
    /// Among the instruments.
    at: u32,
    /// As a level.
    own: u32,
    limits: Option<Limits>,
    sector: ListedGroup,
    cluster: ListedGroup,
    /// Whether its venue is enabled; nothing where the rules do not know it.
    venue: Option<bool>,
}

/// A sector or a cluster, with its number and what it states of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedGroup {
    number: u32,
    pub(crate) name: Text,
    pub(crate) limits: Option<GroupLimits>,
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

    fn group(
        &mut self,
        kind: usize,
        name: Text,
        limits: &BTreeMap<Text, GroupLimits>,
    ) -> ListedGroup {
        let limits = limits.get(&name).cloned();
        ListedGroup { number: self.of(kind, name.as_str()), name, limits }
    }
}

/// The books and instruments of a rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Directory {
    books: ByName<BookId, ListedBook>,
    instruments: ByName<InstrumentId, ListedInstrument>,
    numbers: Numbers,
}

impl Directory {
    pub(crate) fn of(rules: &Rulebook, sessions: &Sessions) -> Self {
        let mut numbers = Numbers::default();
        let firm = numbers.of(0, "");
        let books = rules.books.iter().map(|(id, book)| {
            let lane = lane_of(book, sessions.of_book(id));
            let levels = [
                Some(firm),
                Some(numbers.of(1, book.account.as_str())),
                lane.map(|lane| numbers.of(2, lane.as_str())),
                Some(numbers.of(3, book.strategy_id.as_str())),
                Some(numbers.of(BOOK_DEPTH, id.as_str())),
            ];
            let listed = ListedBook {
                book: book.clone(),
                lane: lane.cloned(),
                levels,
                limits: limits_above(rules, id, book, lane),
                strategy: rules.strategies.get(&book.strategy_id).map(|found| found.enabled),
                permitted: permitted(rules, &book.strategy_id),
            };
            (id.clone(), listed)
        });
        let books = books.collect();
        let instruments = rules.instruments.iter().zip(0_u32..).map(|((id, instrument), at)| {
            let listed = ListedInstrument {
                instrument: instrument.clone(),
                at,
                own: numbers.of(INSTRUMENT_DEPTH, id.as_str()),
                limits: rules.envelope.instruments.get(id).cloned(),
                sector: numbers.group(SECTOR, rules.sector_of(id), &rules.envelope.sectors),
                cluster: numbers.group(CLUSTER, rules.cluster_of(id), &rules.envelope.clusters),
                venue: rules.venues.get(&instrument.venue).map(|venue| venue.enabled),
            };
            (id.clone(), listed)
        });
        let instruments = instruments.collect();
        Self { books, instruments, numbers }
    }

    /// How many levels and groups have a number.
    pub(crate) fn levels(&self) -> usize {
        self.numbers.next as usize
    }

    /// How many instruments there are.
    pub(crate) fn instruments(&self) -> usize {
        self.instruments.len()
    }

    pub(crate) fn book(&self, book_id: &BookId) -> Option<&Book> {
        self.books.get(book_id).map(|listed| &listed.book)
    }

    pub(crate) fn instrument(&self, instrument_id: &InstrumentId) -> Option<&Instrument> {
        self.instruments.get(instrument_id).map(|listed| &listed.instrument)
    }

    /// A book and an instrument, and where the one's orders in the other count; nothing where the rules do not know both.
    pub(crate) fn find(&self, book_id: &BookId, instrument_id: &InstrumentId) -> Option<Found<'_>> {
        let (book, instrument) =
            self.books.get(book_id).zip(self.instruments.get(instrument_id))?;
        let [firm, account, lane, strategy, own] = book.levels;
        let slot = Slot {
            levels: [firm, account, lane, strategy, own, Some(instrument.own)],
            sector: instrument.sector.number,
            cluster: instrument.cluster.number,
            instrument: instrument.at,
        };
        Some(Found { listed_book: book, listed_instrument: instrument, slot })
    }

    /// The slot of what a book holds or works in an instrument: rules that do not know both are refused while it does.
    pub(crate) fn slot(&self, book_id: &BookId, instrument_id: &InstrumentId) -> Slot {
        let Some(found) = self.find(book_id, instrument_id) else {
            panic!("{book_id} holds {instrument_id}, and the rules do not know one of them");
        };
        found.slot
    }

    /// The number of an instrument as a level.
    pub(crate) fn instrument_level(&self, instrument_id: &InstrumentId) -> Option<u32> {
        self.instruments.get(instrument_id).map(|listed| listed.own)
    }

    /// The number of a level; nothing where the rules do not know it.
    pub(crate) fn number(&self, level: Level) -> Option<u32> {
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
        self.numbers.names.get(&(kind, Text::new(name))).copied()
    }
}

/// A book and an instrument that the rules know, with what the rules say of the two.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    listed_book: &'a ListedBook,
    listed_instrument: &'a ListedInstrument,
    pub(crate) slot: Slot,
}

impl<'a> Found<'a> {
    pub(crate) fn book(&self) -> &'a Book {
        &self.listed_book.book
    }

    pub(crate) fn instrument(&self) -> &'a Instrument {
        &self.listed_instrument.instrument
    }

    pub(crate) fn sector(&self) -> &'a ListedGroup {
        &self.listed_instrument.sector
    }

    pub(crate) fn cluster(&self) -> &'a ListedGroup {
        &self.listed_instrument.cluster
    }

    /// Whether the instrument's venue is enabled; nothing where the rules do not know it.
    pub(crate) fn venue_is_enabled(&self) -> Option<bool> {
        self.listed_instrument.venue
    }

    /// Whether the book's strategy is enabled; nothing where the rules do not know it.
    pub(crate) fn strategy_is_enabled(&self) -> Option<bool> {
        self.listed_book.strategy
    }

    /// Whether the book's strategy may trade the instrument; nothing where no permissions are stated.
    pub(crate) fn is_permitted(&self) -> Option<bool> {
        let permitted = self.listed_book.permitted.as_ref()?;
        Some(permitted[self.listed_instrument.at as usize])
    }

    /// The levels an order of the book in the instrument stands under.
    pub(crate) fn levels(&self, firm: &'a Limits, of: &'a Intent) -> Levels<'a> {
        let ListedBook { book, lane, limits, .. } = self.listed_book;
        let [_, account, of_lane, strategy, own] = limits;
        let mut levels = Levels::of(firm);
        levels.add(1, Level::Account(&book.account), account.as_ref());
        if let Some(lane) = lane {
            levels.add(2, Level::Lane(lane), of_lane.as_ref());
        }
        levels.add(3, Level::Strategy(&book.strategy_id), strategy.as_ref());
        levels.add(BOOK_DEPTH, Level::Book(&of.book_id), own.as_ref());
        let instrument = self.listed_instrument.limits.as_ref();
        levels.add(INSTRUMENT_DEPTH, Level::Instrument(&of.instrument_id), instrument);
        levels
    }
}

/// What the levels above an instrument state, below the firm.
fn limits_above(
    rules: &Rulebook,
    book_id: &BookId,
    book: &Book,
    lane: Option<&LaneId>,
) -> [Option<Limits>; BOOK_DEPTH + 1] {
    let envelope = &rules.envelope;
    [
        None,
        envelope.accounts.get(&book.account).cloned(),
        lane.and_then(|lane| envelope.lanes.get(lane)).cloned(),
        envelope.strategies.get(&book.strategy_id).cloned(),
        envelope.books.get(book_id).cloned(),
    ]
}

/// By the number of the instrument, whether the strategy may trade it.
fn permitted(rules: &Rulebook, strategy_id: &StrategyId) -> Option<Vec<bool>> {
    let permissions = rules.flow.permissions.as_ref()?;
    let allowed = rules.instruments.iter().map(|(id, instrument)| {
        permissions.allow(strategy_id.as_str(), instrument.venue.as_str(), id.as_str())
    });
    Some(allowed.collect())
}
