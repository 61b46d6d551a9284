//! What the kernel remembers of every intent for ever: 32 bytes each, found by key in constant time.
//!
//! Closed intents leave the kernel; this is what stays, so that a repeated id is answered however old it is. Records
//! stand one after the other and never move; an index of eight bytes a key finds them. The index is split by the first
//! byte of the key into 256 parts that grow one at a time: no step ever waits for all of it. Keys are already uniform
//! (they are cut from SHA-256), so they serve as their own hash.

use fillwright_domain::{ContentDigest, IntentKey, ResultStatus};
use minicbor::{Decode, Decoder, Encode, Encoder};

const PARTS: usize = 256;
const SLOTS_MIN: usize = 8;
const RECORD_BYTES: usize = 32;
/// Records of a page: a mebibyte is cleared and mapped at once, and nothing is ever moved.
const PAGE_RECORDS: usize = 1 << 15;

/// What is remembered of one intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The entry that accepted it.
    pub first_seq: u64,
    /// Its result, where it has one.
    pub status: Option<ResultStatus>,
    digest: u64,
}

impl Answered {
    /// Whether an intent with this content is the one remembered.
    pub fn is_same(&self, digest: ContentDigest) -> bool {
        self.digest == half(digest.as_bytes(), 0)
    }
}

/// Every intent ever accepted.
#[derive(Debug, Clone)]
pub struct AnsweredIntents {
    parts: Vec<Part>,
    records: Records,
}

/// What is remembered, in the order in which it came: written to once and found by number.
#[derive(Debug, Clone, Default)]
struct Records {
    pages: Vec<Vec<Record>>,
    len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    key: [u64; 2],
    digest: u64,
    /// The sequence number shifted by a byte, and the status code plus one.
    answer: u64,
}

/// The index of the keys that begin with one byte.
#[derive(Debug, Clone, Default)]
struct Part {
    slots: Vec<Slot>,
    taken: usize,
}

/// Eight bytes a key, so that many lie in the cache: looking for a key that is not there seldom goes further.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Four bytes of the key.
    mark: u32,
    /// The number of its record, from one; zero where the slot is free.
    record: u32,
}

impl Default for AnsweredIntents {
    fn default() -> Self {
        Self { parts: vec![Part::default(); PARTS], records: Records::default() }
    }
}

/// The same is remembered, in whatever order it came.
impl PartialEq for AnsweredIntents {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.sorted() == other.sorted()
    }
}

impl Eq for AnsweredIntents {}

impl AnsweredIntents {
    /// How many intents are remembered.
    pub fn len(&self) -> u64 {
        self.records.len as u64
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.records.len == 0
    }

    /// What is remembered of an intent.
    pub fn get(&self, key: IntentKey) -> Option<Answered> {
        let record = self.records.get(self.find(halves(key))?);
        Some(Answered {
            first_seq: record.answer >> 8,
            status: status_of(record.answer),
            digest: record.digest,
        })
    }

    /// Remembers a new intent, without a result yet.
    pub(crate) fn accept(&mut self, key: IntentKey, digest: ContentDigest, seq: u64) {
        let digest = half(digest.as_bytes(), 0);
        self.remember(Record { key: halves(key), digest, answer: seq << 8 });
    }

    /// Notes the result of a remembered intent.
    pub(crate) fn close(&mut self, key: IntentKey, status: ResultStatus) {
        if let Some(number) = self.find(halves(key)) {
            let record = self.records.get_mut(number);
            record.answer = (record.answer & !0xff) | (status as u64 + 1);
        }
    }

    fn find(&self, key: [u64; 2]) -> Option<u32> {
        let part = &self.parts[part_of(key)];
        part.matching(mark_of(key)).find(|number| self.records.get(*number).key == key)
    }

    fn remember(&mut self, record: Record) {
        let number = self.records.push(record);
        self.parts[part_of(record.key)].insert(mark_of(record.key), number);
    }

    /// The records of each part, in the order of their keys.
    fn sorted(&self) -> Vec<Vec<Record>> {
        let mut parts = vec![Vec::new(); PARTS];
        for record in self.records.pages.iter().flatten() {
            parts[part_of(record.key)].push(*record);
        }
        for part in &mut parts {
            part.sort_unstable_by_key(|record| record.key);
        }
        parts
    }
}

impl Records {
    /// Stores a record and returns its number, from one.
    ///
    /// Four billion of them, 128 GiB of memory, are more than a partition can hold.
    fn push(&mut self, record: Record) -> u32 {
        if self.len.is_multiple_of(PAGE_RECORDS) {
            self.pages.push(Vec::with_capacity(PAGE_RECORDS));
        }
        self.pages[self.len / PAGE_RECORDS].push(record);
        self.len += 1;
        u32::try_from(self.len).expect("a partition holds fewer than 2^32 intents")
    }

