//! The demo: every fate of an intent, the same bytes every time, and nothing done twice.

use crate::stage::{Stage, masked};
use expect_test::expect_file;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn outcomes(done: &Value) -> BTreeSet<String> {
    let intents = done["intents"].as_array().expect("intents");
    intents.iter().map(|row| row["outcome"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn the_demo_shows_every_fate_and_ends_well() {
    let stage = Stage::empty();
    let ran = stage.run(&["demo"]).ok();
    let home = stage.home().display().to_string();
    expect_file!["told/demo.txt"].assert_eq(&masked(&ran.out.replace(&home, "HOME")));
    assert_eq!(ran.err, "");
}

#[test]
fn the_demo_in_json_is_one_document_with_every_fate() {
    let stage = Stage::empty();
    let ran = stage.run(&["demo", "--json"]).ok();
    assert_eq!(ran.out.lines().count(), 1);
    let done = ran.last_json();
    let fates =
        ["executed", "reduced", "partial", "denied", "skipped", "failed", "duplicate", "conflict"];
    assert_eq!(outcomes(&done), fates.map(str::to_owned).into());
    assert_eq!(done["refused"].as_array().map(Vec::len), Some(9));
    assert_eq!(done["journal"]["decided_otherwise"], 0);
}

#[test]
fn two_fresh_homes_get_the_same_journal_to_the_byte() {
    let (one, other) = (Stage::demo(), Stage::demo());
    let segment = "data/journal";
    let mut names: Vec<_> = fs::read_dir(one.path(segment))
        .expect("a journal")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("a name"))
        .filter(|name| std::path::Path::new(name).extension().is_some_and(|ending| ending == "seg"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for name in names {
        let read = |stage: &Stage| fs::read(stage.path(segment).join(&name)).expect("a segment");
        assert!(read(&one) == read(&other), "{name} differs");
    }
}

#[test]
fn a_second_run_on_the_same_home_sends_no_order_twice() {
    let stage = Stage::demo();
    let orders =
        |stage: &Stage| stage.json(&["journal", "stat"])["events"]["order_emitted"].clone();
    let (before, second) = (orders(&stage), stage.json(&["demo"]));
    assert_eq!(orders(&stage), before);
    let fates = outcomes(&second);
    assert!(fates.contains("duplicate"), "{fates:?}");
    assert!(!fates.contains("executed") && !fates.contains("reduced"), "{fates:?}");
}

#[test]
fn the_demo_writes_nothing_into_a_folder_that_holds_something_else() {
    let stage = Stage::empty();
    stage.write("letter.txt", "dear reader");
    let ran = stage.run(&["demo"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("is not empty and no demo home, so nothing was written"),
        "{}",
        ran.err
    );
    assert_eq!(fs::read_dir(stage.home()).expect("a folder").count(), 1);
}

#[test]
fn the_demo_leaves_a_changed_file_as_it_is() {
    let stage = Stage::demo();
    let changed = fs::read_to_string(stage.path("config/strategies.json")).expect("strategies");
    let changed = changed.replace("\"owner\": \"uptrend desk\"", "\"owner\": \"other desk\"");
    stage.write("config/strategies.json", &changed);
    stage.run(&["demo"]).ok();
    assert_eq!(
        fs::read_to_string(stage.path("config/strategies.json")).expect("strategies"),
        changed
    );
}
