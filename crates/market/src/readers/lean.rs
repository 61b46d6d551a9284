//! Archives of `QuantConnect`'s LEAN: one zip a day, instrument and kind, its place in the folders saying what is in it
//! (`equity/usa/tick/ibm/20131007_trade.zip`). Futures have one member an expiry.
//!
//! Times are milliseconds since midnight in the time zone of the data, with or without decimals. Prices of equities are
//! ten-thousandths of a dollar. Rows are written only when something happens, and bars carry their beginning.
//!
//! Source: the `readme.md` files beside the data in github.com/QuantConnect/Lean, folder `Data/`, and the bits of
//! `TradeConditionFlags` there.

use super::line_source::{LineFormat, LineSource, Member, Opener, Parsed};
use crate::archive::Archive;
use crate::event::{
    Bar, Body, Candle, InstrumentNo, Level, MarketEvent, Quote, QuoteSide, Trade, TradeFlags,
};
use crate::lines::{decimal, fields, px, qty};
use crate::refused::Reason;
use crate::source::{Listings, MarketError, Source};
use crate::zone::{Day, Zone};
use fillwright_domain::{Decimal, InstrumentId, Px, Timestamp};
use jiff::civil::Date;
use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

const NS_PER_SECOND: i64 = 1_000_000_000;
/// Units of a decimal in a nanosecond's share of a millisecond.
const MANTISSA_PER_NS: i128 = 1_000_000_000_000;
/// Prices of equities are ten-thousandths.
const EQUITY_SCALE: i128 = 10_000;

/// What a file holds, as its folders and its name say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `equity`, `forex`, `cfd`, `crypto`, `cryptofuture` or `future`.
    pub class: Class,
    /// The market: `usa`, `oanda`, `cme`, ….
    pub market: String,
    /// Ticks, seconds or minutes.
    pub resolution: Resolution,
    /// The symbol, in capitals.
    pub symbol: String,
    /// The local date.
    pub date: Date,
    /// Trades or quotes.
    pub kind: Kind,
}

/// What kind of instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Shares.
    Equity,
    /// Currencies, and contracts for difference, which are quoted like them.
    Forex,
    /// Coins.
    Crypto,
    /// Perpetual and dated futures on coins.
    CryptoFuture,
    /// Futures, one member an expiry.
    Future,
}

/// How fine the data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Every trade or quote.
    Tick,
    /// Bars of so many nanoseconds.
    Bar {
        /// How long a bar is.
        span_ns: i64,
    },
}

/// Trades or quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Trades.
    Trade,
    /// Quotes.
    Quote,
}

/// Opens an archive. `market` stands in for the folders where the file lies elsewhere: `equity/usa`.
///
/// # Errors
///
/// `MarketError` where the path does not say what is in the file, or where it is no such archive.
pub fn open(path: &Path, market: Option<&str>) -> Result<Box<dyn Source>, MarketError> {
    let taken = Rc::new(Cell::new(0));
    let archive = Archive::open(path, Rc::clone(&taken))?;
    let first = archive.members().first().map_or("", |member| member.name.as_str());
    let place = place(path, market, first);
    let place = place.map_err(|reason| MarketError::unreadable(path, reason))?;
    let format = Lean::new(place).map_err(|reason| MarketError::unreadable(path, reason))?;
    let archive = Rc::new(archive);
    let members = archive.members().iter().map(|member| {
        let (archive, entry) = (Rc::clone(&archive), member.clone());
        let open: Opener = Box::new(move || Ok(Box::new(archive.reader(&entry)?)));
        Member { name: Some(member.name.clone()), open }
    });
    let members = members.collect();
    Ok(Box::new(LineSource::new(path, format, members, taken)))
}

/// Whether a file is named as such archives are: `20131007_trade.zip`.
pub fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(".zip").is_some_and(|stem| named(stem).is_some())
}

