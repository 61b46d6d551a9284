//! Intents considered at some entry of the journal, without a trace.

use crate::stage::{Stage, copy_all, example};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// Every file of the journal, by name.
fn journal(stage: &Stage) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(stage.path("data/journal")).expect("a journal");
    let files = files.map(|file| file.expect("a file").path());
    files.map(|path| (path.display().to_string(), fs::read(&path).expect("readable"))).collect()
}

fn entries(stage: &Stage) -> Vec<Value> {
    let ran = stage.run(&["journal", "cat"]).ok();
    ran.out.lines().map(|line| serde_json::from_str(line).expect("an entry")).collect()
}

fn event<'a>(entry: &'a Value, kind: &str) -> Option<&'a Value> {
    let events = entry["events"].as_array().expect("events");
    events.iter().find(|event| event["event"] == kind)
}

/// A verdict as entries have it: gate, ruling, figures, rule.
fn recorded(verdict: &Value) -> Value {
    let ruling = match &verdict["ruling"] {
        Value::String(word) => (word.clone(), Value::Null),
        Value::Object(ruling) => {
            let (word, of) = ruling.iter().next().expect("a ruling");
            (word.clone(), of["reason"].clone())
        }
        other => panic!("not a ruling: {other}"),
    };
    json!([
        verdict["gate"],
        ruling.0,
        ruling.1,
        verdict["figures"]["asked"],
        verdict["figures"]["limit"],
        verdict["rule"]
    ])
}

/// A verdict as `whatif` has it.
fn considered(line: &Value) -> Value {
    let ruling = match line["ruling"].as_str().expect("a ruling") {
        "allowed" => "allow",
        "reduced" => "reduce",
        "passed_by" => "bypass",
        "denied" => "deny",
        "skipped" => "skip",
        other => panic!("not a ruling: {other}"),
    };
    json!([line["gate"], ruling, line["code"], line["asked"], line["limit"], line["rule"]])
}

fn all(values: &Value, of: impl Fn(&Value) -> Value) -> Vec<Value> {
    values.as_array().expect("a list").iter().map(of).collect()
}

#[test]
fn every_recorded_intent_is_decided_again_as_it_was_and_leaves_no_trace() {
    let stage = Stage::demo();
    let before = journal(&stage);
    let (mut judged, mut known) = (0, 0);
    for entry in entries(&stage) {
        if entry["input"].get("submit_intent").is_none() {
            continue;
        }
        let seq = entry["seq"].to_string();
        let told = stage.json(&["whatif", "--recorded", &seq]);
        let first = event(&entry, "intent_duplicated").or(event(&entry, "intent_conflicted"));
        if let Some(first) = first {
            assert_eq!(told["known"]["seq"], first["first_seq"], "entry {seq}");
            known += 1;
            continue;
        }
        let verdicts = &event(&entry, "intent_judged").expect("verdicts")["verdicts"];
        assert_eq!(all(&told["gates"], considered), all(verdicts, recorded), "entry {seq}");
        assert_eq!(told["plan"], event(&entry, "plan_made").expect("a plan")["plan"]);
        let order = event(&entry, "order_emitted").map(|emitted| emitted["order"].clone());
        assert_eq!(told["orders"], json!(order.into_iter().collect::<Vec<_>>()), "entry {seq}");
        judged += 1;
    }
    assert!(judged >= 30 && known >= 2, "{judged} judged, {known} known");
    assert_eq!(journal(&stage), before, "the journal is untouched");
}

/// An intent of the demo under another name, over several lines.
fn intent(size_frac: &str) -> String {
    let lines =
        fs::read_to_string(example().join("data/inbox/10-uptrend.ndjson")).expect("intents");
    let line = lines.lines().next().expect("an intent").replace("up-01-add-btc", "wi-1");
    let sized = line.replacen("\"size_frac\": 0.5", &format!("\"size_frac\": {size_frac}"), 1);
    assert_ne!((&sized, size_frac), (&line, "0.4"));
    sized.replace(", ", ",\n  ")
}

#[test]
fn an_intent_of_a_file_is_decided_with_the_newest_quote_by_then() {
    let stage = Stage::demo();
    stage.write("intent.json", intent("0.4"));
    let file = stage.path("intent.json").display().to_string();
    let ran = stage.run(&["whatif", &file, "--at", "23"]).ok();
    assert!(ran.out.starts_with("wi-1 would be executed\n"), "{}", ran.out);
    assert!(ran.out.contains("bid 93500.1, ask 93500.2"), "{}", ran.out);
    let row = "Row of the table of decisions\n  everything-else allows, whatever the order";
    assert!(ran.out.contains(row), "{}", ran.out);
    assert!(ran.out.ends_with("Nothing was written, and nothing was sent.\n"), "{}", ran.out);
}

