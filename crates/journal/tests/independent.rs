//! A short Python script, written from `docs/journal-format.md` alone, agrees with us about sound and damaged journals.

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use fillwright_domain::hex;
use fillwright_journal::{FileStorage, Hash, Journal, segment_name};
use fixture::{options, write_batch};

/// Runs the script on a folder, or says why it cannot.
fn script(folder: &Path) -> Result<Output, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify_chain.py");
    let run = Command::new("python3").arg(script).arg(folder).arg("test").output();
    run.map_err(|error| format!("skipped: python3 cannot be run ({error})"))
}

/// Writes a journal of several segments into a fresh folder and returns the folder and the chain's head.
fn sample(name: &str) -> (PathBuf, Hash) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("independent-{name}"));
    let _ = fs::remove_dir_all(&folder);
    let storage = Arc::new(FileStorage::new(&folder).expect("the folder can be made"));
    let (mut journal, _) = Journal::open(storage, &options(), 5).expect("opens");
    for batch in 0..30 {
        write_batch(&mut journal, 1 + batch % 25).expect("durable");
    }
    let receipt = journal.close(6).expect("closes");
    (folder, *receipt.head())
}

/// Damages a journal and checks that the script refuses it with this sentence.
fn check(name: &str, damage: impl FnOnce(&Path), sentence: &str) {
    let (folder, _) = sample(name);
    damage(&folder);
    match script(&folder) {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && told.contains(sentence), "{told}");
        }
        Err(reason) => eprintln!("{reason}"),
    }
}

fn flip(folder: &Path, byte: usize) {
    let path = folder.join(segment_name(1));
    let mut bytes = fs::read(&path).expect("readable");
    bytes[byte] ^= 1;
    fs::write(&path, bytes).expect("writable");
}

#[test]
fn the_script_verifies_a_journal_of_several_segments_and_finds_the_same_head() {
    let (folder, head) = sample("sound");
    match script(&folder) {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(told.contains(&hex::write(&head)), "{told}");
        }
        Err(reason) => eprintln!("{reason}"),
    }
}

#[test]
fn the_script_refuses_a_changed_header() {
    check("header", |folder| flip(folder, 3000), "entry 1 ");
}

#[test]
fn the_script_refuses_a_changed_payload() {
    check("payload", |folder| flip(folder, 20_000), "entry broken");
}

#[test]
fn the_script_refuses_a_missing_segment() {
    let remove = |folder: &Path| fs::remove_file(folder.join(segment_name(1))).expect("removable");
    check("missing", remove, "segment does not follow");
}

#[test]
fn the_script_refuses_a_journal_shorter_than_its_checkpoint() {
    let cut = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("readable")
            .map(|item| item.expect("named").path())
            .collect();
        names.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        names.sort();
        fs::remove_file(names.pop().expect("there are segments")).expect("removable");
    };
    check("cut", cut, "the journal ends early");
}

#[test]
fn the_script_has_at_most_sixty_lines() {
    let script = include_str!("verify_chain.py");
    assert!(script.lines().count() <= 60);
}
