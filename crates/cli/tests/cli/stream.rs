//! Intents through standard input: answered as soon as they are durable, and kept in JSON lines.

use crate::stage::{Stage, example};
use serde_json::Value;
use std::fs;

const CLOCK: [&str; 2] = ["--clock", "2026-01-06T15:00:00Z"];

fn uptrend() -> Vec<String> {
    let text = fs::read_to_string(example().join("data/inbox/10-uptrend.ndjson")).expect("intents");
    text.lines().map(|line| format!("{line}\n")).collect()
}

fn stream() -> Vec<&'static str> {
    [&["run", "--intents", "-", "--json"][..], &CLOCK].concat()
}

#[test]
fn each_intent_is_answered_before_the_next_is_sent() {
    let stage = Stage::idle();
    let mut running = stage.start(&stream());
    for (line, status) in uptrend().iter().zip(["success", "success", "success"]) {
        running.send(line);
        let answer = running.line();
        let intent: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(answer["intent_id"], intent["intent_id"]);
        assert_eq!((&answer["answer"], &answer["status"]), (&"closed".into(), &status.into()));
    }
    let ran = running.end().ok();
    assert_eq!(ran.last_json()["submitted"], 3);
}

#[test]
fn what_was_answered_is_answered_the_same_after_a_restart() {
    let stage = Stage::idle();
    let all = uptrend().concat();
    let first = stage.feed(&stream(), all.as_bytes()).ok();
    let second = stage.feed(&stream(), all.as_bytes()).ok();
    let answers = |text: &str| -> Vec<Value> {
        let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        lines.filter(|line: &Value| line.get("answer").is_some()).collect()
    };
    let (first, second) = (answers(&first.out), answers(&second.out));
    assert_eq!((first.len(), second.len()), (10, 10));
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(second["answer"], "duplicate");
        assert_eq!(
            (&first["intent_id"], &first["status"]),
            (&second["intent_id"], &second["status"])
        );
    }
}

#[test]
fn a_line_that_cannot_be_read_is_answered_and_the_rest_goes_on() {
    let stage = Stage::idle();
    let lines = uptrend();
    let input =
        [lines[0].as_bytes(), b"{\"intent_id\": \xff}\n", b"\n", lines[1].as_bytes()].concat();
    let ran = stage.feed(&stream(), &input).ok();
    let kinds: Vec<Value> = ran
        .out
        .lines()
        .filter_map(|line| {
            serde_json::from_str::<Value>(line).expect("JSON").get("answer").cloned()
        })
        .collect();
    let mut words: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
    words.sort_unstable();
    assert_eq!(words, ["closed", "closed", "refused"]);
    let refused = stage.json(&["explain", "-:2"]);
    assert_eq!(refused["refused"]["code"], "not_utf8");
}

#[test]
fn journal_cat_gives_back_what_was_sent_and_what_was_decided() {
    let stage = Stage::idle();
    let lines = uptrend();
    stage.feed(&stream(), lines[0].as_bytes()).ok();
    let ran = stage.run(&["journal", "cat", "--intent", "up-01-add-btc"]).ok();
    let entry = ran.last_json();
    let sent: Value = serde_json::from_str(&lines[0]).expect("JSON");
    let kept = &entry["input"]["submit_intent"]["intent"];
    assert_eq!(kept["ask"]["execution"], sent["intent"], "every field is kept as it was sent");
    assert_eq!(kept["intent_id"], sent["intent_id"]);
    let events: Vec<&str> = entry["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter_map(|e| e["event"].as_str())
        .collect();
    let expected = [
        "intent_accepted",
        "intent_judged",
        "plan_made",
        "order_emitted",
        "outcome_recorded",
        "intent_closed",
    ];
    assert_eq!(events, expected);
}

#[test]
fn asked_to_end_it_ends_with_a_checkpoint() {
    let stage = Stage::idle();
    let mut running = stage.start(&stream());
    running.send(&uptrend()[0]);
    assert_eq!(running.line()["answer"], "closed");
    let ran = running.terminate().ok();
    let entries = ran.last_json()["journal"]["entries"].clone();
    assert_eq!(stage.json(&["journal", "stat"])["last_checkpoint_seq"], entries);
}