#[test]
fn the_state_is_the_one_of_the_entry_asked_for() {
    let stage = Stage::demo();
    let at = |seq: &str| {
        let ran = stage.feed(&["whatif", "-", "--json", "--at", seq], intent("0.4").as_bytes());
        (ran.code, ran.last_json())
    };
    let (code, before_the_rules) = at("0");
    assert_eq!((code, &before_the_rules["gates"][0]["code"]), (1, &json!("no_rulebook")));
    assert_eq!(at("23").0, 0);
    let (code, halted) = at("60");
    assert_eq!((code, &halted["refused_by"]), (1, &json!("kill_switch")));
    assert_eq!(halted["as_of_seq"], 60);
}

#[test]
fn a_quote_and_a_time_may_be_given() {
    let stage = Stage::demo();
    let quote = r#"{"instrument_id":"BINANCE:BTCUSDT","bid_px":"90000","ask_px":"90001","as_of":"2026-01-06T15:30:00Z"}"#;
    stage.write("quote.ndjson", quote);
    let file = stage.path("quote.ndjson").display().to_string();
    let at = |when: &str| {
        let arguments = ["whatif", "-", "--json", "--at", "23", "--quote", &file, "--when", when];
        stage.feed(&arguments, intent("0.4").as_bytes()).last_json()
    };
    let fresh = at("2026-01-06T15:30:01Z");
    assert_eq!(
        (&fresh["quote"]["bid_px"], &fresh["quote_age_ms"]),
        (&json!("90000"), &json!(1000))
    );
    assert_eq!(
        at("2026-01-06T15:35:00Z")["gates"]
            .as_array()
            .and_then(|gates| gates.last())
            .expect("a verdict")["code"],
        "quote_stale"
    );
    // Not there yet.
    assert_eq!(at("2026-01-06T15:29:00Z")["quote"], Value::Null);
}

#[test]
fn rules_that_fall_due_by_then_are_the_ones_it_is_judged_by() {
    let stage = Stage::demo();
    let tighter = fs::read_to_string(stage.path("config/policies/execution_policies.json"));
    let tighter = tighter.expect("policies").replacen("60000", "1000", 1);
    stage.write("config/policies/execution_policies.json", tighter);
    let signed = ["--by", "risk-1", "--reason", "fresher quotes"];
    let adopt = ["policy", "adopt", "--effective-at", "2036-01-01T00:00:00Z"];
    let asked = stage.json(&[&adopt[..], &signed].concat());
    assert_eq!(asked["came_of_it"], "waits_for_its_time");
    let at = |when: &str| {
        let quote = format!(
            r#"{{"instrument_id":"BINANCE:BTCUSDT","bid_px":"90000","ask_px":"90001","as_of":"{when}:00Z"}}"#
        );
        stage.write("quote.ndjson", quote);
        let file = stage.path("quote.ndjson").display().to_string();
        let when = format!("{when}:02Z");
        let arguments = ["whatif", "-", "--json", "--quote", &file, "--when", &when];
        let told = stage.feed(&arguments, intent("0.4").as_bytes()).last_json();
        let gates = told["gates"].as_array().expect("gates").clone();
        let age = gates.into_iter().find(|line| line["gate"] == "data_age").expect("a verdict");
        age["limit"].clone()
    };
    assert_eq!(at("2035-12-31T23:59"), "60000");
    assert_eq!(at("2036-01-01T00:01"), "1000");
}

#[test]
fn an_id_that_came_before_is_said_to_be_known_and_considered_all_the_same() {
    let stage = Stage::demo();
    let again = intent("0.5").replace("wi-1", "up-01-add-btc");
    let ran = stage.feed(&["whatif", "-", "--at", "24"], again.as_bytes());
    let expected = "its id was answered (which succeeded), and would be again (entry 24)";
    assert!(ran.out.contains(expected), "{}", ran.out);
    let other = again.replace("0.5", "0.6");
    let told = stage.feed(&["whatif", "-", "--at", "24", "--json"], other.as_bytes()).last_json();
    assert_eq!(told["known"], json!({"seq": 24, "is_same": false, "status": "success"}));
}

#[test]
fn what_is_no_intent_or_no_entry_is_refused() {
    let stage = Stage::demo();
    let code = |arguments: &[&str], input: &str| stage.feed(arguments, input.as_bytes()).code;
    assert_eq!(code(&["whatif", "-"], "{\"action\": \"add\"}"), 2);
    assert_eq!(code(&["whatif", "-"], ""), 2);
    let two = format!("{}\n{}", intent("0.4"), intent("0.4"));
    assert_eq!(code(&["whatif", "-"], &two), 2);
    assert_eq!(code(&["whatif", "-", "--at", "66"], &intent("0.4")), 1);
    assert_eq!(code(&["whatif", "--recorded", "1"], ""), 1);
    assert_eq!(code(&["whatif"], ""), 2);
}

#[test]
fn without_a_journal_there_is_no_state_to_ask() {
    let stage = Stage::empty();
    copy_all(&example().join("config"), &stage.path("config"));
    let ran = stage.feed(&["whatif", "-"], intent("0.4").as_bytes());
    assert_eq!(ran.code, 3, "{}", ran.err);
}
