//! Recorded WebSocket messages of Binance, one a line behind the receive time in nanoseconds:
//! `1723161254087896568 {"stream":"btcusdt@trade","data":{…}}`, with the REST snapshot of the book among them.
//!
//! The receive time is the recorder's clock, which may be behind the venue's; both times are kept. Messages without a time
//! of their own (best quotes of the spot market, snapshots) happened when they were received, as far as anyone can say.
//!
//! Source: Binance's documentation of its spot and futures market streams.

use super::line_source::{LineFormat, LineSource, Member, Opener, Parsed};
use super::unpacked;
use crate::event::{
    Body, Depth, InstrumentNo, Level, MarketEvent, Quote, QuoteSide, Trade, TradeFlags, UpdateIds,
};
use crate::lines::{Counted, decimal, px, qty};
use crate::refused::Reason;
use crate::source::{Listings, MarketError, Source};
use crate::zone::Zone;
use fillwright_domain::{InstrumentId, Px, Side, Timestamp};
use serde::Deserialize;
use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;

const NS_PER_MS: i64 = 1_000_000;

/// Opens a capture, packed with gzip or plain.
///
/// # Errors
///
/// `Open`.
pub fn open(path: &Path) -> Result<Box<dyn Source>, MarketError> {
    let taken = Rc::new(Cell::new(0));
    let file = File::open(path);
    let file = file.map_err(|source| MarketError::Open { path: path.to_owned(), source })?;
    let from = unpacked(path, Counted::new(file, Rc::clone(&taken)));
    let open: Opener = Box::new(move || Ok(from));
    let member = Member { name: None, open };
    Ok(Box::new(LineSource::new(path, Capture::default(), vec![member], taken)))
}

/// The combined stream's envelope.
#[derive(Deserialize)]
struct Envelope<'a> {
    stream: &'a str,
    #[serde(borrow)]
    data: &'a serde_json::value::RawValue,
}

#[derive(Deserialize)]
struct DepthUpdate<'a> {
    #[serde(rename = "E")]
    sent_ms: i64,
    /// When the venue matched; futures only.
    #[serde(rename = "T")]
    matched_ms: Option<i64>,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "U")]
    first: u64,
    #[serde(rename = "u")]
    last: u64,
    /// The last id of the update before; futures only.
    #[serde(rename = "pu")]
    previous: Option<u64>,
    #[serde(borrow, rename = "b")]
    bids: Vec<(&'a str, &'a str)>,
    #[serde(borrow, rename = "a")]
    asks: Vec<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct BookTicker<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "b")]
    bid: &'a str,
    #[serde(rename = "B")]
    bid_size: &'a str,
    #[serde(rename = "a")]
    ask: &'a str,
    #[serde(rename = "A")]
    ask_size: &'a str,
    /// Futures only.
    #[serde(rename = "T")]
    matched_ms: Option<i64>,
    #[serde(rename = "E")]
    sent_ms: Option<i64>,
}

#[derive(Deserialize)]
struct TradeMessage<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "t")]
    trade_id: u64,
    #[serde(rename = "p")]
    price: &'a str,
    #[serde(rename = "q")]
    size: &'a str,
    #[serde(rename = "T")]
    matched_ms: i64,
    /// Whether the buyer was there first: then the seller crossed the spread.
    #[serde(rename = "m")]
    is_buyer_maker: bool,
    /// Futures only; anything but `MARKET` is insurance and liquidation bookkeeping, not a trade of the book.
    #[serde(rename = "X")]
    kind: Option<&'a str>,
}

/// The book as the REST interface gives it. It names no instrument: it is of the one the capture is of.
#[derive(Deserialize)]
struct Snapshot<'a> {
    #[serde(rename = "lastUpdateId")]
    last: u64,
    /// Futures only.
    #[serde(rename = "T")]
    matched_ms: Option<i64>,
    #[serde(borrow)]
    bids: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    asks: Vec<(&'a str, &'a str)>,
}

#[derive(Default)]
struct Capture {
    listings: Listings,
}

impl Capture {
    fn instrument(&mut self, symbol: &str, is_future: bool) -> InstrumentNo {
        let perpetual = symbol.strip_suffix("_PERP").unwrap_or(symbol);
        let is_dated = perpetual.contains('_');
        let symbol =
            if is_future && !is_dated { format!("{perpetual}.P") } else { symbol.to_owned() };
        self.listings.number(&InstrumentId::of("BINANCE", &symbol), &Zone::utc())
    }

