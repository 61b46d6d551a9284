//! The shadow loop: what executions do to the weights in the portfolio file.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod desk;

use desk::{BARBELL, BTC, Desk, ETH, TREND, execute, rebalance, rulebook};
use fillwright_domain::ActionType::{Add, Exit, Trim};
use fillwright_projections::Paths;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A book's assets as `SYMBOL field=value…`, numbers as they are written.
fn assets(data: &Path, book: &str) -> Vec<String> {
    type Raw = BTreeMap<String, Box<RawValue>>;
    let text = fs::read_to_string(Paths::new(data).actual_state()).unwrap();
    let books: BTreeMap<String, Raw> = serde_json::from_str(&text).unwrap();
    let assets: Vec<Raw> = serde_json::from_str(books[book]["assets"].get()).unwrap();
    let show = |asset: &Raw| {
        let field = |name: &str| asset.get(name).map_or("-", |value| value.get()).to_owned();
        format!("{} {} {}", field("Symbol"), field("Weight"), field("Quantity"))
    };
    assets.iter().map(show).collect()
}

fn fed(desk: Desk) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    desk.close().feed_all(folder.path());
    folder
}

#[test]
fn a_change_that_was_executed_in_full_leaves_exactly_the_weight_that_was_wanted() {
    let mut desk = Desk::opened();
    desk.submit(
        rebalance("r-1", BTC, "0.123456789012345678", "0.123456789012345678"),
        "99990",
        "100010",
    );
    let folder = fed(desk);
    assert_eq!(assets(folder.path(), BARBELL), ["\"BINANCE:BTCUSDT\" 0.123456789012345678 0.123"]);
}

#[test]
fn a_change_that_a_gate_cut_moves_the_weight_by_the_executed_share() {
    let mut desk = Desk::opened();
    // 0.4 of 100,000 is cut to 30,000 at 4,000, which is 7.5 of the 10 asked for.
    desk.submit(rebalance("r-1", ETH, "0.4", "0.4"), "4000", "4000");
    let folder = fed(desk);
    assert_eq!(assets(folder.path(), BARBELL), ["\"BINANCE:ETHUSDT\" 0.3 7.5"]);
}

#[test]
fn changes_follow_each_other_and_a_zero_weight_takes_the_asset_out() {
    let mut desk = Desk::opened();
    desk.submit(rebalance("r-1", BTC, "0.2", "0.2"), "100000", "100000");
    desk.submit(rebalance("r-2", ETH, "0.1", "0.1"), "4000", "4000");
    desk.submit(rebalance("r-3", BTC, "-0.05", "0.15"), "100000", "100000");
    desk.submit(rebalance("r-4", ETH, "-0.1", "0"), "4000", "4000");
    let folder = fed(desk);
    assert_eq!(assets(folder.path(), BARBELL), ["\"BINANCE:BTCUSDT\" 0.15 0.15"]);
}

#[test]
fn a_target_on_the_short_side_has_a_negative_weight() {
    let mut desk = Desk::opened();
    desk.submit(rebalance("r-1", BTC, "-0.2", "-0.2"), "100000", "100000");
    let folder = fed(desk);
    assert_eq!(assets(folder.path(), BARBELL), ["\"BINANCE:BTCUSDT\" -0.2 -0.2"]);
}

#[test]
fn other_intents_leave_what_is_held_at_the_price_of_the_decision() {
    let mut desk = Desk::opened();
    desk.submit(execute("e-1", TREND, BTC, Add, "0.5"), "99999", "100001");
    desk.submit(execute("e-2", TREND, BTC, Trim, "0.5"), "110000", "110000");
    desk.submit(execute("e-3", TREND, ETH, Add, "0.5"), "4000", "4000");
    desk.submit(execute("e-4", TREND, ETH, Exit, "1"), "4000", "4000");
    let folder = fed(desk);
    // 0.099 bought; 0.049 sold; 0.05 at 110,000 over 100,000.
    assert_eq!(assets(folder.path(), TREND), ["\"BINANCE:BTCUSDT\" 0.055 0.05"]);
}

/// As Python's `json.dump(…, indent=2)` writes it, with a symbol and a book that are not ours.
const UPSTREAM: &str = r#"{
  "other": {
    "assets": [
      {"Symbol": "NYSE:KO", "Weight": 0.30000000000000004, "Note": "é"}
    ],
    "updated_at": "2026-01-05T10:00:00"
  },
  "Rank1_riskfolio_barbell": {
    "assets": [
      {"Symbol": "BINANCE:SOLUSDT", "Weight": 1e-05, "Cluster_ID": 7},
      {"Symbol": "BINANCE:BTCUSDT", "Weight": 0.05, "Cluster_ID": 3, "Market": "perp"}
    ],
    "updated_at": "2026-01-05T10:00:00"
  }
}"#;

