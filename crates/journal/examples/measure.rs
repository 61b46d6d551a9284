//! Measures the journal on this machine's disk and prints one JSON object a line.
//!
//! `cargo run --release -p fillwright-journal --example measure -- FOLDER lone|throughput|verify|snapshot ENTRIES`
//!
//! `throughput` leaves the journal that `verify` reads. Under load, `chrt -f 10` keeps the scheduler's slices of 4 ms
//! out of the figures.
#![allow(clippy::print_stdout)]
#![allow(clippy::cast_precision_loss)] // Figures for people.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fillwright_journal::{FileStorage, Journal, JournalOptions, Storage, snapshot, verify};

const PAYLOAD_LEN: usize = 636;
const BATCH: u64 = 1_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, case, entries] = args.as_slice() else {
        return println!("measure FOLDER lone|throughput|verify|snapshot ENTRIES");
    };
    let folder = Path::new(folder);
    let entries: u64 = entries.parse().expect("a number of entries");
    match case.as_str() {
        "lone" => lone(&folder.join("lone"), entries),
        "throughput" => throughputs(folder, entries),
        "verify" => verification(&folder.join("inline")),
        "snapshot" => from_snapshot(&folder.join("snapshot"), entries),
        other => println!("{other} is not a case"),
    }
}

fn throughputs(folder: &Path, entries: u64) {
    for work_ns in [0, 500, 2_000] {
        throughput(&folder.join("inline"), entries, work_ns, false);
        throughput(&folder.join("overlapped"), entries, work_ns, true);
    }
}

/// Writes a journal with a snapshot at its end and opens it from there.
fn from_snapshot(folder: &Path, entries: u64) {
    throughput(folder, entries, 0, true);
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(folder).expect("the folder can be made"));
    let (mut journal, _) = Journal::open(Arc::clone(&storage), &options(), 0).expect("opens");
    snapshot::store(&*storage, &journal.receipt().expect("durable"), 0, b"state").expect("stored");
    for _ in 0..BATCH {
        journal.append(0, &[7; PAYLOAD_LEN]).expect("appends");
    }
    journal.close(0).expect("closes");
    let start = Instant::now();
    let opened = Journal::recover_from_snapshot(storage, &options(), 0).expect("starts");
    let (_, opened) = opened.2.finish().expect("opens");
    println!(
        "{{\"case\":\"open_from_snapshot\",\"n\":{},\"segments\":{},\"ms\":{:.1}}}",
        opened.last_seq,
        opened.segments,
        start.elapsed().as_secs_f64() * 1_000.0
    );
}

fn open(folder: &Path) -> (Arc<dyn Storage>, Journal) {
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(folder).expect("the folder can be made"));
    let (journal, _) =
        Journal::open(Arc::clone(&storage), &options(), 0).expect("the journal opens");
    let _ = journal.wait_for_room();
    (storage, journal)
}

fn options() -> JournalOptions {
    JournalOptions { signing_seed: Some([1; 32]), ..JournalOptions::new("measure") }
}

/// Alternates a bare write and sync with a lone commit, each on its own preallocated file.
fn lone(folder: &Path, entries: u64) {
    let _ = std::fs::remove_dir_all(folder);
    let (storage, mut journal) = open(folder);
    let bare = storage.create("bare", 64 << 20).expect("there is room");
    let record = vec![7; PAYLOAD_LEN + 64];
    let (mut bare_ns, mut commit_ns) = (Vec::new(), Vec::new());
    for turn in 0..entries {
        let start = Instant::now();
        bare.write_at(&record, 4096 + turn * record.len() as u64).expect("writes");
        let written = Instant::now();
        bare.sync_data().expect("syncs");
        bare_ns.push((written.elapsed(), start.elapsed()));
        let start = Instant::now();
        journal.append(0, &record[..PAYLOAD_LEN]).expect("appends");
        black_box(journal.commit().expect("commits"));
        commit_ns.push(start.elapsed());
    }
    let sync = percentiles(bare_ns.iter().map(|pair| pair.0).collect());
    let write_and_sync = percentiles(bare_ns.iter().map(|pair| pair.1).collect());
    let commit = percentiles(commit_ns);
    println!(
        "{{\"case\":\"lone\",\"sync_p50_us\":{:.1},\"sync_p99_us\":{:.1},\"write_and_sync_p50_us\":{:.1},\
         \"commit_p50_us\":{:.1},\"commit_p99_us\":{:.1},\"ratio\":{:.3}}}",
        sync.0,
        sync.1,
        write_and_sync.0,
        commit.0,
        commit.1,
        commit.0 / sync.0
    );
}

