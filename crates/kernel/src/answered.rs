//! What the kernel remembers of every intent for ever: 32 bytes each, found by key in constant time.
//!
//! Closed intents leave the kernel; this is what stays, so that a repeated id is answered however old it is. The table
//! is split by the first byte of the key into 256 parts that grow one at a time: no step ever waits for all of it to be
//! moved. Keys are already uniform (they are cut from SHA-256), so they serve as their own hash.

use fillwright_domain::{ContentDigest, IntentKey, ResultStatus};
use minicbor::{Decode, Decoder, Encode, Encoder};

const PARTS: usize = 256;
const SLOTS_MIN: usize = 8;
const SLOT_BYTES: usize = 32;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredIntents {
    parts: Vec<Part>,
    len: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Part {
    slots: Vec<Slot>,
    taken: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Slot {
    key: [u64; 2],
    digest: u64,
    /// Zero where the slot is free; otherwise the sequence number shifted by a byte, and the status code plus one.
    answer: u64,
}

impl Default for AnsweredIntents {
    fn default() -> Self {
        Self { parts: vec![Part::default(); PARTS], len: 0 }
    }
}

impl AnsweredIntents {
    /// How many intents are remembered.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is remembered of an intent.
    pub fn get(&self, key: IntentKey) -> Option<Answered> {
        let slot = self.parts[part_of(key)].find(halves(key))?;
        Some(Answered {
            first_seq: slot.answer >> 8,
            status: status_of(slot.answer),
            digest: slot.digest,
        })
    }

    /// Remembers a new intent, without a result yet.
    pub(crate) fn accept(&mut self, key: IntentKey, digest: ContentDigest, seq: u64) {
        let slot = Slot { key: halves(key), digest: half(digest.as_bytes(), 0), answer: seq << 8 };
        self.parts[part_of(key)].insert(slot);
        self.len += 1;
    }

    /// Notes the result of a remembered intent.
    pub(crate) fn close(&mut self, key: IntentKey, status: ResultStatus) {
        if let Some(slot) = self.parts[part_of(key)].find_mut(halves(key)) {
            slot.answer = (slot.answer & !0xff) | (status as u64 + 1);
        }
    }
}

impl Part {
    fn find(&self, key: [u64; 2]) -> Option<&Slot> {
        self.position(key).map(|at| &self.slots[at])
    }

    fn find_mut(&mut self, key: [u64; 2]) -> Option<&mut Slot> {
        self.position(key).map(|at| &mut self.slots[at])
    }

    fn position(&self, key: [u64; 2]) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let at = self.probe(key);
        (self.slots[at].answer != 0).then_some(at)
    }

    /// The slot that holds the key, or the free one where it belongs.
    fn probe(&self, key: [u64; 2]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = home(key, self.slots.len());
        while self.slots[at].answer != 0 && self.slots[at].key != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn insert(&mut self, slot: Slot) {
        if (self.taken + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let at = self.probe(slot.key);
        self.slots[at] = slot;
        self.taken += 1;
    }

    fn grow(&mut self) {
        let larger = vec![Slot::default(); (self.slots.len() * 2).max(SLOTS_MIN)];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.answer != 0 {
                let at = self.probe(slot.key);
                self.slots[at] = slot;
            }
        }
    }

    fn reserve(&mut self, count: usize) {
        let slots = (count * 4 / 3 + 1).next_power_of_two().max(SLOTS_MIN);
        self.slots = vec![Slot::default(); slots];
    }
}

fn part_of(key: IntentKey) -> usize {
    usize::from(key.as_bytes()[0])
}

/// Where a key would stand in a part of this many slots: by its bits behind the first byte, so that sorted keys fill
/// the table from front to back.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the shift leaves fewer bits than a table index has"
)]
fn home(key: [u64; 2], slots: usize) -> usize {
    ((key[0] << 8) >> (64 - slots.trailing_zeros())) as usize
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
    /// An array of 256 byte strings: each part's slots in the order of their keys, 32 bytes each, big-endian. The same
    /// memory has the same bytes, however it came about.
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(PARTS as u64)?;
        for part in &self.parts {
            let mut slots: Vec<&Slot> = part.slots.iter().filter(|slot| slot.answer != 0).collect();
            slots.sort_unstable_by_key(|slot| slot.key);
            e.bytes_len((slots.len() * SLOT_BYTES) as u64)?;
            for slot in slots {
                for word in [slot.key[0], slot.key[1], slot.digest, slot.answer] {
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
        let wrong = || minicbor::decode::Error::message("expected 256 strings of 32-byte slots");
        if d.array()? != Some(PARTS as u64) {
            return Err(wrong());
        }
        let mut table = Self::default();
        for part in &mut table.parts {
            let (slots, rest) = d.bytes()?.as_chunks::<SLOT_BYTES>();
            if !rest.is_empty() {
                return Err(wrong());
            }
            part.reserve(slots.len());
            for bytes in slots {
                part.insert(slot_of(bytes));
            }
            table.len += slots.len() as u64;
        }
        Ok(table)
    }
}

fn slot_of(bytes: &[u8; SLOT_BYTES]) -> Slot {
    let (words, _) = bytes.as_chunks::<8>();
    let [first, second, digest, answer] =
        [0, 1, 2, 3].map(|word: usize| u64::from_be_bytes(words[word]));
    Slot { key: [first, second], digest, answer }
}