#[test]
fn weights_start_from_the_file_and_what_is_not_ours_stays_as_it_was() {
    let mut desk = Desk::opened();
    // Cut to 30,000 of the 40,000 asked for.
    desk.submit(rebalance("r-1", BTC, "0.4", "0.45"), "100000", "100000");
    let folder = tempfile::tempdir().unwrap();
    let path = Paths::new(folder.path()).actual_state();
    fs::write(&path, UPSTREAM).unwrap();
    desk.close().feed_all(folder.path());
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(
        assets(folder.path(), BARBELL),
        ["\"BINANCE:SOLUSDT\" 1e-05 -", "\"BINANCE:BTCUSDT\" 0.35 0.3"]
    );
    for kept in [
        "{\"Symbol\": \"NYSE:KO\", \"Weight\": 0.30000000000000004, \"Note\": \"é\"}",
        "{\"Symbol\": \"BINANCE:SOLUSDT\", \"Weight\": 1e-05, \"Cluster_ID\": 7}",
        "\"Cluster_ID\":3,\"Market\":\"perp\"",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn the_version_before_is_kept_and_of_many_the_last_five() {
    let mut desk = Desk::opened();
    for n in 0..8 {
        let change = if n % 2 == 0 { ("0.1", "0.1") } else { ("-0.1", "0") };
        desk.submit(rebalance(&format!("r-{n}"), BTC, change.0, change.1), "100000", "100000");
    }
    let day = desk.close();
    let folder = tempfile::tempdir().unwrap();
    day.feed(folder.path(), day.last_seq(), 1);
    let mut kept: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("portfolio_actual_state.json."))
        .collect();
    kept.sort();
    let newest = ["09", "10", "11", "12", "13"]
        .map(|second| format!("portfolio_actual_state.json.bak_20260106_1500{second}"));
    assert_eq!(kept, newest);
}

#[test]
fn a_batch_that_was_written_but_not_noted_is_not_counted_twice() {
    let mut desk = Desk::opened();
    desk.submit(rebalance("r-1", BTC, "0.4", "0.4"), "100000", "100000");
    desk.submit(rebalance("r-2", BTC, "0.1", "0.5"), "100000", "100000");
    let day = desk.close();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    drop(day.feed(folder.path(), 5, 10));
    let cursors = fs::read(paths.known()).unwrap();
    drop(day.feed(folder.path(), day.last_seq(), 10));
    let before = assets(folder.path(), BARBELL);
    fs::write(paths.known(), cursors).unwrap();
    day.feed_all(folder.path());
    assert_eq!(assets(folder.path(), BARBELL), before);
    assert_eq!(before.len(), 1);
}

#[test]
fn a_portfolio_file_that_is_none_stops_the_shadow_loop_alone() {
    let mut desk = Desk::opened();
    desk.submit(rebalance("r-1", BTC, "0.2", "0.2"), "100000", "100000");
    let day = desk.close();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    fs::write(paths.actual_state(), "{\"book\": {\"assets\": [{\"Weight\": NaN}]}").unwrap();
    let mut projections = fillwright_projections::Projections::open(&paths, "x").unwrap();
    projections.catch_up(day.entries(0, 3)).unwrap();
    projections.catch_up(day.entries(3, day.last_seq())).unwrap();
    let [(name, error)] = projections.failures() else { panic!("one read model stops") };
    assert_eq!(*name, "actual_state");
    assert!(
        error.to_string().contains("portfolio_actual_state.json cannot be read at entry 6"),
        "{error}"
    );
    let last = day.last_seq();
    assert!(projections.cursors().iter().all(|(_, cursor)| *cursor == last));
    drop(projections);
    fs::write(paths.actual_state(), "{}").unwrap();
    day.feed_all(folder.path());
    assert_eq!(assets(folder.path(), BARBELL), ["\"BINANCE:BTCUSDT\" 0.2 0.2"]);
    assert_eq!(fs::read_to_string(paths.audit()).unwrap().lines().count(), 5);
}

#[test]
fn new_rules_change_the_equity_weights_are_fractions_of() {
    let mut desk = Desk::opened();
    desk.submit(execute("e-1", TREND, BTC, Add, "0.5"), "100000", "100000");
    let mut richer = rulebook("v2");
    richer.books.get_mut(TREND).unwrap().equity = "200000".parse().unwrap();
    desk.adopt(richer);
    desk.submit(execute("e-2", TREND, BTC, Trim, "0.5"), "100000", "100000");
    let folder = fed(desk);
    assert_eq!(assets(folder.path(), TREND), ["\"BINANCE:BTCUSDT\" 0.025 0.05"]);
}
