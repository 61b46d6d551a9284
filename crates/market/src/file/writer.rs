//! Writes an event file, block by block.

use super::block::{Before, Encoder, Units};
use super::number::{Width, put};
use super::{BlockHeader, BlockKind, FILE_HEADER_BYTES, PAYLOAD_BYTES_MAX, file_header};
use crate::event::{Bar, Body, Candle, Depth, Level, MarketEvent, QuoteSide};
use crate::source::{Listing, MarketError};
use fillwright_domain::{Decimal, Px, Qty};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Events of a block: enough that headers do not matter, few enough that a block stays in the processor's cache.
const BLOCK_EVENTS: usize = 8192;
/// Levels of a block, because a snapshot is as large as thousands of quotes.
const BLOCK_LEVELS: usize = 1 << 16;
/// Event times are counted in nanoseconds, or in a power of ten of them up to a second.
const TIME_ZEROS_MAX: u8 = 9;

/// Writes an event file.
#[derive(Debug)]
pub struct FileWriter<W> {
    to: W,
    path: PathBuf,
    held: Vec<MarketEvent>,
    held_levels: usize,
    payload: Vec<u8>,
    narrow: Before<i64>,
    wide: Before<i128>,
    listed: usize,
    blocks: u32,
    written: Written,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Written {
    /// Events.
    pub events: u64,
    /// Blocks, the last one among them.
    pub blocks: u64,
    /// Bytes.
    pub bytes: u64,
    /// Events that were received before the one written ahead of them.
    pub out_of_order: u64,
    /// The receive time of the last event, in nanoseconds.
    #[serde(skip)]
    last_received_ns: Option<i64>,
}

impl<W: Write> FileWriter<W> {
    /// Begins a file. The path is for messages only.
    ///
    /// # Errors
    ///
    /// `Write` where nothing can be written.
    pub fn new(to: W, path: &Path) -> Result<Self, MarketError> {
        let mut writer = Self {
            to,
            path: path.to_owned(),
            held: Vec::with_capacity(BLOCK_EVENTS),
            held_levels: 0,
            payload: Vec::new(),
            narrow: Before::new(),
            wide: Before::new(),
            listed: 0,
            blocks: 0,
            written: Written::default(),
        };
        writer.put(&file_header())?;
        debug_assert_eq!(writer.written.bytes, FILE_HEADER_BYTES as u64);
        Ok(writer)
    }

    /// Writes an event of one of the instruments.
    ///
    /// # Errors
    ///
    /// `Write` where nothing can be written; `Unwritable` where an event is larger than a block may be, or its instrument
    /// is not listed.
    pub fn write(&mut self, listings: &[Listing], event: &MarketEvent) -> Result<(), MarketError> {
        if event.instrument.index() >= listings.len() {
            return Err(MarketError::Unwritable("its instrument is not listed"));
        }
        let received_ns = event.received_at.as_ns();
        let is_late = self.written.last_received_ns.is_some_and(|last| received_ns < last);
        self.written.out_of_order += u64::from(is_late);
        self.written.last_received_ns = Some(received_ns);
        self.held_levels += levels_of(&event.body);
        self.held.push(event.clone());
        if self.held.len() < BLOCK_EVENTS && self.held_levels < BLOCK_LEVELS {
            return Ok(());
        }
        self.flush(listings)
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// As [`Self::write`].
    pub fn finish(mut self, listings: &[Listing]) -> Result<(W, Written), MarketError> {
        self.flush(listings)?;
        self.block(BlockKind::End, [0, 0, 0], 0, 0)?;
        self.to.flush().map_err(|source| self.to_write(source))?;
        Ok((self.to, self.written))
    }

    /// Writes the events that are held, behind the listings they need.
    fn flush(&mut self, listings: &[Listing]) -> Result<(), MarketError> {
        if listings.len() > self.listed {
            self.list(&listings[self.listed..])?;
            self.listed = listings.len();
        }
        if self.held.is_empty() {
            return Ok(());
        }
        let base_ns = self.held[0].event_at.as_ns();
        let mut finest = Finest::from(base_ns);
        self.held.iter().for_each(|event| finest.take(event));
        let decimals = [finest.px_decimals, finest.qty_decimals, finest.time_zeros];
        let whole = [Decimal::SCALE_DIGITS.try_into().unwrap_or(u8::MAX); 2];
        let is_narrow = self.encode_narrow(decimals, base_ns).is_some();
        if is_narrow {
            self.block(BlockKind::Narrow, decimals, self.held.len(), base_ns)?;
        } else {
            self.encode_wide(finest.time_zeros, base_ns)
                .ok_or(MarketError::Unwritable("its time is beyond what can be held"))?;
            let decimals = [whole[0], whole[1], finest.time_zeros];
            self.block(BlockKind::Wide, decimals, self.held.len(), base_ns)?;
        }
        self.written.events += self.held.len() as u64;
        self.held.clear();
        self.held_levels = 0;
        Ok(())
    }

    fn list(&mut self, listings: &[Listing]) -> Result<(), MarketError> {
        self.payload.clear();
        for listing in listings {
            for text in [listing.instrument.as_str(), listing.zone.name()] {
                put(&mut self.payload, text.len() as u64);
                self.payload.extend_from_slice(text.as_bytes());
            }
        }
        self.block(BlockKind::Listings, [0, 0, 0], listings.len(), 0)
    }

    fn encode_narrow(&mut self, decimals: [u8; 3], base_ns: i64) -> Option<()> {
        let [px, qty, zeros] = decimals;
        let units = Units {
            px: i64::unit(px).ok()?,
            qty: i64::unit(qty).ok()?,
            time_ns: 10_i64.pow(zeros.into()),
        };
        self.payload.clear();
        self.narrow.begin(base_ns, self.listed);
        let mut encoder = Encoder { out: &mut self.payload, units, before: &mut self.narrow };
        self.held.iter().try_for_each(|event| encoder.event(event))
    }

    fn encode_wide(&mut self, zeros: u8, base_ns: i64) -> Option<()> {
        let units = Units { px: (), qty: (), time_ns: 10_i64.pow(zeros.into()) };
        self.payload.clear();
        self.wide.begin(base_ns, self.listed);
        let mut encoder = Encoder { out: &mut self.payload, units, before: &mut self.wide };
        self.held.iter().try_for_each(|event| encoder.event(event))
    }

    /// Writes the payload as a block.
    fn block(
        &mut self,
        kind: BlockKind,
        [px_decimals, qty_decimals, time_zeros]: [u8; 3],
        count: usize,
        base_ns: i64,
    ) -> Result<(), MarketError> {
        if kind == BlockKind::End {
            self.payload.clear();
        }
        if self.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(MarketError::Unwritable("it is larger than a block may be"));
        }
        self.blocks += 1;
        let header = BlockHeader {
            kind,
            px_decimals,
            qty_decimals,
            time_zeros,
            payload_bytes: u32::try_from(self.payload.len()).unwrap_or(u32::MAX),
            count: u32::try_from(count).unwrap_or(u32::MAX),
            events_before: self.written.events,
            base_ns,
            number: self.blocks,
        };
        let payload = std::mem::take(&mut self.payload);
        self.put(&header.encode(&payload))?;
        self.put(&payload)?;
        self.payload = payload;
        self.written.blocks += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), MarketError> {
        self.to.write_all(bytes).map_err(|source| self.to_write(source))?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }

