//! Halting and releasing, with and without a run at work.

use crate::stage::{Stage, example, until};
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
        same.out.contains("risk-1 asked to lift it, and a second, different person must"),
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

#[test]
fn a_halt_of_one_venue_is_released_by_itself() {
    let stage = Stage::idle();
    let venue = ["--scope", "venue:BINANCE", "--reason", "drill"];
    let say = |words: &[&str]| stage.json(&[words, &venue].concat());
    stage.run(&["kill", "--by", "ops-1", "--reason", "drill"]).ok();
    let kill = say(&["kill", "--by", "ops-1", "--effect", "block"]);
    assert_eq!((&kill["came_of_it"], &kill["scope"]), (&"halted".into(), &"venue:BINANCE".into()));
    say(&["release", "--by", "ops-1"]);
    assert_eq!(say(&["release", "--by", "risk-1"])["came_of_it"], "released");
    let status = stage.json(&["status"]);
    assert_eq!((&status["is_halted"], &status["halted_by"]), (&true.into(), &"ops-1".into()));
    let left = status["restraints"].as_array().expect("a list");
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["scope"], "global");
}

#[test]
fn a_scope_or_effect_that_is_none_is_refused_with_what_would_be_one() {
    let stage = Stage::idle();
    let ran = stage.run(&["kill", "--by", "ops-1", "--reason", "drill", "--scope", "book:uptrend"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("lane:NAME, account:NAME"), "{}", ran.err);
    let ran = stage.run(&["kill", "--by", "ops-1", "--reason", "drill", "--effect", "stop"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("block, cancel or flatten"), "{}", ran.err);
}

#[test]
fn a_flattening_kill_asks_for_exits_which_no_old_quote_may_price() {
    let stage = Stage::demo();
    let before = stage.json(&["status"]);
    assert!(!before["positions"].as_array().expect("a list").is_empty());
    let kill = stage.json(&["kill", "--by", "risk-1", "--effect", "flatten", "--reason", "out"]);
    assert!(kill["exits"].as_u64().is_some_and(|exits| exits > 0), "{kill}");
    let seq = kill["seq"].as_u64().expect("an entry");
    let story = stage.json(&["explain", &format!("flatten-{seq}-1")]);
    assert_eq!(story["asked"], "emergency exit");
    assert_eq!(story["ended_because"], "the quote is too old");
}

#[test]
fn cooldowns_modes_and_halts_are_imposed_by_one_and_lifted_by_two() {
    let pairs: [(&[&str], &[&str]); 3] = [
        (&["cooldown", "start", "--for", "900"], &["cooldown", "end"]),
        (&["mode", "enter", "reduce_only"], &["mode", "leave", "reduce_only"]),
        (&["halt", "start"], &["halt", "end"]),
    ];
    let stage = Stage::idle();
    for (impose, lift) in pairs {
        let ask = |words: &[&str], by: &str| {
            let who = ["--scope", "account:main", "--by", by, "--reason", "drill"];
            stage.json(&[words, &who].concat())["came_of_it"].clone()
        };
        assert_eq!(ask(impose, "ops-1"), "imposed");
        assert_eq!(ask(lift, "audit-1"), "refused");
        assert_eq!(ask(lift, "ops-1"), "lift_requested");
        assert_eq!(ask(lift, "ops-2"), "refused");
        assert_eq!(ask(lift, "risk-2"), "lifted");
    }
    assert_eq!(stage.json(&["status"])["restraints"].as_array().map(Vec::len), Some(0));
}

#[test]
fn the_access_report_says_what_the_people_of_the_rules_in_force_may() {
    let stage = Stage::idle();
    stage.run(&["run", "--by", "risk-1"]).ok();
    let report = stage.json(&["people"]);
    let people = report["people"].as_array().expect("a list");
    let document = fs::read_to_string(stage.path("config/people.json")).expect("a document");
    let document: serde_json::Value = serde_json::from_str(&document).expect("a document");
    let written = document["people"].as_object().expect("people");
    assert_eq!(people.len(), written.len());
    for person in people {
        let name = person["name"].as_str().expect("a name");
        assert_eq!(person["enabled"], written[name]["enabled"], "{name}");
        assert_eq!(
            person["roles"].as_array().map(Vec::len),
            written[name]["roles"].as_array().map(Vec::len)
        );
    }
    let auditor = people.iter().find(|person| person["name"] == "audit-1").expect("an auditor");
    assert_eq!(auditor["may"], serde_json::json!(["stop"]));
}

#[test]
fn a_cooldown_that_is_over_is_recorded_while_a_run_is_at_work() {
    let stage = Stage::idle();
    let mut running = stage.start(&["run", "--intents", "-", "--json"]);
    running.send("{}\n");
    running.line();
    let cooldown = ["cooldown", "start", "--for", "1", "--by", "ops-1", "--reason", "drill"];
    assert_eq!(stage.json(&cooldown)["came_of_it"], "imposed");
    until("the cooldown is over", || {
        stage.json(&["status"])["restraints"].as_array().is_some_and(Vec::is_empty)
    });
    running.end().ok();
    assert_eq!(stage.json(&["journal", "stat"])["events"]["restraint_expired"], 1);
}

#[test]
fn a_safe_mode_is_previewed_applied_by_one_and_left_by_two() {
    let stage = Stage::idle();
    stage.run(&["run", "--by", "risk-1"]).ok();
    let preview = stage.json(&["safe-mode", "preview", "stand_down_binance"]);
    assert_eq!(preview["steps"].as_array().map(Vec::len), Some(2));
    assert_eq!(preview["steps"][0]["would"], "impose");
    let restraints = || stage.json(&["status"])["restraints"].as_array().map(Vec::len);
    assert_eq!(restraints(), Some(0), "a preview changes nothing");
    let ask = |word: &str, by: &str| {
        let who = ["--by", by, "--reason", "drill"];
        stage.run(&[&["safe-mode", word, "stand_down_binance"][..], &who].concat()).code
    };
    assert_eq!(ask("apply", "ops-1"), 0);
    assert_eq!(restraints(), Some(2));
    let preview = stage.json(&["safe-mode", "preview", "stand_down_binance"]);
    assert_eq!(preview["steps"][0]["would"], "it stands already");
    assert_eq!(ask("leave", "ops-1"), 0);
    assert_eq!(ask("leave", "ops-1"), 1, "a second, different person must ask");
    assert_eq!(ask("leave", "risk-1"), 0);
    assert_eq!(restraints(), Some(0));
    assert_eq!(stage.run(&["safe-mode", "preview", "none"]).code, 2);
}

/// The home's policy with another throttle, adopted by its first run.
fn throttled() -> Stage {
    let stage = Stage::idle();
    let path = "config/policies/execution_policies.json";
    let text = fs::read_to_string(example().join(path)).expect("policies");
    stage.write(path, text.replace("\"max_executions\": 1000", "\"max_executions\": 1"));
    let intents = example().join("data/inbox/10-uptrend.ndjson");
    let intents = intents.to_str().expect("a path");
    stage.run(&["run", "--intents", intents, "--clock", "2026-01-06T15:00:00Z"]).ok();
    stage
}

#[test]
fn a_strategy_that_executed_too_often_is_enabled_again_by_two_people() {
    let stage = throttled();
    let throttled = || {
        let listed = stage.json(&["strategy", "list"]);
        let rows = listed["strategies"].as_array().expect("strategies").clone();
        rows.into_iter().find(|row| row["strategy_id"] == "uptrend-pm").expect("the strategy")
    };
    assert_eq!(throttled()["is_throttled"], true);
    let enable = |by: &str| {
        stage.run(&["strategy", "enable", "uptrend-pm", "--by", by, "--reason", "looked at"])
    };
    assert_eq!(enable("audit-1").code, 1);
    assert_eq!(enable("ops-1").code, 0);
    assert_eq!(throttled()["enable_requested_by"], "ops-1");
    let alone = enable("ops-1");
    assert_eq!(alone.code, 1);
    assert!(alone.out.contains("releasing takes a second, different person"), "{}", alone.out);
    let second = enable("risk-1").ok();
    assert!(second.out.contains("uptrend-pm is enabled again"), "{}", second.out);
    assert_eq!(throttled()["is_throttled"], false);
    assert_eq!(enable("ops-1").code, 1, "nothing is throttled any more");
}

#[test]
fn a_venue_is_said_to_be_down_by_anybody_and_up_by_whoever_may() {
    let stage = Stage::idle();
    stage.run(&["run", "--by", "risk-1"]).ok();
    let say = |status: &str, by: &str| {
        stage.run(&["venue", "health", "BINANCE", status, "--by", by, "--reason", "seen"])
    };
    let down = say("down", "audit-1").ok();
    assert!(down.out.contains("BINANCE is down from now on"), "{}", down.out);
    let venues = || stage.json(&["venue", "list"])["venues"][0].clone();
    assert_eq!((&venues()["venue_id"], &venues()["status"]), (&"BINANCE".into(), &"down".into()));
    assert_eq!(say("up", "audit-1").code, 1);
    assert_eq!(say("sideways", "ops-1").code, 2);
    say("up", "ops-1").ok();
    assert_eq!(say("up", "ops-1").code, 1, "it stands so already");
    let changes = stage.json(&["changes"]);
    let named = changes["changes"].as_array().expect("changes").iter();
    assert_eq!(named.filter(|change| change["input"] == "flow.venue_health").count(), 4);
}

#[test]
fn every_command_that_changes_something_is_heard_while_a_run_is_at_work() {
    const WHO: [&str; 4] = ["--by", "ops-1", "--reason", "while it runs"];
    let commands: [&[&str]; 17] = [
        &["kill"],
        &["release"],
        &["cooldown", "start"],
        &["cooldown", "end"],
        &["mode", "enter", "degraded"],
        &["mode", "leave", "degraded"],
        &["halt", "start"],
        &["halt", "end"],
        &["incident", "raise", "--category", "risk", "--severity", "low"],
        &["session", "schedule", "config/paper_trading/session_uptrend.json"],
        &["session", "start", "uptrend-paper"],
        &["session", "suspend", "uptrend-paper"],
        &["policy", "adopt"],
        &["promote", "uptrend-pm", "--from", "paper_canary", "--to", "paper_main"],
        &["demote", "uptrend-pm", "--from", "paper_canary"],
        &["strategy", "enable", "uptrend-pm"],
        &["venue", "health", "BINANCE", "degraded"],
    ];
    let stage = Stage::idle();
    let running = stage.start(&["run", "--watch", "--json"]);
    until("the rules are in force", || {
        stage.path("data/journal").is_dir() && stage.run(&["people"]).code == 0
    });
    for command in commands {
        let before = last_seq(&stage);
        let ran = stage.run(&[command, &WHO].concat());
        assert!(ran.code == 0 || ran.code == 1, "{command:?}: {}{}", ran.out, ran.err);
        let after = last_seq(&stage);
        assert!(after > before, "{command:?} left no entry: {}", ran.out);
    }
    running.terminate().ok();
    let leftovers = fs::read_dir(stage.path("data/control")).expect("a folder").count();
    assert_eq!(leftovers, 0, "every request was answered, every answer read");
}

fn last_seq(stage: &Stage) -> u64 {
    let entries = stage.run(&["journal", "cat", "--json"]).out;
    entries.lines().count() as u64
}

#[test]
fn live_takes_its_time_from_the_machine() {
    let stage = Stage::idle();
    let path = "config/fillwright.json";
    let text = fs::read_to_string(example().join(path)).expect("a document");
    stage.write(path, text.replace("\"paper\"", "\"live\""));
    let clock = ["--clock", "2026-01-06T15:00:00Z", "--by", "risk-1"];
    let ran = stage.run(&[&["run"][..], &clock].concat());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("live takes its time from the machine"), "{}", ran.err);
    let kill = stage.run(&[&["kill", "--reason", "drill"][..], &clock].concat());
    assert_eq!(kill.code, 2, "{}", kill.err);
}
