//! Which research runs are audited: the registry, and the upstream ledger behind it.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them when it rewrites")]

use expect_test::{Expect, expect};
use fillwright_intake::registry::read_registry;
use fillwright_intake::{AuditedRun, ledger};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn check_registry(input: &str, expected: &Expect) {
    let told = match read_registry("audited_runs.json", input.as_bytes()) {
        Ok(runs) => {
            let run = |run: &AuditedRun| format!("{} {}\n", run.run_id, run.manifest_hash);
            runs.iter().map(run).collect()
        }
        Err(refusal) => format!("{refusal} [{}]\n", refusal.kind.code()),
    };
    expected.assert_eq(&told);
}

#[test]
fn the_registry_names_runs_and_their_manifests() {
    check_registry(
        &format!(r#"{{"runs": [{{"run_id": "20260106-prod-q1", "manifest_hash": "{HASH}"}}]}}"#),
        &expect![[r#"
            20260106-prod-q1 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        "#]],
    );
    check_registry(r#"{"runs": []}"#, &expect![[r""]]);
}

#[test]
fn the_registry_is_strict() {
    let run = format!(r#"{{"run_id": "r", "manifest_hash": "{HASH}"}}"#);
    check_registry(
        &format!("{{\"runs\": [\n{run},\n{run}]}}"),
        &expect![[r#"
        audited_runs.json:3:1: runs[1].run_id: `r` is used twice; names must differ [repeated_name]
    "#]],
    );
    check_registry(
        &format!(r#"{{"runs": [{run}], "version": 1}}"#),
        &expect![[r#"
        audited_runs.json:1:114: version: is not a field here; the fields are runs [unknown_field]
    "#]],
    );
    check_registry(
        &format!(r#"{{"runs": [{}]}}"#, run.replace("9f86", "9F86")),
        &expect![[r#"
        audited_runs.json:1:44: runs[0].manifest_hash: is `9F86d081884c7d659a2feaa0c55ad015a3bf4f1b…`; write a SHA-256 as 64 lower-case hexadecimal digits [out_of_range]
    "#]],
    );
    check_registry(
        &format!(r#"{{"runs": [{}]}}"#, run.replace(HASH, "")),
        &expect![[r#"
        audited_runs.json:1:44: runs[0].manifest_hash: is ``; write a SHA-256 as 64 lower-case hexadecimal digits [out_of_range]
    "#]],
    );
    check_registry(
        r#"{"runs": [{"run_id": "r"}]}"#,
        &expect![[r#"
        audited_runs.json:1:11: runs[0].manifest_hash: is missing; add it [missing_field]
    "#]],
    );
    check_registry(
        r#"{"runs": {}}"#,
        &expect![[r#"
        audited_runs.json:1:10: runs: is an object; write an array [wrong_type]
    "#]],
    );
    check_registry(
        "{}",
        &expect![[r#"
        audited_runs.json:1:1: runs: is missing; add it [missing_field]
    "#]],
    );
    check_registry(
        &format!(r#"{{"runs": [{run}"#),
        &expect![[r#"
        audited_runs.json:1:111: runs: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
    check_registry(
        "",
        &expect![[r#"
        audited_runs.json:1:1: ends before it is complete; it was cut off, or is still being written [unfinished]
    "#]],
    );
}

/// Written by Python: `chain` in `fuzz/seed_corpora.py` states the rule in a few lines.
const LEDGER: &str = include_str!("../../../fuzz/corpus/ledger/genesis_intent_outcome");

fn check_ledger(input: &str, expected: &Expect) {
    let told = match ledger::verify("audit.jsonl", input.as_bytes()) {
        Ok(ledger) => {
            let runs: Vec<&str> = ledger.runs.iter().map(|run| run.run_id.as_str()).collect();
            format!("{} records, runs {runs:?}, head {}\n", ledger.records, ledger.head)
        }
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&told);
}

#[test]
fn a_ledger_that_python_wrote_is_verified_and_its_runs_are_found() {
    check_ledger(
        LEDGER,
        &expect![[r#"
        3 records, runs ["20260106-prod-q1"], head 9994dcc935e2b02a1b3e5f9a568db7f43f5d5f44c94a614148ad0a3e69fea72b
    "#]],
    );
    check_ledger(
        "",
        &expect![[r#"
        0 records, runs [], head 0000000000000000000000000000000000000000000000000000000000000000
    "#]],
    );
}

#[test]
fn everything_python_writes_differently_is_hashed_as_python_does() {
    check_ledger(
        include_str!("../../../fuzz/corpus/ledger/characters"),
        &expect![[r#"
        2 records, runs ["20260106-prod-q1"], head aaba02d5f261e8974a5a1ff650b0b8e1976643ed809e27dfde3e4ad6648a2bee
    "#]],
    );
    check_ledger(
        include_str!("../../../fuzz/corpus/ledger/nan_metric"),
        &expect![[r#"
        2 records, runs ["20260106-prod-q1"], head a0b9a8707cd51bf1f52fdc252410f6145cd9907a6a1a74204c36f07591c30764
    "#]],
    );
    check_ledger(
        include_str!("../../../fuzz/corpus/ledger/compact"),
        &expect![[r#"
        2 records, runs ["20260106-prod-q1"], head 0d03da2751e1b7580f0eb1fb7b879b3bffff14e5ff6ffd6a423b88a87c7e1b94
    "#]],
    );
}

#[test]
fn every_change_to_a_ledger_is_noticed_at_its_line() {
    let lines: Vec<&str> = LEDGER.lines().collect();
    check_ledger(
        &LEDGER.replacen("covariance", "covarianse", 1),
        &expect![[r#"
        audit.jsonl:2:10: hash: the record was altered: its content has the hash 1e756c7befa42838bd0d695cb3036a569bc40d2301a09c3442cd0121471d315a
    "#]],
    );
    check_ledger(
        &[lines[1], lines[2]].join("\n"),
        &expect![[r#"
        audit.jsonl:1:177: prev_hash: the chain breaks here: the record before has the hash 0000000000000000000000000000000000000000000000000000000000000000
    "#]],
    );
    check_ledger(
        &[lines[0], lines[2]].join("\n"),
        &expect![[r#"
        audit.jsonl:2:255: prev_hash: the chain breaks here: the record before has the hash 1bfc220f8683906c579470977663105c5ce4070d8e2055d4066e0c5e3125b8ec
    "#]],
    );
    check_ledger(
        &[lines[0], lines[0]].join("\n"),
        &expect![[r#"
        audit.jsonl:2:195: prev_hash: the chain breaks here: the record before has the hash 1bfc220f8683906c579470977663105c5ce4070d8e2055d4066e0c5e3125b8ec
    "#]],
    );
    check_ledger(
        &LEDGER[..LEDGER.len() - 30],
        &expect![[r#"
        audit.jsonl:3:388: ts: ends before it is complete; it was cut off, or is still being written
    "#]],
    );
    check_ledger(
        "{\"prev_hash\": 7}",
        &expect![[r#"
        audit.jsonl:1:15: prev_hash: is a number; write a SHA-256 as 64 lower-case hexadecimal digits
    "#]],
    );
    check_ledger(
        "{}",
        &expect![[r#"
        audit.jsonl:1:1: prev_hash: is missing; add it
    "#]],
    );
    check_ledger(
        "[]",
        &expect![[r#"
        audit.jsonl:1:1: is an array; write an object
    "#]],
    );
}

#[test]
fn no_digit_of_a_ledger_can_be_flipped_unnoticed() {
    for at in 0..LEDGER.len() {
        let mut bytes = LEDGER.as_bytes().to_vec();
        bytes[at] ^= 1;
        let same_meaning =
            LEDGER.as_bytes()[at].is_ascii_whitespace() || bytes[at].is_ascii_whitespace();
        let verified = ledger::verify("audit.jsonl", &bytes[..]);
        assert!(verified.is_err() || same_meaning, "byte {at} was flipped unnoticed");
    }
}