/// The date and the kind in `20131007_trade`.
fn named(stem: &str) -> Option<(Date, &str)> {
    let (date, kind) = stem.split_once('_')?;
    Some((Date::strptime("%Y%m%d", date).ok()?, kind))
}

/// What the last four folders and the name say, or where the file lies elsewhere, `market` and the first member.
fn place(path: &Path, market: Option<&str>, member: &str) -> Result<Place, String> {
    let stem = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let (date, kind) = named(stem).ok_or("its name is not of the form 20131007_trade.zip")?;
    let kind = match kind {
        "trade" => Kind::Trade,
        "quote" => Kind::Quote,
        other => return Err(format!("files of {other} hold no market events")),
    };
    let folders = path.parent().map(|parent| parent.iter().filter_map(|part| part.to_str()));
    let folders: Vec<&str> = folders.into_iter().flatten().collect();
    if let Some(market) = market {
        let (class, market) = market.split_once('/').ok_or("write the market as equity/usa")?;
        let (symbol, resolution) = of_member(member)?;
        return Ok(Place {
            class: class_of(class)?,
            market: market.to_owned(),
            resolution: resolution_of(resolution)?,
            symbol: symbol.to_uppercase(),
            date,
            kind,
        });
    }
    let [.., class, market, resolution, symbol] = folders.as_slice() else {
        return Err(
            "its folders do not say what it holds; name the market, for example equity/usa".into(),
        );
    };
    Ok(Place {
        class: class_of(class)?,
        market: (*market).to_owned(),
        resolution: resolution_of(resolution)?,
        symbol: symbol.to_uppercase(),
        date,
        kind,
    })
}

/// Symbol and resolution in `20131007_ibm_Trade_Tick.csv` and `20131007_es_minute_quote_201312.csv`.
fn of_member(member: &str) -> Result<(&str, &str), String> {
    let mut parts = member.split(['_', '.']).skip(1);
    let symbol = parts.next().filter(|symbol| !symbol.is_empty());
    let resolution = parts.find(|part| resolution_of(&part.to_lowercase()).is_ok());
    symbol.zip(resolution).ok_or_else(|| format!("its member {member} does not say what it holds"))
}

fn class_of(folder: &str) -> Result<Class, String> {
    Ok(match folder {
        "equity" => Class::Equity,
        "forex" | "cfd" => Class::Forex,
        "crypto" => Class::Crypto,
        "cryptofuture" => Class::CryptoFuture,
        "future" => Class::Future,
        other => {
            return Err(format!(
                "{other:?} is not a class of instruments that is read; name the market, for example equity/usa"
            ));
        }
    })
}

fn resolution_of(folder: &str) -> Result<Resolution, String> {
    Ok(match folder.to_lowercase().as_str() {
        "tick" => Resolution::Tick,
        "second" => Resolution::Bar { span_ns: NS_PER_SECOND },
        "minute" => Resolution::Bar { span_ns: 60 * NS_PER_SECOND },
        other => return Err(format!("{other:?} is not a resolution that is read")),
    })
}

/// The time zone of a market's data. Oanda, the futures and everything in coins are in UTC; FXCM keeps New York's winter
/// time through the summer.
fn zone_of(class: Class, market: &str) -> Result<Zone, String> {
    let name = match (class, market) {
        (Class::Equity, "usa") => "America/New_York",
        (Class::Equity, other) => {
            return Err(format!("the time zone of equity/{other} is not known"));
        }
        (Class::Forex, "fxcm") => "-05:00",
        _ => "UTC",
    };
    Zone::named(name).map_err(|error| error.to_string())
}

