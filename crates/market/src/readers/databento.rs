//! Databento Binary Encoding (`.dbn`, `.dbn.zst`): orders, trades, best quotes, ten levels, bars and statuses.
//!
//! Prices are whole billionths, and both of a record's times are kept. The `dbn` crate takes a file that is cut off for one
//! that ends; here its end is checked.
//!
//! Source: the records' documentation in the `dbn` crate, and databento.com/docs/schemas-and-data-formats.

use crate::event::{
    Bar, Body, Candle, Depth, InstrumentNo, Level, MarketEvent, OrderAction, OrderChange, Quote,
    QuoteSide, Status, Trade, TradeFlags, UpdateIds,
};
use crate::lines::{Counted, px};
use crate::refused::{Reason, Refusal, Refused};
use crate::source::{Listing, Listings, MarketError, Source};
use crate::zone::Zone;
use dbn::decode::{DbnDecoder, DbnMetadata, DecodeRecordRef, DynReader};
use dbn::{
    BidAskPair, FlagSet, HasRType, MboMsg, Mbp1Msg, Mbp10Msg, OhlcvMsg, RType, Record, RecordRef,
    StatusMsg, SymbolMappingMsg, TradeMsg, TsSymbolMap, UNDEF_ORDER_SIZE, UNDEF_PRICE,
    UNDEF_TIMESTAMP,
};
use fillwright_domain::{Decimal, InstrumentId, Px, Qty, Side, Timestamp};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Units of a decimal in a billionth.
const MANTISSA_PER_PRICE: i128 = 1_000_000_000;
const NS_PER_SECOND: i64 = 1_000_000_000;

/// Opens a file.
///
/// # Errors
///
/// `Open`, or `Unreadable` where it is no such file.
pub fn open(path: &Path) -> Result<Box<dyn Source>, MarketError> {
    Ok(Box::new(Databento::open(path)?))
}

type From = Ending<DynReader<'static, BufReader<Counted<File>>>>;

struct Databento {
    path: PathBuf,
    records: DbnDecoder<From>,
    end: Rc<Cell<End>>,
    /// Bytes of the records read so far.
    record_bytes: u64,
    read: u64,
    venue: String,
    symbols: TsSymbolMap,
    numbers: BTreeMap<u32, InstrumentNo>,
    listings: Listings,
    /// The second event of a record that says two things.
    second: Option<MarketEvent>,
    refused: Refused,
    taken: Rc<Cell<u64>>,
}

/// What a record is.
enum Said {
    One(Body),
    Two(Body, Body),
    Nothing,
}

/// When a record happened, when it was received, and what it says.
type Times = (u64, u64);

impl Databento {
    fn open(path: &Path) -> Result<Self, MarketError> {
        let unreadable = |error: dbn::Error| MarketError::unreadable(path, error.to_string());
        let taken = Rc::new(Cell::new(0));
        let file = File::open(path);
        let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
        let counted = BufReader::with_capacity(1 << 16, Counted::new(file, Rc::clone(&taken)));
        let from = DynReader::inferred_with_buffer(counted).map_err(unreadable)?;
        let end = Rc::new(Cell::new(End::default()));
        let from = Ending { from, end: Rc::clone(&end), begins: Vec::new() };
        let records = DbnDecoder::new(from).map_err(unreadable)?;
        let metadata = records.metadata();
        let venue = metadata.dataset.split('.').next().unwrap_or_default().to_owned();
        // Live data has no symbols up front: they come as records.
        let symbols = metadata.symbol_map().unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            records,
            end,
            record_bytes: 0,
            read: 0,
            venue,
            symbols,
            numbers: BTreeMap::new(),
            listings: Listings::default(),
            second: None,
            refused: Refused::default(),
            taken,
        })
    }

    /// Where reading stands, for a message.
    fn to_read(&self, error: &dbn::Error) -> MarketError {
        let place = format!("{}, record {}", self.path.display(), self.read + 1);
        let source = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        MarketError::Read { place, source }
    }

    fn check_end(&self) -> Result<(), MarketError> {
        if self.end.get().is_whole(self.record_bytes) {
            return Ok(());
        }
        let place = format!("{}, record {}", self.path.display(), self.read + 1);
        let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the file is cut off");
        Err(MarketError::Read { place, source })
    }

    fn refuse(&mut self, reason: Reason) {
        let (file, line) = (self.path.display().to_string(), self.read);
        self.refused.add(|| Refusal { file, member: None, line, reason }, reason);
    }
}

