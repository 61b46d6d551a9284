//! Binance's public archive (data.binance.vision): trades, aggregated trades, best quotes and bars as CSV, alone or each
//! in its zip, named `BTCUSDT-aggTrades-2024-08-08.zip`.
//!
//! Spot files have no header and futures files may; times are milliseconds, or microseconds in spot files from 2025 on. A
//! file does not say which market it is of: its folders do (`data/futures/um/daily/…`), or whoever opens it.
//!
//! Source: github.com/binance/binance-public-data, `README.md`.

use super::line_source::{LineFormat, LineSource, Member, Opener, Parsed};
use crate::archive::Archive;
use crate::event::{
    Bar, Body, Candle, InstrumentNo, Level, MarketEvent, Quote, QuoteSide, Trade, TradeFlags,
};
use crate::lines::{Counted, decimal, fields, px, qty};
use crate::refused::Reason;
use crate::source::{Listings, MarketError, Source};
use crate::zone::Zone;
use fillwright_domain::{InstrumentId, Px, Side, Timestamp};
use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

const NS_PER_US: i64 = 1_000;
const NS_PER_MS: i64 = 1_000_000;
/// Milliseconds reach this number in the year 5138, and microseconds passed it in 1973.
const MICROSECONDS_FROM: i64 = 100_000_000_000_000;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trades,
    AggregatedTrades,
    BestQuotes,
    /// Bars of so many nanoseconds.
    Bars(i64),
}

/// Whether a file is named as those of the archive are.
pub fn is_named_so(path: &Path) -> bool {
    named(path).is_some()
}

/// Symbol and kind, from `BTCUSDT-aggTrades-2024-08-08` or `BTCUSDT-1m-2024-08`.
fn named(path: &Path) -> Option<(String, Kind)> {
    let is_packed = path.extension().is_some_and(|ending| ending == "zip");
    if !is_packed && path.extension().is_none_or(|ending| ending != "csv") {
        return None;
    }
    let stem = path.file_stem()?.to_str()?;
    let (symbol, rest) = stem.split_once('-')?;
    let (kind, date) = rest.split_once('-')?;
    let is_date = date.len() >= 7 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let kind = match kind {
        "trades" => Kind::Trades,
        "aggTrades" => Kind::AggregatedTrades,
        "bookTicker" => Kind::BestQuotes,
        span => Kind::Bars(span_ns(span)?),
    };
    is_date.then(|| (symbol.to_owned(), kind))
}

/// How long a bar of `1s`, `15m`, `4h` or `1d` is; months have no length of their own.
fn span_ns(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| (1..1000).contains(number))?;
    Some(number * seconds * 1_000_000_000)
}

/// Opens a file. Where its folders do not say so, `is_perpetual` does.
///
/// # Errors
///
/// `Open`, or `Unreadable` where its name does not say what it holds.
pub fn open(path: &Path, is_perpetual: bool) -> Result<Box<dyn Source>, MarketError> {
    let (symbol, kind) = named(path).ok_or_else(|| {
        MarketError::unreadable(path, "its name is not of the form BTCUSDT-aggTrades-2024-08-08")
    })?;
    let in_futures = path.iter().any(|folder| folder == "futures");
    let format = BinanceArchive::new(&symbol, kind, is_perpetual || in_futures);
    let taken = Rc::new(Cell::new(0));
    let members = members(path, &taken)?;
    Ok(Box::new(LineSource::new(path, format, members, taken)))
}

fn members(path: &Path, taken: &Rc<Cell<u64>>) -> Result<Vec<Member>, MarketError> {
    if path.extension().is_some_and(|ending| ending == "zip") {
        let archive = Rc::new(Archive::open(path, Rc::clone(taken))?);
        let members = archive.members().iter().map(|member| {
            let (archive, entry) = (Rc::clone(&archive), member.clone());
            let open: Opener = Box::new(move || Ok(Box::new(archive.reader(&entry)?)));
            Member { name: Some(member.name.clone()), open }
        });
        return Ok(members.collect());
    }
    let file = File::open(path);
    let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
    let counted = Counted::new(file, Rc::clone(taken));
    Ok(vec![Member { name: None, open: Box::new(move || Ok(Box::new(counted))) }])
}

struct BinanceArchive {
    kind: Kind,
    listings: Listings,
    is_first_line: bool,
}

impl BinanceArchive {
    fn new(symbol: &str, kind: Kind, is_future: bool) -> Self {
        let perpetual = symbol.strip_suffix("_PERP").unwrap_or(symbol);
        let is_perpetual = is_future && !perpetual.contains('_');
        let symbol = if is_perpetual { format!("{perpetual}.P") } else { symbol.to_owned() };
        let listings = Listings::of(InstrumentId::of("BINANCE", &symbol), Zone::utc());
        Self { kind, listings, is_first_line: true }
    }
}

