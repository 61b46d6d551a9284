//! Every single bit of a 64 KiB journal is flipped, one at a time: the journal then refuses to start, or drops and
//! reports a tail that nothing proves durable. It never opens with an entry altered or missing in silence.

mod fixture;

use std::sync::Arc;
use std::thread;

use fillwright_journal::{
    Entries, Hash, JournalError, JournalOptions, MemoryStorage, Opened, Storage, segment_name,
    verify,
};
use fixture::{
    SEGMENT_BYTES, open, options, payload, read_all, shared, unsigned, write_batch, written,
};

const THREADS: usize = 2;
const BITS: usize = 65_536 * 8;
/// Flips every eleventh bit, over all eight bit positions, where a sibling test flips every one.
const ELEVENTH: usize = 11;

/// What came of the flips.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    refused: usize,
    tail_reported: usize,
}

/// Flips every `step`th bit of the first segment in turn. `keeps` is the last entry that must survive whatever happens.
fn check(storage: &MemoryStorage, options: &JournalOptions, step: usize, keeps: u64) -> Tally {
    let hashes = read_all(storage, options).expect("the journal is sound");
    let workers = (0..THREADS).map(|worker| {
        let (copy, hashes, options) = (storage.duplicate(), hashes.clone(), options.clone());
        thread::spawn(move || flip_part(&copy, &options, &hashes, (worker * step, step), keeps))
    });
    let tallies: Vec<Tally> = workers
        .collect::<Vec<_>>()
        .into_iter()
        .map(|worker| worker.join().expect("no flip goes unnoticed"))
        .collect();
    let sum = tallies.iter().fold(Tally::default(), |sum, tally| Tally {
        refused: sum.refused + tally.refused,
        tail_reported: sum.tail_reported + tally.tail_reported,
    });
    assert_eq!(sum.refused + sum.tail_reported, BITS.div_ceil(step), "every bit was flipped");
    sum
}

fn flip_part(
    storage: &MemoryStorage,
    options: &JournalOptions,
    hashes: &[Hash],
    (start, step): (usize, usize),
    keeps: u64,
) -> Tally {
    let (name, shared) = (segment_name(1), shared(storage));
    let mut tally = Tally::default();
    for bit in (start..BITS).step_by(THREADS * step) {
        storage.flip(&name, bit);
        match verify(&shared, options) {
            Err(JournalError::Damaged { seq, .. }) => {
                assert!(seq <= hashes.len() as u64 + 1, "bit {bit}: entry {seq} never was");
                tally.refused += 1;
            }
            Err(error) => panic!("bit {bit}: {error}"),
            Ok(opened) => {
                check_reported(&opened, hashes, bit, keeps);
                tally.tail_reported += 1;
            }
        }
        storage.flip(&name, bit);
    }
    tally
}

/// A journal that opens has reported its tail, and all before the tail is as it was.
fn check_reported(opened: &Opened, hashes: &[Hash], bit: usize, keeps: u64) {
    let torn = opened.torn_tail.as_ref().unwrap_or_else(|| panic!("bit {bit} was not noticed"));
    assert_eq!(torn.after_seq, opened.last_seq, "bit {bit}");
    assert!(opened.last_seq >= keeps, "bit {bit} lost entry {keeps}");
    let last = usize::try_from(opened.last_seq).expect("small");
    assert_eq!(
        last.checked_sub(1).map(|last| hashes[last]),
        (last > 0).then_some(opened.head),
        "bit {bit}"
    );
}

/// Entries of a segment as full as it gets.
const FULL: u64 = 140;

#[test]
fn every_bit_flip_in_a_journal_left_by_a_killed_process_is_noticed_and_no_receipted_entry_is_lost()
{
    let storage = written(&unsigned(), FULL, 4);
    let tally = check(&storage, &unsigned(), 1, FULL);
    assert!(tally.refused > BITS * 8 / 10, "{tally:?}");
}

#[test]
fn every_bit_flip_in_a_closed_journal_is_noticed_and_no_entry_is_lost() {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &options());
    write_batch(&mut journal, 60).expect("the batch is durable");
    journal.close(1).expect("closes");
    let tally = check(&storage, &options(), ELEVENTH, 60);
    assert!(tally.refused > BITS / ELEVENTH * 3 / 10, "{tally:?}");
}

#[test]
fn every_bit_flip_in_a_sealed_segment_refuses_to_start() {
    let storage = written(&unsigned(), 300, 10);
    assert!(
        storage.content(&segment_name(1)).is_some_and(|bytes| bytes.len() as u64 == SEGMENT_BYTES)
    );
    let tally = check(&storage, &unsigned(), ELEVENTH, 0);
    assert_eq!(tally, Tally { refused: BITS.div_ceil(ELEVENTH), tail_reported: 0 });
}

#[test]
fn a_reader_that_goes_through_the_entries_never_sees_one_altered() {
    let storage = written(&unsigned(), FULL, 4);
    let shared: Arc<dyn Storage> = shared(&storage);
    let mut seen = 0;
    for bit in (0..BITS).step_by(499) {
        storage.flip(&segment_name(1), bit);
        if let Ok(mut entries) = Entries::from_seq(Arc::clone(&shared), &unsigned(), 1) {
            while let Ok(Some(entry)) = entries.next() {
                assert!(
                    entry.payload == payload(entry.seq),
                    "bit {bit} altered entry {}",
                    entry.seq
                );
                seen += 1;
            }
        }
        storage.flip(&segment_name(1), bit);
    }
    assert!(seen > 10_000, "only {seen} entries were looked at");
}
