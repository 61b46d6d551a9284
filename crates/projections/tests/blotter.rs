//! The blotter: rows, counts, and the entries behind an id.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod desk;

use desk::{AAPL, Day, LIVE, day, order_id};
use expect_test::expect_file;
use fillwright_domain::{ExecutionId, IntentId};
use fillwright_projections::{BlotterReader, Disposition, IntentFilter, Paths, PositionRow};
use std::fmt::Write;
use tempfile::TempDir;

fn fed() -> (Day, TempDir, BlotterReader) {
    let (day, folder) = (day(), tempfile::tempdir().unwrap());
    day.feed_all(folder.path());
    let reader = BlotterReader::open(&Paths::new(folder.path())).unwrap();
    (day, folder, reader)
}

#[test]
fn every_row_of_a_day_is_as_it_was() {
    let (day, _folder, reader) = fed();
    let mut text = String::new();
    let intents = reader.intents(&IntentFilter::default(), 100).unwrap();
    for intent in intents.iter().rev() {
        writeln!(text, "{}", serde_json::to_string(intent).unwrap()).unwrap();
        for order in reader.orders_of(intent.seq).unwrap() {
            writeln!(text, "    order   {}", serde_json::to_string(&order).unwrap()).unwrap();
        }
        for fill in reader.fills_of(intent.seq).unwrap() {
            writeln!(text, "    fill    {}", serde_json::to_string(&fill).unwrap()).unwrap();
        }
        for outcome in reader.outcomes_of(intent.seq).unwrap() {
            writeln!(text, "    outcome {}", serde_json::to_string(&outcome).unwrap()).unwrap();
        }
    }
    for row in reader.duplicates(100).unwrap() {
        writeln!(text, "{}", serde_json::to_string(&row).unwrap()).unwrap();
    }
    for row in reader.admin(100).unwrap() {
        writeln!(text, "{}", serde_json::to_string(&row).unwrap()).unwrap();
    }
    writeln!(text, "{}", serde_json::to_string(&reader.counts().unwrap()).unwrap()).unwrap();
    expect_file!["snapshots/blotter.txt"].assert_eq(&text);
    assert_eq!(reader.cursor().unwrap(), day.last_seq());
    assert!(intents.len() > 15, "{}", intents.len());
}

#[test]
fn positions_are_those_of_the_kernels_ledgers() {
    let (day, _folder, reader) = fed();
    let mut held = Vec::new();
    for (book, plane, ledger) in day.state.ledgers.iter() {
        for (instrument, holding) in ledger.holdings() {
            held.push((plane, book.clone(), instrument.clone(), holding.position));
        }
    }
    held.sort();
    let rows = reader.positions().unwrap();
    let mut found: Vec<_> = rows
        .into_iter()
        .map(|PositionRow { plane, book, instrument, qty, .. }| (plane, book, instrument, qty))
        .collect();
    found.sort();
    assert_eq!(found, held);
    assert!(found.len() >= 2, "{found:?}");
}

#[test]
fn counts_are_those_of_the_rows() {
    let (_day, _folder, reader) = fed();
    let counts = reader.counts().unwrap();
    for disposition in Disposition::ALL {
        let filter = IntentFilter { disposition: Some(disposition), ..IntentFilter::default() };
        let rows = reader.intents(&filter, 1000).unwrap();
        assert_eq!(counts.of(disposition), rows.len() as u64, "{disposition:?}");
        assert!(!rows.is_empty(), "{disposition:?}");
    }
    let open = IntentFilter { open_only: true, ..IntentFilter::default() };
    assert_eq!(counts.open(), reader.intents(&open, 1000).unwrap().len() as u64);
    assert_eq!((counts.duplicates(), counts.conflicts(), counts.open()), (1, 1, 1));
}

#[test]
fn intents_are_filtered_and_paged_the_newest_first() {
    let (_day, _folder, reader) = fed();
    let live = IntentFilter {
        book: Some(LIVE.into()),
        instrument: Some(AAPL.into()),
        ..IntentFilter::default()
    };
    let ids = |filter: &IntentFilter, limit| -> Vec<String> {
        let rows = reader.intents(filter, limit).unwrap();
        rows.iter().map(|row| row.intent_id.to_string()).collect()
    };
    assert_eq!(ids(&live, 4), ["session-2", "session-1", "live-5", "live-4"]);
    let before = reader.intent(&IntentId::new("live-4")).unwrap().unwrap().seq;
    let next = IntentFilter { before_seq: Some(before), ..live };
    assert_eq!(ids(&next, 10), ["live-3", "live-2", "live-1"]);
}

#[test]
fn any_name_leads_to_the_entries_of_its_story() {
    let (_day, _folder, reader) = fed();
    let story = |intent: &str| reader.find(intent).unwrap();
    assert_eq!(story("add-1"), [6, 7, 8]);
    assert_eq!(story("live-3"), [28, 29, 30, 31, 32, 33, 34]);
    for intent in ["add-1", "trim-1", "live-1", "live-2", "live-3", "live-4"] {
        let order = order_id(intent);
        let found = [
            order.to_string(),
            order.client_order_id().to_string(),
            ExecutionId::derive(order).to_string(),
        ];
        for id in &found {
            // An order that never ended has no outcome to be found by; all of these ended.
            assert_eq!(story(id), story(intent), "{id}");
        }
    }
    assert_eq!(story("fill-1"), story("live-1"));
    assert_eq!(story("nothing"), [0_u64; 0]);
    let order = reader.order(order_id("live-3")).unwrap().unwrap();
    assert_eq!((order.status.as_str(), order.cum_qty.to_string().as_str()), ("expired", "5"));
}

#[test]
fn verdicts_are_kept_in_the_order_of_the_gates() {
    let (_day, _folder, reader) = fed();
    let intent = reader.intent(&IntentId::new("drift-5")).unwrap().unwrap();
    let verdicts: Vec<serde_json::Value> =
        serde_json::from_str(&reader.verdicts(intent.seq).unwrap().unwrap()).unwrap();
    let last = verdicts.last().unwrap();
    assert_eq!(
        (last["gate"].as_str(), last["ruling"].as_str()),
        (Some("asset_exposure"), Some("deny"))
    );
    assert_eq!(reader.intent_at(intent.seq).unwrap(), Some(intent));
}

#[test]
fn a_reader_works_beside_the_writer() {
    let (day, folder) = (day(), tempfile::tempdir().unwrap());
    let mut projections = day.feed(folder.path(), 10, 10);
    let reader = BlotterReader::open(&Paths::new(folder.path())).unwrap();
    assert_eq!(reader.cursor().unwrap(), 10);
    day.go_on(&mut projections, 20, 10);
    assert_eq!(reader.cursor().unwrap(), 20);
}
