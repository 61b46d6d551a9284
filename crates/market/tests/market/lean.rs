//! LEAN archives: every recorded file whole, and every quirk of them by name.

use crate::recorded::{each, events, recorded};
use fillwright_domain::{Decimal, Timestamp};
use fillwright_market::book::{L1, Spread};
use fillwright_market::event::{Bar, QuoteSide, TradeFlags};
use fillwright_market::readers::lean;
use fillwright_market::{Body, MarketEvent, Source};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fs;

const LEAN: &str = "quantconnect-lean";

fn open(path: &str) -> Option<Box<dyn Source>> {
    let path = recorded(&format!("{LEAN}/{path}"))?;
    Some(lean::open(&path, None).expect("an archive"))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// The time of day in a zone, `HH:MM:SS.fff`.
fn clock(zone: &str, at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.as_ns())).expect("in range");
    let local = instant.in_tz(zone).expect("a zone");
    local.strftime("%H:%M:%S%.f").to_string()
}

/// What the data README says of a file.
struct Row {
    path: String,
    date: Date,
    rows: u64,
    first: String,
    last: String,
    volume: Option<Decimal>,
    is_front_month: bool,
}

/// The table of section 1.6.
fn table() -> Vec<Row> {
    let Some(readme) = recorded("README.md") else { return Vec::new() };
    let text = fs::read_to_string(readme).expect("a text");
    let lines = text
        .lines()
        .filter(|line| line.contains("_quote.zip` |") || line.contains("_trade.zip` |"));
    let rows = lines.filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [path, _, date, _, rows, times, _, volume, note, ..] = cells.as_slice() else {
            return None;
        };
        let (first, last) = times.split_once(" - ")?;
        Some(Row {
            path: path.trim_matches(['`', ' ']).to_owned(),
            date: Date::strptime("%Y%m%d", date).ok()?,
            rows: rows.parse().ok()?,
            first: first.to_owned(),
            last: last.to_owned(),
            volume: volume.parse().ok(),
            is_front_month: note.contains("stats for"),
        })
    });
    rows.collect()
}

#[test]
fn every_recorded_file_gives_every_row_and_refuses_none() {
    let table = table();
    assert!(
        table.is_empty() || table.len() == 75,
        "{} rows of the table were understood",
        table.len()
    );
    for row in table {
        check_file(&row);
    }
}

fn check_file(row: &Row) {
    let Some(mut source) = open(&row.path) else { return };
    let (mut rows, mut volumes) = (0, BTreeMap::new());
    let (mut first, mut last) = (Timestamp::from_ns(i64::MAX), Timestamp::MIN);
    each(source.as_mut(), |event| {
        rows += 1;
        first = first.min(event.event_at);
        last = last.max(event.event_at);
        let qty = match &event.body {
            Body::Trade(trade) => trade.qty.get(),
            Body::Bar(Bar::Trades(candle)) => candle.qty.get(),
            _ => return,
        };
        let volume: &mut Decimal = volumes.entry(event.instrument).or_default();
        *volume = volume.checked_add(qty).expect("a sum");
    });
    let path = &row.path;
    assert_eq!(source.refused().lines, 0, "{path}: {:?}", source.refused().first.first());
    assert_eq!(rows + source.refused().passed_over, row.rows, "{path}");
    let zone = source.listings()[0].zone.clone();
    assert_eq!(zone.date_of(first), Some(row.date), "{path}");
    if !row.is_front_month {
        let at = |at| clock(zone_name(zone.name()), at)[..8].to_owned();
        assert_eq!((at(first), at(last)), (row.first.clone(), row.last.clone()), "{path}");
    }
    if let Some(expected) = row.volume {
        let front =
            source.listings().iter().position(|l| l.instrument.as_str().ends_with("-201312"));
        let index = if row.is_front_month { front.expect("the front month") } else { 0 };
        let (_, volume) = volumes.iter().find(|(no, _)| no.index() == index).expect("a volume");
        assert_eq!(*volume, expected, "{path}");
    }
}

/// The name a zone has in the database: fixed offsets are turned the other way round there.
fn zone_name(name: &str) -> &str {
    if name == "-05:00" { "Etc/GMT+5" } else { name }
}

