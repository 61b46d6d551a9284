//! All prices of a book, from a snapshot and the differences behind it.

use crate::event::{Body, Depth, Level, UpdateIds};
use fillwright_domain::{Px, Qty};
use std::collections::VecDeque;

/// How many differences are kept while there is no snapshot they could be applied to. A snapshot holds updates that came
/// in before it, and those behind it must not be lost.
const HELD_MAX: usize = 4096;

/// All prices of a book.
///
/// Without a snapshot, and from a gap on until the next, the book says nothing: it is never guessed.
#[derive(Debug, Clone, Default)]
pub struct L2 {
    /// Worst first, so that the best is changed at the end.
    bids: Vec<Level>,
    asks: Vec<Level>,
    state: State,
    held: VecDeque<Depth>,
    gaps: u64,
}

/// Whether a book can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// There never was a snapshot, or updates are missing since.
    #[default]
    Unusable,
    /// A snapshot stands, and no difference was applied to it yet.
    Snapshot { last: u64 },
    /// Whole up to this update.
    Whole { last: u64 },
    /// Of a source that does not number its updates: whole as far as anyone can say.
    Unnumbered,
}

/// Why a book cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There was no snapshot since the beginning or the last gap.
    #[error("the book waits for a snapshot")]
    NoSnapshot,
}

/// What an update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It changed the book.
    Changed,
    /// It was held in the snapshot already.
    Old,
    /// It is kept until a snapshot comes.
    Held,
    /// Updates before it are missing. The book waits for a snapshot.
    Gap {
        /// The last update that was seen.
        seen: u64,
        /// The first of the update that came.
        came: u64,
    },
}

impl L2 {
    /// Takes what an event says; nothing where it is no depth.
    pub fn apply(&mut self, body: &Body) -> Option<Applied> {
        match body {
            Body::DepthSnapshot(depth) => Some(self.snapshot(depth)),
            Body::DepthDiff(depth) => Some(self.difference(depth)),
            _ => None,
        }
    }

    /// Puts a snapshot in place of everything, and applies what was held that it does not have. One that is older than
    /// the book is passed over.
    pub fn snapshot(&mut self, depth: &Depth) -> Applied {
        let state = match depth.ids {
            UpdateIds::Unnumbered => State::Unnumbered,
            UpdateIds::Snapshot { last }
            | UpdateIds::Consecutive { last, .. }
            | UpdateIds::Linked { last, .. } => State::Snapshot { last },
        };
        if let (State::Whole { last: seen }, State::Snapshot { last }) = (self.state, state)
            && last < seen
        {
            return Applied::Old;
        }
        self.clear();
        put_all(&mut self.bids, &depth.bids, |there, px| there < px);
        put_all(&mut self.asks, &depth.asks, |there, px| there > px);
        self.state = state;
        let mut waiting = std::mem::take(&mut self.held);
        while let Some(depth) = waiting.pop_front() {
            if let gap @ Applied::Gap { .. } = self.difference(&depth) {
                self.held.append(&mut waiting);
                return gap;
            }
        }
        Applied::Changed
    }

    /// Applies a difference, if it is the next.
    pub fn difference(&mut self, depth: &Depth) -> Applied {
        match self.follows(depth.ids) {
            Follows::Next(state) => {
                self.state = state;
                put_all(&mut self.bids, &depth.bids, |there, px| there < px);
                put_all(&mut self.asks, &depth.asks, |there, px| there > px);
                Applied::Changed
            }
            Follows::Old => Applied::Old,
            Follows::NotYet => {
                self.hold(depth);
                Applied::Held
            }
            Follows::Gap { seen, came } => {
                self.gaps += 1;
                self.clear();
                self.hold(depth);
                Applied::Gap { seen, came }
            }
        }
    }

