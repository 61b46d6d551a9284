//! Restoring a copy of the journal, beside a home at rest and beside a run at work.

use crate::stage::{Stage, example};
use std::fs;
use std::path::Path;

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("a folder")
        .map(|item| item.expect("a file").path())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("readable")))
        .collect();
    files.sort();
    files
}

#[test]
fn a_restored_copy_comes_to_the_state_of_the_original_and_leaves_it_alone() {
    let stage = Stage::demo();
    let before = contents(&stage.path("data/journal"));
    let drill = stage.json(&["drill"]);
    assert_eq!(drill["ok"], true, "{drill}");
    assert_eq!(drill["original_state"], drill["opened_state"]);
    assert_eq!(drill["original_state"], drill["replayed_state"]);
    assert_eq!(drill["entries"], stage.json(&["verify"])["entries"]);
    assert!(drill["entries"].as_u64().is_some_and(|entries| entries > 50), "{drill}");
    assert!(contents(&stage.path("data/journal")) == before, "the original was changed");
    let left = fs::read_dir(stage.path("data")).expect("data");
    assert_eq!(left.flatten().filter(|item| is_drill(&item.path())).count(), 0);
}

fn is_drill(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("drill-"))
}

#[test]
fn a_copy_that_is_kept_can_take_the_originals_place() {
    let stage = Stage::demo();
    let hash = stage.json(&["verify"])["state_hash"].clone();
    let kept = stage.path("data/standby");
    stage.run(&["drill", "--into", kept.to_str().expect("a path")]).ok();
    fs::remove_dir_all(stage.path("data/journal")).expect("lost");
    fs::rename(kept, stage.path("data/journal")).expect("restored");
    let verified = stage.json(&["verify", "--redecide"]);
    assert_eq!((&verified["ok"], &verified["state_hash"]), (&true.into(), &hash));
}

#[test]
fn a_copy_is_never_made_over_something_else() {
    let stage = Stage::demo();
    let data = stage.path("data");
    let refused = stage.run(&["drill", "--into", data.to_str().expect("a path")]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
}

#[test]
fn a_restore_that_takes_longer_than_allowed_is_a_finding() {
    let stage = Stage::demo();
    let late = stage.run(&["drill", "--within", "0"]);
    assert_eq!(late.code, 1, "{}", late.out);
    assert!(late.out.contains("restoring it took too long"), "{}", late.out);
}

#[test]
fn a_damaged_journal_fails_the_drill_and_says_where() {
    let stage = Stage::demo();
    let segment = stage.path("data/journal/00000000000000000001.seg");
    let mut bytes = fs::read(&segment).expect("the segment");
    bytes[6_000] ^= 1;
    fs::write(&segment, bytes).expect("damaged");
    let failed = stage.run(&["drill"]);
    assert_ne!(failed.code, 0);
    assert!(failed.err.contains("entry"), "{}", failed.err);
}

#[test]
fn a_run_at_work_goes_on_beside_the_drill() {
    let stage = Stage::idle();
    let text = fs::read_to_string(example().join("data/inbox/10-uptrend.ndjson")).expect("intents");
    let lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    let clock = ["--clock", "2026-01-06T15:00:00Z"];
    let mut running = stage.start(&[&["run", "--intents", "-", "--json"][..], &clock].concat());
    running.send(&lines[0]);
    assert_eq!(running.line()["status"], "success");
    let drill = stage.json(&["drill"]);
    assert_eq!(drill["ok"], true, "{drill}");
    running.send(&lines[1]);
    assert_eq!(running.line()["status"], "success");
    running.end().ok();
}