impl LineFormat for BinanceArchive {
    fn begin(&mut self, _: Option<&str>) -> Result<(), String> {
        self.is_first_line = true;
        Ok(())
    }

    fn parse(&mut self, line: &str, event: &mut MarketEvent) -> Result<Parsed, Reason> {
        let may_be_header = std::mem::take(&mut self.is_first_line);
        if may_be_header && line.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Ok(Parsed::PassedOver);
        }
        let (event_at, received_at, body) = match self.kind {
            Kind::Trades => trade(line)?,
            Kind::AggregatedTrades => aggregated(line)?,
            Kind::BestQuotes => best(line)?,
            Kind::Bars(span_ns) => bar(line, span_ns)?,
        };
        *event = MarketEvent { instrument: InstrumentNo::default(), event_at, received_at, body };
        Ok(Parsed::Event)
    }

    fn listings(&self) -> &Listings {
        &self.listings
    }
}

type Said = (Timestamp, Timestamp, Body);

/// Number, price, quantity, quantity in the quote currency, time, whether the buyer was there first; spot files say in a
/// seventh field whether it was the best match.
fn trade(line: &str) -> Result<Said, Reason> {
    let row = at_most::<6>(line);
    let [id, price, size, _, time, is_buyer_maker] = fields(row)?;
    printed(id, price, size, time, is_buyer_maker)
}

/// Number, price, quantity, first and last trade, time, whether the buyer was there first; spot files have an eighth field.
fn aggregated(line: &str) -> Result<Said, Reason> {
    let row = at_most::<7>(line);
    let [id, price, size, _, _, time, is_buyer_maker] = fields(row)?;
    printed(id, price, size, time, is_buyer_maker)
}

fn printed(id: &str, price: &str, size: &str, time: &str, maker: &str) -> Result<Said, Reason> {
    let at = instant(time)?;
    let aggressor = match maker {
        "true" | "True" | "TRUE" => Side::Sell,
        "false" | "False" | "FALSE" => Side::Buy,
        _ => return Err(Reason::Word),
    };
    let trade = Trade {
        px: read_px(price)?,
        qty: qty(decimal(size)?)?,
        aggressor: Some(aggressor),
        trade_id: Some(id.parse().map_err(|_| Reason::Number)?),
        flags: TradeFlags::NONE,
    };
    Ok((at, at, Body::Trade(trade)))
}

/// Number, bid, its size, ask, its size, when it was matched, when it was sent.
fn best(line: &str) -> Result<Said, Reason> {
    let [_, bid, bid_size, ask, ask_size, matched, sent] = fields(line)?;
    let side = |price: &str, size: &str| {
        let qty = Some(qty(decimal(size)?)?);
        Ok(QuoteSide::At(Level { px: read_px(price)?, qty }))
    };
    let quote = Quote { bid: side(bid, bid_size)?, ask: side(ask, ask_size)? };
    Ok((instant(matched)?, instant(sent)?, Body::Quote(quote)))
}

/// When it began, four prices, quantity, when it ended, and figures of the quote currency that we do not keep.
fn bar(line: &str, span_ns: i64) -> Result<Said, Reason> {
    let [began, open, high, low, close, volume, ..] = fields::<12>(line)?;
    let candle = Candle {
        open_px: read_px(open)?,
        high_px: read_px(high)?,
        low_px: read_px(low)?,
        close_px: read_px(close)?,
        qty: qty(decimal(volume)?)?,
    };
    if !candle.is_in_order() {
        return Err(Reason::BarOrder);
    }
    let began = instant(began)?;
    let ended = began.as_ns().checked_add(span_ns).ok_or(Reason::Time)?;
    Ok((began, Timestamp::from_ns(ended), Body::Bar(Bar::Trades(candle))))
}

/// The first `N` fields of a line that may have one more.
fn at_most<const N: usize>(line: &str) -> &str {
    let commas = line.bytes().filter(|byte| *byte == b',').count();
    match line.rsplit_once(',') {
        Some((row, _)) if commas == N => row,
        _ => line,
    }
}

fn read_px(text: &str) -> Result<Px, Reason> {
    px(decimal(text)?)
}

