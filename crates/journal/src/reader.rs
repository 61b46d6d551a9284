//! Opening a journal: verify all of it, repair what a crash may leave, and go on from there.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use std::any::Any;

use crate::chain::Chain;
use crate::checkpoint::{CheckpointLog, Checkpoints};
use crate::chunk::{Chunk, ChunkFacts};
use crate::entry::{Hash, field_u32, frame_len};
use crate::error::JournalError;
use crate::flusher::{Flusher, Segment, place_segment};
use crate::header::{HEADER_LEN, Header, MAX_TEXT};
use crate::options::{JournalOptions, MAX_SEGMENT, MIN_SEGMENT};
use crate::scan::{Anchor, End, Place, Plan, Scan, read_error};
use crate::segment::{segment_name, spare_index_of};
use crate::snapshot::{self, SkippedSnapshot, Snapshot};
use crate::spare::Spares;
use crate::storage::{LockAnswer, Storage};
use crate::tail::TornTail;
use crate::writer::Journal;

/// Verified chunks that may wait for the thread that applies them.
const CHUNKS_AHEAD: usize = 4;

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The last entry; 0 in an empty journal.
    pub last_seq: u64,
    /// Its hash, or the genesis hash.
    pub head: Hash,
    /// Number of segments.
    pub segments: u64,
    /// The last entry that was proven durable, before opening made all of them so.
    pub proven_seq: u64,
    /// What a crash left behind the last entry, if anything. It was dropped unless the journal was only verified.
    pub torn_tail: Option<TornTail>,
    /// Number of checkpoints, all of them matching.
    pub checkpoints: usize,
}

/// A journal being opened: hands out verified entries, then becomes a `Journal`.
///
/// Reading and verifying happen on a thread of their own.
pub struct Recovery {
    storage: Arc<dyn Storage>,
    options: JournalOptions,
    at: i64,
    checkpoints: Checkpoints,
    verified: Option<mpsc::Receiver<Verified>>,
    thread: Option<JoinHandle<()>>,
    end: Option<Result<End, JournalError>>,
    lock: Box<dyn Any + Send + Sync>,
}

enum Verified {
    Chunk(Chunk),
    End(Box<Result<End, JournalError>>),
}

impl Journal {
    /// Opens a journal for writing after verifying all of it; an empty folder becomes a new journal.
    ///
    /// `at` is the logical time, in nanoseconds UTC, that a new journal's first header states.
    ///
    /// # Errors
    ///
    /// `Locked` if another writer holds the folder, `Damaged` or `BadCheckpoint` if the journal is not what was
    /// written, and the errors of reading and repairing.
    pub fn open(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        at: i64,
    ) -> Result<(Self, Opened), JournalError> {
        check_options(options)?;
        let lock = take_lock(&*storage)?;
        let checkpoints = Checkpoints::read(&*storage, options)?;
        let plan = plan(&*storage, options, &checkpoints)?;
        let end = Scan::new(Arc::clone(&storage), plan)?.finish()?;
        resume(storage, options, at, &checkpoints, end, lock)
    }

    /// Starts to open a journal, handing out every entry once it is verified.
    ///
    /// # Errors
    ///
    /// As `open`, except that what verification finds comes from the `Recovery`.
    pub fn recover(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        at: i64,
    ) -> Result<Recovery, JournalError> {
        Recovery::start(storage, options, at, 0)
    }

    /// Starts to open a journal from its newest sound snapshot, handing out only the entries after it.
    ///
    /// Of the segments that end before the snapshot only the headers are verified; `scrub` verifies the rest.
    /// Snapshots that are damaged are named and skipped; without a sound one all entries are handed out.
    ///
    /// # Errors
    ///
    /// As `recover`. A snapshot that contradicts the chain is `Damaged`.
    #[allow(clippy::type_complexity)] // Three things come of it, each already named.
    pub fn recover_from_snapshot(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        at: i64,
    ) -> Result<(Option<Snapshot>, Vec<SkippedSnapshot>, Recovery), JournalError> {
        let (snapshot, skipped) = snapshot::latest_valid(&*storage)?;
        let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
        let recovery = Recovery::start(storage, options, at, after)?;
        Ok((snapshot, skipped, recovery))
    }
}

