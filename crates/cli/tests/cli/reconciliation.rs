//! The executor's own ledger: what differs from it is found, and what an engine that is gone left at work it cancels.

use crate::stage::{Stage, example, until};
use std::fs;

const CLOCK: &str = "2026-01-06T15:00:00Z";
const LATER: &str = "2026-01-06T15:10:00Z";
const RESTING: &str = "lv-04-resting";

/// A home whose stub lets SOL rest, and cancels it once nobody was there for a minute.
fn stage() -> Stage {
    let stage = Stage::idle();
    stage.write(
        "config/brokers/live-stub.json",
        r#"{"cancel_on_disconnect_after_ms": 60000,
            "rules": [{"instrument_id": "BINANCE:SOLUSDT", "realise": "rest"}]}"#,
    );
    let lines = fs::read_to_string(example().join("data/inbox/40-live-stub.ndjson"));
    let lines = lines.expect("the example's intents");
    let wanted = |line: &&str| line.contains(RESTING) || line.contains("lv-01-filled");
    let lines: Vec<&str> = lines.lines().filter(wanted).collect();
    stage.write("data/inbox/one.ndjson", lines.join("\n") + "\n");
    stage
}

fn open_orders(stage: &Stage) -> usize {
    stage.json(&["status"])["open_orders"].as_array().map_or(0, Vec::len)
}

/// R10: a real process is killed, and its venue is told of it by nobody.
#[test]
fn what_a_killed_engine_left_at_work_is_cancelled_and_learnt_by_asking() {
    let stage = stage();
    let running = stage.start(&["run", "--watch", "--json", "--clock", CLOCK]);
    until("the order rests", || stage.path("data/journal").is_dir() && open_orders(&stage) == 1);
    running.kill();
    assert_eq!(open_orders(&stage), 1, "nobody has said that it is cancelled");
    stage.run(&["run", "--clock", LATER]).ok();
    assert_eq!(open_orders(&stage), 0);
    let told = stage.run(&["explain", RESTING]).ok().out;
    assert!(told.contains("after a restart its plane was asked what became of it"), "{told}");
    assert!(told.contains("cancelled"), "{told}");
}

#[test]
fn a_restart_in_time_finds_what_it_left_at_work() {
    let stage = stage();
    stage.run(&["run", "--clock", CLOCK]).ok();
    stage.run(&["run", "--clock", "2026-01-06T15:00:30Z"]).ok();
    assert_eq!(open_orders(&stage), 1);
}

#[test]
fn ledgers_that_agree_are_said_to() {
    let stage = stage();
    stage.run(&["run", "--clock", CLOCK]).ok();
    let found = stage.run(&["reconcile", "--json"]).ok().last_json();
    assert_eq!(found["breaks"].as_array().map(Vec::len), Some(0), "{found}");
    assert!(found["compared_at"].is_string(), "{found}");
}

/// R15: what was changed, taken out of or put into the executor's own ledger is found at the next comparison.
#[test]
fn a_fill_that_is_missing_extra_or_changed_at_the_executor_is_found() {
    let kinds = |edit: fn(&str) -> String| {
        let stage = stage();
        stage.run(&["run", "--clock", CLOCK]).ok();
        let ledger = stage.path("data/venue/live-stub.ndjson");
        let text = fs::read_to_string(&ledger).expect("the executor's ledger");
        fs::write(&ledger, edit(&text)).expect("a writable ledger");
        let ran = stage.run(&["reconcile", "--json"]);
        assert_eq!(ran.code, 1);
        let found = ran.last_json();
        let breaks = found["breaks"].as_array().expect("breaks").clone();
        let mut kinds: Vec<String> =
            breaks.iter().map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect();
        kinds.sort();
        let open = stage.json(&["incident", "list"]).to_string();
        let origin = format!("reconciliation:{}", kinds[0]);
        assert!(open.contains(&origin), "{origin} in {open}");
        kinds.join(" ")
    };
    let missing = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("ETHUSDT"))
            .fold(String::new(), |kept, line| kept + line + "\n")
    };
    assert_eq!(kinds(missing), "fill_extra position_differs");
    let extra = |text: &str| {
        let filled = text.lines().find(|line| line.contains("ETHUSDT")).expect("a fill");
        let (head, rest) = filled.split_once("\"order\":\"").expect("an order's name");
        format!("{text}{head}\"order\":\"00{}\n", &rest[2..])
    };
    assert_eq!(kinds(extra), "fill_missing position_differs");
    let changed = |text: &str| {
        let filled = text.lines().find(|line| line.contains("ETHUSDT")).expect("a fill");
        let (before, px) = filled.split_once("\"px\":\"").expect("a price");
        let (px, after) = px.split_once('"').expect("a price");
        text.replace(filled, &format!("{before}\"px\":\"1{px}\"{after}"))
    };
    assert_eq!(kinds(changed), "fill_changed");
}

/// R22: the executor's own ledger says that a fill never happened.
#[test]
fn a_fill_the_executor_busts_is_told_and_the_position_put_right() {
    let stage = stage();
    stage.run(&["run", "--clock", CLOCK]).ok();
    let held = |stage: &Stage| {
        let status = stage.json(&["status"]);
        let positions = status["positions"].as_array().expect("positions").clone();
        positions.iter().filter(|one| one["instrument_id"] == "BINANCE:ETHUSDT").count()
    };
    assert_eq!(held(&stage), 1);
    let ledger = stage.path("data/venue/live-stub.ndjson");
    let text = fs::read_to_string(&ledger).expect("the executor's ledger");
    let filled = text.lines().find(|line| line.contains("ETHUSDT")).expect("a fill");
    let mut bust: serde_json::Value = serde_json::from_str(filled).expect("a line");
    let order = bust["order"].as_str().expect("an order's name").to_owned();
    bust["correction"] = serde_json::json!({"of": format!("{order}/0"), "qty": "0"});
    let at: i64 = bust["at"].as_str().expect("a time").parse().expect("nanoseconds");
    bust["at"] = serde_json::json!((at + 1_000_000_000).to_string());
    fs::write(&ledger, format!("{text}{bust}\n")).expect("a writable ledger");
    stage.run(&["run", "--clock", LATER]).ok();
    assert_eq!(held(&stage), 0, "the position is put right");
    let told = stage.run(&["explain", "lv-01-filled"]).ok().out;
    assert!(told.contains("FILLED"), "the outcome stays: {told}");
    assert!(told.contains("the executor busted fill"), "the bust stands beside it: {told}");
    let lines = fs::read_to_string(stage.path("data/telemetry/events_execution.ndjson"));
    assert!(lines.expect("the drop copy").contains("fill_busted"));
    assert!(stage.json(&["incident", "list"]).to_string().contains("corrections"));
    let compared = stage.run(&["reconcile", "--json"]).ok().last_json();
    assert_eq!(compared["breaks"].as_array().map(Vec::len), Some(0), "{compared}");
}