impl Source for Databento {
    fn listings(&self) -> &[Listing] {
        self.listings.all()
    }

    fn read(&mut self, event: &mut MarketEvent) -> Result<bool, MarketError> {
        if let Some(second) = self.second.take() {
            *event = second;
            return Ok(true);
        }
        loop {
            let record = match self.records.decode_record_ref() {
                Ok(Some(record)) => record,
                Ok(None) => return self.check_end().map(|()| false),
                Err(error) => return Err(self.to_read(&error)),
            };
            self.read += 1;
            self.record_bytes += record.record_size() as u64;
            let id = record.header().instrument_id;
            if let Ok(RType::SymbolMapping) = record.rtype() {
                let mapped = record.try_get::<SymbolMappingMsg>();
                let kept = mapped.and_then(|mapping| self.symbols.on_symbol_mapping(mapping));
                match kept {
                    Ok(()) => self.refused.passed_over += 1,
                    Err(_) => self.refuse(Reason::Message),
                }
                continue;
            }
            let said = said(record);
            match said {
                Ok((_, Said::Nothing)) => self.refused.passed_over += 1,
                Ok((times, said)) => match self.tell(id, times, said, event) {
                    Ok(()) => return Ok(true),
                    Err(reason) => self.refuse(reason),
                },
                Err(reason) => self.refuse(reason),
            }
        }
    }

    fn refused(&self) -> &Refused {
        &self.refused
    }

    fn bytes_taken(&self) -> u64 {
        self.taken.get()
    }
}

impl Databento {
    fn tell(
        &mut self,
        id: u32,
        (happened, received): Times,
        said: Said,
        event: &mut MarketEvent,
    ) -> Result<(), Reason> {
        let received = if received == UNDEF_TIMESTAMP { happened } else { received };
        let event_at = instant(happened)?;
        let received_at = instant(received)?;
        let instrument = self.instrument(id, happened);
        let of = |body| MarketEvent { instrument, event_at, received_at, body };
        match said {
            Said::One(body) => *event = of(body),
            Said::Two(first, second) => {
                *event = of(first);
                self.second = Some(of(second));
            }
            Said::Nothing => {}
        }
        Ok(())
    }

    /// The instrument of a number, named as it was when it was first met.
    fn instrument(&mut self, id: u32, at: u64) -> InstrumentNo {
        if let Some(number) = self.numbers.get(&id) {
            return *number;
        }
        let symbol = self.symbols.get_for_ts(at, id).cloned();
        // Orders that rest since an earlier day carry its date.
        let symbol = symbol
            .or_else(|| Some(self.symbols.inner().get(&id)?.intervals().first()?.symbol.clone()));
        let symbol = symbol.unwrap_or_else(|| format!("#{id}"));
        let instrument = InstrumentId::of(&self.venue, &symbol);
        let number = self.listings.number(&instrument, &Zone::utc());
        self.numbers.insert(id, number);
        number
    }
}

/// What a record says and when.
fn said(record: RecordRef<'_>) -> Result<(Times, Said), Reason> {
    let rtype = record.rtype().map_err(|_| Reason::Kind)?;
    match rtype {
        RType::Mbo => {
            let order: &MboMsg = get(record)?;
            Ok(((order.hd.ts_event, order.ts_recv), of_order(order)?))
        }
        RType::Mbp0 => {
            let trade: &TradeMsg = get(record)?;
            let body = Body::Trade(of_trade(trade.price, trade.size, trade.side)?);
            Ok(((trade.hd.ts_event, trade.ts_recv), Said::One(body)))
        }
        RType::Mbp1 | RType::Tbbo => {
            let best: &Mbp1Msg = get(record)?;
            Ok(((best.hd.ts_event, best.ts_recv), of_best(best)?))
        }
        RType::Mbp10 => {
            let levels: &Mbp10Msg = get(record)?;
            Ok(((levels.hd.ts_event, levels.ts_recv), of_levels(levels)?))
        }
        RType::Ohlcv1S | RType::Ohlcv1M | RType::Ohlcv1H => of_bar(rtype, get(record)?),
        RType::Status => {
            let status: &StatusMsg = get(record)?;
            let body = Body::Status(status_of(status.action));
            Ok(((status.hd.ts_event, status.ts_recv), Said::One(body)))
        }
        // Definitions, statistics and messages of the gateway are no market events.
        RType::InstrumentDef | RType::Statistics | RType::Imbalance | RType::System => {
            Ok(((0, 0), Said::Nothing))
        }
        _ => Err(Reason::Kind),
    }
}