    /// Whether an update follows what is there.
    ///
    /// The first update behind a snapshot may begin inside it. Binance's spot market says that it must begin no later than
    /// one behind the snapshot's last, and its futures that the last must lie within it; from then on each must begin one
    /// behind the one before, or name it.
    fn follows(&self, ids: UpdateIds) -> Follows {
        let (first, last, previous) = match ids {
            UpdateIds::Consecutive { first, last } => (first, last, None),
            UpdateIds::Linked { first, last, previous } => (first, last, Some(previous)),
            // A difference without numbers can follow nothing but a book without them.
            UpdateIds::Unnumbered | UpdateIds::Snapshot { .. } => {
                return match self.state {
                    State::Unnumbered => Follows::Next(State::Unnumbered),
                    _ => Follows::NotYet,
                };
            }
        };
        let whole = Follows::Next(State::Whole { last });
        match self.state {
            State::Unusable | State::Unnumbered => Follows::NotYet,
            State::Snapshot { last: seen } => match previous {
                None if last <= seen => Follows::Old,
                None if first <= seen.saturating_add(1) => whole,
                Some(_) if last < seen => Follows::Old,
                Some(previous) if first <= seen || previous == seen => whole,
                _ => Follows::Gap { seen, came: first },
            },
            State::Whole { last: seen } => match previous {
                None if first == seen.wrapping_add(1) => whole,
                Some(previous) if previous == seen => whole,
                _ if last <= seen => Follows::Old,
                _ => Follows::Gap { seen, came: first },
            },
        }
    }

    fn hold(&mut self, depth: &Depth) {
        if self.held.len() == HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(depth.clone());
    }

    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.state = State::Unusable;
    }

    /// How often updates were missing.
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Both sides, best last.
    ///
    /// # Errors
    ///
    /// `Unusable` while the book waits for a snapshot.
    pub fn sides(&self) -> Result<Sides<'_>, Unusable> {
        match self.state {
            State::Unusable => Err(Unusable::NoSnapshot),
            _ => Ok(Sides { bids: &self.bids, asks: &self.asks }),
        }
    }
}

/// Whether an update follows what is there.
enum Follows {
    Next(State),
    Old,
    NotYet,
    Gap { seen: u64, came: u64 },
}

/// Both sides of a book, worst first and best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides<'a> {
    /// Who buys.
    pub bids: &'a [Level],
    /// Who sells.
    pub asks: &'a [Level],
}

impl Sides<'_> {
    /// The best bid.
    pub fn bid(&self) -> Option<Level> {
        self.bids.last().copied()
    }

    /// The best ask.
    pub fn ask(&self) -> Option<Level> {
        self.asks.last().copied()
    }

    /// Whether the best bid is not below the best ask. A venue's book never is when an update is complete; where it seems
    /// so, something was missed that the numbers did not show.
    pub fn is_crossed(&self) -> bool {
        self.bid().zip(self.ask()).is_some_and(|(bid, ask)| bid.px >= ask.px)
    }
}

/// Sets levels in a side that is sorted so that the best is last; a level without quantity goes.
fn put_all(side: &mut Vec<Level>, levels: &[Level], is_worse: fn(Px, Px) -> bool) {
    for level in levels {
        let at = place(side, level.px, is_worse);
        let is_there = side.get(at).is_some_and(|there| there.px == level.px);
        let is_gone = level.qty.is_some_and(|qty: Qty| !qty.is_positive());
        match (is_there, is_gone) {
            (true, true) => drop(side.remove(at)),
            (true, false) => side[at] = *level,
            (false, true) => {}
            (false, false) => side.insert(at, *level),
        }
    }
}

/// Where a price stands or would stand. Most changes are near the best, so a few steps from there come before the search.
fn place(side: &[Level], px: Px, is_worse: fn(Px, Px) -> bool) -> usize {
    const STEPS: usize = 8;
    let near = side.len().saturating_sub(STEPS);
    let from_best = side[near..].iter().rposition(|there| is_worse(there.px, px));
    match from_best {
        Some(before) => near + before + 1,
        None => side[..near].partition_point(|there| is_worse(there.px, px)),
    }
}