    fn depth(&mut self, text: &str, event: &mut MarketEvent) -> Result<(), Reason> {
        let update: DepthUpdate<'_> = message(text)?;
        let (first, last) = (update.first, update.last);
        let ids = match update.previous {
            Some(previous) => UpdateIds::Linked { first, last, previous },
            None => UpdateIds::Consecutive { first, last },
        };
        let depth = depth(ids, &update.bids, &update.asks, depth_of(event))?;
        event.instrument = self.instrument(update.symbol, update.previous.is_some());
        event.event_at = from_ms(update.matched_ms.unwrap_or(update.sent_ms))?;
        event.body = Body::DepthDiff(depth);
        Ok(())
    }

    fn best(&mut self, text: &str, event: &mut MarketEvent) -> Result<(), Reason> {
        let best: BookTicker<'_> = message(text)?;
        let quote =
            Quote { bid: side(best.bid, best.bid_size)?, ask: side(best.ask, best.ask_size)? };
        event.instrument = self.instrument(best.symbol, best.sent_ms.is_some());
        if let Some(ms) = best.matched_ms.or(best.sent_ms) {
            event.event_at = from_ms(ms)?;
        }
        event.body = Body::Quote(quote);
        Ok(())
    }

    fn trade(&mut self, text: &str, event: &mut MarketEvent) -> Result<Parsed, Reason> {
        let trade: TradeMessage<'_> = message(text)?;
        if trade.kind.is_some_and(|kind| kind != "MARKET") {
            return Ok(Parsed::PassedOver);
        }
        event.instrument = self.instrument(trade.symbol, trade.kind.is_some());
        event.event_at = from_ms(trade.matched_ms)?;
        event.body = Body::Trade(Trade {
            px: read_px(trade.price)?,
            qty: qty(decimal(trade.size)?)?,
            aggressor: Some(if trade.is_buyer_maker { Side::Sell } else { Side::Buy }),
            trade_id: Some(trade.trade_id),
            flags: TradeFlags::NONE,
        });
        Ok(Parsed::Event)
    }

    fn snapshot(&mut self, text: &str, event: &mut MarketEvent) -> Result<(), Reason> {
        let snapshot: Snapshot<'_> = message(text)?;
        let [_] = self.listings.all() else { return Err(Reason::Instrument) };
        let ids = UpdateIds::Snapshot { last: snapshot.last };
        let depth = depth(ids, &snapshot.bids, &snapshot.asks, depth_of(event))?;
        event.instrument = InstrumentNo::default();
        if let Some(ms) = snapshot.matched_ms {
            event.event_at = from_ms(ms)?;
        }
        event.body = Body::DepthSnapshot(depth);
        Ok(())
    }
}

