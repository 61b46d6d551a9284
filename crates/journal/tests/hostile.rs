//! Whatever bytes stand in the folder, opening ends in a typed answer: no panic, no entry that was not written.

mod fixture;

use fillwright_journal::{
    HEADER_LEN, Header, Journal, JournalError, JournalOptions, MemoryStorage, Storage, genesis,
    segment_name, snapshot, verify,
};
use fixture::{
    Random, SEGMENT_BYTES, open, options, read_all, shared, unsigned, write_batch, written,
};

/// Damages one file of a journal with a snapshot and checkpoints in a seeded way, and opens it. Returns whether it
/// opened: whatever the file, another one still proves every entry durable.
fn check(pristine: &MemoryStorage, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let storage = pristine.duplicate();
    let names = storage.list().expect("lists");
    let name = &names[usize::try_from(random.below(names.len() as u64)).expect("small")];
    for _ in 0..=random.below(3) {
        let damaged = damage(storage.content(name).expect("there"), &mut random);
        storage.set_content(name, &damaged);
    }
    match Journal::open(shared(&storage), &options(), 0) {
        Ok((journal, opened)) => {
            drop(journal);
            let kept = read_all(&storage, &options())
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(kept.len() as u64, opened.last_seq, "seed {seed}");
            assert_eq!(opened.last_seq, 300, "seed {seed}: entries below a checkpoint are gone");
            true
        }
        Err(JournalError::Damaged { .. } | JournalError::BadCheckpoint { .. }) => false,
        Err(error) => panic!("seed {seed}: {error}"),
    }
}

/// Overwrites, inserts, removes or copies a run of bytes.
fn damage(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    if bytes.is_empty() {
        return vec![1];
    }
    let len = bytes.len() as u64;
    let at = usize::try_from(random.below(len)).expect("small");
    let to = (at + usize::try_from(random.below(2_000)).expect("small")).min(bytes.len());
    match random.below(4) {
        0 => bytes[at..to].fill_with(|| random.next().to_le_bytes()[0]),
        1 => drop(bytes.drain(at..to)),
        2 => {
            let run = bytes[at..to].to_vec();
            let into = usize::try_from(random.below(len)).expect("small");
            bytes.splice(into..into, run);
        }
        _ => bytes.truncate(at),
    }
    bytes
}

#[test]
fn random_damage_anywhere_in_the_folder_never_loses_an_entry_below_a_checkpoint_in_silence() {
    let storage = written(&options(), 280, 20);
    let mut journal = open(&storage, &options());
    write_batch(&mut journal, 20).expect("durable");
    snapshot::store(&storage, &journal.receipt().expect("durable"), 1, b"state").expect("stored");
    journal.close(1).expect("closes");
    let opened = (0..4_000).filter(|seed| check(&storage, *seed)).count();
    assert!((100..3_500).contains(&opened), "{opened} of 4,000 opened");
}

#[test]
fn a_header_with_sound_checksums_and_impossible_fields_is_refused() {
    let sizes = [0, 1, HEADER_LEN as u64, u64::MAX, 1 << 40];
    let firsts = [0, 2, u64::MAX];
    let sound = Header {
        index: 0,
        first_seq: 1,
        created_at: i64::MIN,
        size: SEGMENT_BYTES,
        previous_head: genesis("test"),
        previous_header: [0; 32],
        partition: "test".to_owned(),
        build: String::new(),
    };
    let hostile = sizes
        .map(|size| Header { size, ..sound.clone() })
        .into_iter()
        .chain(firsts.map(|first_seq| Header { first_seq, ..sound.clone() }))
        .chain([Header { index: u64::MAX, ..sound.clone() }]);
    let mut refused = 0;
    for header in hostile {
        let storage = MemoryStorage::new();
        let (mut block, _) = header.encode();
        block.resize(1 << 16, 0);
        storage.set_content(&segment_name(1), &block);
        let error = verify(&shared(&storage), &unsigned()).expect_err("it is impossible");
        assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
        refused += 1;
    }
    assert_eq!(refused, 9);
}

#[test]
fn other_segment_sizes_after_a_restart_keep_the_journal_whole() {
    let storage = MemoryStorage::new();
    let sizes = [16 << 10, 256 << 10, 64 << 10, 16 << 10, 1 << 20];
    let mut last = 0;
    for segment_bytes in sizes {
        let options = JournalOptions { segment_bytes, ..unsigned() };
        let mut journal = open(&storage, &options);
        // An empty segment bounds the entry; a segment with entries does not.
        let max = usize::try_from(journal.max_payload()).expect("small");
        assert!(matches!(journal.append(1, &vec![1; max + 1]), Err(JournalError::TooLarge { .. })));
        for _ in 0..3 {
            let max = usize::try_from(journal.max_payload()).expect("small");
            last = journal.append(1, &vec![1; max]).expect("it fits");
        }
        journal.commit().expect("durable");
    }
    assert_eq!(verify(&shared(&storage), &unsigned()).expect("sound").last_seq, last);
    assert_eq!(last, 15);
}
