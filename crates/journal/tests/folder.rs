//! On a real folder: one writer only, restarts, and the same bytes as in memory.

mod fixture;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fillwright_journal::{
    FileStorage, Journal, JournalError, LOCK_FILE, MemoryStorage, Preparation, Storage,
};
use fixture::{options, write_batch};

/// A process that is being started holds what its parent has open until it becomes another program: while one test starts
/// one, no other may find out whether its own lock is free.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names the folder of one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("journal-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn storage(folder: &PathBuf) -> Arc<dyn Storage> {
    Arc::new(FileStorage::new(folder).expect("the folder can be made"))
}

#[test]
fn the_second_writer_on_a_folder_is_refused_and_told_who_holds_it() {
    let _alone = alone();
    let folder = folder("two-writers");
    let (first, _) = Journal::open(storage(&folder), &options(), 0).expect("opens");
    let refused =
        Journal::open(storage(&folder), &options(), 0).map(|_| ()).expect_err("it is held");
    let us = std::process::id().to_string();
    assert!(matches!(&refused, JournalError::Locked { holder } if *holder == us), "{refused}");
    drop(first);
    Journal::open(storage(&folder), &options(), 0).expect("the lock is free again");
}

#[test]
fn a_writer_of_another_process_is_refused_too() {
    let _alone = alone();
    let folder = folder("other-process");
    let (journal, _) = Journal::open(storage(&folder), &options(), 0).expect("opens");
    let locked = || {
        let flock = Command::new("flock")
            .args(["--nonblock"])
            .arg(folder.join(LOCK_FILE))
            .arg("true")
            .status();
        flock.map(|status| !status.success())
    };
    match locked() {
        Ok(held) => assert!(held, "another process could take the lock"),
        Err(error) => return eprintln!("skipped: the flock command cannot be run ({error})"),
    }
    drop(journal);
    assert!(!locked().expect("it ran before"), "the lock was not given up");
}

#[test]
fn a_folder_and_memory_hold_the_same_bytes() {
    let _alone = alone();
    for preparation in [Preparation::Inline, Preparation::Background] {
        let folder = folder(&format!("same-bytes-{preparation:?}"));
        let options = fillwright_journal::JournalOptions { preparation, ..options() };
        let memory = MemoryStorage::new();
        let mut segments = 0;
        for storage in [storage(&folder), Arc::new(memory.clone())] {
            for _ in 0..3 {
                let (mut journal, _) =
                    Journal::open(Arc::clone(&storage), &options, 5).expect("opens");
                for _ in 0..10 {
                    write_batch(&mut journal, 21).expect("durable");
                }
                journal.close(7).expect("closes");
            }
        }
        for name in memory.list().expect("lists").iter().filter(|name| !name.starts_with("spare-"))
        {
            let on_disk = fs::read(folder.join(name)).expect("the same file is on disk");
            assert!(Some(on_disk) == memory.content(name), "{name} differs");
            segments += 1;
        }
        assert!(segments > 4, "only {segments} files were compared");
    }
}
