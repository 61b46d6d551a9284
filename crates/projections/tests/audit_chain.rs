//! The audit ledger as an auditor sees it: a few lines of Python, and upstream's own records before ours.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says what it skips"
)]

mod desk;

use desk::day;
use fillwright_projections::Paths;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const VERIFY: &str = r#"
import hashlib, json, sys
prev, lines = "0" * 64, 0
for line in open(sys.argv[1], encoding="utf-8"):
    record = json.loads(line)
    claimed = record.pop("hash")
    assert record["prev_hash"] == prev, line
    assert hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest() == claimed, line
    prev, lines = claimed, lines + 1
print(lines)
"#;

/// Writes records as upstream does: floats, text outside ASCII, keys in any order.
const UPSTREAM: &str = r#"
import hashlib, json, sys
prev = "0" * 64
with open(sys.argv[1], "w", encoding="utf-8") as ledger:
    for record in [
        {"ts": "2026-01-05T22:00:00", "type": "genesis", "run_id": "20260106-prod-q1", "profile": "barbell",
         "manifest_hash": "ab" * 32, "git_hash": "f00"},
        {"ts": "2026-01-05T22:01:00", "type": "intent", "step": "optimize", "params": {"cap": 0.25, "name": "\u00e9\u2014"},
         "input_hashes": {"returns": "cd" * 32}},
        {"ts": "2026-01-05T22:02:00", "type": "outcome", "step": "optimize", "status": "success",
         "output_hashes": {"weights": "ef" * 32}, "metrics": {"sharpe": 1.0715e-05}},
    ]:
        record["prev_hash"] = prev
        prev = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
        record["hash"] = prev
        ledger.write(json.dumps(record) + "\n")
"#;

/// Runs a program; `None` where there is no Python.
fn python(program: &str, file: &Path) -> Option<Output> {
    let ran = Command::new("python3").arg("-c").arg(program).arg(file).output();
    if ran.is_err() {
        println!("skipped: there is no python3 on this machine");
    }
    ran.ok()
}

fn verified_lines(file: &Path) -> Option<usize> {
    let output = python(VERIFY, file)?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).trim().parse().unwrap())
}

#[test]
fn a_few_lines_of_python_verify_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    day().feed_all(folder.path());
    let audit = Paths::new(folder.path()).audit();
    let Some(lines) = verified_lines(&audit) else { return };
    assert!(lines > 40, "{lines}");
    assert_eq!(lines, fs::read_to_string(&audit).unwrap().lines().count());
}

#[test]
fn the_chain_goes_on_behind_upstream_records_and_leaves_them_as_they_are() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    let audit = Paths::new(folder.path()).audit();
    if python(UPSTREAM, &audit).is_none() {
        return;
    }
    let upstream = fs::read(&audit).unwrap();
    day.feed_all(folder.path());
    assert!(fs::read(&audit).unwrap().starts_with(&upstream));
    assert!(verified_lines(&audit).unwrap() > 43);
}

#[test]
fn cut_at_any_byte_behind_upstream_records_the_chain_goes_on_the_same() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    if python(UPSTREAM, &paths.audit()).is_none() {
        return;
    }
    let upstream = fs::read(paths.audit()).unwrap().len();
    drop(day.feed(folder.path(), 6, 10));
    let whole = fs::read(paths.audit()).unwrap();
    let mut cuts = 0;
    for cut in (upstream..whole.len()).step_by(37).chain([upstream, whole.len()]) {
        fs::write(paths.audit(), &whole[..cut]).unwrap();
        drop(day.feed(folder.path(), 6, 10));
        assert_eq!(fs::read(paths.audit()).unwrap(), whole, "cut at {cut}");
        cuts += 1;
    }
    assert!(cuts > 50, "{cuts}");
}

#[test]
fn upstream_may_append_behind_us_and_we_go_on_behind_it() {
    let day = day();
    let folder = tempfile::tempdir().unwrap();
    let audit = Paths::new(folder.path()).audit();
    drop(day.feed(folder.path(), 20, 10));
    let append = UPSTREAM.replace("\"w\"", "\"a\"").replace(
        "prev = \"0\" * 64",
        "prev = json.loads(open(sys.argv[1]).readlines()[-1])[\"hash\"]",
    );
    if python(&append, &audit).is_none() {
        return;
    }
    day.feed_all(folder.path());
    let lines = verified_lines(&audit).unwrap();
    assert_eq!(lines, 3 + uninterrupted_lines());
}

fn uninterrupted_lines() -> usize {
    let folder = tempfile::tempdir().unwrap();
    day().feed_all(folder.path());
    fs::read_to_string(Paths::new(folder.path()).audit()).unwrap().lines().count()
}

#[test]
fn a_ledger_that_ends_without_a_hash_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    fs::write(paths.audit(), "{\"ts\":\"2026-01-05\",\"note\":\"by hand\"}\n").unwrap();
    let error = fillwright_projections::Projections::open(&paths, "x").err().unwrap();
    assert!(error.to_string().contains("has no `hash` of 64 hexadecimal digits"), "{error}");
}

#[test]
fn every_fill_and_outcome_line_of_the_log_is_hashed_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    day().feed_all(folder.path());
    let paths = Paths::new(folder.path());
    let ledger = fs::read_to_string(paths.audit()).unwrap();
    let hashed: BTreeSet<String> = ledger.lines().flat_map(output_hashes).collect();
    let log = fs::read_to_string(paths.execution_log()).unwrap();
    let mut checked = 0;
    for line in log.lines().filter(|line| !line.contains("\"type\":\"result\"")) {
        let hash = Sha256::digest(line)
            .iter()
            .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        assert!(hashed.contains(&hash), "{line}");
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

fn output_hashes(line: &str) -> Vec<String> {
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    let hashes = &record["output_hashes"];
    let fills = hashes["fills"].as_array().cloned().unwrap_or_default();
    let all = fills.iter().chain([&hashes["outcome"]]);
    all.filter_map(|hash| hash.as_str()).map(str::to_owned).collect()
}
