//! Which program may take intents: the rules name it, and in live no other starts.

use crate::stage::Stage;
use std::process::Command;

const CLOCK: &str = "2026-01-06T15:00:00Z";

/// The hash people take of it: that of the executable.
pub(crate) fn own_build() -> String {
    let program = env!("CARGO_BIN_EXE_fillwright");
    let said = Command::new("sha256sum").arg(program).output().expect("sha256sum can be run");
    let said = String::from_utf8(said.stdout).expect("text");
    said.split(' ').next().unwrap_or_default().to_owned()
}

/// A home whose rules are those of an environment and name these programs.
fn stage(environment: &str, builds: &[&str]) -> Stage {
    let stage = Stage::idle();
    let home = serde_json::json!({
        "version": "1", "partition": "main", "environment": environment, "builds": builds,
        "sessions_required": environment == "live",
    });
    stage.write("config/fillwright.json", home.to_string());
    stage.write("data/inbox/empty.ndjson", "");
    stage
}

/// K1: a start with another hash is refused in live, and taken where the rules allow it.
#[test]
fn live_starts_with_a_program_that_the_rules_name_and_with_no_other() {
    let other = "0".repeat(64);
    for builds in [vec![], vec![other.as_str()]] {
        let stage = stage("live", &builds);
        let ran = stage.run(&["run"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(ran.err.contains("do not allow this program to take intents"), "{}", ran.err);
        assert!(ran.err.contains(&own_build()), "it names the hash to adopt: {}", ran.err);
        let incidents = stage.json(&["incident", "list"]).to_string();
        assert!(incidents.contains("build_not_allowed"), "{incidents}");
        let entries = stage.run(&["journal", "cat"]).ok().out;
        assert!(entries.contains("build_stated"), "{entries}");
        stage.run(&["kill", "--by", "ops-1", "--reason", "a stop is taken by any program"]).ok();
    }
    let own = own_build();
    let stage = stage("live", &[&other, &own]);
    stage.run(&["run"]).ok();
    let entries = stage.run(&["journal", "cat"]).ok().out;
    assert!(entries.contains(&own), "the journal says which program ran: {entries}");
}

#[test]
fn elsewhere_rules_that_name_programs_mean_it_and_rules_that_name_none_take_any() {
    let other = "0".repeat(64);
    assert_eq!(stage("paper", &[&other]).run(&["run", "--clock", CLOCK]).code, 3);
    stage("paper", &[&own_build()]).run(&["run", "--clock", CLOCK]).ok();
    stage("paper", &[]).run(&["run", "--clock", CLOCK]).ok();
}

#[test]
fn a_build_is_named_by_its_hash() {
    let ran = stage("paper", &["1.4"]).run(&["policy", "check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("64 hexadecimal digits"), "{} {}", ran.out, ran.err);
}
