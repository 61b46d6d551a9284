//! The story of one intent of each kind, as a person reads it.

use crate::stage::{Stage, example, masked};
use expect_test::{ExpectFile, expect_file};
use std::fs;

fn check(stage: &Stage, id: &str, expected: &ExpectFile) {
    let ran = stage.run(&["explain", id]).ok();
    expected.assert_eq(&masked(&ran.out));
}

#[test]
fn one_of_each_kind_reads_well() {
    let stage = Stage::demo();
    check(&stage, "up-01-add-btc", &expect_file!["told/executed.txt"]);
    check(&stage, "up-05-add-eth-own-cap", &expect_file!["told/reduced.txt"]);
    check(&stage, "no-04-stale-quote", &expect_file!["told/denied.txt"]);
    check(&stage, "up-08-add-doge", &expect_file!["told/below_floor.txt"]);
    check(&stage, "up-07-hold-aapl", &expect_file!["told/hold.txt"]);
    check(&stage, "lv-02-rejected", &expect_file!["told/failed.txt"]);
    check(&stage, "lv-03-partly-filled", &expect_file!["told/partly_filled.txt"]);
    check(&stage, "lv-04-resting", &expect_file!["told/cancelled_by_halt.txt"]);
    check(&stage, "up-02-add-eth", &expect_file!["told/conflict.txt"]);
    check(&stage, "ks-02-emergency-exit", &expect_file!["told/emergency_exit.txt"]);
    check(&stage, "portfolio-6ca96a", &expect_file!["told/portfolio.txt"]);
    check(&stage, "50-malformed.ndjson:2", &expect_file!["told/malformed.txt"]);
}

#[test]
fn the_row_that_decided_says_why_and_what_it_flags() {
    let stage = Stage::idle();
    let table = "config/policies/dra_decision_tables.json";
    let text = fs::read_to_string(example().join(table)).expect("a table");
    stage.write(table, text.replace("\"100000\"", "\"1000\""));
    let intents = example().join("data/inbox/10-uptrend.ndjson");
    let intents = intents.to_str().expect("a path");
    stage.run(&["run", "--intents", intents, "--clock", "2026-01-06T15:00:00Z"]).ok();
    let told = stage.run(&["explain", "up-03-reclaim-sol"]).ok().out;
    let line = told.lines().find(|line| line.contains("at large-critical-buys")).expect("the row");
    let says = "what is bought in a hurry is bought in halves (flagged chased)";
    assert!(line.ends_with(says), "{line}");
    let story = stage.json(&["explain", "up-03-reclaim-sol"]);
    let gates = story["gates"].as_array().expect("gates");
    let row = gates.iter().find(|line| line["gate"] == "decision_table").expect("the gate");
    assert_eq!(row["because"], "what is bought in a hurry is bought in halves");
    assert_eq!(row["flags"], serde_json::json!(["chased"]));
}

#[test]
fn every_name_of_an_order_leads_to_the_same_story() {
    let stage = Stage::demo();
    let story = stage.json(&["explain", "lv-01-filled"]);
    let order = story["orders"][0]["orderIntentId"].as_str().expect("an order").to_owned();
    let execution = story["outcomes"][0]["executionId"].as_str().expect("an outcome").to_owned();
    let client = format!("fw{}", order.replace('-', ""));
    let report = format!("{order}/0");
    let names = [order.as_str(), &execution, &client, &report, "40-live-stub.ndjson:1", "lv-01-"];
    for name in names {
        assert_eq!(stage.json(&["explain", name]), story, "{name}");
    }
}

#[test]
fn without_a_blotter_the_journal_alone_tells_the_same() {
    let stage = Stage::demo();
    let ids = ["lv-03-partly-filled", "up-01-add-btc", "up-02-add-eth"];
    let told = ids.map(|id| stage.json(&["explain", id]));
    let report =
        told[0]["orders"][0]["orderIntentId"].as_str().expect("an order").to_owned() + "/0";
    std::fs::remove_file(stage.path("data/blotter.sqlite")).expect("a blotter");
    assert_eq!(ids.map(|id| stage.json(&["explain", id])), told);
    assert_eq!(stage.json(&["explain", &report]), told[0]);
}

#[test]
fn a_beginning_that_several_share_is_answered_with_all_of_them() {
    let stage = Stage::demo();
    let ran = stage.run(&["explain", "portfolio-"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("several intents begin with portfolio-; say which:\n  portfolio-"));
}

#[test]
fn what_nobody_knows_is_said_so() {
    let stage = Stage::demo();
    let ran = stage.run(&["explain", "nobody", "--json"]);
    assert_eq!((ran.code, ran.out.trim()), (1, r#"{"found":null,"id":"nobody"}"#));
    assert!(ran.err.starts_with("nothing is called nobody"), "{}", ran.err);
}
