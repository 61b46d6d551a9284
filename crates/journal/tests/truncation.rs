//! The last three entries are cut off at every byte: what is left opens with the tail reported, or is refused where a
//! checkpoint or a mark proves that more was durable.

mod fixture;

use fillwright_journal::{
    Entries, Journal, JournalError, JournalOptions, MemoryStorage, entry::frame_len, segment_name,
};
use fixture::{Random, SEGMENT_BYTES, open, options, read_all, shared, unsigned, write_batch};

const ENTRIES: u64 = 12;

/// How the end of the file is taken away.
#[derive(Clone, Copy)]
enum Cut {
    /// The file ends there.
    Shorter,
    /// Zeros from there on, as if sectors had not been written.
    Zeros,
    /// Other bytes from there on.
    Garbage,
}

/// Cuts at every byte of the last three entries, and says how often the journal opened and how often it refused.
fn check(options: &JournalOptions, close: bool, cut: Cut) -> (usize, usize) {
    let (storage, offsets) = sample(options, close);
    let whole = storage.content(&segment_name(1)).expect("the segment is there");
    let hashes = read_all(&storage, options).expect("the journal is sound");
    let (from, to) = (offsets[offsets.len() - 4], offsets[offsets.len() - 1]);
    let (mut opened, mut refused) = (0, 0);
    for at in from..to {
        storage.set_content(&segment_name(1), &apply(cut, &whole, at));
        let copy = storage.duplicate();
        let kept = offsets.iter().filter(|end| **end <= at).count() - 1;
        match Journal::open(shared(&copy), options, 0) {
            Ok((mut journal, found)) => {
                let torn =
                    found.torn_tail.unwrap_or_else(|| panic!("a cut at byte {at} was not noticed"));
                assert_eq!(
                    (found.last_seq, torn.after_seq),
                    (kept as u64, kept as u64),
                    "cut at {at}"
                );
                assert_eq!(found.head, hashes[kept - 1], "cut at {at}");
                write_batch(&mut journal, 2).expect("the journal goes on");
                drop(journal);
                assert_eq!(read_all(&copy, options).expect("it is sound again").len(), kept + 2);
                opened += 1;
            }
            Err(JournalError::Damaged { seq, .. }) => {
                assert_eq!(seq, kept as u64 + 1, "cut at {at}");
                refused += 1;
            }
            Err(error) => panic!("cut at {at}: {error}"),
        }
    }
    (opened, refused)
}

/// Returns a journal and where its entries end, the header included.
fn sample(options: &JournalOptions, close: bool) -> (MemoryStorage, Vec<usize>) {
    let storage = MemoryStorage::new();
    let mut journal = open(&storage, options);
    write_batch(&mut journal, ENTRIES - 3).expect("durable");
    // The last three in one commit: none of them proves another durable, only the mark or a checkpoint does.
    write_batch(&mut journal, 3).expect("durable");
    if close {
        journal.close(1).expect("closes");
    }
    let mut offsets = vec![4096];
    let mut entries = Entries::from_seq(shared(&storage), options, 1).expect("readable");
    while let Some(entry) = entries.next().expect("sound") {
        offsets.push(offsets[offsets.len() - 1] + frame_len(entry.payload.len()));
    }
    assert_eq!(offsets.len() as u64, ENTRIES + 1);
    (storage, offsets)
}

fn apply(cut: Cut, whole: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = whole[..at].to_vec();
    let mut random = Random::new(at as u64);
    match cut {
        Cut::Shorter => {}
        Cut::Zeros => bytes.resize(whole.len(), 0),
        Cut::Garbage => bytes.resize_with(whole.len(), || random.next().to_le_bytes()[0] | 1),
    }
    bytes
}

#[test]
fn a_file_cut_off_at_any_byte_of_the_last_three_entries_opens_with_the_tail_reported() {
    let (opened, refused) = check(&unsigned(), false, Cut::Shorter);
    assert!(opened > 600 && refused == 0, "{opened} opened, {refused} refused");
}

#[test]
fn garbage_from_any_byte_of_the_last_three_entries_opens_with_the_tail_reported() {
    let (opened, refused) = check(&unsigned(), false, Cut::Garbage);
    assert!(opened > 600 && refused == 0, "{opened} opened, {refused} refused");
}

#[test]
fn a_tail_cut_off_below_a_checkpoint_refuses_to_start() {
    for cut in [Cut::Shorter, Cut::Zeros, Cut::Garbage] {
        let (opened, refused) = check(&options(), true, cut);
        assert!(refused > 600 && opened == 0, "{opened} opened, {refused} refused");
    }
}

#[test]
fn zeros_from_inside_an_entry_open_with_the_tail_reported_and_at_its_border_leave_a_shorter_journal()
 {
    let (storage, offsets) = sample(&unsigned(), false);
    let whole = storage.content(&segment_name(1)).expect("the segment is there");
    let mut torn = 0;
    for at in offsets[offsets.len() - 4]..offsets[offsets.len() - 1] {
        let kept = offsets.iter().filter(|end| **end <= at).count() - 1;
        storage.set_content(&segment_name(1), &apply(Cut::Zeros, &whole, at));
        let (_, found) =
            Journal::open(shared(&storage.duplicate()), &unsigned(), 0).expect("opens");
        assert_eq!(found.last_seq, kept as u64, "cut at {at}");
        torn += usize::from(found.torn_tail.is_some());
    }
    assert!(torn > 600, "only {torn} tails were torn");
    assert_eq!(whole.len() as u64, SEGMENT_BYTES);
}
