//! Segments that are lost, swapped, restored from another time or from another journal are noticed, with the number
//! of the first entry that cannot be trusted.

mod fixture;

use fillwright_journal::{
    Damage, Entries, Journal, JournalError, JournalOptions, MemoryStorage, Storage,
    entry::frame_len, first_seq_of, segment_name, verify,
};
use fixture::{open, options, read_all, shared, unsigned, write_batch, written};

/// Tampers with a journal of 600 entries in several segments and returns what opening says.
fn check(options: &JournalOptions, tamper: impl FnOnce(&MemoryStorage, &[u64])) -> (u64, Damage) {
    let storage = written(options, 600, 20);
    let firsts = firsts(&storage);
    assert!(firsts.len() >= 4, "{} segments are too few to tamper with", firsts.len());
    tamper(&storage, &firsts);
    let before = storage.operations();
    let Err(JournalError::Damaged { seq, what, .. }) = Journal::open(shared(&storage), options, 0)
    else {
        panic!("the journal opened");
    };
    assert_eq!(storage.operations(), before, "nothing may be changed in a damaged journal");
    let again = verify(&shared(&storage), options).expect_err("verify sees it too");
    assert!(again.to_string().contains(&format!("entry {seq} ")), "{again}");
    (seq, what)
}

fn firsts(storage: &MemoryStorage) -> Vec<u64> {
    let names = storage.list().expect("lists");
    names.iter().filter_map(|name| first_seq_of(name)).collect()
}

fn content(storage: &MemoryStorage, first: u64) -> Vec<u8> {
    storage.content(&segment_name(first)).expect("the segment is there")
}

#[test]
fn a_missing_first_segment_refuses_to_start() {
    let found = check(&unsigned(), |storage, firsts| {
        storage.remove(&segment_name(firsts[0])).expect("removed");
    });
    assert_eq!(found, (1, Damage::SegmentMissing));
}

#[test]
fn a_missing_middle_segment_refuses_to_start() {
    let mut expected = 0;
    let (seq, what) = check(&unsigned(), |storage, firsts| {
        expected = firsts[1];
        storage.remove(&segment_name(firsts[1])).expect("removed");
    });
    assert_eq!((seq, what), (expected, Damage::SegmentMissing));
}

#[test]
fn a_missing_last_segment_is_noticed_by_the_checkpoint_written_when_it_was_started() {
    let mut expected = 0;
    let (seq, what) = check(&options(), |storage, firsts| {
        expected = firsts[firsts.len() - 1];
        storage.remove(&segment_name(expected)).expect("removed");
    });
    assert_eq!(seq, expected);
    assert!(matches!(what, Damage::EndsEarly { proven } if proven >= expected), "{what:?}");
}

#[test]
fn two_swapped_segments_refuse_to_start() {
    let mut expected = 0;
    let (seq, what) = check(&unsigned(), |storage, firsts| {
        let (one, other) = (content(storage, firsts[1]), content(storage, firsts[2]));
        storage.set_content(&segment_name(firsts[1]), &other);
        storage.set_content(&segment_name(firsts[2]), &one);
        expected = firsts[1];
    });
    assert_eq!((seq, what), (expected, Damage::SegmentDoesNotFollow));
}

#[test]
fn a_segment_restored_from_an_earlier_time_refuses_to_start() {
    let earlier = written(&unsigned(), 60, 20);
    let mut expected = 0;
    let (seq, what) = check(&unsigned(), |storage, firsts| {
        storage.set_content(&segment_name(1), &content(&earlier, 1));
        expected = firsts[1];
    });
    assert_eq!(seq, 61);
    assert_eq!(
        what,
        Damage::SegmentMissing,
        "the entries after 60 are gone, the next segment starts at {expected}"
    );
}

#[test]
fn a_segment_of_another_run_with_the_same_numbers_refuses_to_start() {
    let other = MemoryStorage::new();
    let mut journal = open(&other, &unsigned());
    for seq in 1..=600 {
        // The same numbers and lengths, other bytes.
        let mut payload = fixture::payload(seq);
        for byte in &mut payload {
            *byte ^= 1;
        }
        journal.append(fixture::at(seq), &payload).expect("fits");
        if seq % 20 == 0 {
            journal.commit().expect("durable");
        }
    }
    for position in [0, 1, 2] {
        let (seq, what) = check(&unsigned(), |storage, firsts| {
            storage
                .set_content(&segment_name(firsts[position]), &content(&other, firsts[position]));
        });
        assert!(seq > 1);
        assert_eq!(what, Damage::SegmentDoesNotFollow);
    }
}

#[test]
fn a_segment_of_another_partition_refuses_to_start() {
    let foreign = JournalOptions { partition: "other".to_owned(), ..unsigned() };
    let other = written(&foreign, 60, 20);
    let found =
        check(&unsigned(), |storage, _| storage.set_content(&segment_name(1), &content(&other, 1)));
    assert_eq!(found, (1, Damage::ForeignPartition { found: "other".to_owned() }));
}