fn percentiles(mut samples: Vec<Duration>) -> (f64, f64) {
    samples.sort_unstable();
    let at = |part: usize| samples[samples.len() * part / 100].as_nanos() as f64 / 1_000.0;
    (at(50), at(99))
}

/// Appends batches, spending `work_ns` of processor time an entry as the kernel would, and commits each.
fn throughput(folder: &Path, entries: u64, work_ns: u64, overlapped: bool) {
    let _ = std::fs::remove_dir_all(folder);
    let (_, mut journal) = open(folder);
    let payload = vec![7_u8; PAYLOAD_LEN];
    let start = Instant::now();
    for _ in 0..entries / BATCH {
        for _ in 0..BATCH {
            spin(work_ns);
            journal.append(0, &payload).expect("appends");
        }
        if overlapped {
            journal.commit_start().expect("starts");
        } else {
            journal.commit().expect("commits");
        }
    }
    let receipt = journal.commit().expect("commits");
    let elapsed = start.elapsed();
    println!(
        "{{\"case\":\"{}\",\"n\":{},\"batch\":{BATCH},\"work_ns\":{work_ns},\"per_wall_s\":{:.0}}}",
        if overlapped { "overlapped" } else { "inline" },
        receipt.last_seq(),
        receipt.last_seq() as f64 / elapsed.as_secs_f64()
    );
    journal.close(0).expect("closes");
}

fn spin(ns: u64) {
    let start = Instant::now();
    while ns > 0 && start.elapsed() < Duration::from_nanos(ns) {
        std::hint::spin_loop();
    }
}

/// Verifies everything on one thread, then again while handing the entries to another.
fn verification(folder: &Path) {
    let storage: Arc<dyn Storage> =
        Arc::new(FileStorage::new(folder).expect("the folder can be made"));
    for _ in 0..2 {
        let (start, cpu) = (Instant::now(), thread_cpu());
        let opened = verify(&storage, &options()).expect("verifies");
        report("verify", opened.last_seq, start.elapsed());
        report("verify_cpu", opened.last_seq, thread_cpu().saturating_sub(cpu));
    }
    let start = Instant::now();
    let mut recovery = Journal::recover(storage, &options(), 0).expect("recovers");
    let (mut seen, mut bytes) = (0, 0);
    while let Some(chunk) = recovery.next_chunk().expect("verifies") {
        for entry in chunk.entries() {
            seen += 1;
            bytes += black_box(entry.payload).iter().fold(0, |sum, byte| sum + u64::from(*byte));
        }
    }
    black_box(bytes);
    let elapsed = start.elapsed();
    drop(recovery.finish().expect("finishes"));
    report("verify_and_hand_over", seen, elapsed);
}

/// Processor time of this thread so far.
fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let ns = text
        .split(' ')
        .next()
        .and_then(|field| field.parse().ok())
        .expect("the first field is a number");
    Duration::from_nanos(ns)
}

fn report(case: &str, entries: u64, elapsed: Duration) {
    let per_s = entries as f64 / elapsed.as_secs_f64();
    let mib = per_s * (PAYLOAD_LEN + 68) as f64 / f64::from(1 << 20);
    println!(
        "{{\"case\":\"{case}\",\"n\":{entries},\"entries_per_s\":{per_s:.0},\"mib_per_s\":{mib:.0}}}"
    );
}