/// A record as what it says it is, if it is long enough for that.
fn get<T: HasRType<Header = dbn::RecordHeader>>(record: RecordRef<'_>) -> Result<&T, Reason> {
    record.try_get().map_err(|_| Reason::Message)
}

fn of_order(order: &MboMsg) -> Result<Said, Reason> {
    let ends_event = order.flags.is_last();
    let change = |action, side| {
        let px = if order.price == UNDEF_PRICE { Px::ZERO } else { price(order.price)? };
        let qty = quantity(order.size);
        let order_id = order.order_id;
        Ok(Body::Order(OrderChange { action, order_id, side, px, qty, ends_event }))
    };
    let action = match letter(order.action) {
        'A' => OrderAction::Add,
        'C' => OrderAction::Cancel,
        'M' => OrderAction::Modify,
        'F' => OrderAction::Fill,
        'R' => OrderAction::Clear,
        'N' => OrderAction::Nothing,
        'T' => {
            let trade = Body::Trade(of_trade(order.price, order.size, order.side)?);
            if !ends_event {
                return Ok(Said::One(trade));
            }
            return Ok(Said::Two(trade, change(OrderAction::Nothing, Side::Buy)?));
        }
        _ => return Err(Reason::Word),
    };
    let side = match (letter(order.side), action) {
        // What changes no order has no side of its own.
        ('B', _) | ('N', OrderAction::Clear | OrderAction::Nothing | OrderAction::Fill) => {
            Side::Buy
        }
        ('A', _) => Side::Sell,
        _ => return Err(Reason::Word),
    };
    let changed = change(action, side)?;
    if is_lost(order.flags) {
        return Ok(Said::Two(change(OrderAction::Lost, side)?, changed));
    }
    Ok(Said::One(changed))
}

/// Whether the source says that changes before this one were lost for good.
fn is_lost(flags: FlagSet) -> bool {
    flags.is_maybe_bad_book()
}

fn of_trade(at: i64, size: u32, aggressor: c_char) -> Result<Trade, Reason> {
    let aggressor = match letter(aggressor) {
        'B' => Some(Side::Buy),
        'A' => Some(Side::Sell),
        'N' => None,
        _ => return Err(Reason::Word),
    };
    let (px, qty) = (price(at)?, quantity(size));
    Ok(Trade { px, qty, aggressor, trade_id: None, flags: TradeFlags::NONE })
}

/// The quotes after what happened, and the trade itself where one did.
fn of_best(best: &Mbp1Msg) -> Result<Said, Reason> {
    let [level] = &best.levels;
    let quote =
        Quote { bid: side(level.bid_px, level.bid_sz)?, ask: side(level.ask_px, level.ask_sz)? };
    if letter(best.action) != 'T' {
        return Ok(Said::One(Body::Quote(quote)));
    }
    let trade = of_trade(best.price, best.size, best.side)?;
    Ok(Said::Two(Body::Trade(trade), Body::Quote(quote)))
}

fn of_levels(levels: &Mbp10Msg) -> Result<Said, Reason> {
    let mut depth = Depth { ids: UpdateIds::Unnumbered, ..Depth::default() };
    for BidAskPair { bid_px, ask_px, bid_sz, ask_sz, .. } in &levels.levels {
        for (at, size, into) in
            [(bid_px, bid_sz, &mut depth.bids), (ask_px, ask_sz, &mut depth.asks)]
        {
            if let QuoteSide::At(level) = side(*at, *size)? {
                into.push(level);
            }
        }
    }
    let depth = Body::DepthSnapshot(depth);
    if letter(levels.action) != 'T' {
        return Ok(Said::One(depth));
    }
    let trade = of_trade(levels.price, levels.size, levels.side)?;
    Ok(Said::Two(Body::Trade(trade), depth))
}