    fn to_write(&self, source: std::io::Error) -> MarketError {
        MarketError::Write { path: self.path.clone(), source }
    }
}

fn levels_of(body: &Body) -> usize {
    match body {
        Body::DepthSnapshot(depth) | Body::DepthDiff(depth) => depth.bids.len() + depth.asks.len(),
        _ => 0,
    }
}

/// The coarsest units in which every number of a block is whole.
struct Finest {
    px_decimals: u8,
    qty_decimals: u8,
    time_zeros: u8,
    base_ns: i64,
}

impl Finest {
    fn from(base_ns: i64) -> Self {
        Self { px_decimals: 0, qty_decimals: 0, time_zeros: TIME_ZEROS_MAX, base_ns }
    }

    fn take(&mut self, event: &MarketEvent) {
        let since_ns = event.event_at.as_ns().wrapping_sub(self.base_ns);
        while since_ns % 10_i64.pow(self.time_zeros.into()) != 0 {
            self.time_zeros -= 1;
        }
        match &event.body {
            Body::Quote(quote) => {
                self.side(quote.bid);
                self.side(quote.ask);
            }
            Body::Trade(trade) => self.both(trade.px, trade.qty),
            Body::DepthSnapshot(depth) | Body::DepthDiff(depth) => self.depth(depth),
            Body::Bar(Bar::Trades(candle)) => self.candle(candle),
            Body::Bar(Bar::Quotes { bid, ask }) => {
                bid.iter().chain(ask).for_each(|candle| self.candle(candle));
            }
            Body::Order(order) => self.both(order.px, order.qty),
            Body::Status(_) => {}
        }
    }

    fn side(&mut self, side: QuoteSide) {
        if let QuoteSide::At(level) = side {
            self.level(level);
        }
    }

    fn depth(&mut self, depth: &Depth) {
        depth.bids.iter().chain(&depth.asks).for_each(|level| self.level(*level));
    }

    fn level(&mut self, level: Level) {
        refine(&mut self.px_decimals, level.px.get());
        if let Some(qty) = level.qty {
            refine(&mut self.qty_decimals, qty.get());
        }
    }

    fn candle(&mut self, candle: &Candle) {
        for px in [candle.open_px, candle.high_px, candle.low_px] {
            refine(&mut self.px_decimals, px.get());
        }
        self.both(candle.close_px, candle.qty);
    }

    fn both(&mut self, px: Px, qty: Qty) {
        refine(&mut self.px_decimals, px.get());
        refine(&mut self.qty_decimals, qty.get());
    }
}

/// Raises the decimals until a value is a whole number of their unit.
fn refine(decimals: &mut u8, value: Decimal) {
    let mantissa = value.mantissa();
    while mantissa % 10_i128.pow(Decimal::SCALE_DIGITS - u32::from(*decimals)) != 0 {
        *decimals += 1;
    }
}
