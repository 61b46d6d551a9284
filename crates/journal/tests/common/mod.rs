//! What the suites share: one shape of journal, known payloads, and a small seeded generator.
#![allow(dead_code, unreachable_pub)] // Each suite uses its part of it.

use std::sync::Arc;

use fillwright_journal::{
    Entries, Hash, Journal, JournalError, JournalOptions, MemoryStorage, Preparation, Storage,
};

/// Size of the suites' segments in bytes.
pub const SEGMENT_BYTES: u64 = 64 << 10;

/// Small segments, no threads, signed checkpoints only when asked for or closed.
pub fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        checkpoint_every: u64::MAX,
        signing_seed: Some([7; 32]),
        preparation: Preparation::Inline,
        ..JournalOptions::new("test")
    }
}

/// As `options`, without a key, so that nothing but the segments proves anything.
pub fn unsigned() -> JournalOptions {
    JournalOptions { signing_seed: None, ..options() }
}

/// Payload of an entry: its length varies, its bytes follow from its number.
pub fn payload(seq: u64) -> Vec<u8> {
    let mut random = Random::new(seq);
    let len = random.below(700);
    (0..len).map(|_| random.next().to_le_bytes()[0]).collect()
}

pub fn shared(storage: &MemoryStorage) -> Arc<dyn Storage> {
    Arc::new(storage.clone())
}

pub fn open(storage: &MemoryStorage, options: &JournalOptions) -> Journal {
    Journal::open(shared(storage), options, 0).expect("the journal opens").0
}

/// Appends the entries that are due and commits them.
pub fn write_batch(journal: &mut Journal, entries: u64) -> Result<u64, JournalError> {
    for _ in 0..entries {
        let seq = journal.next_seq();
        journal.append(at(seq), &payload(seq))?;
    }
    Ok(journal.commit()?.last_seq())
}

/// Makes a journal of so many entries, `per_batch` a commit, and leaves it without closing it.
pub fn written(options: &JournalOptions, entries: u64, per_batch: u64) -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, options);
    for _ in 0..entries / per_batch {
        write_batch(&mut journal, per_batch).expect("the batch is durable");
    }
    drop(journal);
    storage
}

/// Logical time of an entry.
pub fn at(seq: u64) -> i64 {
    1_700_000_000_000_000_000 + seq.cast_signed()
}

/// Reads all entries, checks that they are what was written, and returns the hash of each.
pub fn read_all(
    storage: &MemoryStorage,
    options: &JournalOptions,
) -> Result<Vec<Hash>, JournalError> {
    let mut entries = Entries::from_seq(shared(storage), options, 1)?;
    let mut hashes = Vec::new();
    while let Some(entry) = entries.next()? {
        let seq = hashes.len() as u64 + 1;
        assert_eq!(
            (entry.seq, entry.at),
            (seq, at(seq)),
            "a reader saw another entry than was written"
        );
        assert!(entry.payload == payload(seq), "a reader saw entry {seq} altered");
        hashes.push(*entry.hash);
    }
    Ok(hashes)
}

/// A small seeded generator (`SplitMix64`, Steele and others 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
