//! Databento files: every record, an order book of a day, and files that are cut off.

use crate::recorded::{each, events, recorded};
use fillwright_domain::{Decimal, Side};
use fillwright_market::book::L3;
use fillwright_market::event::{Bar, OrderAction, QuoteSide, Status};
use fillwright_market::readers::databento;
use fillwright_market::{Body, MarketEvent, Source};
use std::collections::BTreeMap;
use std::fs;

fn open(path: &str) -> Option<Box<dyn Source>> {
    Some(databento::open(&recorded(path)?).expect("a file"))
}

/// Events by kind, orders by action.
fn count(source: &mut dyn Source) -> (BTreeMap<String, u64>, Decimal) {
    let (mut kinds, mut traded) = (BTreeMap::new(), Decimal::ZERO);
    each(source, |event| {
        let kind = match &event.body {
            Body::Order(order) => format!("{:?}", order.action),
            Body::Trade(trade) => {
                traded = traded.checked_add(trade.qty.get()).expect("a sum");
                "Trade".to_owned()
            }
            Body::Quote(_) => "Quote".to_owned(),
            other => panic!("{other:?}"),
        };
        *kinds.entry(kind).or_default() += 1;
    });
    assert_eq!(source.refused().lines, 0, "{:?}", source.refused().first.first());
    (kinds, traded)
}

fn counts(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

const DAY: &str = "nautilus_trader/databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst";

#[test]
fn a_day_of_orders_is_read_to_the_last() {
    let Some(mut source) = open(DAY) else { return };
    let (kinds, traded) = count(source.as_mut());
    let expected =
        [("Add", 29216), ("Cancel", 17999), ("Modify", 12233), ("Trade", 2973), ("Fill", 6371)];
    let mut kinds = kinds;
    kinds.remove("Nothing");
    assert_eq!((kinds, traded.to_string()), (counts(&expected), "9892".into()));
    let named: Vec<&str> = source.listings().iter().map(|l| l.instrument.as_str()).collect();
    assert_eq!(named, ["GLBX:ESH4"]);
}

#[test]
fn two_seconds_of_orders_begin_with_a_cleared_book() {
    let path = "nautilus_trader/databento/esm4_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst";
    let Some(mut source) = open(path) else { return };
    let (mut kinds, traded) = count(source.as_mut());
    kinds.remove("Nothing");
    let expected =
        [("Clear", 1), ("Add", 13678), ("Cancel", 80), ("Modify", 27), ("Trade", 5), ("Fill", 5)];
    assert_eq!((kinds, traded.to_string()), (counts(&expected), "6".into()));
}

#[test]
fn best_quotes_and_trades_of_the_same_minutes_agree() {
    let quotes = "nautilus_trader/databento/esu4_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst";
    let trades = "nautilus_trader/databento/esu4_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst";
    let (Some(mut quotes), Some(mut trades)) = (open(quotes), open(trades)) else { return };
    let (kinds, volume) = count(quotes.as_mut());
    // Each of the 2288 records has a quote; the 120 of trades have a trade as well.
    assert_eq!(
        (kinds, volume.to_string()),
        (counts(&[("Quote", 2288), ("Trade", 120)]), "253".into())
    );
    assert_eq!(count(trades.as_mut()), (counts(&[("Trade", 120)]), volume));
}

/// Before the open, orders cross without trading; the book says so. From 23:00 UTC on they trade.
#[test]
fn a_day_of_orders_makes_a_book_without_a_fault_that_is_crossed_only_before_the_open() {
    const OPEN_NS: i64 = 1_703_545_200_000_000_000;
    let Some(mut source) = open(DAY) else { return };
    let (mut book, mut cancels) = (L3::default(), 0);
    let (mut complete, mut crossed) = ([0, 0], [0, 0]);
    each(source.as_mut(), |event| {
        let Body::Order(change) = &event.body else { return };
        book.apply(change).unwrap_or_else(|fault| panic!("{fault}: {event:?}"));
        let is_open = usize::from(event.event_at.as_ns() >= OPEN_NS);
        let is_crossed = book.is_crossed().expect("no fault");
        complete[is_open] += u64::from(is_crossed.is_some());
        crossed[is_open] += u64::from(is_crossed == Some(true));
        if change.action == OrderAction::Cancel {
            cancels += 1;
            if cancels % 500 == 0 {
                check_queues(&book);
            }
        }
    });
    assert!(complete[1] > 10_000, "{complete:?}");
    assert_eq!(crossed, [891, 0]);
}

/// The quantity at the best price is that of its orders, and each order waits for those before it.
fn check_queues(book: &L3) {
    for side in [Side::Buy, Side::Sell] {
        let best = book.best(side).expect("no fault").expect("orders");
        let queue = book.queue(side, best.px).expect("no fault").expect("orders");
        let mut before = Decimal::ZERO;
        for order_id in queue.order_ids() {
            let ahead = book.qty_ahead(order_id).expect("no fault").expect("there");
            assert_eq!(ahead.get(), before);
            let order = book.order(order_id).expect("no fault").expect("there");
            before = before.checked_add(order.qty.get()).expect("a sum");
        }
        assert_eq!(Some(before), best.qty.map(fillwright_domain::Qty::get));
    }
}

#[test]
fn every_schema_of_the_vectors_is_read() {
    let read = |schema: &str| {
        let path = format!("databento-dbn/test_data.{schema}.v3.dbn.zst");
        let mut source = open(&path)?;
        let read = events(source.as_mut());
        assert_eq!(source.refused().lines, 0, "{schema}");
        Some(read)
    };
    let Some(orders) = read("mbo") else { return };
    assert_eq!(prices(&orders), ["3722.75", "3723"]);
    assert_eq!(prices(&read("trades").expect("beside it")), ["3720.25"; 2]);
    let best = read("tbbo").expect("beside it");
    assert_eq!(best.iter().filter(|e| matches!(e.body, Body::Trade(_))).count(), 2);
    let best = read("mbp-1").expect("beside it");
    assert!(
        best.iter().all(|e| matches!(&e.body, Body::Quote(q) if matches!(q.bid, QuoteSide::At(_))))
    );
    let ten = read("mbp-10").expect("beside it");
    assert!(ten.iter().all(|e| matches!(&e.body, Body::DepthSnapshot(d) if d.bids.len() == 10)));
    let bars = read("ohlcv-1s").expect("beside it");
    assert!(bars.iter().all(|e| matches!(e.body, Body::Bar(Bar::Trades(_)))));
    assert!(bars.iter().all(|e| e.latency_ns() == 1_000_000_000));
    let statuses = read("status").expect("beside it");
    let statuses: Vec<_> = statuses.iter().map(|event| &event.body).collect();
    assert_eq!(statuses.len(), 4);
    assert!(statuses.iter().any(|body| **body == Body::Status(Status::Trading)), "{statuses:?}");
}

fn prices(events: &[MarketEvent]) -> Vec<String> {
    let mut prices: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.body {
            Body::Order(order) => Some(order.px.to_string()),
            Body::Trade(trade) => Some(trade.px.to_string()),
            _ => None,
        })
        .collect();
    prices.sort();
    prices
}