/// The columns of a row.
#[derive(Debug, Clone, Copy)]
enum Columns {
    /// Time, price, quantity, exchange, conditions, whether suspicious.
    TradeTick,
    /// Time, bid, its size, ask, its size, exchange, condition, whether suspicious; one side a row, the other zero.
    QuoteTick,
    /// Time, bid, ask.
    Sizeless,
    /// Time, price, quantity, and perhaps whether suspicious.
    CoinTrade,
    /// Time, bid, its size, ask, its size, and perhaps whether suspicious.
    CoinQuote,
    /// Time, four prices, quantity.
    TradeBar,
    /// Time, and twice four prices and the last size; empty cells where a side was empty.
    QuoteBar,
}

struct Lean {
    place: Place,
    columns: Columns,
    span_ns: i64,
    price_scale: i128,
    zone: Zone,
    day: Day,
    listings: Listings,
    instrument: InstrumentNo,
}

impl Lean {
    fn new(place: Place) -> Result<Self, String> {
        let zone = zone_of(place.class, &place.market)?;
        let day = zone.day(place.date).ok_or("its date cannot be placed in time")?;
        let price_scale = if place.class == Class::Equity { EQUITY_SCALE } else { 1 };
        let span_ns = match place.resolution {
            Resolution::Tick => 0,
            Resolution::Bar { span_ns } => span_ns,
        };
        let (columns, listings) = (columns_of(&place)?, Listings::default());
        let instrument = InstrumentNo::default();
        Ok(Self { place, columns, span_ns, price_scale, zone, day, listings, instrument })
    }

    /// Milliseconds since midnight, with decimals down to the nanosecond.
    fn instant(&self, text: &str) -> Result<Timestamp, Reason> {
        let ms = Decimal::parse(text).map_err(|_| Reason::Time)?.mantissa();
        if ms < 0 || ms % MANTISSA_PER_NS != 0 {
            return Err(Reason::Time);
        }
        let ns = i64::try_from(ms / MANTISSA_PER_NS).map_err(|_| Reason::Time)?;
        self.day.instant(ns).ok_or(Reason::Time)
    }

    fn price(&self, text: &str) -> Result<Decimal, Reason> {
        let value = decimal(text)?;
        if self.price_scale == 1 {
            return Ok(value);
        }
        let mantissa = value.mantissa();
        if mantissa % self.price_scale != 0 {
            return Err(Reason::Number);
        }
        Ok(Decimal::from_mantissa(mantissa / self.price_scale))
    }

    fn px(&self, text: &str) -> Result<Px, Reason> {
        px(self.price(text)?)
    }

    fn trade_tick(&self, line: &str) -> Result<(Timestamp, Body), Reason> {
        let [at, price, size, exchange, conditions, suspicious] = fields(line)?;
        let flags =
            flags_of(exchange, conditions)?.with(TradeFlags::SUSPICIOUS, truth(suspicious)?);
        let qty = qty(decimal(size)?)?;
        let trade = Trade { px: self.px(price)?, qty, aggressor: None, trade_id: None, flags };
        Ok((self.instant(at)?, Body::Trade(trade)))
    }

    /// A row says one side; a price of zero says nothing of the other.
    fn quote_tick(&self, line: &str) -> Result<Option<(Timestamp, Body)>, Reason> {
        let [at, bid, bid_size, ask, ask_size, _, _, suspicious] = fields(line)?;
        let side = |price: &str, size: &str| {
            let price = self.price(price)?;
            if price.is_zero() {
                return Ok(QuoteSide::Unchanged);
            }
            Ok(QuoteSide::At(Level { px: px(price)?, qty: Some(qty(decimal(size)?)?) }))
        };
        let quote = Quote { bid: side(bid, bid_size)?, ask: side(ask, ask_size)? };
        let at = self.instant(at)?;
        Ok((!truth(suspicious)?).then_some((at, Body::Quote(quote))))
    }

    fn sizeless(&self, line: &str) -> Result<(Timestamp, Body), Reason> {
        let [at, bid, ask] = fields(line)?;
        let side = |price| Ok(QuoteSide::At(Level { px: self.px(price)?, qty: None }));
        Ok((self.instant(at)?, Body::Quote(Quote { bid: side(bid)?, ask: side(ask)? })))
    }

