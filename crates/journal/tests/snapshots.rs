//! Snapshots are bound to the chain, are skipped when damaged, and make opening independent of history.

mod fixture;

use std::sync::Arc;

use fillwright_journal::snapshot::{latest_valid, latest_valid_up_to, prune, snapshot_name, store};
use fillwright_journal::{
    Damage, Faults, Journal, JournalError, MemoryStorage, Storage, first_seq_of, scrub,
    segment_name,
};
use fixture::{open, options, payload, shared, unsigned, write_batch, written};

/// A journal of 600 entries with snapshots at 200, 400 and 600.
fn sample() -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &unsigned());
    for batch in 1..=30 {
        write_batch(&mut journal, 20).expect("durable");
        if batch % 10 == 0 {
            let receipt = journal.receipt().expect("durable");
            store(&storage, &receipt, 9, &state(batch * 20)).expect("stored");
        }
    }
    storage
}

fn state(seq: u64) -> Vec<u8> {
    payload(seq).repeat(50)
}

/// Opens from the newest sound snapshot and checks that the entries after it, and only those, are handed out.
fn check(storage: &MemoryStorage, expected_snapshot: Option<u64>, expected_skipped: usize) {
    let opened = Journal::recover_from_snapshot(shared(storage), &unsigned(), 0).expect("starts");
    let (snapshot, skipped, mut recovery) = opened;
    assert_eq!(snapshot.as_ref().map(|snapshot| snapshot.seq), expected_snapshot);
    assert_eq!(skipped.len(), expected_skipped, "{skipped:?}");
    if let Some(snapshot) = &snapshot {
        assert!(snapshot.state == state(snapshot.seq), "the state differs");
    }
    let mut next = expected_snapshot.unwrap_or(0) + 1;
    while let Some(chunk) = recovery.next_chunk().expect("sound") {
        for entry in chunk.entries() {
            assert_eq!(entry.seq, next);
            assert!(entry.payload == payload(next), "entry {next} differs");
            next += 1;
        }
    }
    let (mut journal, opened) = recovery.finish().expect("opens");
    assert_eq!((opened.last_seq, next), (600, 601));
    assert_eq!(write_batch(&mut journal, 1).expect("goes on"), 601);
}

#[test]
fn the_nearest_snapshot_before_an_entry_is_found() {
    let storage = sample();
    let found = |up_to| {
        let (snapshot, _) = latest_valid_up_to(&storage, up_to).expect("lists");
        snapshot.map(|snapshot| snapshot.seq)
    };
    assert_eq!(
        [199, 200, 399, 400, 599, 600].map(found),
        [None, Some(200), Some(200), Some(400), Some(400), Some(600)]
    );
}

#[test]
fn opening_starts_behind_the_newest_snapshot() {
    let storage = sample();
    check(&storage, Some(600), 0);
}

#[test]
fn every_flipped_bit_of_a_snapshot_skips_it_and_an_older_one_is_used() {
    let storage = sample();
    let bytes = storage.content(&snapshot_name(600)).expect("there").len();
    let mut skipped = 0;
    for bit in (0..bytes * 8).step_by(7) {
        storage.flip(&snapshot_name(600), bit);
        let (snapshot, report) = latest_valid(&storage).expect("lists");
        assert_eq!(snapshot.map(|snapshot| snapshot.seq), Some(400), "bit {bit}");
        assert_eq!(report[0].file, snapshot_name(600));
        storage.flip(&snapshot_name(600), bit);
        skipped += 1;
    }
    assert!(skipped > 5_000, "only {skipped} bits were flipped");
    storage.flip(&snapshot_name(600), 4000);
    check(&storage, Some(400), 1);
}

#[test]
fn without_a_sound_snapshot_everything_is_replayed() {
    let storage = sample();
    for seq in [200, 400, 600] {
        storage.flip(&snapshot_name(seq), 50 * 8);
    }
    check(&storage, None, 3);
}

