//! Quotes from an event file through the books to an engine that does nothing: what reading a market costs before anyone
//! decides on it.

use crate::cases::scratch;
use crate::figures::{Figures, Stopwatch};
use anyhow::{Result, ensure};
use fillwright_domain::{Decimal, InstrumentId, Px, Qty, Timestamp};
use fillwright_market::book::L1;
use fillwright_market::event::{Level, Quote, QuoteSide};
use fillwright_market::file::{FileReader, FileWriter};
use fillwright_market::{Body, InstrumentNo, Listing, MarketEvent, Source, Zone};
use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::Path;

/// Instruments that are quoted, in turns as chance has it.
const INSTRUMENTS: u32 = 50;
/// A cent, the tick of every instrument.
const TICK: i128 = 10_000_000_000_000_000;

/// Reads `events` quotes. The file is written first, and not measured.
pub fn run(events: u64, dir: Option<&Path>) -> Result<Figures> {
    let folder = scratch(dir)?;
    let path = folder.path().join("quotes.fwm");
    let (bytes, expected) = write(&path, events)?;
    let mut watch = Stopwatch::paused();
    watch.go_on();
    let (read, books) = read(&path)?;
    watch.pause();
    ensure!(read == events && books == expected, "what was read is not what was written");
    let mut figures = watch.figures("quotes", events);
    figures.more.insert("bytes_per_event".into(), (bytes / events.max(1)).into());
    figures.more.insert("instruments".into(), INSTRUMENTS.into());
    Ok(figures)
}

/// Something that hears of every change and does nothing.
trait Engine {
    fn on_book(&mut self, instrument: InstrumentNo, book: &L1);
}

struct Idle;

impl Engine for Idle {
    fn on_book(&mut self, instrument: InstrumentNo, book: &L1) {
        black_box((instrument, book));
    }
}

fn read(path: &Path) -> Result<(u64, Vec<L1>)> {
    let mut source = FileReader::open(path)?;
    let mut books = vec![L1::default(); INSTRUMENTS as usize];
    let mut engine: Box<dyn Engine> = black_box(Box::new(Idle));
    let (mut event, mut count) = (MarketEvent::default(), 0);
    while source.read(&mut event)? {
        if let Body::Quote(quote) = &event.body {
            let book = &mut books[event.instrument.index()];
            book.apply(event.event_at, quote);
            engine.on_book(event.instrument, book);
        }
        count += 1;
    }
    Ok((count, books))
}

/// Writes a market that walks at random, and gives the books as they stand at its end.
fn write(path: &Path, events: u64) -> Result<(u64, Vec<L1>)> {
    let listings: Vec<Listing> = (0..INSTRUMENTS).map(listing).collect();
    let mut writer = FileWriter::new(BufWriter::new(File::create(path)?), path)?;
    let mut books = vec![L1::default(); INSTRUMENTS as usize];
    let mut bids = vec![10_000_i128; INSTRUMENTS as usize];
    let (mut chance, mut at_ns) = (Chance(7), 1_700_000_000_000_000_000_i64);
    for _ in 0..events {
        let instrument = InstrumentNo(chance.below(INSTRUMENTS));
        let bid = &mut bids[instrument.index()];
        *bid = (*bid + i128::from(chance.below(3)) - 1).max(100);
        let ask = *bid + 1 + i128::from(chance.below(2));
        at_ns += i64::from(chance.below(2_000_000));
        let quote = Quote { bid: side(*bid, &mut chance), ask: side(ask, &mut chance) };
        let event_at = Timestamp::from_ns(at_ns);
        let received_at = Timestamp::from_ns(at_ns + 150_000 + i64::from(chance.below(50_000)));
        books[instrument.index()].apply(event_at, &quote);
        let event = MarketEvent { instrument, event_at, received_at, body: Body::Quote(quote) };
        writer.write(&listings, &event)?;
    }
    let (_, written) = writer.finish(&listings)?;
    Ok((written.bytes, books))
}

fn listing(number: u32) -> Listing {
    Listing { instrument: InstrumentId::new(format!("XNAS:S{number}")), zone: Zone::utc() }
}

fn side(ticks: i128, chance: &mut Chance) -> QuoteSide {
    let lots = i64::from(1 + chance.below(40)) * 100;
    let px = Px::new(Decimal::from_mantissa(ticks * TICK));
    QuoteSide::At(Level { px, qty: Some(Qty::new(Decimal::from_int(lots))) })
}

/// The same numbers every time (an xorshift of 64 bits).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let scaled = (self.0 >> 32) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or(0)
    }
}
