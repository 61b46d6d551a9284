//! Captured messages of Binance: every one read, books without a gap, clocks that differ.

use crate::recorded::{each, events, recorded};
use fillwright_domain::Decimal;
use fillwright_market::book::{Applied, L2};
use fillwright_market::readers::capture;
use fillwright_market::{Body, MarketEvent};
use std::collections::BTreeMap;

/// What the data README says of a file: quotes, depth updates, trades, snapshots, and the quantity traded.
struct Counts {
    quotes: usize,
    updates: usize,
    trades: usize,
    snapshots: usize,
    traded: &'static str,
}

fn check(path: &str, instrument: &str, expected: &Counts) -> Option<Vec<MarketEvent>> {
    let path = recorded(&format!("hftbacktest/{path}"))?;
    let mut source = capture::open(&path).expect("a capture");
    let events = events(source.as_mut());
    let mut kinds = BTreeMap::new();
    let mut traded = Decimal::ZERO;
    for event in &events {
        let kind = match &event.body {
            Body::Quote(_) => "quotes",
            Body::DepthDiff(_) => "updates",
            Body::DepthSnapshot(_) => "snapshots",
            Body::Trade(trade) => {
                traded = traded.checked_add(trade.qty.get()).expect("a sum");
                "trades"
            }
            other => panic!("{other:?}"),
        };
        *kinds.entry(kind).or_insert(0) += 1;
    }
    let of = |kind| kinds.get(kind).copied().unwrap_or_default();
    assert_eq!(source.refused().lines, 0, "{:?}", source.refused().first.first());
    // Trades that are not of the market stand among the trades that the README counts.
    let prints = of("trades") + usize::try_from(source.refused().passed_over).expect("few");
    assert_eq!(
        (of("quotes"), of("updates"), prints, of("snapshots")),
        (expected.quotes, expected.updates, expected.trades, expected.snapshots)
    );
    if source.refused().passed_over == 0 {
        assert_eq!(traded.to_string(), expected.traded);
    }
    assert_eq!(source.listings().len(), 1);
    assert_eq!(source.listings()[0].instrument.as_str(), instrument);
    Some(events)
}

/// Updates applied behind the snapshot, gaps, and times the book was crossed.
fn rebuild(events: &[MarketEvent]) -> (u64, u64, u64) {
    let (mut book, mut applied, mut crossed) = (L2::default(), 0, 0);
    for event in events {
        let Some(did) = book.apply(&event.body) else { continue };
        let is_update = matches!(event.body, Body::DepthDiff(_));
        applied += u64::from(is_update && did == Applied::Changed);
        crossed += u64::from(book.sides().is_ok_and(|sides| sides.is_crossed()));
    }
    (applied, book.gaps(), crossed)
}

#[test]
fn two_spot_files_make_one_book_without_a_gap() {
    let first =
        Counts { quotes: 28040, updates: 3451, trades: 9757, snapshots: 1, traded: "212.03315" };
    let second =
        Counts { quotes: 45134, updates: 3044, trades: 10147, snapshots: 0, traded: "225.88237" };
    let first = check("spot/btcusdt_20240808.gz", "BINANCE:BTCUSDT", &first);
    let second = check("spot/btcusdt_20240809.gz", "BINANCE:BTCUSDT", &second);
    let (Some(mut day), Some(mut next)) = (first, second) else { return };
    day.append(&mut next);
    assert_eq!(rebuild(&day), (6492, 0, 0));
}

#[test]
fn the_other_spot_pair_too() {
    let first =
        Counts { quotes: 24077, updates: 3434, trades: 6106, snapshots: 1, traded: "2261.3149" };
    let second =
        Counts { quotes: 34681, updates: 3036, trades: 8409, snapshots: 0, traded: "2011.4092" };
    let first = check("spot/ethusdt_20240808.gz", "BINANCE:ETHUSDT", &first);
    let second = check("spot/ethusdt_20240809.gz", "BINANCE:ETHUSDT", &second);
    let (Some(mut day), Some(mut next)) = (first, second) else { return };
    day.append(&mut next);
    assert_eq!(rebuild(&day), (6468, 0, 0));
}

