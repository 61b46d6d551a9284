//! Restarted anywhere, fed in batches of any size, every read model comes to the same bytes and rows.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod desk;

use desk::{Day, day};
use fillwright_projections::Paths;
use rusqlite::Connection;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder in memory where there is one, because these tests open thousands of files.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn files(paths: &Paths) -> [PathBuf; 9] {
    [
        paths.execution_events(),
        paths.risk_events(),
        paths.execution_log(),
        paths.audit(),
        paths.actual_state(),
        paths.change_log(),
        paths.incidents_log(),
        paths.live_sessions(),
        paths.paper_sessions(),
    ]
}

/// Everything the read models hold.
fn contents(data: &Path) -> Vec<String> {
    let paths = Paths::new(data);
    let texts = files(&paths).into_iter().map(|file| fs::read_to_string(file).unwrap());
    texts.chain([tables(&paths.blotter())]).collect()
}

/// Every row of every table.
fn tables(path: &Path) -> String {
    let database = Connection::open(path).unwrap();
    let mut names = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut dump = String::new();
    for name in names {
        let mut rows = database.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<_> = (0..columns).map(|column| row.get_ref(column).unwrap()).collect();
            writeln!(dump, "{name} {cells:?}").unwrap();
        }
    }
    dump
}

fn uninterrupted(day: &Day) -> Vec<String> {
    let folder = folder();
    day.feed_all(folder.path());
    contents(folder.path())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            fs::copy(file.path(), target).unwrap();
        }
    }
}

fn assert_same(data: &Path, expected: &[String], when: impl Fn() -> String) {
    for (place, (found, expected)) in contents(data).iter().zip(expected).enumerate() {
        let mut lines = found.lines().zip(expected.lines());
        let differs = lines.find(|(found, expected)| found != expected);
        assert!(found == expected, "model {place}, {}: {differs:#?}", when());
    }
}

#[test]
fn restarted_behind_every_entry_they_come_to_the_same_bytes() {
    let day = day();
    let expected = uninterrupted(&day);
    for stop in 0..=day.last_seq() {
        let folder = folder();
        drop(day.feed(folder.path(), stop, 7));
        day.feed_all(folder.path());
        assert_same(folder.path(), &expected, || format!("stopped behind entry {stop}"));
    }
    assert!(day.last_seq() > 40);
}

#[test]
fn restarted_before_every_entry_in_turn_they_come_to_the_same_bytes() {
    let day = day();
    let folder = folder();
    for stop in 1..=day.last_seq() {
        let projections = day.feed(folder.path(), stop, 1);
        assert!(projections.cursors().iter().all(|(_, cursor)| *cursor == stop));
    }
    assert_same(folder.path(), &uninterrupted(&day), || "at the end".to_owned());
}

#[test]
fn every_file_can_be_cut_anywhere_with_the_cursors_as_they_are_old_or_missing() {
    let day = day();
    let expected = uninterrupted(&day);
    let (whole, old) = (folder(), folder());
    day.feed_all(whole.path());
    drop(day.feed(old.path(), 20, 5));
    let mut cuts = 0;
    for file in 0..4 {
        let length =
            usize::try_from(fs::metadata(&files(&Paths::new(whole.path()))[file]).unwrap().len())
                .unwrap();
        for cut in cut_places(length) {
            for cursors in [Some(&whole), Some(&old), None] {
                let cutting = folder();
                copy(whole.path(), cutting.path());
                let paths = Paths::new(cutting.path());
                for leftover in ["", "-wal", "-shm"] {
                    drop(fs::remove_file(format!("{}{leftover}", paths.known().display())));
                }
                cursors
                    .map(|from| fs::copy(Paths::new(from.path()).known(), paths.known()).unwrap());
                let path = &files(&paths)[file];
                let bytes = fs::read(path).unwrap();
                fs::write(path, &bytes[..cut]).unwrap();
                day.feed_all(cutting.path());
                assert_same(cutting.path(), &expected, || {
                    format!("{} cut at {cut}", path.display())
                });
                cuts += 1;
            }
        }
    }
    assert!(cuts > 500, "{cuts}");
}

/// Every byte of the last lines, and one in a thousand of all others; that any byte will do is shown for lines of
/// every shape beside the code that writes them.
fn cut_places(length: usize) -> impl Iterator<Item = usize> {
    (0..length).filter(move |cut| cut % 997 == 0 || length - cut <= 16)
}

#[test]
fn a_read_model_that_was_removed_is_built_again() {
    let day = day();
    let expected = uninterrupted(&day);
    let whole = folder();
    day.feed_all(whole.path());
    let paths = Paths::new(whole.path());
    for file in files(&paths).into_iter().chain([paths.blotter(), paths.known()]) {
        for leftover in ["", "-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{leftover}", file.display())));
        }
        day.feed_all(whole.path());
        assert_same(whole.path(), &expected, || format!("without {}", file.display()));
    }
}

#[test]
fn a_gap_is_refused_and_old_entries_are_passed_over() {
    let day = day();
    let folder = folder();
    let mut projections = day.feed(folder.path(), 10, 3);
    let error = projections.catch_up(day.entries(11, 12)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry 12 came where entry 11 was expected; feed entries without a gap"
    );
    projections.catch_up(day.entries(0, day.last_seq())).unwrap();
    assert_same(folder.path(), &uninterrupted(&day), || "at the end".to_owned());
}