#[test]
fn one_sided_quotes_are_a_stream_of_national_bests() {
    let Some(mut source) = open("equity/usa/tick/ibm/20131007_quote.zip") else { return };
    let (mut book, mut two_sided, mut crossed) = (L1::default(), 0, 0);
    each(source.as_mut(), |event| {
        let Body::Quote(quote) = &event.body else { panic!("{event:?}") };
        let said =
            [quote.bid, quote.ask].iter().filter(|side| **side != QuoteSide::Unchanged).count();
        assert_eq!(said, 1, "{event:?}");
        book.apply(event.event_at, quote);
        two_sided += u64::from(book.prices().is_some());
        crossed += u64::from(book.spread() == Spread::Crossed);
    });
    assert!(two_sided > 100_000);
    // At most 0.1 % of the updates leave the book crossed.
    assert!(crossed * 1_000 <= two_sided, "{crossed} of {two_sided}");
}

#[test]
fn quotes_the_source_does_not_trust_are_passed_over_and_counted() {
    let Some(mut source) = open("equity/usa/tick/ibm/20131007_quote.zip") else { return };
    each(source.as_mut(), |_| {});
    assert_eq!(source.refused().passed_over, 1);
}

fn trades_of(path: &str, wanted: impl Fn(&MarketEvent) -> bool) -> Option<Vec<MarketEvent>> {
    let mut source = open(path)?;
    let mut trades = events(source.as_mut());
    trades.retain(wanted);
    Some(trades)
}

fn large(event: &MarketEvent, qty: &str) -> bool {
    matches!(&event.body, Body::Trade(trade) if trade.qty.get() >= decimal(qty))
}

#[test]
fn late_prints_away_from_the_exchanges_set_no_price() {
    let path = "equity/usa/tick/spy/20131007_trade.zip";
    let Some(trades) = trades_of(path, |event| large(event, "500000")) else { return };
    let late: Vec<(String, String)> = trades
        .iter()
        .filter_map(|event| {
            let Body::Trade(trade) = &event.body else { return None };
            (trade.px.get() == decimal("168.9")).then(|| {
                assert!(
                    !trade.sets_price() && trade.flags.has_any(TradeFlags::OFF_EXCHANGE),
                    "{event:?}"
                );
                (clock("America/New_York", event.event_at), trade.qty.to_string())
            })
        })
        .collect();
    let times: Vec<&str> = late.iter().map(|(at, _)| &at[..8]).collect();
    assert_eq!(times, ["13:07:19", "16:01:11", "16:09:08", "16:35:46", "17:04:53"]);
}