/// Verifies a whole journal and changes nothing. It needs no lock; beside a live writer the tail can look torn.
///
/// # Errors
///
/// As `Journal::open`.
pub fn verify(
    storage: &Arc<dyn Storage>,
    options: &JournalOptions,
) -> Result<Opened, JournalError> {
    Verification::start(storage, options)?.finish()
}

/// A pass over a journal that nobody is writing: every entry is verified and handed out once. It needs no lock and
/// changes nothing.
pub struct Verification {
    scan: Scan,
    checkpoints: Checkpoints,
}

impl Verification {
    /// Starts before the first entry.
    ///
    /// # Errors
    ///
    /// As `Journal::open`.
    pub fn start(
        storage: &Arc<dyn Storage>,
        options: &JournalOptions,
    ) -> Result<Self, JournalError> {
        let checkpoints = Checkpoints::read(&**storage, options)?;
        let plan = plan(&**storage, options, &checkpoints)?;
        Ok(Self { scan: Scan::new(Arc::clone(storage), plan)?, checkpoints })
    }

    /// Returns the next run of verified entries, or `None` when all have been handed out.
    ///
    /// # Errors
    ///
    /// `Damaged` or `Read`. Entries handed out before are intact.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, JournalError> {
        self.scan.next_chunk()
    }

    /// Verifies what has not been asked for yet, and says what was found.
    ///
    /// # Errors
    ///
    /// As `next_chunk`.
    pub fn finish(self) -> Result<Opened, JournalError> {
        Ok(opened(&self.scan.finish()?, &self.checkpoints))
    }
}

/// Verifies entries 1 to `up_to`, which must be durable, beside a live writer. Returns the hash of the last.
///
/// # Errors
///
/// As `Journal::open`.
pub fn scrub(
    storage: &Arc<dyn Storage>,
    options: &JournalOptions,
    up_to: u64,
) -> Result<Hash, JournalError> {
    let checkpoints = Checkpoints::read(&**storage, options)?;
    let mut plan = plan(&**storage, options, &checkpoints)?;
    plan.anchors.retain(|anchor| anchor.seq <= up_to);
    plan.up_to = Some(up_to);
    Ok(Scan::new(Arc::clone(storage), plan)?.finish()?.chain.head)
}

impl Recovery {
    fn start(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        at: i64,
        after: u64,
    ) -> Result<Self, JournalError> {
        check_options(options)?;
        let lock = take_lock(&*storage)?;
        let checkpoints = Checkpoints::read(&*storage, options)?;
        let plan = Plan { after, ..plan(&*storage, options, &checkpoints)? };
        let scan = Scan::new(Arc::clone(&storage), plan)?;
        let (to, verified) = mpsc::sync_channel(CHUNKS_AHEAD);
        let thread = thread::Builder::new()
            .name("journal-verify".to_owned())
            .spawn(move || hand_out(scan, &to));
        let thread = Some(thread.expect("the system can start a thread"));
        Ok(Self {
            storage,
            options: options.clone(),
            at,
            checkpoints,
            verified: Some(verified),
            thread,
            end: None,
            lock,
        })
    }

    /// Returns the next run of verified entries, or `None` when all have been handed out.
    ///
    /// # Errors
    ///
    /// `Damaged` or `Read`. Entries handed out before are intact.
    ///
    /// # Panics
    ///
    /// Panics if the verifying thread did.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, JournalError> {
        let Some(verified) = &self.verified else { return Ok(None) };
        match verified.recv().expect("the thread sends an end before it ends") {
            Verified::Chunk(chunk) => Ok(Some(chunk)),
            Verified::End(end) => {
                self.verified = None;
                self.end = Some(*end);
                match self.end.take_if(|end| end.is_err()) {
                    Some(Err(error)) => Err(error),
                    _ => Ok(None),
                }
            }
        }
    }

    /// Verifies what has not been asked for yet, repairs the tail and opens the journal for writing.
    ///
    /// # Errors
    ///
    /// As `Journal::open`; `Poisoned` if `next_chunk` has failed before.
    pub fn finish(mut self) -> Result<(Journal, Opened), JournalError> {
        while self.next_chunk()?.is_some() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let end = self.end.take().unwrap_or(Err(JournalError::Poisoned))?;
        resume(self.storage, &self.options, self.at, &self.checkpoints, end, self.lock)
    }
}

