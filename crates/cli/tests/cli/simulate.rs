//! Proposed rules over recorded intents: what they would have changed, and nothing else.

use crate::stage::{Stage, copy_all, example};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// The demo at its end, and beside it the example's documents with an envelope changed.
fn proposed(change: impl FnOnce(&mut Value)) -> (Stage, String) {
    let stage = Stage::demo();
    copy_all(&example().join("config"), &stage.path("proposed"));
    let path = stage.path("proposed/policies/risk_envelope.json");
    let envelope = fs::read_to_string(&path).expect("an envelope");
    let mut envelope = serde_json::from_str(&envelope).expect("an envelope");
    change(&mut envelope);
    fs::write(path, envelope.to_string()).expect("a writable home");
    let folder = stage.path("proposed").display().to_string();
    (stage, folder)
}

fn simulate(stage: &Stage, folder: &str, more: &[&str]) -> Value {
    stage.json(&[&["policy", "simulate", "--config", folder], more].concat())
}

/// Every intent that would be decided otherwise: its name, then and now.
fn differences(found: &Value) -> Vec<(String, String, String)> {
    let told = |decided: &Value| match &decided["reason"] {
        Value::Null => decided["qty"].as_str().expect("a quantity").to_owned(),
        reason => reason.as_str().expect("a code").to_owned(),
    };
    let differences = found["differences"].as_array().expect("differences");
    let rows = differences.iter().map(|row| {
        let intent = row["intent_id"].as_str().expect("a name").to_owned();
        (intent, told(&row["then"]), told(&row["now"]))
    });
    rows.collect()
}

fn rows(expected: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    let own = |text: &str| text.to_owned();
    expected.iter().map(|(id, then, now)| (own(id), own(then), own(now))).collect()
}

#[test]
fn the_rules_in_force_would_have_changed_nothing() {
    let (stage, folder) = proposed(|_| {});
    let before = files(&stage);
    let found = simulate(&stage, &folder, &[]);
    assert_eq!((&found["intents"], &found["changed"]), (&json!(40), &json!(0)));
    assert_eq!(found["notional"]["then"], found["notional"]["now"]);
    assert_eq!((&found["differences"], &found["refused_inputs"]), (&json!([]), &json!([])));
    assert_eq!(files(&stage), before, "the home is untouched");
}

/// Every file below the home's data, by name.
fn files(stage: &Stage) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![stage.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.display().to_string(), fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
fn a_tighter_limit_denies_those_above_it_and_what_follows_from_them() {
    let (stage, folder) = proposed(|envelope| {
        envelope["books"]["uptrend-spot"] =
            json!({"max_order_notional": "20000", "on_order_notional": "deny"});
        envelope["books"]["live-canary"]["max_order_notional"] = json!("2000");
    });
    let before = files(&stage);
    let found = simulate(&stage, &folder, &[]);
    let cap = "notional_above_cap";
    assert_eq!(
        differences(&found),
        rows(&[
            ("up-01-add-btc", "0.26737", cap),
            ("up-04-add-nvda", "212", cap),
            ("up-05-add-eth-own-cap", "1.5821", cap),
            ("up-06-add-btc-again", "0.26738", cap),
            // What was never bought is not there to be sold.
            ("up-09-trim-nvda", "106", "no_position"),
            ("up-11-exit-eth", "7.8114", "6.2293"),
            ("lv-01-filled", "0.9344", cap),
            ("lv-02-rejected", "11", cap),
            ("lv-03-partly-filled", "8", cap),
            ("ks-02-emergency-exit", "0.53475", "no_position"),
        ])
    );
    assert_eq!(found["reasons"][cap], json!({"then": 1, "now": 8}));
    assert_eq!(found["reasons"]["sent"], json!({"then": 21, "now": 12}));
    assert_eq!(files(&stage), before, "the home is untouched");
}

#[test]
fn a_stretch_begins_with_the_state_as_it_was_recorded() {
    let (stage, folder) = proposed(|envelope| {
        envelope["books"]["uptrend-spot"] =
            json!({"max_order_notional": "20000", "on_order_notional": "deny"});
    });
    // Behind the purchases: what was bought under the rules of then is there, all of it, and too much for one order now.
    let found = simulate(&stage, &folder, &["--from", "30", "--to", "45"]);
    assert_eq!(differences(&found), rows(&[("up-11-exit-eth", "7.8114", "notional_above_cap")]));
    assert_eq!((&found["from_seq"], &found["to_seq"]), (&json!(30), &json!(45)));
    assert_eq!(simulate(&stage, &folder, &["--from", "99"])["error"]["exit_code"], 1);
}

#[test]
fn rules_that_would_leave_a_holding_without_a_plane_cannot_begin_where_it_is_held() {
    let (stage, folder) = proposed(|_| {});
    let path = stage.path("proposed/books.json");
    let books = fs::read_to_string(&path).expect("books");
    let mut books: Value = serde_json::from_str(&books).expect("books");
    books["books"]["uptrend-spot"]["executors"]["BINANCE"] = json!("live-stub");
    fs::write(&path, books.to_string()).expect("a writable home");
    let error = simulate(&stage, &folder, &["--from", "60"]);
    assert_eq!(error["error"]["exit_code"], 3);
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(message.contains("would be left without its rules"), "{message}");
    // From the beginning nothing is held yet. On the other plane nothing is filled by the record, so all of it is at once.
    let found = simulate(&stage, &folder, &[]);
    let sold = ("up-11-exit-eth", "7.8114", "12.4591");
    assert!(differences(&found).contains(&rows(&[sold])[0]), "{found}");
}

#[test]
fn people_the_proposed_rules_do_not_know_are_told() {
    let (stage, folder) = proposed(|_| {});
    let path = stage.path("proposed/people.json");
    let people = fs::read_to_string(&path).expect("people");
    let mut people: Value = serde_json::from_str(&people).expect("people");
    people["people"]["risk-2"]["enabled"] = json!(false);
    people["people"]["risk-3"] = json!({"roles": ["risk", "approver"], "enabled": true});
    fs::write(&path, people.to_string()).expect("a writable home");
    let found = simulate(&stage, &folder, &[]);
    assert_eq!(found["changed"], 0);
    let refused = found["refused_inputs"].as_array().expect("inputs");
    let told: Vec<_> = refused.iter().map(|input| (&input["seq"], &input["why"])).collect();
    assert_eq!(told, [(&json!(65), &json!("person_disabled"))]);
}

#[test]
fn documents_that_cannot_be_used_are_named_where_they_lie() {
    let (stage, folder) = proposed(|envelope| envelope["more"] = json!(1));
    let error = simulate(&stage, &folder, &[]);
    assert_eq!(error["error"]["exit_code"], 3);
    let cause = error["error"]["causes"][0].as_str().expect("a cause");
    assert!(
        cause.ends_with("proposed/policies/risk_envelope.json: is not a valid document"),
        "{cause}"
    );
    let home = fs::read_to_string(stage.path("proposed/fillwright.json")).expect("a home");
    stage.write("proposed/fillwright.json", home.replace("\"demo\"", "\"other\""));
    copy_all(&example().join("config/policies"), &stage.path("proposed/policies"));
    let error = simulate(&stage, &folder, &[]);
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(message.contains("another partition"), "{message}");
    assert_eq!(simulate(&stage, "/nowhere/config", &[])["error"]["exit_code"], 3);
}
