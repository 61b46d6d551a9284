//! Halting and releasing, with and without a run at work.

use crate::stage::{Stage, example};
use std::fs;

#[test]
fn one_person_halts_and_two_different_ones_release() {
    let stage = Stage::idle();
    let kill = stage.run(&["kill", "--by", "ops-1", "--reason", "drill"]).ok();
    assert!(kill.out.contains("trading is halted by ops-1."), "{}", kill.out);
    assert_eq!(stage.run(&["kill", "--by", "ops-1", "--reason", "drill"]).code, 1);
    let first = stage.run(&["release", "--by", "risk-1", "--reason", "over"]).ok();
    assert!(first.out.contains("until a second, different person asks too"), "{}", first.out);
    let same = stage.run(&["release", "--by", "risk-1", "--reason", "over"]);
    assert_eq!(same.code, 1);
    assert!(
        same.out.contains("risk-1 asked to release it, and a second, different person must"),
        "{}",
        same.out
    );
    assert_eq!(stage.json(&["status"])["release_requested_by"], "risk-1");
    let second = stage.json(&["release", "--by", "risk-2", "--reason", "over"]);
    assert_eq!((&second["came_of_it"], &second["is_halted"]), (&"released".into(), &false.into()));
    assert_eq!(stage.run(&["release", "--by", "risk-2", "--reason", "over"]).code, 1);
}

#[test]
fn a_run_at_work_hears_somebody_say_stop() {
    let stage = Stage::idle();
    let text = fs::read_to_string(example().join("data/inbox/10-uptrend.ndjson")).expect("intents");
    let lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    let clock = ["--clock", "2026-01-06T15:00:00Z"];
    let mut running = stage.start(&[&["run", "--intents", "-", "--json"][..], &clock].concat());
    running.send(&lines[0]);
    assert_eq!(running.line()["status"], "success");
    let kill = stage.json(&["kill", "--by", "ops-1", "--reason", "drill"]);
    assert_eq!(kill["came_of_it"], "halted");
    assert!(kill["done_by_process"].as_u64().is_some(), "{kill}");
    running.send(&lines[1]);
    assert_eq!(running.line()["status"], "skipped");
    let story = stage.json(&["explain", "up-02-add-eth"]);
    assert_eq!(story["ended_because"], "trading is halted by the kill switch");
    running.end().ok();
    assert_eq!(stage.json(&["status"])["halted_by"], "ops-1");
}

#[test]
fn a_broken_policy_does_not_keep_a_run_from_being_halted() {
    let stage = Stage::idle();
    let mut running = stage.start(&["run", "--intents", "-", "--json"]);
    running.send("{}\n");
    assert_eq!(running.line()["answer"], "refused");
    stage.write("config/books.json", "{");
    assert_eq!(stage.json(&["kill", "--by", "ops-1", "--reason", "drill"])["came_of_it"], "halted");
    running.end().ok();
}

#[test]
fn nobody_halts_without_a_name_and_a_reason() {
    let stage = Stage::idle();
    assert_eq!(stage.run(&["kill", "--by", "", "--reason", "drill"]).code, 2);
    assert_eq!(stage.run(&["kill", "--by", "ops-1"]).code, 2);
}
