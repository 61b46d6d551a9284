//! Segments of real size: read ahead by a thread, in pieces that cut entries anywhere, directly where the disk allows it.

mod fixture;

use std::path::PathBuf;
use std::sync::Arc;

use fillwright_journal::{
    Damage, FileStorage, HEADER_LEN, Journal, JournalError, JournalOptions, MemoryStorage, Storage,
    segment_name, verify,
};
use fixture::{Random, at, options, shared};

const MIB: usize = 1 << 20;
const SEGMENT_BYTES: u64 = 16 << 20;

fn large() -> JournalOptions {
    JournalOptions { segment_bytes: SEGMENT_BYTES, ..options() }
}

fn filled(seq: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seq);
    let word = random.next().to_le_bytes();
    word.iter().copied().cycle().take(len).collect()
}

/// Lengths of many small entries and some that are longer than the room before a piece, than a piece, than two.
fn lengths() -> Vec<usize> {
    let mut random = Random::new(11);
    let mut lengths: Vec<usize> =
        (0..30_000).map(|_| usize::try_from(random.below(900)).expect("small")).collect();
    for (place, len) in
        [(700, 70 << 10), (9_000, MIB - 100), (9_001, MIB), (15_000, 3 * MIB), (29_999, 2 * MIB)]
    {
        lengths[place] = len;
    }
    lengths
}

fn write(storage: Arc<dyn Storage>, lengths: &[usize]) {
    let (mut journal, _) = Journal::open(storage, &large(), 0).expect("opens");
    for (seq, len) in (1..).zip(lengths) {
        journal.append(at(seq), &filled(seq, *len)).expect("appended");
        if seq % 5_000 == 0 {
            journal.commit().expect("durable");
        }
    }
    journal.close(0).expect("closes");
}

/// Recovers a journal and checks every entry against what was written.
fn check_recovers(storage: Arc<dyn Storage>, lengths: &[usize]) {
    let mut recovery = Journal::recover(storage, &large(), 0).expect("starts");
    let mut seq = 0;
    while let Some(chunk) = recovery.next_chunk().expect("sound") {
        for entry in chunk.entries() {
            let len = lengths[usize::try_from(seq).expect("small")];
            seq += 1;
            assert_eq!((entry.seq, entry.at), (seq, at(seq)));
            assert!(entry.payload == filled(seq, len), "entry {seq} differs");
        }
    }
    assert_eq!(seq, lengths.len() as u64);
    recovery.finish().expect("opens");
}

#[test]
fn every_entry_comes_back_wherever_a_piece_cuts_it() {
    let lengths = lengths();
    let memory = MemoryStorage::new();
    write(shared(&memory), &lengths);
    check_recovers(shared(&memory), &lengths);

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("journal-large-segments");
    let _ = std::fs::remove_dir_all(&folder);
    let disk: Arc<dyn Storage> = Arc::new(FileStorage::new(&folder).expect("a folder"));
    write(Arc::clone(&disk), &lengths);
    check_recovers(disk, &lengths);
    for name in memory.list().expect("lists").iter().filter(|name| name.starts_with("000")) {
        let on_disk = std::fs::read(folder.join(name)).expect("the same file is on disk");
        assert!(Some(on_disk) == memory.content(name), "{name} differs");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_flipped_bit_beside_the_edge_of_a_piece_is_found() {
    let memory = MemoryStorage::new();
    write(shared(&memory), &lengths());
    let name = segment_name(1);
    let sound = memory.content(&name).expect("the first segment");
    let mut flips = 0;
    for edge in [HEADER_LEN + MIB, HEADER_LEN + 2 * MIB, HEADER_LEN + 5 * MIB] {
        for offset in [edge - 65, edge - 1, edge, edge + 1, edge + 63] {
            let mut bytes = sound.clone();
            bytes[offset] ^= 0x10;
            memory.set_content(&name, &bytes);
            let found = verify(&shared(&memory), &large()).map(|_| ()).expect_err("damaged");
            assert!(matches!(found, JournalError::Damaged { .. }), "{offset}: {found}");
            flips += 1;
        }
    }
    assert_eq!(flips, 15);
}

#[test]
fn a_segment_cut_off_at_the_edge_of_a_piece_is_refused() {
    let memory = MemoryStorage::new();
    write(shared(&memory), &lengths());
    let name = segment_name(1);
    let sound = memory.content(&name).expect("the first segment");
    for len in [HEADER_LEN + MIB, HEADER_LEN + MIB + 1, HEADER_LEN + 3 * MIB - 1] {
        memory.set_content(&name, &sound[..len]);
        let found = verify(&shared(&memory), &large()).map(|_| ()).expect_err("cut off");
        let JournalError::Damaged { what, .. } = &found else { panic!("{len}: {found}") };
        assert!(matches!(what, Damage::WrongSize { .. } | Damage::Broken { .. }), "{len}: {found}");
    }
}

#[test]
fn a_write_of_any_size_at_any_offset_changes_exactly_its_bytes() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("journal-direct");
    let _ = std::fs::remove_dir_all(&folder);
    let storage = FileStorage::new(&folder).expect("a folder");
    let mut writes = 0;
    for offset in [0, 1, 4095, 4096, 4173] {
        for len in [1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 3 * MIB + 12_345] {
            let size = offset + len + 4096;
            let file = storage.create("file", size as u64).expect("created");
            file.write_at(&vec![0xee; size], 0).expect("a first content");
            file.write_at(&filled(writes, len), offset as u64).expect("written");
            file.sync_data().expect("synced");
            let mut whole = vec![0xee; size];
            whole[offset..][..len].copy_from_slice(&filled(writes, len));
            let mut read = vec![0; size];
            assert_eq!(file.read_at(&mut read, 0).expect("read"), size);
            assert!(read == whole, "{len} bytes at {offset} changed what stands beside them");
            writes += 1;
        }
    }
    assert_eq!(writes, 25);
    std::fs::remove_dir_all(folder).expect("removed");
}
