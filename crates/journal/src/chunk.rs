//! A run of verified entries and the bytes they stand in.

use std::sync::mpsc::Sender;

use fillwright_kernel::Fact;

use crate::codec;
use crate::entry::{Entry, view};

/// A run of verified entries, owned, so that it can be handed to another thread.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    spans: Vec<(usize, usize)>,
    /// The facts of all entries, where the verifying thread had the time to read them, and where their room goes once
    /// they are used.
    facts: Option<(ChunkFacts, Sender<ChunkFacts>)>,
    /// Where the bytes go once the chunk is used.
    home: Option<Sender<Vec<u8>>>,
}

/// The facts of a chunk's entries.
#[derive(Debug, Default)]
pub struct ChunkFacts {
    /// All of them, in order.
    pub facts: Vec<Fact>,
    /// How many of them each entry has, in order.
    pub counts: Vec<usize>,
}

impl ChunkFacts {
    /// Reads the facts of every entry of a chunk, in the room of those it held.
    ///
    /// # Errors
    ///
    /// `CodecError` of the first that cannot be read.
    pub fn read(&mut self, chunk: &Chunk) -> Result<(), codec::CodecError> {
        self.facts.clear();
        self.counts.clear();
        for entry in chunk.entries() {
            let before = self.facts.len();
            for fact in codec::facts(entry.payload)? {
                self.facts.push(fact?);
            }
            self.counts.push(self.facts.len() - before);
        }
        Ok(())
    }

    /// The facts of each entry, in order.
    pub fn by_entry(&self) -> impl Iterator<Item = &[Fact]> {
        let mut rest = &self.facts[..];
        self.counts.iter().map(move |count| {
            let (of_entry, behind) = rest.split_at(*count);
            rest = behind;
            of_entry
        })
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            // A reader that is gone needs no buffers.
            let _ = home.send(std::mem::take(&mut self.bytes));
        }
        if let Some((facts, home)) = self.facts.take() {
            let _ = home.send(facts);
        }
    }
}

impl Chunk {
    /// Notes an entry that starts at `start`; the bytes follow with `over`.
    pub(crate) fn push(&mut self, start: usize, payload_len: usize) {
        self.spans.push((start, payload_len));
    }

    pub(crate) fn over(mut self, bytes: Vec<u8>, home: Sender<Vec<u8>>) -> Self {
        self.bytes = bytes;
        self.home = Some(home);
        self
    }

    /// Reads the facts of every entry ahead of whoever replays them, in the room given, which goes `home` with the chunk.
    /// Where one cannot be read all are left to be read later, so that the error is met at its entry.
    pub(crate) fn read_facts(&mut self, mut room: ChunkFacts, home: &Sender<ChunkFacts>) {
        if room.read(self).is_ok() {
            self.facts = Some((room, home.clone()));
        }
    }

    /// The facts of the entries, where they were read ahead.
    pub fn facts(&self) -> Option<&ChunkFacts> {
        self.facts.as_ref().map(|(facts, _)| facts)
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns the entry at a position, the first being 0.
    pub fn get(&self, position: usize) -> Option<Entry<'_>> {
        let (start, payload_len) = *self.spans.get(position)?;
        Some(view(&self.bytes[start..], payload_len))
    }

    /// Goes through the entries in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.spans.iter().map(|(start, payload_len)| view(&self.bytes[*start..], *payload_len))
    }
}
