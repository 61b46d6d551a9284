//! Who is who under the rules in force: books and instruments with where they count, found once a step.
//!
//! Nothing of it is stored: it follows from the rules and the sessions, and is built anew when rules are adopted, when a
//! session moves, because books come into its lane and leave it, and when a snapshot is read.

use crate::by_name::ByName;
use crate::sessions::{Sessions, lane_of};
use fillwright_domain::{BookId, Instrument, InstrumentId, Text};
use fillwright_policy::{Book, Level, Rulebook};
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

/// A book with the numbers of the levels above it, and its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedBook {
    book: Book,
    levels: [Option<u32>; BOOK_DEPTH + 1],
}

/// An instrument with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListedInstrument {
    instrument: Instrument,
    /// Among the instruments.
    at: u32,
    /// As a level.
    own: u32,
    sector: (u32, Text),
    cluster: (u32, Text),
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
            let account = numbers.of(1, book.account.as_str());
            let lane = lane_of(book, sessions.of_book(id));
            let lane = lane.map(|lane| numbers.of(2, lane.as_str()));
            let strategy = numbers.of(3, book.strategy_id.as_str());
            let own = numbers.of(BOOK_DEPTH, id.as_str());
            let levels = [Some(firm), Some(account), lane, Some(strategy), Some(own)];
            (id.clone(), ListedBook { book: book.clone(), levels })
        });
        let books = books.collect();
        let instruments = rules.instruments.iter().zip(0_u32..).map(|((id, instrument), at)| {
            let (sector, cluster) = (rules.sector_of(id), rules.cluster_of(id));
            let listed = ListedInstrument {
                instrument: instrument.clone(),
                at,
                own: numbers.of(INSTRUMENT_DEPTH, id.as_str()),
                sector: (numbers.of(SECTOR, sector.as_str()), sector),
                cluster: (numbers.of(CLUSTER, cluster.as_str()), cluster),
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
            sector: instrument.sector.0,
            cluster: instrument.cluster.0,
            instrument: instrument.at,
        };
        Some(Found {
            book: &book.book,
            instrument: &instrument.instrument,
            sector: &instrument.sector.1,
            cluster: &instrument.cluster.1,
            slot,
        })
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

/// A book and an instrument that the rules know.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) book: &'a Book,
    pub(crate) instrument: &'a Instrument,
    pub(crate) sector: &'a Text,
    pub(crate) cluster: &'a Text,
    pub(crate) slot: Slot,
}
