//! Policies checked and shown.

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
        ran.out.contains("2 limits are missing: what they would judge is denied"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("missing: denies"), "{}", ran.out);
    assert_eq!(stage.json(&["policy", "check"])["missing_limits"], 2);
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