fn instant(text: &str) -> Result<Timestamp, Reason> {
    let time: i64 = text.parse().map_err(|_| Reason::Time)?;
    let unit = if time >= MICROSECONDS_FROM { NS_PER_US } else { NS_PER_MS };
    let ns = time.checked_mul(unit).filter(|ns| *ns >= 0);
    ns.map(Timestamp::from_ns).ok_or(Reason::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The events of a file of this name, told, and the lines refused.
    fn read(name: &str, text: &str) -> (Vec<String>, Vec<(u64, Reason)>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        fs::write(&path, text).expect("a writable folder");
        let mut source = open(&path, false).expect("a file of the archive");
        let (mut event, mut told) = (MarketEvent::default(), Vec::new());
        while source.read(&mut event).expect("a readable file") {
            told.push(tell(source.as_ref(), &event));
        }
        let refused = source.refused().first.iter();
        (told, refused.map(|refusal| (refusal.line, refusal.reason)).collect())
    }

    fn tell(source: &dyn Source, event: &MarketEvent) -> String {
        let instrument = &source.listings()[event.instrument.index()].instrument;
        let said = match &event.body {
            Body::Trade(t) => format!("{} x {} {:?} #{:?}", t.px, t.qty, t.aggressor, t.trade_id),
            Body::Quote(Quote { bid: QuoteSide::At(bid), ask: QuoteSide::At(ask) }) => {
                format!("{} / {}", bid.px, ask.px)
            }
            Body::Bar(Bar::Trades(c)) => {
                format!("{} {} {} {} x {}", c.open_px, c.high_px, c.low_px, c.close_px, c.qty)
            }
            other => format!("{other:?}"),
        };
        format!("{instrument} {} {} {said}", event.event_at, event.received_at)
    }

    #[test]
    fn spot_trades_have_no_header_and_microseconds_from_2025_on() {
        let (told, refused) = read(
            "BTCUSDT-trades-2025-01-01.csv",
            "4359324821,93576.00000000,0.00214000,200.25264000,1735689600012175,True,True\n\
             4359324822,93576.00000000,0.00012000,11.22912000,1704067200013,False,True\n",
        );
        assert!(refused.is_empty());
        assert_eq!(
            told,
            [
                "BINANCE:BTCUSDT 1735689600012175000 1735689600012175000 93576 x 0.00214 Some(Sell) #Some(4359324821)",
                "BINANCE:BTCUSDT 1704067200013000000 1704067200013000000 93576 x 0.00012 Some(Buy) #Some(4359324822)",
            ]
        );
    }

    #[test]
    fn futures_files_have_a_header_and_are_known_by_their_folders() {
        let (told, refused) = read(
            "futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-08-08.csv",
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n\
             2287468498,55133.7,0.010,5222164407,5222164409,1723075200071,false\n",
        );
        assert!(refused.is_empty());
        assert_eq!(
            told,
            [
                "BINANCE:BTCUSDT.P 1723075200071000000 1723075200071000000 55133.7 x 0.01 Some(Buy) #Some(2287468498)"
            ]
        );
    }

    #[test]
    fn best_quotes_keep_both_times() {
        let (told, _) = read(
            "futures/cm/BTCUSD_PERP-bookTicker-2024-03-01.csv",
            "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n\
             925456182,61130.1,2012,61130.2,11,1709251200003,1709251200009\n",
        );
        assert_eq!(
            told,
            ["BINANCE:BTCUSD.P 1709251200003000000 1709251200009000000 61130.1 / 61130.2"]
        );
    }

    #[test]
    fn bars_are_known_at_their_end() {
        let (told, _) = read(
            "BTCUSDT-1m-2024-08-08.csv",
            "1723075200000,55133.73,55166.00,55100.01,55120.00,25.12,1723075259999,1385000.1,1200,12.0,661000.2,0\n",
        );
        assert_eq!(
            told,
            [
                "BINANCE:BTCUSDT 1723075200000000000 1723075260000000000 55133.73 55166 55100.01 55120 x 25.12"
            ]
        );
    }

    #[test]
    fn bad_lines_are_refused_with_their_place() {
        let (told, refused) = read(
            "BTCUSDT-trades-2024-01-01.csv",
            "1,10,1,10,1704067200013,True,True\n\
             id,price,qty,quote_qty,time,is_buyer_maker\n\
             2,10,1,10,soon,True\n\
             3,10,1,10,1704067200013,perhaps\n\
             4,0,1,10,1704067200013,true\n\
             5,10,1\n",
        );
        assert_eq!(told.len(), 1);
        assert_eq!(
            refused,
            [
                (2, Reason::Time),
                (3, Reason::Time),
                (4, Reason::Word),
                (5, Reason::Price),
                (6, Reason::FieldCount)
            ]
        );
    }

    #[test]
    fn other_names_are_not_of_the_archive() {
        for name in
            ["BTCUSDT-trades.csv", "20131007_trade.zip", "BTCUSDT-1M-2024-08.csv", "a-1m-x.csv"]
        {
            assert!(!is_named_so(Path::new(name)), "{name}");
        }
        assert!(is_named_so(Path::new("ETHUSDT-15m-2024-08.zip")));
    }
}
