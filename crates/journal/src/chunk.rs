//! A run of verified entries and the bytes they stand in.

use std::sync::mpsc::Sender;

use crate::entry::{Entry, view};

/// A run of verified entries, owned, so that it can be handed to another thread.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    spans: Vec<(usize, usize)>,
    /// Where the bytes go once the chunk is used.
    home: Option<Sender<Vec<u8>>>,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(home) = &self.home {
            // A reader that is gone needs no buffers.
            let _ = home.send(std::mem::take(&mut self.bytes));
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
