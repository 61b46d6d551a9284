//! Tables of others, by a mapping of their columns.

use crate::recorded::{events, recorded};
use fillwright_domain::{Decimal, Side};
use fillwright_market::book::L1;
use fillwright_market::readers::table::{self, Mapping};
use fillwright_market::{Body, MarketEvent, Reason, Source};
use std::fs;
use std::path::Path;

fn open(path: &Path, mapping: &str) -> Result<Box<dyn Source>, String> {
    let mapping = Mapping::parse(mapping).expect("a mapping");
    table::open(path, mapping).map_err(|error| error.to_string())
}

fn read(path: &str, mapping: &str) -> Option<(Vec<MarketEvent>, String)> {
    let mut source = open(&recorded(path)?, mapping).expect("a table");
    let read = events(source.as_mut());
    assert_eq!(source.refused().lines, 0, "{:?}", source.refused().first.first());
    let name = source.listings()[0].instrument.to_string();
    Some((read, name))
}

fn range(prices: impl Iterator<Item = Decimal> + Clone) -> (String, String) {
    let (least, most) = (prices.clone().min(), prices.max());
    (least.expect("prices").to_string(), most.expect("prices").to_string())
}

fn trade_prices(events: &[MarketEvent]) -> impl Iterator<Item = Decimal> + Clone {
    events.iter().filter_map(|event| match &event.body {
        Body::Trade(trade) => Some(trade.px.get()),
        _ => None,
    })
}

#[test]
fn trades_of_a_parquet_file_of_doubles_are_exact_again() {
    let mapping = r#"{"instrument":"BINANCE:BTCUSDT","time":"timestamp","time_unit":"nanoseconds",
        "trades":{"price":"price","qty":"quantity","buyer_maker":"buyer_maker","trade_id":"trade_id"}}"#;
    let path = "nautilus_trader/binance/btcusdt-trades.parquet";
    let Some((trades, name)) = read(path, mapping) else { return };
    assert_eq!((trades.len(), name.as_str()), (2001, "BINANCE:BTCUSDT"));
    assert_eq!(range(trade_prices(&trades)), ("39430.3".into(), "39550".into()));
    let Body::Trade(first) = &trades[0].body else { panic!("{:?}", trades[0]) };
    assert!(first.aggressor.is_some() && first.trade_id.is_some());
    let seconds = trades.last().expect("trades").event_at.since_ns(trades[0].event_at);
    assert_eq!(seconds / 1_000_000_000, 46);
    let hundredths: Decimal = "0.01".parse().expect("a decimal");
    assert!(trade_prices(&trades).all(|px| px.is_multiple_of(hundredths) == Ok(true)));
}

#[test]
fn quotes_of_a_parquet_file_make_a_book() {
    let mapping = r#"{"instrument":"BINANCE:BTCUSDT","time":"timestamp","time_unit":"nanoseconds",
        "quotes":{"bid":"bid","ask":"ask","bid_qty":"bid_size","ask_qty":"ask_size"}}"#;
    let path = "nautilus_trader/binance/btcusdt-quotes.parquet";
    let Some((quotes, _)) = read(path, mapping) else { return };
    assert_eq!(quotes.len(), 451);
    let (mut book, mut prices) = (L1::default(), Vec::new());
    for event in &quotes {
        let Body::Quote(quote) = &event.body else { panic!("{event:?}") };
        book.apply(event.event_at, quote);
        let (bid, ask) = book.prices().expect("both sides");
        prices.extend([bid.get(), ask.get()]);
    }
    assert_eq!(range(prices.into_iter()), ("39430.29".into(), "39550".into()));
}

#[test]
fn trades_with_a_column_of_the_symbol_and_one_of_the_side() {
    let mapping = r#"{"instrument":"BITMEX:","symbol":"symbol","time":"timestamp",
        "received":"local_timestamp","time_unit":"microseconds",
        "trades":{"price":"price","qty":"amount","side":"side"}}"#;
    let path = "nautilus_trader/tardis/bitmex_trades_XBTUSD.csv";
    let Some((trades, name)) = read(path, mapping) else { return };
    assert_eq!((trades.len(), name.as_str()), (10, "BITMEX:XBTUSD"));
    assert_eq!(range(trade_prices(&trades)), ("8531.5".into(), "8531.5".into()));
    let Body::Trade(first) = &trades[0].body else { panic!("{:?}", trades[0]) };
    assert_eq!((first.aggressor, first.qty.to_string()), (Some(Side::Sell), "2152".into()));
    assert_eq!(trades[0].latency_ns(), 162_160_000);
}

#[test]
fn quotes_without_sizes_and_with_times_as_text() {
    let mapping = r#"{"instrument":"TRUEFX:USDJPY","time":"timestamp","time_unit":"text",
        "quotes":{"bid":"bid","ask":"ask"}}"#;
    let path = "nautilus_trader/truefx/usdjpy-ticks.csv";
    let Some((quotes, _)) = read(path, mapping) else { return };
    assert_eq!(quotes.len(), 1000);
    assert_eq!(quotes[0].event_at.as_ns(), 1_357_077_600_295_000_000);
}

const BARS: &str = r#"{"instrument":"X:Y","time":"t","time_unit":"seconds",
    "bars":{"open":"o","high":"h","low":"l","close":"c","qty":"v","seconds":60}}"#;

#[test]
fn bad_rows_are_refused_with_their_line_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bars.csv");
    let text = "t,o,h,l,c,v\n60,1,2,1,2,5\n120,1,2,3,2,5\nsoon,1,2,1,2,5\n180,1,2,1,2\n240,-1,2,1,2,5\n\
                300,1,2,1,\"two\nthree\",5\n360,1,2,1,2,-5\n420,1,2,1,2,5\n";
    fs::write(&path, text).expect("a writable folder");
    let mut source = open(&path, BARS).expect("a table");
    let read = events(source.as_mut());
    let times: Vec<i64> =
        read.iter().map(|event| event.received_at.as_ns() / 1_000_000_000).collect();
    assert_eq!(times, [120, 480]);
    let refused: Vec<_> = source.refused().first.iter().map(|r| (r.line, r.reason)).collect();
    assert_eq!(
        refused,
        [
            (3, Reason::BarOrder),
            (4, Reason::Time),
            (5, Reason::FieldCount),
            (6, Reason::Price),
            (7, Reason::Number),
            (9, Reason::Quantity),
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_takes_no_more_than_a_row_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bars.csv");
    let text = format!("t,o,h,l,c,v\n60,1,2,1,2,5\n\"{}", "120,1,2,1,2,5\n".repeat(500_000));
    fs::write(&path, text).expect("a writable folder");
    let mut source = open(&path, BARS).expect("a table");
    let mut event = MarketEvent::default();
    assert!(source.read(&mut event).expect("the first row"));
    let error = source.read(&mut event).expect_err("a row without an end");
    assert!(error.to_string().contains("bars.csv, line 3"), "{error}");
    assert!(source.bytes_taken() < 2 << 20);
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bars.csv");
    fs::write(&path, "t,open,h,l,c,v\n").expect("a writable folder");
    let error = open(&path, BARS).map(|_| ()).expect_err("a column is missing");
    assert!(error.contains(r#"no column "o"; there are t, open, h, l, c, v"#), "{error}");
}