#[test]
fn a_snapshot_that_contradicts_the_chain_refuses_to_start() {
    let storage = sample();
    let other = written(
        &fillwright_journal::JournalOptions { partition: "other".to_owned(), ..unsigned() },
        600,
        20,
    );
    let foreign =
        fillwright_journal::JournalOptions { partition: "other".to_owned(), ..unsigned() };
    let receipt = open(&other, &foreign).receipt().expect("durable");
    store(&storage, &receipt, 9, b"state").expect("stored");
    let error =
        Journal::open(shared(&storage), &unsigned(), 0).map(|_| ()).expect_err("another chain");
    assert!(
        matches!(error, JournalError::Damaged { seq: 600, what: Damage::AnchorDiffers { .. }, .. }),
        "{error}"
    );
}

#[test]
fn a_snapshot_beyond_the_end_of_the_journal_shows_that_a_tail_was_cut_off() {
    let storage = sample();
    let newer = storage.content(&snapshot_name(600)).expect("there");
    let shorter = written(&unsigned(), 500, 20);
    shorter.set_content(&snapshot_name(600), &newer);
    let error =
        Journal::open(shared(&shorter), &unsigned(), 0).map(|_| ()).expect_err("600 was durable");
    assert!(
        matches!(
            error,
            JournalError::Damaged { seq: 501, what: Damage::EndsEarly { proven: 600 }, .. }
        ),
        "{error}"
    );
}

#[test]
fn entries_before_the_snapshot_are_left_to_the_scrub_which_finds_what_opening_passed_over() {
    let storage = sample();
    let receipt = open(&storage, &unsigned()).receipt().expect("durable");
    let shared: Arc<dyn Storage> = shared(&storage);
    assert_eq!(&scrub(&shared, &unsigned(), 600).expect("sound"), receipt.head());
    storage.flip(&segment_name(1), 5_000 * 8);
    check(&storage, Some(600), 0);
    let error = scrub(&shared, &unsigned(), 600).expect_err("an old entry is broken");
    assert!(matches!(error, JournalError::Damaged { what: Damage::Broken { .. }, .. }), "{error}");
}

#[test]
fn a_segment_before_the_snapshot_that_is_missing_or_swapped_refuses_to_start() {
    let storage = sample();
    let firsts: Vec<u64> =
        storage.list().expect("lists").iter().filter_map(|name| first_seq_of(name)).collect();
    assert!(firsts.len() >= 4);
    let missing = storage.duplicate();
    missing.remove(&segment_name(firsts[1])).expect("removed");
    assert!(Journal::recover_from_snapshot(shared(&missing), &unsigned(), 0).is_err());
    let swapped = storage.duplicate();
    let [one, other] =
        [firsts[0], firsts[1]].map(|first| storage.content(&segment_name(first)).expect("there"));
    swapped.set_content(&segment_name(firsts[0]), &other);
    swapped.set_content(&segment_name(firsts[1]), &one);
    assert!(Journal::recover_from_snapshot(shared(&swapped), &unsigned(), 0).is_err());
}

#[test]
fn storing_on_a_full_disk_fails_and_leaves_the_older_snapshots() {
    let storage = sample();
    let receipt = open(&storage, &unsigned()).receipt().expect("durable");
    storage.set_faults(Faults { space: Some(100), ..Faults::default() });
    let error = store(&storage, &receipt, 9, &state(1)).expect_err("no room");
    assert!(matches!(error, JournalError::WriteSnapshot { seq: 600, .. }), "{error}");
    storage.set_faults(Faults::default());
    check(&storage, Some(600), 0);
}

#[test]
fn pruning_keeps_the_newest() {
    let storage = sample();
    assert_eq!(prune(&storage, 2).expect("pruned"), 1);
    assert!(storage.content(&snapshot_name(200)).is_none());
    check(&storage, Some(600), 0);
    assert_eq!(options().segment_bytes, unsigned().segment_bytes);
}