    fn get(&self, number: u32) -> &Record {
        let (page, at) = place_of(number);
        &self.pages[page][at]
    }

    fn get_mut(&mut self, number: u32) -> &mut Record {
        let (page, at) = place_of(number);
        &mut self.pages[page][at]
    }
}

impl Part {
    /// The numbers of the records whose keys have this mark; rarely more than the one that is looked for.
    fn matching(&self, mark: u32) -> impl Iterator<Item = u32> {
        let last = self.slots.len().wrapping_sub(1);
        let from = home(mark, self.slots.len());
        let run = (0..self.slots.len()).map(move |step| self.slots[(from + step) & last]);
        run.take_while(|slot| slot.record != 0)
            .filter(move |slot| slot.mark == mark)
            .map(|slot| slot.record)
    }

    fn insert(&mut self, mark: u32, record: u32) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let at = self.free(mark);
        self.slots[at] = Slot { mark, record };
        self.taken += 1;
    }

    /// The free slot where a mark belongs.
    fn free(&self, mark: u32) -> usize {
        let last = self.slots.len() - 1;
        let mut at = home(mark, self.slots.len());
        while self.slots[at].record != 0 {
            at = (at + 1) & last;
        }
        at
    }

    /// Makes an empty part large enough for so many.
    fn reserve(&mut self, count: usize) {
        let slots = (count * 4 / 3 + 1).next_power_of_two().max(SLOTS_MIN);
        self.slots = vec![Slot::default(); slots];
    }

    fn grow(&mut self) {
        let larger = vec![Slot::default(); (self.slots.len() * 2).max(SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.record != 0 {
                let at = self.free(slot.mark);
                self.slots[at] = slot;
            }
        }
    }
}

fn place_of(number: u32) -> (usize, usize) {
    let at = number as usize - 1;
    (at / PAGE_RECORDS, at % PAGE_RECORDS)
}

fn part_of(key: [u64; 2]) -> usize {
    usize::from(key[0].to_be_bytes()[0])
}

/// The four bytes of a key behind its first.
fn mark_of(key: [u64; 2]) -> u32 {
    let [_, first, second, third, fourth, ..] = key[0].to_be_bytes();
    u32::from_be_bytes([first, second, third, fourth])
}

/// Where a mark would stand among so many slots: by its highest bits, so that growing moves slots in order.
fn home(mark: u32, slots: usize) -> usize {
    let bits = slots.checked_ilog2().unwrap_or(0);
    u64::from(mark).checked_shr(u32::BITS - bits).map_or(0, |at| usize::try_from(at).unwrap_or(0))
}

fn halves(key: IntentKey) -> [u64; 2] {
    [half(key.as_bytes(), 0), half(key.as_bytes(), 8)]
}

fn half(bytes: &[u8; 16], from: usize) -> u64 {
    let mut half = [0; 8];
    half.copy_from_slice(&bytes[from..from + 8]);
    u64::from_be_bytes(half)
}

fn status_of(answer: u64) -> Option<ResultStatus> {
    match answer & 0xff {
        1 => Some(ResultStatus::Success),
        2 => Some(ResultStatus::Skipped),
        3 => Some(ResultStatus::Error),
        4 => Some(ResultStatus::Partial),
        _ => None,
    }
}

impl<C> Encode<C> for AnsweredIntents {
    /// An array of 256 byte strings: each part's records in the order of their keys, 32 bytes each, big-endian. The same
    /// memory has the same bytes, however it came about.
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(PARTS as u64)?;
        for records in self.sorted() {
            e.bytes_len((records.len() * RECORD_BYTES) as u64)?;
            for record in records {
                for word in [record.key[0], record.key[1], record.digest, record.answer] {
                    e.writer_mut()
                        .write_all(&word.to_be_bytes())
                        .map_err(minicbor::encode::Error::write)?;
                }
            }
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for AnsweredIntents {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let wrong = || minicbor::decode::Error::message("expected 256 strings of 32-byte records");
        if d.array()? != Some(PARTS as u64) {
            return Err(wrong());
        }
        let mut table = Self::default();
        for part in 0..PARTS {
            let (records, rest) = d.bytes()?.as_chunks::<RECORD_BYTES>();
            if !rest.is_empty() {
                return Err(wrong());
            }
            table.parts[part].reserve(records.len());
            for bytes in records {
                table.remember(record_of(bytes));
            }
        }
        Ok(table)
    }
}

fn record_of(bytes: &[u8; RECORD_BYTES]) -> Record {
    let (words, _) = bytes.as_chunks::<8>();
    let [first, second, digest, answer] =
        [0, 1, 2, 3].map(|word: usize| u64::from_be_bytes(words[word]));
    Record { key: [first, second], digest, answer }
}
