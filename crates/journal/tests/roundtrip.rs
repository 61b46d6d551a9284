//! What is appended and committed is read back, whole and in order, over segments and restarts.

use std::sync::Arc;

use fillwright_journal::{Journal, JournalOptions, MemoryStorage, Preparation, Storage};

fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 64 << 10,
        checkpoint_every: 100,
        signing_seed: Some([7; 32]),
        preparation: Preparation::Inline,
        ..JournalOptions::new("test")
    }
}

/// Payload of an entry, its length varying from 0 to 1,199 bytes.
fn payload(seq: u64) -> Vec<u8> {
    (0..seq * 37 % 1200).map(|i| (i * 31 + seq).to_le_bytes()[0]).collect()
}

/// Writes `batches` batches of `per_batch` entries, restarting every tenth batch, and reads all of it back.
fn check(batches: u64, per_batch: u64) {
    let storage = MemoryStorage::new();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (mut journal, _) = Journal::open(Arc::clone(&shared), &options(), 0).expect("opens");
    for batch in 0..batches {
        for _ in 0..per_batch {
            let seq = journal.next_seq();
            assert_eq!(journal.append(seq.cast_signed(), &payload(seq)).expect("appends"), seq);
        }
        let receipt = journal.commit().expect("commits");
        assert_eq!(receipt.last_seq(), (batch + 1) * per_batch);
        if batch % 10 == 9 {
            journal.close(1).expect("closes");
            let (reopened, opened) =
                Journal::open(Arc::clone(&shared), &options(), 0).expect("opens again");
            assert_eq!((opened.last_seq, opened.torn_tail), (receipt.last_seq(), None));
            journal = reopened;
        }
    }
    drop(journal);
    let mut recovery = Journal::recover(shared, &options(), 0).expect("recovers");
    let mut next = 1_u64;
    while let Some(chunk) = recovery.next_chunk().expect("verifies") {
        for entry in chunk.entries() {
            assert_eq!((entry.seq, entry.at), (next, next.cast_signed()));
            assert_eq!(entry.payload, payload(next));
            next += 1;
        }
    }
    assert_eq!(next, batches * per_batch + 1);
    let (_, opened) = recovery.finish().expect("finishes");
    assert_eq!(opened.last_seq, batches * per_batch);
}

#[test]
fn one_entry_a_batch_comes_back() {
    check(205, 1);
}

#[test]
fn batches_over_many_segments_come_back() {
    check(101, 97);
}

#[test]
fn a_batch_larger_than_a_segment_comes_back() {
    check(21, 1_000);
}
