//! A disk that fills up, fails to write or fails to sync.

mod fixture;

use std::io::ErrorKind;

use fillwright_journal::{Faults, Journal, JournalError, MemoryStorage, Room, verify};
use fixture::{SEGMENT_BYTES, at, open, options, payload, read_all, shared, unsigned, write_batch};

/// Opens a journal under these faults and writes batches of five until something fails. Returns the last receipted
/// entry and the error.
fn write_until_failure(storage: &MemoryStorage, faults: Faults) -> (u64, JournalError) {
    storage.set_faults(faults);
    let mut journal = match Journal::open(shared(storage), &options(), 0) {
        Ok((journal, _)) => journal,
        Err(error) => return (0, error),
    };
    let mut receipted = 0;
    loop {
        match write_batch(&mut journal, 5) {
            Ok(last) => receipted = last,
            Err(error) => {
                check_poisoned(&mut journal, &error);
                return (receipted, error);
            }
        }
    }
}

/// After a failed write or sync nothing is taken any more, although the disk would work again.
fn check_poisoned(journal: &mut Journal, error: &JournalError) {
    if matches!(error, JournalError::DiskFull { .. } | JournalError::Prepare { .. }) {
        return;
    }
    assert!(matches!(journal.append(1, b"x"), Err(JournalError::Poisoned)), "after {error}");
    assert!(matches!(journal.commit(), Err(JournalError::Poisoned)));
    assert!(matches!(
        journal.commit_start().and_then(|()| journal.commit_wait()),
        Err(JournalError::Poisoned)
    ));
    assert!(matches!(journal.checkpoint(1), Err(JournalError::Poisoned)));
    assert!(matches!(journal.receipt(), Err(JournalError::Poisoned)));
}

/// Everything receipted is still there after the process and then the power has gone.
fn check_kept(storage: &MemoryStorage, receipted: u64, what: &str) {
    for crash in [false, true] {
        let copy = storage.duplicate();
        if crash {
            copy.crash(|_| fillwright_journal::Fate::Lost);
        } else {
            copy.restart();
        }
        let (journal, opened) =
            Journal::open(shared(&copy), &options(), 0).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert!(
            opened.last_seq >= receipted,
            "{what}: entry {receipted} is gone, {} is the last",
            opened.last_seq
        );
        drop(journal);
        copy.crash(|_| fillwright_journal::Fate::Lost);
        let kept = read_all(&copy, &options()).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(kept.len() as u64, opened.last_seq, "{what}: opening made all of it durable");
    }
}

#[test]
fn a_failed_sync_poisons_the_journal_although_the_next_sync_would_succeed() {
    let mut fired = 0;
    for nth in 0..40 {
        let storage = MemoryStorage::new();
        let (receipted, error) =
            write_until_failure(&storage, Faults { fail_sync: Some(nth), ..Faults::default() });
        assert!(
            !matches!(error, JournalError::Poisoned | JournalError::DiskFull { .. }),
            "sync {nth}: {error}"
        );
        check_kept(&storage, receipted, &format!("sync {nth}"));
        fired += usize::from(storage.faults().fail_sync.is_none());
    }
    assert_eq!(fired, 40);
}

/// Writes until the second segment is begun; the first entry has so many bytes, the others 600.
fn write_into_the_second_segment(journal: &mut Journal, first: usize) -> Result<(), JournalError> {
    while journal.next_seq() < 110 {
        let seq = journal.next_seq();
        journal.append(at(seq), &vec![1; if seq == 1 { first } else { 600 }])?;
        journal.commit()?;
    }
    Ok(())
}

/// After a sync that failed the page cache holds the mark as clean, and the disk may have none of it or half.
#[test]
fn half_a_mark_never_stays_behind_in_a_segment_that_is_sealed() {
    let mut fired = 0;
    for (first, nth) in (0..512).step_by(8).flat_map(|first| (92..100).map(move |nth| (first, nth)))
    {
        let storage = MemoryStorage::new();
        let mut journal = open(&storage, &options());
        storage.set_faults(Faults { fail_sync: Some(nth), ..Faults::default() });
        write_into_the_second_segment(&mut journal, first).expect_err("a sync fails");
        fired += usize::from(storage.faults().fail_sync.is_none());
        drop(journal);
        storage.restart();
        let mut journal = open(&storage, &options());
        write_into_the_second_segment(&mut journal, first).expect("the disk works again");
        drop(journal);
        storage.crash(|_| fillwright_journal::Fate::Lost);
        verify(&shared(&storage), &options())
            .unwrap_or_else(|error| panic!("first entry {first} bytes, sync {nth}: {error}"));
    }
    assert_eq!(fired, 64 * 8);
}