impl LineFormat for Capture {
    fn begin(&mut self, _: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    fn parse(&mut self, line: &str, event: &mut MarketEvent) -> Result<Parsed, Reason> {
        let (received, text) = line.split_once(' ').ok_or(Reason::FieldCount)?;
        event.received_at = Timestamp::from_ns(received.parse().map_err(|_| Reason::Time)?);
        event.event_at = event.received_at;
        if text.starts_with(r#"{"lastUpdateId""#) {
            self.snapshot(text, event)?;
            return Ok(Parsed::Event);
        }
        let Envelope { stream, data } = message(text)?;
        let kind = stream.split_once('@').map_or("", |(_, kind)| kind);
        match kind.split('@').next().unwrap_or_default() {
            "depth" => self.depth(data.get(), event)?,
            "bookTicker" => self.best(data.get(), event)?,
            "trade" => return self.trade(data.get(), event),
            _ => return Err(Reason::Kind),
        }
        Ok(Parsed::Event)
    }

    fn listings(&self) -> &Listings {
        &self.listings
    }
}

fn message<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Reason> {
    serde_json::from_str(text).map_err(|_| Reason::Message)
}

fn from_ms(ms: i64) -> Result<Timestamp, Reason> {
    ms.checked_mul(NS_PER_MS).map(Timestamp::from_ns).ok_or(Reason::Time)
}

fn read_px(text: &str) -> Result<Px, Reason> {
    px(decimal(text)?)
}

/// A side of the best quotes; a price of zero says that nobody is there.
fn side(price: &str, size: &str) -> Result<QuoteSide, Reason> {
    let (price, size) = (decimal(price)?, qty(decimal(size)?)?);
    if price.is_zero() {
        return Ok(QuoteSide::Empty);
    }
    Ok(QuoteSide::At(Level { px: px(price)?, qty: Some(size) }))
}

/// The levels of the event before, to be used again.
fn depth_of(event: &mut MarketEvent) -> Depth {
    match &mut event.body {
        Body::DepthSnapshot(depth) | Body::DepthDiff(depth) => std::mem::take(depth),
        _ => Depth::default(),
    }
}

fn depth(
    ids: UpdateIds,
    bids: &[(&str, &str)],
    asks: &[(&str, &str)],
    mut into: Depth,
) -> Result<Depth, Reason> {
    into.ids = ids;
    for (from, to) in [(bids, &mut into.bids), (asks, &mut into.asks)] {
        to.clear();
        for (price, size) in from {
            to.push(Level { px: read_px(price)?, qty: Some(qty(decimal(size)?)?) });
        }
    }
    Ok(into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// What a capture of these lines gives: the events, and the lines refused with their reasons.
    fn read(lines: &str) -> (Vec<MarketEvent>, Vec<(u64, Reason)>, u64) {
        let mut file = tempfile::Builder::new().suffix(".txt").tempfile().expect("a file");
        file.write_all(lines.as_bytes()).expect("a writable file");
        let mut source = open(file.path()).expect("a capture");
        let (mut event, mut events) = (MarketEvent::default(), Vec::new());
        while source.read(&mut event).expect("a readable file") {
            events.push(event.clone());
        }
        let refused = source.refused();
        let first = refused.first.iter().map(|refusal| (refusal.line, refusal.reason)).collect();
        (events, first, refused.passed_over)
    }

    const TRADE: &str = r#"1 {"stream":"btcusdt@trade","data":{"e":"trade","E":2,"T":2,"s":"BTCUSDT","t":7,"p":"10.5","q":"3","X":"KIND","m":true}}"#;

    #[test]
    fn only_trades_of_the_market_are_trades() {
        let lines = ["MARKET", "INSURANCE_FUND"].map(|kind| TRADE.replace("KIND", kind)).join("\n");
        let (events, refused, passed_over) = read(&lines);
        assert_eq!((events.len(), refused.len(), passed_over), (1, 0, 1));
        let Body::Trade(trade) = &events[0].body else { panic!("{events:?}") };
        assert_eq!(trade.aggressor, Some(Side::Sell));
    }

    #[test]
    fn bad_lines_are_refused_with_their_place_and_the_rest_goes_on() {
        let good = TRADE.replace("KIND", "MARKET");
        let lines = [
            good.as_str(),
            "no time at all",
            "5 {",
            r#"6 {"stream":"btcusdt@kline_1m","data":{}}"#,
            &good.replace("10.5", "ten"),
            &good.replace("10.5", "-1"),
            &good.replace(r#""q":"3""#, r#""q":"-3""#),
            r#"7 {"stream":"btcusdt@trade","data":{"s":"BTCUSDT"}}"#,
            &good,
        ];
        let (events, refused, _) = read(&lines.join("\n"));
        assert_eq!(events.len(), 2);
        assert_eq!(
            refused,
            [
                (2, Reason::Time),
                (3, Reason::Message),
                (4, Reason::Kind),
                (5, Reason::Number),
                (6, Reason::Price),
                (7, Reason::Quantity),
                (8, Reason::Message),
            ]
        );
    }

    #[test]
    fn a_snapshot_before_any_message_is_of_nobody_knows_what() {
        let (events, refused, _) = read(r#"5 {"lastUpdateId":1,"bids":[],"asks":[]}"#);
        assert_eq!((events.len(), refused), (0, vec![(1, Reason::Instrument)]));
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_an_event_or_refused(
            stream in "(depth|bookTicker|trade|other)(@100ms)?",
            body in r#"(\{|\[|"(s|p|q|b|a|U|u|E|T|t|m|B|A)":|"[-0-9.]{0,6}"|[-0-9]{0,20}|true|,|\]|\}){0,30}"#,
        ) {
            let mut event = MarketEvent::default();
            for line in [
                format!(r#"5 {{"stream":"x@{stream}","data":{{{body}}}}}"#),
                format!(r#"5 {{"lastUpdateId":1,{body}}}"#),
                body,
            ] {
                let _ = Capture::default().parse(&line, &mut event);
            }
        }
    }
}
