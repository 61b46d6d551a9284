//! Followers see every entry once, in order, and never before it is durable.

mod fixture;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use fillwright_journal::{Faults, Follower, Journal, JournalOptions, MemoryStorage, Preparation};
use fixture::{at, open, options, payload, shared, unsigned, write_batch};

/// Takes what the follower has and checks it; returns the last entry seen.
fn drain(follower: &mut Follower, mut last: u64) -> u64 {
    while let Some(chunk) = follower.next_chunk().expect("sound") {
        for entry in chunk.entries() {
            assert_eq!((entry.seq, entry.at), (last + 1, at(last + 1)));
            assert!(entry.payload == payload(entry.seq), "entry {} differs", entry.seq);
            last = entry.seq;
        }
    }
    last
}

#[test]
fn a_follower_in_the_process_sees_each_batch_once_it_is_durable() {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &unsigned());
    let mut follower =
        Follower::beside(shared(&storage), &unsigned(), journal.durable(), 0).expect("starts");
    let mut last = drain(&mut follower, 0);
    for batch in 1..=100 {
        journal.append(at(journal.next_seq()), &payload(journal.next_seq())).expect("fits");
        assert_eq!(drain(&mut follower, last), last, "an entry was seen before its commit");
        let durable = write_batch(&mut journal, batch % 7).expect("durable");
        last = drain(&mut follower, last);
        assert_eq!(last, durable);
    }
    assert!(last > 300);
}

#[test]
fn a_follower_in_another_process_sees_each_batch_once_the_files_prove_it_durable() {
    let storage = MemoryStorage::new();
    let mut early = Follower::across(shared(&storage), &unsigned(), 0)
        .expect("starts before the journal exists");
    assert_eq!(drain(&mut early, 0), 0);
    let mut journal = open(&storage, &unsigned());
    let mut last = 0;
    for batch in 1..=100 {
        let durable = write_batch(&mut journal, 1 + batch % 40).expect("durable");
        last = drain(&mut early, last);
        assert_eq!(last, durable);
    }
    let mut late = Follower::across(shared(&storage), &unsigned(), last / 2).expect("starts");
    assert_eq!(drain(&mut late, last / 2), last);
    assert!(last > 1_000);
}

#[test]
fn a_batch_whose_sync_failed_is_not_seen() {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &unsigned());
    let durable = write_batch(&mut journal, 5).expect("durable");
    let mut beside =
        Follower::beside(shared(&storage), &unsigned(), journal.durable(), 0).expect("starts");
    let mut across = Follower::across(shared(&storage), &unsigned(), 0).expect("starts");
    storage.set_faults(Faults { fail_sync: Some(0), ..Faults::default() });
    write_batch(&mut journal, 5).expect_err("the sync fails");
    assert_eq!((drain(&mut beside, 0), drain(&mut across, 0)), (durable, durable));
}

#[test]
fn a_follower_on_another_thread_keeps_up_with_an_overlapped_writer() {
    let storage = MemoryStorage::new();
    let background = JournalOptions { preparation: Preparation::Background, ..options() };
    let (mut journal, _) = Journal::open(shared(&storage), &background, 0).expect("opens");
    let durable = journal.durable();
    let mut follower =
        Follower::beside(shared(&storage), &background, Arc::clone(&durable), 0).expect("starts");
    let writer = thread::spawn(move || {
        for _ in 0..200 {
            for _ in 0..20 {
                let seq = journal.next_seq();
                journal.append(at(seq), &payload(seq)).expect("fits");
            }
            journal.commit_start().expect("starts");
        }
        journal.close(1).expect("closes");
    });
    let mut last = 0;
    while last < 4_000 {
        last = drain(&mut follower, last);
        assert!(last <= durable.load(Ordering::Acquire));
    }
    writer.join().expect("the writer ends");
}
