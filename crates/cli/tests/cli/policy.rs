//! Policies checked and shown.

use crate::builds::own_build;
use crate::stage::Stage;
use std::fs;

#[test]
fn the_examples_rules_fit_together() {
    let stage = Stage::idle();
    let ran = stage.run(&["policy", "check"]).ok();
    assert!(ran.out.starts_with("the rules fit together (version demo-2026-01, 2 audited runs)"));
}

#[test]
fn a_missing_limit_is_found_and_shown_to_deny() {
    let stage = Stage::idle();
    stage.write("config/policies/risk_envelope.json", "{\"firm\": {\"max_leverage\": \"1.5\"}}");
    let ran = stage.run(&["policy", "check"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("9 limits are missing: what they would judge is denied"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("missing: denies"), "{}", ran.out);
    assert_eq!(stage.json(&["policy", "check"])["missing_limits"], 9);
}

#[test]
fn one_document_that_is_wrong_does_not_hide_another() {
    let stage = Stage::idle();
    stage.write("config/venues.json", "{\"venues\": {\"BINANCE\": {\"enabled\": true}}}");
    stage.write("config/strategies.json", "{\"strategies\": {}, \"more\": 1}");
    let checked = stage.json(&["policy", "check"]);
    let problems = checked["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 2, "{checked}");
    assert!(
        problems[0]["causes"][0]
            .as_str()
            .is_some_and(|cause| cause.contains("missing field `calendar` at line 1"))
    );
    assert!(
        problems[1]["what"].as_str().is_some_and(|what| what.starts_with("config/strategies.json"))
    );
}

#[test]
fn every_name_that_no_document_defines_is_told_at_once() {
    let stage = Stage::idle();
    for (file, from, to) in [
        ("config/books.json", "barbell-portfolio", "barbel-portfolio"),
        ("config/groups.json", "NASDAQ:NVDA", "NASDAQ:NVDIA"),
        ("config/policies/risk_envelope.json", "\"live-canary\"", "\"canary\""),
    ] {
        let text = fs::read_to_string(stage.path(file)).expect("a document");
        stage.write(file, text.replace(from, to));
    }
    let checked = stage.json(&["policy", "check"]);
    let problems = checked["problems"].as_array().expect("problems");
    let places: Vec<_> =
        problems.iter().map(|problem| (&problem["file"], &problem["place"])).collect();
    assert_eq!(
        serde_json::json!(places),
        serde_json::json!([
            ["config/books.json", "Rank1_riskfolio_barbell: strategy_id"],
            ["config/groups.json", "instruments"],
            ["config/policies/risk_envelope.json", "a level"],
        ])
    );
    let ran = stage.run(&["policy", "check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("cannot be used as they are (3 problems)\n"), "{}", ran.out);
}

#[test]
fn documents_beside_the_rules_are_checked_with_them() {
    let stage = Stage::idle();
    let modes = r#"{"safe_modes": {"calm": {"description": "d", "restraints": [
        {"kind": "cooldown", "scope": "venue:BINANCE"},
        {"kind": "cooldown", "scope": "venue:BINANSE"},
        {"kind": "halt", "scope": "instrument:BINANCE:NOPE"}]}}}"#;
    stage.write("config/policies/safe_modes.json", modes);
    stage.write("config/policies/execution_metrics_spec.json", "{}");
    stage.write("config/brokers/live-stub.json", r#"{"rules": [{"realise": "vanish"}]}"#);
    let checked = stage.json(&["policy", "check"]);
    let problems = checked["problems"].as_array().expect("problems");
    let places: Vec<_> =
        problems.iter().map(|problem| (&problem["file"], &problem["place"])).collect();
    assert_eq!(
        serde_json::json!(places),
        serde_json::json!([
            ["config/policies/safe_modes.json", "safe_modes: calm: restraints: 1: scope"],
            ["config/policies/safe_modes.json", "safe_modes: calm: restraints: 2: scope"],
            ["config/policies/execution_metrics_spec.json", "line 1, column 2"],
            ["config/brokers/live-stub.json", "line 1, column 31"],
        ])
    );
    assert_eq!(stage.run(&["policy", "check"]).code, 3);
}

#[test]
fn a_name_that_no_document_defines_is_named_with_its_place() {
    let stage = Stage::idle();
    let books = fs::read_to_string(stage.path("config/books.json")).expect("books");
    stage.write("config/books.json", books.replace("barbell-portfolio", "barbel-portfolio"));
    let ran = stage.run(&["policy", "check"]);
    assert_eq!(ran.code, 3);
    let expected = "config/books.json: Rank1_riskfolio_barbell: strategy_id names \"barbel-portfolio\", which no document defines";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn rules_that_changed_are_shown_as_not_adopted_yet() {
    let stage = Stage::demo();
    assert_eq!(stage.json(&["policy", "show"])["standing"], "in_force");
    let home = fs::read_to_string(stage.path("config/fillwright.json")).expect("a home");
    stage.write("config/fillwright.json", home.replace("demo-2026-01", "demo-2026-02"));
    assert_eq!(stage.json(&["policy", "show"])["standing"], "not_adopted");
    assert_eq!(stage.json(&["status"])["rules_version"], "demo-2026-01");
}

fn rename_version(stage: &Stage, from: &str, to: &str) {
    let home = fs::read_to_string(stage.path("config/fillwright.json")).expect("a home");
    stage.write("config/fillwright.json", home.replace(from, to));
}

#[test]
fn a_run_goes_on_with_the_rules_in_force_and_says_which_documents_differ() {
    let stage = Stage::demo();
    rename_version(&stage, "demo-2026-01", "demo-2026-02");
    let ran = stage.run(&["run", "--by", "risk-1"]).ok();
    assert!(ran.err.contains("the rules in force hold"), "{}", ran.err);
    assert!(ran.err.contains("fillwright.json"), "{}", ran.err);
    assert_eq!(stage.json(&["status"])["rules_version"], "demo-2026-01");
    stage.run(&["run", "--by", "risk-1", "--adopt"]).ok();
    assert_eq!(stage.json(&["status"])["rules_version"], "demo-2026-02");
}

#[test]
fn live_does_not_start_beside_documents_that_are_not_in_force() {
    let stage = Stage::idle();
    let home = fs::read_to_string(stage.path("config/fillwright.json")).expect("a home");
    let home = home.replace("\"paper\"", "\"live\"");
    let required = format!("\"sessions_required\": true, \"builds\": [\"{}\"]", own_build());
    let home = home.replace("\"sessions_required\": false", &required);
    stage.write("config/fillwright.json", home);
    stage.run(&["run", "--by", "risk-1"]).ok();
    rename_version(&stage, "demo-2026-01", "demo-2026-02");
    let ran = stage.run(&["run", "--by", "risk-1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("live does not start"), "{}", ran.err);
}

#[test]
fn a_change_beyond_the_bounds_is_adopted_by_two_and_taken_back_while_halted() {
    let stage = Stage::idle();
    let bounds = r#"{"bounds":{"/execution/quote_age_max_ms":{"least":"10000","most":"60000"}}}"#;
    stage.write("config/policies/operator_bounds.json", bounds);
    stage.run(&["run", "--by", "risk-1"]).ok();
    let first = stage.json(&["policy", "history"])["versions"][0]["hash"].clone();
    let policy = stage.path("config/policies/execution_policies.json");
    let written = fs::read_to_string(policy).expect("a policy");
    let change = |age: &str| {
        let changed = written.replacen("60000", age, 1);
        stage.write("config/policies/execution_policies.json", changed);
    };
    change("60001");
    let signed = ["--by", "risk-1", "--reason", "calmer"];
    let diff = stage.json(&["policy", "diff"]);
    assert_eq!(diff["beyond_bounds"][0]["path"], "/execution/quote_age_max_ms");
    let adopt = [&["policy", "adopt", "--author", "desk-1", "--evidence", "TCA-7"], &signed[..]];
    let asked = stage.json(&adopt.concat());
    assert_eq!(asked["came_of_it"], "waits_for_approval");
    let hash = asked["hash"].as_str().expect("a hash").to_owned();
    let approve = |by: &str| {
        stage.json(&["policy", "approve", &hash[..12], "--by", by, "--reason", "checked"])
    };
    assert_eq!(approve("risk-1")["came_of_it"], "refused");
    assert_eq!(approve("risk-2")["came_of_it"], "in_force");
    let first = first.as_str().expect("a hash");
    let rollback = [&["policy", "rollback", first], &signed[..]].concat();
    let refused = stage.json(&rollback);
    let why = refused["why_refused"].as_str().expect("a reason");
    assert!(why.contains("takes a halt"), "{why}");
    stage.run(&["kill", "--by", "ops-1", "--reason", "wrong limits"]).ok();
    // Back to a value within its bound: one person, once trading is halted.
    assert_eq!(stage.json(&rollback)["came_of_it"], "in_force");
    let history = stage.json(&["policy", "history"]);
    let steps = history["versions"].as_array().expect("versions");
    let told: Vec<&str> = steps.iter().filter_map(|step| step["what"].as_str()).collect();
    let two = ["rulebook_proposed", "rulebook_approved", "rulebook_came_in_force", "in_force"];
    let one = ["rulebook_proposed", "rulebook_came_in_force", "in_force"];
    assert_eq!(told, [&["in_force"], &two[..], &one[..]].concat());
    assert_eq!(steps[1]["author"], "desk-1");
    assert_eq!(steps[1]["evidence"][0], "TCA-7");
}
