//! A journal entry as projections read it: decoded once, with what earlier entries say of the orders it speaks of.

use crate::ProjectionError;
use crate::disposition::Disposition;
use crate::execution_log::{self, Logged};
use crate::facts::{Facts, IntentFacts};
use fillwright_domain::{ExecutionResult, IntentId, OrderIntentId, Timestamp};
use fillwright_journal::{Entry, Hash, codec};
use fillwright_kernel::{Event, Input, Ruling, Verdict};
use std::sync::OnceLock;

/// One entry: its input, its events, and the facts they refer to.
#[derive(Debug)]
pub struct ProjectedEntry {
    /// Its sequence number.
    pub seq: u64,
    /// Its logical time.
    pub at: Timestamp,
    /// Its hash, and through it all before it.
    pub hash: Hash,
    /// What came in.
    pub input: Input,
    /// What happened.
    pub events: Vec<Event>,
    /// What earlier entries say of what it speaks of.
    pub facts: Facts,
    /// Its lines in the execution log, which the audit ledger hashes.
    logged: OnceLock<Vec<Logged>>,
}

impl ProjectedEntry {
    /// An entry without facts yet.
    pub fn new(seq: u64, at: Timestamp, hash: Hash, input: Input, events: Vec<Event>) -> Self {
        Self { seq, at, hash, input, events, facts: Facts::default(), logged: OnceLock::new() }
    }

    /// Decodes an entry of the journal.
    ///
    /// # Errors
    ///
    /// `Entry` where a newer version wrote it.
    pub fn decode(entry: &Entry) -> Result<Self, ProjectionError> {
        let unreadable = |source| ProjectionError::Entry { seq: entry.seq, source };
        let input = codec::decode_input(entry.payload).map_err(unreadable)?;
        let events = codec::decode_events(entry.payload).map_err(unreadable)?;
        Ok(Self::new(entry.seq, Timestamp::from_ns(entry.at), *entry.hash, input, events))
    }

    /// Its lines in the execution log.
    pub(crate) fn logged(&self) -> &[Logged] {
        self.logged.get_or_init(|| execution_log::lines(self))
    }

    /// The result of an intent, where this entry closed it.
    pub(crate) fn result_of(&self, intent: &IntentId) -> Option<&ExecutionResult> {
        self.events.iter().find_map(|event| match event {
            Event::IntentClosed { intent_id, result, .. } if intent_id == intent => Some(result),
            _ => None,
        })
    }

    /// How the intent ended that this entry closed.
    pub(crate) fn disposition(
        &self,
        intent: &IntentFacts,
        result: &ExecutionResult,
    ) -> Disposition {
        let is_denial = |verdict: &Verdict| matches!(verdict.ruling, Ruling::Deny { .. });
        let denied = self.events.iter().any(|event| {
            matches!(event, Event::IntentJudged { verdicts, .. } if verdicts.iter().any(is_denial))
        });
        Disposition::of(result, intent.plan.constraints_applied, denied)
    }

    /// Whether this entry released the order.
    pub(crate) fn emitted(&self, order: OrderIntentId) -> bool {
        self.facts.order(order).is_some_and(|facts| facts.emitted_seq == self.seq)
    }
}
