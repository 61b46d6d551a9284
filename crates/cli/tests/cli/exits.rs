//! Every exit code, and that an error says what happened, where, and what to do.

use crate::stage::{Stage, fillwright, ran};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

#[test]
fn one_where_a_line_was_refused_and_that_was_not_to_be() {
    let stage = Stage::idle();
    stage.write("data/inbox/a.ndjson", "{\"nothing\": 1}\n");
    let lenient = stage.run(&["run"]).ok();
    assert!(lenient.out.contains("warning: 1 line could not be read"), "{}", lenient.out);
    assert_eq!(stage.run(&["run", "--strict"]).code, 1);
    let kept = fs::read_to_string(stage.path("data/intake/refusals.ndjson")).expect("refusals");
    assert_eq!(kept.lines().count(), 1, "the same refusal is kept once");
}

#[test]
fn one_where_verification_fails() {
    let stage = Stage::demo();
    stage.damage_journal();
    let ran = stage.run(&["verify"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("verification FAILED\n"), "{}", ran.out);
    assert!(ran.out.contains("the journal is damaged at entry"), "{}", ran.out);
    let found = stage.json(&["verify"]);
    assert_eq!(found["ok"], false);
    assert!(found["damaged_seq"].as_u64().is_some_and(|seq| seq > 1), "{found}");
}

#[test]
fn two_where_the_command_line_makes_no_sense() {
    let bare = ran(fillwright(&["run"]).stdin(Stdio::null()));
    assert_eq!(bare.code, 2);
    assert!(bare.err.starts_with("error: no home was named; give --home DIR"), "{}", bare.err);
    let stage = Stage::idle();
    assert_eq!(stage.run(&["fly"]).code, 2);
    let missing = stage.run(&["run", "--intents", "nowhere.ndjson"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.starts_with("error: --intents nowhere.ndjson: "), "{}", missing.err);
}

#[test]
fn three_where_a_policy_document_cannot_be_used() {
    let stage = Stage::idle();
    stage.write("config/venues.json", "{\"venues\": {");
    let ran = stage.run(&["run"]);
    assert_eq!(ran.code, 3);
    let expected = "error: the policy documents cannot be used; nothing was adopted (`fillwright policy check` tells all that is wrong)\n  \
                    because: config/venues.json: is not a valid document\n  because: EOF while parsing";
    assert!(ran.err.starts_with(expected), "{}", ran.err);
    let json = stage.run(&["run", "--json"]);
    assert_eq!(json.last_json()["error"]["exit_code"], 3);
    assert_eq!(stage.run(&["policy", "check"]).code, 3);
}

#[test]
fn three_where_there_is_no_journal_to_read() {
    let stage = Stage::idle();
    let ran = stage.run(&["verify"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("there is no journal under"), "{}", ran.err);
    assert!(!stage.path("data/journal").exists(), "a reader makes nothing");
    assert!(!stage.path("data/keys").exists(), "a reader makes nothing");
}

#[test]
fn four_where_the_journal_is_damaged() {
    let stage = Stage::demo();
    stage.damage_journal();
    let ran = stage.run(&["run"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("because: the journal is damaged at entry"), "{}", ran.err);
    assert!(
        ran.err.contains("Nothing was changed. Keep this folder as it is, restore"),
        "{}",
        ran.err
    );
}

#[test]
fn five_where_the_disk_is_full() {
    let stage = Stage::idle();
    stage.write("data/inbox/a.ndjson", "{\"nothing\": 1}\n");
    fs::create_dir_all(stage.path("data/intake")).expect("a writable home");
    symlink("/dev/full", stage.path("data/intake/refusals.ndjson")).expect("a writable home");
    let ran = stage.run(&["run"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.err.contains("what was answered is safe"), "{}", ran.err);
}

#[test]
fn six_where_another_process_holds_the_journal() {
    let stage = Stage::idle();
    let mut running = stage.start(&["run", "--intents", "-", "--json"]);
    running.send("{}\n");
    assert_eq!(running.line()["answer"], "refused");
    let ran = stage.run(&["run"]);
    assert_eq!(ran.code, 6);
    assert!(ran.err.contains("the journal is held by another writer (process "), "{}", ran.err);
    assert_eq!(running.end().code, 0);
}

#[test]
fn seventy_where_a_read_model_cannot_be_read() {
    let stage = Stage::demo();
    stage.write(
        "data/blotter.sqlite",
        "this is no database, and long enough to be taken for one".repeat(100),
    );
    let ran = stage.run(&["run"]);
    assert_eq!(ran.code, 70, "{}", ran.err);
    assert!(ran.err.contains("blotter.sqlite"), "{}", ran.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let stage = Stage::demo();
    let shell = format!(
        "{} journal cat --home {} | head -n 1",
        env!("CARGO_BIN_EXE_fillwright"),
        stage.home().display()
    );
    let ran = ran(std::process::Command::new("sh").args(["-c", &shell]).stdin(Stdio::null())).ok();
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (1, ""));
}