    fn coin_trade(&self, line: &str) -> Result<(Timestamp, Body), Reason> {
        let (row, suspicious) = without_suspicion::<3>(line)?;
        let [at, price, size] = fields(row)?;
        let flags = TradeFlags::NONE.with(TradeFlags::SUSPICIOUS, suspicious);
        let qty = qty(decimal(size)?)?;
        let trade = Trade { px: self.px(price)?, qty, aggressor: None, trade_id: None, flags };
        Ok((self.instant(at)?, Body::Trade(trade)))
    }

    fn coin_quote(&self, line: &str) -> Result<Option<(Timestamp, Body)>, Reason> {
        let (row, suspicious) = without_suspicion::<5>(line)?;
        let [at, bid, bid_size, ask, ask_size] = fields(row)?;
        let side = |price, size| {
            Ok(QuoteSide::At(Level { px: self.px(price)?, qty: Some(qty(decimal(size)?)?) }))
        };
        let quote = Quote { bid: side(bid, bid_size)?, ask: side(ask, ask_size)? };
        let at = self.instant(at)?;
        Ok((!suspicious).then_some((at, Body::Quote(quote))))
    }

    fn trade_bar(&self, line: &str) -> Result<(Timestamp, Body), Reason> {
        let [at, prices @ .., volume] = fields::<6>(line)?;
        let candle = self.candle(prices, volume)?;
        Ok((self.instant(at)?, Body::Bar(Bar::Trades(candle))))
    }

    fn quote_bar(&self, line: &str) -> Result<(Timestamp, Body), Reason> {
        let [at, b1, b2, b3, b4, bid_size, a1, a2, a3, a4, ask_size] = fields(line)?;
        let side = |prices: [&str; 4], size: &str| {
            let is_empty = matches!(size, "" | "0") && prices.iter().all(|price| price.is_empty());
            if is_empty { Ok(None) } else { self.candle(prices, size).map(Some) }
        };
        let bid = side([b1, b2, b3, b4], bid_size)?;
        let ask = side([a1, a2, a3, a4], ask_size)?;
        Ok((self.instant(at)?, Body::Bar(Bar::Quotes { bid, ask })))
    }

    fn candle(&self, prices: [&str; 4], size: &str) -> Result<Candle, Reason> {
        let [open_px, high_px, low_px, close_px] = prices.map(|price| self.px(price));
        let (open_px, high_px) = (open_px?, high_px?);
        let (low_px, close_px) = (low_px?, close_px?);
        let candle = Candle { open_px, high_px, low_px, close_px, qty: qty(decimal(size)?)? };
        if candle.is_in_order() { Ok(candle) } else { Err(Reason::BarOrder) }
    }
}

impl LineFormat for Lean {
    fn begin(&mut self, member: Option<&str>) -> Result<(), String> {
        let instrument = instrument_of(&self.place, member.unwrap_or_default());
        self.instrument = self.listings.number(&instrument, &self.zone);
        Ok(())
    }

    fn parse(&mut self, line: &str, event: &mut MarketEvent) -> Result<Parsed, Reason> {
        let said = match self.columns {
            Columns::TradeTick => Some(self.trade_tick(line)?),
            Columns::QuoteTick => self.quote_tick(line)?,
            Columns::Sizeless => Some(self.sizeless(line)?),
            Columns::CoinTrade => Some(self.coin_trade(line)?),
            Columns::CoinQuote => self.coin_quote(line)?,
            Columns::TradeBar => Some(self.trade_bar(line)?),
            Columns::QuoteBar => Some(self.quote_bar(line)?),
        };
        let Some((event_at, body)) = said else {
            return Ok(Parsed::PassedOver);
        };
        let end = event_at.as_ns().checked_add(self.span_ns).ok_or(Reason::Time)?;
        let received_at = Timestamp::from_ns(end);
        *event = MarketEvent { instrument: self.instrument, event_at, received_at, body };
        Ok(Parsed::Event)
    }

