//! What became of a strategy's orders in a period.

use super::Entries;
use fillwright_domain::{ExecutionOutcome, ExecutionReasonCode, ExecutionStatus};
use serde::Serialize;
use std::collections::BTreeMap;

/// The record of one strategy.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Track {
    /// Orders that came to an end.
    pub orders: Entries,
    /// Of them filled in full.
    pub filled: u64,
    /// Of them filled in part.
    pub partly_filled: u64,
    /// Of them rejected.
    pub rejected: Entries,
    /// Fills whose slippage is known.
    pub priced: u64,
    /// What nineteen of twenty of those kept to. Basis points against the mid at decision; positive is worse.
    pub slippage_p95_bps: Option<i64>,
    /// How often each slippage was met, and the first entry it was met in.
    #[serde(skip)]
    slippage: BTreeMap<i64, Entries>,
}

impl Track {
    pub(super) fn ended(&mut self, seq: u64, outcome: &ExecutionOutcome) {
        self.orders.note(seq);
        match outcome.status {
            ExecutionStatus::Filled => self.filled += 1,
            ExecutionStatus::PartiallyFilled => self.partly_filled += 1,
            ExecutionStatus::Failed => {}
        }
        if outcome.reason == Some(ExecutionReasonCode::ExecutionRejected) {
            self.rejected.note(seq);
        }
    }

    pub(super) fn slipped(&mut self, seq: u64, bps: i64) {
        self.priced += 1;
        self.slippage.entry(bps).or_default().note(seq);
        self.slippage_p95_bps = self.percentile(95);
    }

    /// Orders rejected, in percent of those that came to an end, rounded down.
    pub(super) fn rejected_percent(&self) -> Option<u64> {
        (self.rejected.count * 100).checked_div(self.orders.count)
    }

    /// The entries of the fills that slipped by so much or more.
    pub(super) fn slipped_by(&self, bps: i64) -> Entries {
        let worse = self.slippage.range(bps..).map(|(_, entries)| entries);
        worse.fold(Entries::default(), |all, entries| all.and(entries))
    }

    /// The smallest slippage that so many in a hundred kept to: the nearest rank.
    fn percentile(&self, percent: u64) -> Option<i64> {
        let rank = (self.priced * percent).div_ceil(100);
        let mut met = 0;
        self.slippage.iter().find_map(|(bps, entries)| {
            met += entries.count;
            (met >= rank).then_some(*bps)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(slippages: impl IntoIterator<Item = i64>) -> Track {
        let mut track = Track::default();
        for (seq, bps) in (1..).zip(slippages) {
            track.slipped(seq, bps);
        }
        track
    }

    #[test]
    fn nineteen_of_twenty_keep_to_the_percentile() {
        assert_eq!(track([]).slippage_p95_bps, None);
        assert_eq!(track([7]).slippage_p95_bps, Some(7));
        assert_eq!(track(1..=20).slippage_p95_bps, Some(19));
        assert_eq!(track(1..=21).slippage_p95_bps, Some(20));
        assert_eq!(track((1..=100).rev()).slippage_p95_bps, Some(95));
        assert_eq!(track([-5, -5, 40]).slippage_p95_bps, Some(40));
    }

    #[test]
    fn the_entries_behind_a_slippage_are_those_that_met_it_or_worse() {
        let worse = track([3, 9, 4, 9]).slipped_by(4);
        assert_eq!((worse.count, worse.seqs), (3, vec![2, 3, 4]));
    }
}
