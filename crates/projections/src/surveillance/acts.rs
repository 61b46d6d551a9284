//! What was done of late, oldest first, and which patterns it has shown already.

use super::patterns::Pattern;
use fillwright_domain::{BookId, Px, Qty, Side, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// One thing that was done.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) book_id: BookId,
    pub(super) side: Side,
    pub(super) deed: Deed,
}

/// What was done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Deed {
    /// An order was released.
    Ordered,
    /// An order was asked to be cancelled.
    CancelAsked,
    /// So much of an order was taken back unfilled.
    TakenBack {
        /// How much.
        qty: Qty,
    },
    /// A fill.
    Filled {
        /// How much.
        qty: Qty,
        /// At which price.
        px: Px,
    },
}

/// Acts within a window.
#[derive(Debug, Default)]
pub(super) struct Acts {
    of_late: VecDeque<Act>,
    /// The last entry behind which a pattern was shown: what it rested on is not shown again.
    shown: BTreeMap<Pattern, u64>,
}

impl Acts {
    /// Adds an act and forgets those before the window.
    pub(super) fn add(&mut self, act: Act, window_ns: i64) {
        let at = act.at;
        self.of_late.push_back(act);
        while self.of_late.pop_front_if(|old| at.since_ns(old.at) > window_ns).is_some() {}
    }

    /// The acts a pattern may rest on: those behind what it was shown of last.
    pub(super) fn new_to(&self, pattern: Pattern) -> impl DoubleEndedIterator<Item = &Act> {
        let shown = self.shown.get(&pattern).copied().unwrap_or_default();
        self.of_late.iter().filter(move |act| act.seq > shown)
    }

    /// The last act.
    pub(super) fn last(&self) -> Option<&Act> {
        self.of_late.back()
    }

    /// Notes that a pattern was shown up to now.
    pub(super) fn show(&mut self, pattern: Pattern) {
        if let Some(last) = self.last() {
            self.shown.insert(pattern, last.seq);
        }
    }
}
