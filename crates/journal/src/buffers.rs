//! Read buffers that come back when their chunk has been used: a fresh one for every chunk would be cleared and mapped
//! anew each time, which costs as much as checking its entries' checksums.

use std::sync::mpsc::{Receiver, Sender, channel};

/// Where used buffers return to.
#[derive(Debug)]
pub(crate) struct Buffers {
    home: Sender<Vec<u8>>,
    returned: Receiver<Vec<u8>>,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        let (home, returned) = channel();
        Self { home, returned }
    }

    /// A buffer of this length, with anything in it.
    pub(crate) fn take(&self, len: usize) -> Vec<u8> {
        let mut buffer = self.returned.try_recv().unwrap_or_default();
        buffer.resize(len, 0);
        buffer
    }

    /// Where a buffer taken from here is to be sent once it is used.
    pub(crate) fn home(&self) -> Sender<Vec<u8>> {
        self.home.clone()
    }
}