fn hand_out(mut scan: Scan, to: &mpsc::SyncSender<Verified>) {
    let (home, returned) = mpsc::channel();
    loop {
        let chunk = match scan.next_chunk() {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => return drop(to.send(Verified::End(Box::new(Err(error))))),
        };
        if !hand_over(chunk, to, (&home, &returned)) {
            return;
        }
    }
    let _ = to.send(Verified::End(Box::new(scan.finish())));
}

/// Hands a chunk over; says whether anybody still wants them. Where the other thread is behind, this one does part of its
/// work instead of waiting for it. The room facts take comes back when their chunk has been used.
fn hand_over(
    chunk: Chunk,
    to: &mpsc::SyncSender<Verified>,
    (home, returned): (&mpsc::Sender<ChunkFacts>, &mpsc::Receiver<ChunkFacts>),
) -> bool {
    match to.try_send(Verified::Chunk(chunk)) {
        Err(mpsc::TrySendError::Full(Verified::Chunk(mut chunk))) => {
            chunk.read_facts(returned.try_recv().unwrap_or_default(), home);
            to.send(Verified::Chunk(chunk)).is_ok()
        }
        sent => sent.is_ok(),
    }
}

fn check_options(options: &JournalOptions) -> Result<(), JournalError> {
    let bad = |why: &str| Err(JournalError::BadOptions { why: why.to_owned() });
    if options.partition.len() > MAX_TEXT || options.build.len() > MAX_TEXT {
        return bad("partition and build take at most 255 bytes each");
    }
    if options.partition.is_empty() || options.partition.contains('\n') {
        return bad("partition must be a name of one line");
    }
    if !(MIN_SEGMENT..=MAX_SEGMENT).contains(&options.segment_bytes)
        || !options.segment_bytes.is_multiple_of(4096)
    {
        return bad("segment_bytes must be a multiple of 4,096 between 16 KiB and 1 GiB");
    }
    Ok(())
}

fn take_lock(storage: &dyn Storage) -> Result<Box<dyn Any + Send + Sync>, JournalError> {
    match storage.lock().map_err(|source| JournalError::Lock { source })? {
        LockAnswer::Held(lock) => Ok(lock),
        LockAnswer::Taken { holder } => Err(JournalError::Locked { holder }),
    }
}

pub(crate) fn plan(
    storage: &dyn Storage,
    options: &JournalOptions,
    checkpoints: &Checkpoints,
) -> Result<Plan, JournalError> {
    let anchors: Vec<Anchor> = checkpoints.anchors().chain(snapshot::anchors(storage)?).collect();
    Ok(Plan { partition: options.partition.clone(), after: 0, up_to: None, anchors })
}

fn opened(end: &End, checkpoints: &Checkpoints) -> Opened {
    Opened {
        last_seq: end.chain.seq,
        head: end.chain.head,
        segments: end.chain.segments,
        proven_seq: end.chain.proven,
        torn_tail: end.torn.clone(),
        checkpoints: checkpoints.all.len(),
    }
}

/// Makes a journal of what a scan found.
fn resume(
    storage: Arc<dyn Storage>,
    options: &JournalOptions,
    at: i64,
    checkpoints: &Checkpoints,
    end: End,
    lock: Box<dyn Any + Send + Sync>,
) -> Result<(Journal, Opened), JournalError> {
    let opened = opened(&end, checkpoints);
    let marked = end.marked && end.torn.is_none();
    let (segment, chain, present_size) = match end.place {
        Some(place) => {
            repair(&place, &end.chain, end.torn.as_ref())?;
            present(place, end.chain)
        }
        None => create_first(&storage, options, at, end.chain)?,
    };
    remove_leftovers(&*storage, segment.index + 1)?;
    let next_index = segment.index + 1;
    let log = CheckpointLog::open(&*storage, options, checkpoints)?;
    let mut flusher = flusher(Arc::clone(&storage), options, segment, &chain, at, log);
    if !marked {
        flusher.write_mark()?;
    }
    let spares = Spares::new(storage, options.segment_bytes, next_index, options.preparation);
    Ok((Journal::new(flusher, present_size, options.max_payload(), spares, lock), opened))
}