#[test]
fn the_opening_auction_lies_in_regular_hours_and_the_closing_auction_behind_them() {
    let path = "equity/usa/tick/ibm/20131007_trade.zip";
    let Some(trades) = trades_of(path, |event| large(event, "100000")) else { return };
    let auctions: Vec<_> = trades
        .iter()
        .map(|event| {
            let Body::Trade(trade) = &event.body else { panic!("{event:?}") };
            assert!(trade.sets_price());
            let at = clock("America/New_York", event.event_at);
            (at, trade.qty.to_string(), format!("{:?}", trade.flags))
        })
        .collect();
    assert_eq!(
        auctions,
        [
            ("09:30:16.893".into(), "138862".into(), r#"["opening"]"#.into()),
            ("16:01:04.221".into(), "151665".into(), r#"["closing"]"#.into()),
        ]
    );
}

#[test]
fn trades_without_a_quantity_are_read_and_set_no_price() {
    let path = "future/comex/tick/gc/20131007_trade.zip";
    let is_empty = |event: &MarketEvent| matches!(&event.body, Body::Trade(t) if t.qty.is_zero());
    let Some(trades) = trades_of(path, is_empty) else { return };
    assert_eq!(trades.len(), 147);
    assert!(trades.iter().all(|event| matches!(&event.body, Body::Trade(t) if !t.sets_price())));
}

/// Quotes of a file that leave the book locked, and crossed.
fn locked_and_crossed(path: &str) -> Option<(u64, u64, u64)> {
    let mut source = open(path)?;
    let (mut book, mut rows, mut locked, mut crossed) = (L1::default(), 0, 0, 0);
    each(source.as_mut(), |event| {
        let Body::Quote(quote) = &event.body else { panic!("{event:?}") };
        book.apply(event.event_at, quote);
        rows += 1;
        locked += u64::from(book.spread() == Spread::Locked);
        crossed += u64::from(book.spread() == Spread::Crossed);
        assert_eq!(book.mid().is_none(), book.spread() == Spread::Crossed);
    });
    Some((rows, locked, crossed))
}

#[test]
fn a_feed_that_is_often_crossed_is_told_from_one_that_never_is() {
    let fxcm = locked_and_crossed("forex/fxcm/tick/eurusd/20140502_quote.zip");
    let oanda = locked_and_crossed("forex/oanda/tick/eurusd/20140502_quote.zip");
    let (Some((rows, locked, crossed)), Some(oanda)) = (fxcm, oanda) else { return };
    assert_eq!(rows, 96_406);
    assert!(
        locked > rows / 20 && crossed > rows / 20,
        "{locked} locked and {crossed} crossed of {rows}"
    );
    assert_eq!(oanda, (49_341, 0, 0));
}

#[test]
fn noon_at_one_venue_is_five_in_the_afternoon_at_the_other() {
    let first = |path| {
        let mut source = open(path)?;
        let mut event = MarketEvent::default();
        source.read(&mut event).expect("read").then(|| clock("UTC", event.event_at))
    };
    let Some(fxcm) = first("forex/fxcm/tick/eurusd/20140501_quote.zip") else { return };
    assert_eq!(fxcm, "05:00:01.787");
    let oanda = first("forex/oanda/tick/eurusd/20140501_quote.zip").expect("beside the other");
    assert_eq!(&oanda[..6], "00:00:");
}

#[test]
fn times_with_decimals_of_a_millisecond_are_exact() {
    let Some(mut source) = open("cfd/oanda/tick/xauusd/20140501_quote.zip") else { return };
    let times: Vec<i64> = events(source.as_mut()).iter().map(|e| e.event_at.as_ns()).collect();
    assert_eq!(times[2] % 1_000_000_000, 62_266_200);
    assert!(times.is_sorted());
}

#[test]
fn an_empty_side_of_a_bar_is_empty_and_not_zero() {
    let Some(mut source) = open("future/cme/minute/es/20131006_quote.zip") else { return };
    let (mut bars, mut one_sided) = (0, 0);
    each(source.as_mut(), |event| {
        let Body::Bar(Bar::Quotes { bid, ask }) = &event.body else { panic!("{event:?}") };
        bars += 1;
        one_sided += u64::from(bid.is_none() != ask.is_none());
    });
    assert_eq!(bars, 330);
    assert!(one_sided > 0);
    let named: Vec<&str> = source.listings().iter().map(|l| l.instrument.as_str()).collect();
    assert_eq!(
        named,
        ["CME:ES-201312", "CME:ES-201403", "CME:ES-201406", "CME:ES-201409", "CME:ES-201412"]
    );
}

#[test]
fn a_bar_is_known_at_its_end_and_not_before() {
    let Some(mut source) = open("equity/usa/minute/spy/20131007_trade.zip") else { return };
    each(source.as_mut(), |event| assert_eq!(event.latency_ns(), 60_000_000_000));
}

#[test]
fn a_trade_feed_that_stops_is_seen_while_quotes_go_on() {
    let last = |kind| {
        let mut source = open(&format!("crypto/coinbase/minute/btcusd/20180404_{kind}.zip"))?;
        events(source.as_mut()).last().map(|event| clock("UTC", event.event_at))
    };
    let (Some(trades), Some(quotes)) = (last("trade"), last("quote")) else { return };
    assert_eq!((trades.as_str(), quotes.as_str()), ("16:47:00", "23:58:00"));
}

#[test]
fn outliers_are_read_as_they_are_and_stand_far_from_the_market() {
    let Some(mut source) = open("cryptofuture/dydx/minute/btcusd/20260101_quote.zip") else {
        return;
    };
    let mut outliers = Vec::new();
    each(source.as_mut(), |event| {
        let Body::Bar(Bar::Quotes { bid: Some(bid), ask: Some(ask) }) = &event.body else { return };
        let low = ask.low_px.get() < decimal("87000");
        let high = bid.high_px.get() > decimal("89500");
        if low || high {
            let px = if low { ask.low_px } else { ask.high_px };
            outliers.push(format!("{} {px}", clock("UTC", event.event_at)));
        }
    });
    assert_eq!(outliers, ["14:51:00 74366", "22:08:00 90198"]);
}

#[test]
fn a_late_print_far_from_the_market_is_the_high_of_its_bar() {
    for (resolution, bars) in [("second", 1), ("minute", 1)] {
        let path = format!("equity/usa/{resolution}/spy/20131007_trade.zip");
        let Some(mut source) = open(&path) else { return };
        let is_high = |event: &&MarketEvent| matches!(&event.body, Body::Bar(Bar::Trades(candle)) if candle.high_px.get() == decimal("168.9"));
        let read = events(source.as_mut());
        let high: Vec<_> = read.iter().filter(is_high).collect();
        assert!(high.len() >= bars, "{resolution}: {high:?}");
    }
}

#[test]
fn quotes_far_from_the_market_are_outside_regular_hours_only() {
    let Some(mut source) = open("equity/usa/tick/ibm/20131009_quote.zip") else { return };
    let (mut least, mut most) = ([decimal("999"); 2], [decimal("0"); 2]);
    each(source.as_mut(), |event| {
        let Body::Quote(quote) = &event.body else { panic!("{event:?}") };
        let at = clock("America/New_York", event.event_at);
        let is_regular = usize::from(("09:30:00".."16:00:00").contains(&&at[..8]));
        for side in [quote.bid, quote.ask] {
            let QuoteSide::At(level) = side else { continue };
            least[is_regular] = least[is_regular].min(level.px.get());
            most[is_regular] = most[is_regular].max(level.px.get());
        }
    });
    assert_eq!((least[0].to_string(), most[0].to_string()), ("175".into(), "184.83".into()));
    assert!(least[1] > decimal("178") && most[1] < decimal("182"), "{least:?} {most:?}");
}

#[test]
fn a_quote_feed_that_stops_at_noon_is_seen_while_trades_go_on() {
    let last = |kind| {
        let mut source = open(&format!("crypto/bybit/minute/btcusdt/20221213_{kind}.zip"))?;
        events(source.as_mut()).last().map(|event| clock("UTC", event.event_at))
    };
    let (Some(trades), Some(quotes)) = (last("trade"), last("quote")) else { return };
    assert_eq!((trades.as_str(), quotes.as_str()), ("23:59:00", "12:00:00"));
}

#[test]
fn bars_that_are_snapshots_have_one_price() {
    let Some(mut source) = open("crypto/coinbase/minute/btcusd/20171217_quote.zip") else { return };
    each(source.as_mut(), |event| {
        let Body::Bar(Bar::Quotes { bid: Some(bid), ask: Some(ask) }) = &event.body else {
            panic!("{event:?}")
        };
        for candle in [bid, ask] {
            assert!(candle.open_px == candle.close_px && candle.low_px == candle.high_px);
        }
    });
}

#[test]
fn minutes_without_a_quote_have_no_bar_and_none_is_made_up() {
    let Some(mut source) = open("cryptofuture/binance/minute/btcusd/20221213_quote.zip") else {
        return;
    };
    let bars = events(source.as_mut());
    assert_eq!(bars.len(), 1104);
    let gaps =
        bars.windows(2).filter(|two| two[1].event_at.since_ns(two[0].event_at) > 60_000_000_000);
    assert!(gaps.count() > 100);
    assert_eq!(source.listings()[0].instrument.as_str(), "BINANCE:BTCUSD.P");
}

#[test]
fn an_archive_that_was_changed_is_refused_where_its_checksum_fails() {
    let Some(path) = recorded(&format!("{LEAN}/equity/usa/minute/spy/20131007_trade.zip")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("20131007_trade.zip");
    let mut bytes = fs::read(path).expect("a readable file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, bytes).expect("a writable folder");
    let mut source = lean::open(&copy, Some("equity/usa")).expect("an archive");
    let mut event = MarketEvent::default();
    let error = loop {
        match source.read(&mut event) {
            Ok(true) => {}
            Ok(false) => panic!("a changed archive was read to its end"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("20131007_spy_minute_trade.csv), line "), "{error}");
}

#[test]
fn a_file_outside_its_folders_is_read_when_its_market_is_named() {
    let Some(path) = recorded(&format!("{LEAN}/equity/usa/tick/ibm/20131007_trade.zip")) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("20131007_trade.zip");
    fs::copy(path, &copy).expect("a writable folder");
    assert!(lean::open(&copy, None).is_err());
    let mut source = lean::open(&copy, Some("equity/usa")).expect("an archive");
    assert_eq!(events(source.as_mut()).len(), 24293);
    assert_eq!(source.listings()[0].instrument.as_str(), "USA:IBM");
}