    fn listings(&self) -> &Listings {
        &self.listings
    }
}

fn columns_of(place: &Place) -> Result<Columns, String> {
    Ok(match (place.class, place.resolution, place.kind) {
        (_, Resolution::Bar { .. }, Kind::Trade) => Columns::TradeBar,
        (_, Resolution::Bar { .. }, Kind::Quote) => Columns::QuoteBar,
        (Class::Equity | Class::Future, Resolution::Tick, Kind::Trade) => Columns::TradeTick,
        (Class::Equity | Class::Future, Resolution::Tick, Kind::Quote) => Columns::QuoteTick,
        (Class::Forex, Resolution::Tick, Kind::Quote) => Columns::Sizeless,
        (Class::Forex, Resolution::Tick, Kind::Trade) => {
            return Err("currencies have no trades".into());
        }
        (_, Resolution::Tick, Kind::Trade) => Columns::CoinTrade,
        (_, Resolution::Tick, Kind::Quote) => Columns::CoinQuote,
    })
}

/// The instrument of a member: an expiry of a future, a perpetual, or the one instrument of the file.
fn instrument_of(place: &Place, member: &str) -> InstrumentId {
    let last = member.strip_suffix(".csv").unwrap_or(member).rsplit('_').next().unwrap_or_default();
    let symbol = &place.symbol;
    let symbol = match place.class {
        Class::CryptoFuture if last == "perp" => format!("{symbol}.P"),
        Class::Future | Class::CryptoFuture => format!("{symbol}-{last}"),
        _ => symbol.clone(),
    };
    InstrumentId::of(&place.market, &symbol)
}

/// What the bits of the conditions and the letter of the exchange say. `D` is the reporting facility of trades away from
/// the exchanges.
fn flags_of(exchange: &str, conditions: &str) -> Result<TradeFlags, Reason> {
    const SWEEP: u32 = 1 << 5;
    const OPENING: u32 = 1 << 6;
    const CLOSING: u32 = 1 << 7;
    const EXTENDED_HOURS: u32 = 1 << 10 | 1 << 13 | 1 << 14;
    const SOLD: u32 = 1 << 11;
    const AVERAGE_PX: u32 = 1 << 20;
    const PRIOR_REFERENCE: u32 = 1 << 25;
    const OFFICIAL: u32 = 1 << 24 | 1 << 26;
    let bits = match conditions {
        "" => 0,
        text => u32::from_str_radix(text, 16).map_err(|_| Reason::Number)?,
    };
    let has = |bit| bits & bit != 0;
    Ok(TradeFlags::NONE
        .with(TradeFlags::SWEEP, has(SWEEP))
        .with(TradeFlags::OPENING, has(OPENING))
        .with(TradeFlags::CLOSING, has(CLOSING))
        .with(TradeFlags::EXTENDED_HOURS, has(EXTENDED_HOURS))
        .with(TradeFlags::LATE, has(SOLD | PRIOR_REFERENCE))
        .with(TradeFlags::AVERAGE_PX, has(AVERAGE_PX))
        .with(TradeFlags::OFFICIAL, has(OFFICIAL))
        .with(TradeFlags::OFF_EXCHANGE, exchange == "D"))
}

fn truth(text: &str) -> Result<bool, Reason> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => Err(Reason::Word),
    }
}