#[test]
fn a_perpetual_in_dollars_makes_a_book_without_a_gap() {
    let counts =
        Counts { quotes: 66089, updates: 6551, trades: 21313, snapshots: 1, traded: "2429.366" };
    let Some(events) = check("usdm/btcusdt_20240808.gz", "BINANCE:BTCUSDT.P", &counts) else {
        return;
    };
    assert_eq!(rebuild(&events), (6545, 0, 0));
    let counts =
        Counts { quotes: 53992, updates: 6586, trades: 14076, snapshots: 1, traded: "9164.948" };
    let events = check("usdm/ethusdt_20240808.gz", "BINANCE:ETHUSDT.P", &counts);
    assert_eq!(rebuild(&events.expect("beside the other")), (6579, 0, 0));
}

#[test]
fn a_perpetual_in_coins_makes_a_book_without_a_gap() {
    let first =
        Counts { quotes: 19136, updates: 26847, trades: 2286, snapshots: 1, traded: "83241" };
    let second =
        Counts { quotes: 29219, updates: 17948, trades: 2949, snapshots: 0, traded: "98942" };
    let first = check("cm/btcusd_perp_20240808.gz", "BINANCE:BTCUSD.P", &first);
    let second = check("cm/btcusd_perp_20240809.gz", "BINANCE:BTCUSD.P", &second);
    let (Some(mut day), Some(mut next)) = (first, second) else { return };
    day.append(&mut next);
    assert_eq!(rebuild(&day), (44770, 0, 0));
}

#[test]
fn a_file_without_a_snapshot_makes_no_book() {
    let Some(path) = recorded("hftbacktest/spot/btcusdt_20240809.gz") else { return };
    let mut source = capture::open(&path).expect("a capture");
    let mut book = L2::default();
    each(source.as_mut(), |event| {
        assert!(matches!(book.apply(&event.body), None | Some(Applied::Held)));
        assert!(book.sides().is_err());
    });
}

#[test]
fn an_update_that_was_lost_is_a_gap_and_the_book_says_nothing_more() {
    let Some(path) = recorded("hftbacktest/spot/btcusdt_20240808.gz") else { return };
    let mut source = capture::open(&path).expect("a capture");
    let mut events = events(source.as_mut());
    let updates = events.iter().enumerate().filter(|(_, e)| matches!(e.body, Body::DepthDiff(_)));
    let (lost, _) = updates.clone().nth(1000).expect("many updates");
    events.remove(lost);
    let (applied, gaps, crossed) = rebuild(&events);
    assert_eq!((gaps, crossed), (1, 0));
    assert!((900..1000).contains(&applied), "{applied}");
}

#[test]
fn a_recorder_whose_clock_is_behind_shows_negative_latency_and_keeps_both_times() {
    for path in
        ["spot/btcusdt_20240808.gz", "usdm/btcusdt_20240808.gz", "cm/btcusd_perp_20240808.gz"]
    {
        let Some(path) = recorded(&format!("hftbacktest/{path}")) else { return };
        let mut source = capture::open(&path).expect("a capture");
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        each(source.as_mut(), |event| {
            // Messages without a time of their own happened when they were received.
            if event.latency_ns() != 0 {
                least = least.min(event.latency_ns());
                most = most.max(event.latency_ns());
            }
        });
        let ms = |ns: i64| ns / 1_000_000;
        assert!(ms(least) >= -1276 && ms(most) <= -1000, "{} to {} ms", ms(least), ms(most));
    }
}

#[test]
fn a_capture_that_is_cut_off_is_an_error_with_its_line() {
    let Some(path) = recorded("hftbacktest/cm/btcusd_perp_20240809.gz") else { return };
    let bytes = std::fs::read(path).expect("a readable file");
    let folder = tempfile::tempdir().expect("a folder");
    let cut = folder.path().join("cut.gz");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).expect("a writable folder");
    let mut source = capture::open(&cut).expect("a beginning");
    let mut event = MarketEvent::default();
    let error = loop {
        match source.read(&mut event) {
            Ok(true) => {}
            Ok(false) => panic!("a cut capture was read to its end"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("cut.gz, line "), "{error}");
}
