//! What a period is worth recommending, as a person and a program read it.

use crate::stage::{Stage, example};
use serde_json::{Value, json};
use std::fs;

const SPEC: &str = "config/policies/execution_metrics_spec.json";
const DAY: [&str; 4] = ["--from", "2026-01-06T00:00:00Z", "--to", "2026-01-06T23:59:59Z"];

/// The demo at its end, with thresholds a short day can meet.
fn demo() -> Stage {
    let stage = Stage::demo();
    let spec = fs::read_to_string(example().join(SPEC)).expect("thresholds");
    let mut spec: Value = serde_json::from_str(&spec).expect("thresholds");
    spec["promote"]["orders_min"] = json!(5);
    spec["demote"] = json!({
        "orders_min": 10,
        "rejected_percent_min": 5,
        "slippage_p95_bps_min": 60,
        "serious_incidents_min": 1
    });
    spec["loosen"]["intents_min"] = json!(5);
    stage.write(SPEC, spec.to_string());
    stage
}

fn assess(stage: &Stage, more: &[&str]) -> crate::stage::Ran {
    stage.run(&[&["assess"], &DAY[..], more].concat())
}

#[test]
fn recommendations_come_with_what_they_rest_on() {
    let stage = demo();
    let assessed = assess(&stage, &["--json"]).ok().last_json();
    let recommended = assessed["recommendations"].as_array().expect("recommendations");
    let told: Vec<_> = recommended.iter().map(|one| (&one["kind"], &one["subject"])).collect();
    let strategy = |id: &str| json!({"strategy": {"strategy_id": id, "lanes": []}});
    let limit = |gate: &str, book: &str, level: &str| json!({"limit": {"gate": gate, "book_id": book, "levels": [level]}});
    assert_eq!(
        json!(told),
        json!([
            ["promote", strategy("barbell-portfolio")],
            ["demote", strategy("uptrend-pm")],
            ["loosen", limit("order_notional", "live-canary", "book:live-canary")],
            ["loosen", limit("asset_exposure", "Rank1_riskfolio_barbell", "firm")],
        ])
    );
    let rejected = json!({
        "measure": "rejected_percent",
        "found": 6,
        "threshold": 5,
        "entries": {"count": 1, "seqs": [52]}
    });
    assert_eq!(recommended[1]["evidence"], json!([rejected]));
    let ran = assess(&stage, &[]).ok();
    assert!(ran.out.contains("rejected percent 6, threshold 5"), "{}", ran.out);
    assert!(ran.out.ends_with("nothing follows from this by itself: people decide\n"));
}

#[test]
fn below_the_thresholds_nothing_is_recommended() {
    let ran = assess(&Stage::demo(), &[]).ok();
    assert_eq!(ran.out, "nothing is recommended: no figure met its threshold\n");
}

#[test]
fn the_file_is_the_same_when_it_is_made_again() {
    let stage = demo();
    let [first, second] = ["first.json", "second.json"].map(|name| {
        let path = stage.path(name);
        assess(&stage, &["--out", path.to_str().expect("a path")]).ok();
        fs::read_to_string(path).expect("a file")
    });
    assert!(first.starts_with("{\n  \"format\": \"fillwright/assessment/1\""), "{first}");
    assert_eq!(first, second);
}

#[test]
fn without_thresholds_or_a_period_nothing_is_assessed() {
    let stage = Stage::demo();
    let backwards = ["assess", "--from", "2026-01-07T00:00:00Z", "--to", "2026-01-06T00:00:00Z"];
    assert_eq!(stage.run(&backwards).code, 2);
    stage.write(SPEC, "{}");
    let ran = assess(&stage, &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("missing field `promote`"), "{}", ran.err);
    fs::remove_file(stage.path(SPEC)).expect("a file");
    assert_eq!(assess(&stage, &[]).code, 3);
}