/// A row of `N` fields, and whether a field behind them says that it is suspicious.
fn without_suspicion<const N: usize>(line: &str) -> Result<(&str, bool), Reason> {
    let commas = line.bytes().filter(|byte| *byte == b',').count();
    match line.rsplit_once(',') {
        Some((row, last)) if commas == N => Ok((row, truth(last)?)),
        _ => Ok((line, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn format(class: Class, resolution: Resolution, kind: Kind) -> Lean {
        let date = Date::constant(2013, 10, 7);
        let (market, symbol) = ("usa".to_owned(), "IBM".to_owned());
        Lean::new(Place { class, market, resolution, symbol, date, kind }).expect("a known place")
    }

    fn said(format: &mut Lean, line: &str) -> Result<Option<Body>, Reason> {
        let mut event = MarketEvent::default();
        Ok((format.parse(line, &mut event)? == Parsed::Event).then_some(event.body))
    }

    #[test]
    fn rows_that_make_no_sense_are_refused_by_what_is_wrong_with_them() {
        let mut ticks = format(Class::Equity, Resolution::Tick, Kind::Trade);
        for (line, reason) in [
            ("34200000,1815200,283,P,0", Reason::FieldCount),
            ("noon,1815200,283,P,0,0", Reason::Time),
            ("-1,1815200,283,P,0,0", Reason::Time),
            ("34200000.0000001,1815200,283,P,0,0", Reason::Time),
            ("34200000,0,283,P,0,0", Reason::Price),
            ("34200000,-1815200,283,P,0,0", Reason::Price),
            ("34200000,1815200,-283,P,0,0", Reason::Quantity),
            ("34200000,1815200,many,P,0,0", Reason::Number),
            ("34200000,1815200,283,P,xyz,0", Reason::Number),
            ("34200000,1815200,283,P,0,2", Reason::Word),
        ] {
            assert_eq!(said(&mut ticks, line), Err(reason), "{line}");
        }
        let mut bars = format(Class::Crypto, Resolution::Bar { span_ns: 60 }, Kind::Trade);
        assert_eq!(said(&mut bars, "0,10,9,8,10,1"), Err(Reason::BarOrder));
        assert_eq!(said(&mut bars, "0,10,11,8,7,1"), Err(Reason::BarOrder));
    }

    #[test]
    fn coins_may_say_whether_a_tick_is_suspicious_and_need_not() {
        let mut trades = format(Class::Crypto, Resolution::Tick, Kind::Trade);
        let suspicious = said(&mut trades, "5,10,1,1").expect("a trade");
        assert!(matches!(suspicious, Some(Body::Trade(t)) if t.flags == TradeFlags::SUSPICIOUS));
        assert!(matches!(said(&mut trades, "5,10,1"), Ok(Some(Body::Trade(_)))));
        let mut quotes = format(Class::Crypto, Resolution::Tick, Kind::Quote);
        assert!(matches!(said(&mut quotes, "5,10,1,11,1"), Ok(Some(Body::Quote(_)))));
        assert_eq!(said(&mut quotes, "5,10,1,11,1,1"), Ok(None));
    }

    #[test]
    fn currencies_have_no_trades_and_unknown_markets_no_time() {
        let place = |class, market: &str, kind| Place {
            class,
            market: market.to_owned(),
            resolution: Resolution::Tick,
            symbol: "X".to_owned(),
            date: Date::constant(2013, 10, 7),
            kind,
        };
        assert!(Lean::new(place(Class::Forex, "oanda", Kind::Trade)).is_err());
        assert!(Lean::new(place(Class::Equity, "india", Kind::Trade)).is_err());
    }

    proptest! {
        #[test]
        fn any_line_is_an_event_or_refused(line in "[-0-9.,eE+xP ]{0,60}|\\PC{0,40}") {
            for class in [Class::Equity, Class::Forex, Class::Crypto, Class::Future] {
                for resolution in [Resolution::Tick, Resolution::Bar { span_ns: i64::MAX }] {
                    for kind in [Kind::Trade, Kind::Quote] {
                        if (class, resolution, kind) != (Class::Forex, Resolution::Tick, Kind::Trade) {
                            let _ = said(&mut format(class, resolution, kind), &line);
                        }
                    }
                }
            }
        }
    }
}