#[test]
fn a_lost_entry_in_the_middle_refuses_to_start() {
    let found = check(&unsigned(), |storage, firsts| {
        let last = firsts[firsts.len() - 1];
        let mut bytes = content(storage, last);
        let taken =
            frame_len(u32::from_le_bytes(*bytes[4096..].first_chunk().expect("long")) as usize);
        bytes[4096..4096 + taken].fill(0);
        storage.set_content(&segment_name(last), &bytes);
    });
    assert!(matches!(found.1, Damage::Broken { proven } if proven >= found.0), "{found:?}");
}

#[test]
fn an_entry_taken_out_with_the_rest_moved_up_refuses_to_start() {
    let found = check(&unsigned(), |storage, firsts| {
        let last = firsts[firsts.len() - 1];
        let mut bytes = content(storage, last);
        let taken =
            frame_len(u32::from_le_bytes(*bytes[4096..].first_chunk().expect("long")) as usize);
        bytes.drain(4096..4096 + taken);
        bytes.resize(bytes.len() + taken, 0);
        storage.set_content(&segment_name(last), &bytes);
    });
    assert_eq!(found.1, Damage::WrongSequence { found: found.0 + 1 });
}

#[test]
fn an_older_copy_of_the_whole_folder_is_noticed_by_a_newer_checkpoint() {
    let storage = written(&options(), 40, 20);
    let old = content(&storage, 1);
    write_batch(&mut open(&storage, &options()), 20).expect("durable");
    open(&storage, &options()).close(5).expect("closes");
    storage.set_content(&segment_name(1), &old);
    let error = verify(&shared(&storage), &options()).expect_err("the checkpoint says 60");
    assert!(
        matches!(
            error,
            JournalError::Damaged { seq: 41, what: Damage::EndsEarly { proven: 60 }, .. }
        ),
        "{error}"
    );
}

#[test]
fn a_forged_chain_is_noticed_by_the_checkpoint_it_contradicts() {
    let storage = written(&options(), 40, 20);
    open(&storage, &options()).close(5).expect("closes");
    let forged = MemoryStorage::new();
    let mut journal = open(&forged, &options());
    for seq in 1..=40 {
        journal.append(fixture::at(seq), b"forged").expect("fits");
    }
    journal.commit().expect("durable");
    drop(journal);
    storage.set_content(&segment_name(1), &content(&forged, 1));
    let error = verify(&shared(&storage), &options()).expect_err("the checkpoint has another hash");
    assert!(
        matches!(error, JournalError::Damaged { seq: 40, what: Damage::AnchorDiffers { .. }, .. }),
        "{error}"
    );
}

#[test]
fn a_checkpoint_that_was_altered_or_signed_by_another_key_is_refused() {
    let storage = written(&options(), 40, 20);
    open(&storage, &options()).close(5).expect("closes");
    let file = fillwright_journal::checkpoint::CHECKPOINT_FILE;
    let text = String::from_utf8(storage.content(file).expect("there")).expect("text");
    storage.set_content(file, text.replace("\"seq\":\"40\"", "\"seq\":\"39\"").as_bytes());
    let altered = verify(&shared(&storage), &options()).expect_err("the signature does not match");
    assert!(matches!(altered, JournalError::BadCheckpoint { line: 1, .. }), "{altered}");
    storage.set_content(file, text.as_bytes());
    let other_key = JournalOptions { signing_seed: Some([8; 32]), ..options() };
    let untrusted = verify(&shared(&storage), &other_key).expect_err("the key is not trusted");
    assert!(matches!(untrusted, JournalError::BadCheckpoint { line: 1, .. }), "{untrusted}");
}

#[test]
fn a_checkpoint_line_cut_off_by_a_crash_is_dropped_and_the_journal_goes_on() {
    let storage = written(&options(), 40, 20);
    open(&storage, &options()).close(5).expect("closes");
    let file = fillwright_journal::checkpoint::CHECKPOINT_FILE;
    let whole = storage.content(file).expect("there");
    for cut in 1..whole.len() {
        let copy = storage.duplicate();
        copy.set_content(file, &[&whole[..], &whole[..cut - 1], &[0]].concat());
        let mut journal = open(&copy, &options());
        write_batch(&mut journal, 1).expect("durable");
        journal.close(6).expect("closes");
        assert_eq!(read_all(&copy, &options()).expect("sound").len(), 41);
        assert_eq!(verify(&shared(&copy), &options()).expect("sound").checkpoints, 2);
    }
}

#[test]
fn a_reader_starting_late_steps_over_sealed_segments_by_their_headers() {
    let storage = written(&unsigned(), 600, 20);
    let first = firsts(&storage)[2];
    // Bytes of an earlier segment's entries are not looked at.
    storage.flip(&segment_name(1), 5000 * 8);
    let mut entries = Entries::from_seq(shared(&storage), &unsigned(), first + 1).expect("starts");
    assert_eq!(entries.next().expect("sound").map(|entry| entry.seq), Some(first + 1));
    // A header is.
    storage.flip(&segment_name(1), 100 * 8);
    assert!(Entries::from_seq(shared(&storage), &unsigned(), first + 1).is_err());
}