#[test]
fn a_write_that_fails_half_done_poisons_the_journal_at_every_write() {
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for nth in 0..60 {
            let storage = MemoryStorage::new();
            let faults = Faults { fail_write: Some((nth, kind)), ..Faults::default() };
            let (receipted, error) = write_until_failure(&storage, faults);
            assert!(!matches!(error, JournalError::Poisoned), "write {nth}: {error}");
            check_kept(&storage, receipted, &format!("write {nth} {kind:?}"));
        }
    }
}

#[test]
fn a_disk_that_fills_up_at_any_byte_halts_cleanly_before_anything_of_the_refused_entry_is_written()
{
    let mut full = 0;
    for space in (0..6 * SEGMENT_BYTES).step_by(4099) {
        let storage = MemoryStorage::new();
        let (receipted, error) =
            write_until_failure(&storage, Faults { space: Some(space), ..Faults::default() });
        let JournalError::DiskFull { seq } = error else {
            assert!(space < SEGMENT_BYTES, "{space} bytes: {error}");
            continue;
        };
        assert!(seq > receipted);
        assert!(
            receipted > 0 || space < SEGMENT_BYTES,
            "{space} bytes: the first segment was not used"
        );
        check_kept(&storage, receipted, &format!("{space} bytes"));
        full += 1;
    }
    assert!(full > 90, "only {full} disks filled up");
}

#[test]
fn a_full_disk_is_told_while_a_whole_segment_is_still_in_reserve() {
    let storage = MemoryStorage::new();
    // Room for three segments and the little files.
    storage.set_faults(Faults { space: Some(3 * SEGMENT_BYTES + 8192), ..Faults::default() });
    let mut journal = open(&storage, &unsigned());
    while journal.room() == Room::Ample {
        write_batch(&mut journal, 1).expect("ample room");
    }
    let mut essential = 0;
    let refused = loop {
        match journal.append(at(journal.next_seq()), &payload(journal.next_seq())) {
            Ok(_) => essential += 1,
            Err(error) => break error,
        }
        journal.commit().expect("the reserve is there");
    };
    assert!(
        matches!(refused, JournalError::DiskFull { seq } if seq == journal.next_seq()),
        "{refused}"
    );
    assert!(essential > 100, "only {essential} entries fitted into the reserve");
    // What was taken is whole, and with room again the same journal goes on.
    assert_eq!(journal.commit().expect("nothing is pending").last_seq() + 1, journal.next_seq());
    storage.set_faults(Faults::default());
    journal.retry_room();
    assert_eq!(journal.room(), Room::Ample);
    let last = write_batch(&mut journal, 10).expect("room again");
    drop(journal);
    assert_eq!(read_all(&storage, &unsigned()).expect("sound").len() as u64, last);
}

#[test]
fn an_entry_larger_than_a_segment_is_refused_and_the_next_one_taken() {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &unsigned());
    let max = usize::try_from(journal.max_payload()).expect("small");
    let refused = journal.append(1, &vec![1; max + 1]).expect_err("too large");
    assert!(matches!(refused, JournalError::TooLarge { .. }), "{refused}");
    for _ in 0..3 {
        journal.append(1, &vec![1; max]).expect("just fits");
    }
    assert_eq!(journal.commit().expect("durable").last_seq(), 3);
    drop(journal);
    assert_eq!(verify(&shared(&storage), &unsigned()).expect("sound").segments, 3);
}

#[test]
fn entries_of_an_encoder_that_panics_are_not_taken() {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, &unsigned());
    write_batch(&mut journal, 2).expect("durable");
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        journal.append_with(1, |buffer| {
            buffer.extend_from_slice(b"half");
            panic!("the encoder fails");
        })
    }));
    assert!(caught.is_err());
    assert_eq!(write_batch(&mut journal, 2).expect("durable"), 4);
    drop(journal);
    assert_eq!(read_all(&storage, &unsigned()).expect("sound").len(), 4);
}