#[test]
fn a_file_that_is_cut_off_is_an_error_and_no_short_day() {
    let Some(path) = recorded("databento-dbn/test_data.mbo.v3.dbn.zst") else { return };
    let bytes = fs::read(path).expect("a readable file");
    let folder = tempfile::tempdir().expect("a folder");
    let read = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a writable folder");
        let mut source = databento::open(&path).map_err(|error| error.to_string())?;
        let (mut event, mut count) = (MarketEvent::default(), 0);
        while source.read(&mut event).map_err(|error| error.to_string())? {
            count += 1;
        }
        Ok::<_, String>(count)
    };
    let whole = read("whole.dbn.zst", &bytes).expect("a whole file");
    assert!(whole >= 2);
    for end in 1..bytes.len() {
        let cut = read("cut.dbn.zst", &bytes[..end]);
        assert!(cut.is_err(), "{cut:?} of {end} bytes");
    }
}

#[test]
fn an_unpacked_file_that_is_cut_off_is_an_error_too() {
    let Some(path) = recorded("databento-dbn/test_data.mbo.v3.dbn.zst") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut plain = Vec::new();
    let file = fs::File::open(path).expect("a readable file");
    let file = std::io::BufReader::new(file);
    let mut reader = dbn::decode::DynReader::inferred_with_buffer(file).expect("a packed file");
    std::io::Read::read_to_end(&mut reader, &mut plain).expect("a whole file");
    let cut = folder.path().join("cut.dbn");
    fs::write(&cut, &plain[..plain.len() - 10]).expect("a writable folder");
    let mut source = databento::open(&cut).expect("a beginning");
    let mut event = MarketEvent::default();
    let error = loop {
        match source.read(&mut event) {
            Ok(true) => {}
            Ok(false) => panic!("a cut file was taken for a whole one"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("record 2"), "{error}");
}
