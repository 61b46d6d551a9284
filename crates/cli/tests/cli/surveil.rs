//! What looks like abuse of a market, as a person and a program read it.

use crate::stage::{Ran, Stage};
use serde_json::json;
use std::fs;

const POLICY: &str = "config/policies/surveillance.json";

fn surveil(stage: &Stage, more: &[&str]) -> Ran {
    let day = ["surveil", "--from", "2026-01-06T00:00:00Z", "--to", "2026-01-06T23:59:59Z"];
    stage.run(&[&day[..], more].concat())
}

/// The demo at its end: an order that rested was cancelled by a halt, and others on the stub were filled.
#[test]
fn what_is_found_comes_with_its_figures_and_entries() {
    let stage = Stage::demo();
    let ran = surveil(&stage, &[]).ok();
    assert!(ran.out.starts_with("nothing was found in "), "{}", ran.out);
    let policy = json!({
        "window_s": 3600,
        "order_to_trade": {"messages_min": 2, "messages_per_trade_min": 2},
        "layering": {"cancelled_min": 1, "cancelled_over_filled_percent_min": 1},
        "wash": {"apart_max_ms": 0, "apart_max_bps": 0},
    });
    stage.write(POLICY, policy.to_string());
    let surveyed = surveil(&stage, &["--json"]).ok().last_json();
    let findings = surveyed["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{surveyed}");
    assert_eq!(findings[0]["pattern"], "order_to_trade");
    assert_eq!(findings[0]["instrument_id"], "BINANCE:SOLUSDT");
    assert_eq!(findings[0]["measured"], "2");
    assert_eq!(
        findings[0]["entries"].as_array().map(Vec::len),
        Some(2),
        "the order and its cancel"
    );
    let ran = surveil(&stage, &[]).ok();
    assert!(ran.out.contains("many orders, few trades"), "{}", ran.out);
}

#[test]
fn without_thresholds_nothing_is_looked_for() {
    let stage = Stage::demo();
    stage.write(POLICY, "{}");
    let ran = surveil(&stage, &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("missing field `window_s`"), "{}", ran.err);
    fs::remove_file(stage.path(POLICY)).expect("a file");
    assert_eq!(surveil(&stage, &[]).code, 3);
}