fn of_bar(rtype: RType, bar: &OhlcvMsg) -> Result<(Times, Said), Reason> {
    let seconds = match rtype {
        RType::Ohlcv1S => 1,
        RType::Ohlcv1M => 60,
        _ => 3600,
    };
    let volume = i64::try_from(bar.volume).map_err(|_| Reason::Number)?;
    let candle = Candle {
        open_px: price(bar.open)?,
        high_px: price(bar.high)?,
        low_px: price(bar.low)?,
        close_px: price(bar.close)?,
        qty: Qty::new(Decimal::from_int(volume)),
    };
    if !candle.is_in_order() {
        return Err(Reason::BarOrder);
    }
    let began = bar.hd.ts_event;
    let ended = began.checked_add((seconds * NS_PER_SECOND).cast_unsigned());
    let body = Body::Bar(Bar::Trades(candle));
    Ok(((began, ended.ok_or(Reason::Time)?), Said::One(body)))
}

fn side(at: i64, size: u32) -> Result<QuoteSide, Reason> {
    if at == UNDEF_PRICE {
        return Ok(QuoteSide::Empty);
    }
    Ok(QuoteSide::At(Level { px: price(at)?, qty: Some(quantity(size)) }))
}

fn price(billionths: i64) -> Result<Px, Reason> {
    if billionths == UNDEF_PRICE {
        return Err(Reason::Price);
    }
    px(Decimal::from_mantissa(i128::from(billionths) * MANTISSA_PER_PRICE))
}

fn quantity(size: u32) -> Qty {
    let size = if size == UNDEF_ORDER_SIZE { 0 } else { size };
    Qty::new(Decimal::from_int(size.into()))
}

fn instant(ns: u64) -> Result<Timestamp, Reason> {
    i64::try_from(ns).map(Timestamp::from_ns).map_err(|_| Reason::Time)
}

/// A letter of the format; `c_char` has a sign on some machines.
fn letter(byte: c_char) -> char {
    let [byte] = byte.to_ne_bytes();
    char::from(byte)
}

/// What the numbers of `StatusAction` mean for whoever wants to trade.
fn status_of(action: u16) -> Status {
    match action {
        1 | 2 => Status::PreOpen,
        4 | 5 => Status::Auction,
        7 => Status::Trading,
        3 | 6 => Status::Quoting,
        8..=10 | 15 => Status::Halted,
        11..=13 => Status::Closed,
        _ => Status::Unknown,
    }
}

/// Where a file ended.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    /// Unpacked bytes.
    bytes: u64,
    /// Unpacked bytes before the first record.
    metadata_bytes: u64,
    /// Whether records are stored as they are read; older versions are changed on the way.
    is_as_read: bool,
    /// Whether what packs the file ended too early.
    is_cut: bool,
}

impl End {
    fn is_whole(self, record_bytes: u64) -> bool {
        let ends_with_a_record =
            !self.is_as_read || self.bytes == self.metadata_bytes + record_bytes;
        !self.is_cut && ends_with_a_record
    }
}

/// Notes how a file ends, because the decoder does not tell.
struct Ending<R> {
    from: R,
    end: Rc<Cell<End>>,
    /// The first eight bytes: `DBN`, the version, and how long the metadata is.
    begins: Vec<u8>,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const PRELUDE: usize = 8;
        const AS_READ_FROM: u8 = 3;
        let mut end = self.end.get();
        let taken = self.from.read(into).inspect_err(|_| {
            end.is_cut = true;
            self.end.set(end);
        })?;
        end.bytes += taken as u64;
        if self.begins.len() < PRELUDE {
            let missing = (PRELUDE - self.begins.len()).min(taken);
            self.begins.extend_from_slice(&into[..missing]);
            if let [_, _, _, version, a, b, c, d] = self.begins[..] {
                end.metadata_bytes = PRELUDE as u64 + u64::from(u32::from_le_bytes([a, b, c, d]));
                end.is_as_read = version == AS_READ_FROM;
            }
        }
        self.end.set(end);
        Ok(taken)
    }
}
