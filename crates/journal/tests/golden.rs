//! Journals of every format version that was ever released stay readable.
//!
//! `golden/v1` was written once by `write_golden` below. When the format changes, add `golden/v2` and keep `v1`:
//! `JOURNAL_GOLDEN=tests/golden/v2 cargo test -p fillwright-journal --test golden`.
//! Never write over a folder that is committed; the function refuses to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fillwright_domain::hex;
use fillwright_journal::snapshot::{latest_valid, store};
use fillwright_journal::{
    FileStorage, Journal, JournalOptions, MemoryStorage, Preparation, Storage, verify,
};

const ENTRIES: u64 = 150;

fn options() -> JournalOptions {
    JournalOptions {
        build: "golden".to_owned(),
        segment_bytes: 16 << 10,
        signing_seed: Some([42; 32]),
        preparation: Preparation::Inline,
        ..JournalOptions::new("golden")
    }
}

fn payload(seq: u64) -> Vec<u8> {
    format!("entry {seq} ").repeat(usize::try_from(seq % 40).expect("small")).into_bytes()
}

/// Copies a committed journal into memory, so that opening it cannot change it.
fn check(version: &str, head: &str, segments: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(version);
    let memory = MemoryStorage::new();
    for item in fs::read_dir(folder).expect("the golden journal is there") {
        let path = item.expect("named").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("plain names");
        memory.set_content(name, &fs::read(&path).expect("readable"));
    }
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let found = verify(&storage, &options()).expect("it verifies");
    assert_eq!((found.last_seq, found.segments, found.torn_tail), (ENTRIES, segments, None));
    assert_eq!((hex::write(&found.head).as_str(), found.checkpoints), (head, 3));
    let (snapshot, skipped) = latest_valid(&memory).expect("lists");
    assert_eq!(
        (snapshot.map(|snapshot| snapshot.state), skipped.len()),
        (Some(b"state at 60".to_vec()), 0)
    );
    check_entries(storage);
}

fn check_entries(storage: Arc<dyn Storage>) {
    let mut recovery = Journal::recover(storage, &options(), 0).expect("starts");
    let mut next = 1;
    while let Some(chunk) = recovery.next_chunk().expect("sound") {
        for entry in chunk.entries() {
            assert_eq!((entry.seq, entry.payload), (next, payload(next).as_slice()));
            next += 1;
        }
    }
    assert_eq!(next, ENTRIES + 1);
    let (mut journal, _) = recovery.finish().expect("opens for writing");
    journal.append(1, b"goes on").expect("fits");
    assert_eq!(journal.commit().expect("durable").last_seq(), ENTRIES + 1);
}

#[test]
fn version_1_is_readable() {
    check("v1", "17d388b109cc8dc8bfd75593113fa6fc2c9e5be8fc59d29623dd4713a3fa21c8", 3);
}

#[test]
fn a_golden_journal_is_written_where_one_is_asked_for() {
    let Ok(folder) = std::env::var("JOURNAL_GOLDEN") else {
        println!("nothing written: JOURNAL_GOLDEN does not name a new folder");
        return;
    };
    let folder = PathBuf::from(folder);
    assert!(!folder.exists(), "a golden journal is never written over");
    let storage = Arc::new(FileStorage::new(&folder).expect("the folder can be made"));
    let (mut journal, _) = Journal::open(storage.clone(), &options(), 1_000).expect("opens");
    for seq in 1..=ENTRIES {
        journal.append(1_000 + seq.cast_signed(), &payload(seq)).expect("fits");
        if seq % 15 == 0 {
            let receipt = journal.commit().expect("durable");
            if seq == 60 {
                store(&*storage, &receipt, 2_000, b"state at 60").expect("stored");
            }
        }
    }
    let receipt = journal.close(3_000).expect("closes");
    for name in storage.list().expect("lists") {
        if name.starts_with("spare-") || name == fillwright_journal::LOCK_FILE {
            storage.remove(&name).expect("removable");
        }
    }
    eprintln!("head {}", hex::write(receipt.head()));
}