fn flusher(
    storage: Arc<dyn Storage>,
    options: &JournalOptions,
    segment: Segment,
    chain: &Chain,
    at: i64,
    checkpoints: CheckpointLog,
) -> Flusher {
    Flusher {
        storage,
        partition: options.partition.clone(),
        build: options.build.clone(),
        segment_bytes: options.segment_bytes,
        segment,
        seq: chain.seq,
        last_at: at,
        head: chain.head,
        link: chain.link,
        durable: Arc::new(AtomicU64::new(chain.seq)),
        checkpoints,
        poisoned: Arc::new(AtomicBool::new(false)),
    }
}

fn present(place: Place, chain: Chain) -> (Segment, Chain, u64) {
    let Place { name, file, header, offset, .. } = place;
    (Segment { name, file, index: header.index, header: chain.header, offset }, chain, header.size)
}

/// Puts the first segment of a new journal in place.
fn create_first(
    storage: &Arc<dyn Storage>,
    options: &JournalOptions,
    at: i64,
    mut chain: Chain,
) -> Result<(Segment, Chain, u64), JournalError> {
    let spare = Spares::make_first(storage, options.segment_bytes)?;
    let header = Header {
        index: 0,
        first_seq: 1,
        created_at: at,
        size: options.segment_bytes,
        previous_head: chain.head,
        previous_header: chain.header,
        partition: options.partition.clone(),
        build: options.build.clone(),
    };
    let (block, hash) = header.encode();
    let name = segment_name(1);
    let placed = place_segment(&**storage, &spare, &block, &name);
    placed.map_err(|source| JournalError::Roll { file: name.clone(), source })?;
    chain.link = hash;
    chain.header = hash;
    let file = Arc::from(spare.file);
    let segment = Segment { name, file, index: 0, header: hash, offset: HEADER_LEN as u64 };
    Ok((segment, chain, options.segment_bytes))
}

/// Zeroes a torn tail and makes every entry before it durable.
///
/// Entries that nothing proves durable are written again before the sync: after a sync that failed, the page cache
/// can hold them as clean although the disk does not.
fn repair(place: &Place, chain: &Chain, torn: Option<&TornTail>) -> Result<(), JournalError> {
    let failed =
        |source| JournalError::Repair { file: place.name.clone(), offset: place.offset, source };
    if torn.is_none() && chain.proven >= chain.seq {
        return Ok(());
    }
    rewrite_unproven(place, chain)?;
    if let Some(torn) = torn {
        zero_tail(place, torn).map_err(failed)?;
    }
    place.file.sync_data().map_err(failed)
}

fn rewrite_unproven(place: &Place, chain: &Chain) -> Result<(), JournalError> {
    let len = usize::try_from(place.offset).expect("a segment fits into memory");
    let mut bytes = vec![0; len];
    let read =
        place.file.read_at(&mut bytes, 0).map_err(|source| read_error(&place.name, 0, source))?;
    let start = offset_after(
        &bytes[..read],
        chain.proven + 1 - place.header.first_seq.min(chain.proven + 1),
    );
    let written = place.file.write_at(&bytes[start..read], start as u64);
    written.map_err(|source| JournalError::Repair {
        file: place.name.clone(),
        offset: start as u64,
        source,
    })
}

/// Returns the offset behind this many entries of a segment whose entries are known to be whole.
fn offset_after(segment: &[u8], entries: u64) -> usize {
    (0..entries)
        .fold(HEADER_LEN, |offset, _| offset + frame_len(field_u32(segment, offset) as usize))
}

/// Zeroes what is dropped, and gives a file that was cut off its size back.
fn zero_tail(place: &Place, torn: &TornTail) -> io::Result<()> {
    let dropped_end = torn.offset + torn.bytes_dropped;
    let zero = |from: u64, to: u64| {
        let len = usize::try_from(to.saturating_sub(from)).expect("a segment fits into memory");
        place.file.write_at(&vec![0; len], from)
    };
    zero(place.offset, dropped_end)?;
    zero(place.file.size()?, place.header.size)
}

/// Removes files of other segments' preparation and of replacements that a crash cut off.
fn remove_leftovers(storage: &dyn Storage, wanted: u64) -> Result<(), JournalError> {
    let names = storage.list().map_err(|source| JournalError::List { source })?;
    for name in names {
        let stale = name.strip_suffix(".tmp").is_some()
            || spare_index_of(&name).is_some_and(|index| index != wanted);
        if stale {
            storage.remove(&name).map_err(|source| JournalError::Open { file: name, source })?;
        }
    }
    Ok(())
}
