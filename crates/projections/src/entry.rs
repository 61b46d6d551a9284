//! A journal entry as projections read it: decoded once, with what earlier entries say of the orders it speaks of.

use crate::disposition::Disposition;
use crate::execution_log::{self, Logged};
use crate::facts::{Facts, IntentFacts};
use crate::verdicts::VerdictLines;
use crate::{ProjectionError, text};
use fillwright_domain::{ExecutionResult, IntentId, Timestamp};
use fillwright_journal::{Entry, Hash, codec};
use fillwright_kernel::{Event, Input, Ruling, Verdict, Verdicts};
use serde_json::value::{RawValue, to_raw_value};
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
    /// What several read models write of it.
    shared: Shared,
}

/// Text that several read models write of one entry, made when the first asks for it.
#[derive(Debug, Default)]
struct Shared {
    time: OnceLock<String>,
    /// The verdicts on the intent it accepted.
    verdicts: OnceLock<Box<RawValue>>,
    /// The outcomes and results of its events, in their order.
    ends: OnceLock<Vec<Box<RawValue>>>,
    /// Its lines in the execution log, which the audit ledger hashes.
    logged: OnceLock<Vec<Logged>>,
}

impl ProjectedEntry {
    /// An entry without facts yet.
    pub fn new(seq: u64, at: Timestamp, hash: Hash, input: Input, events: Vec<Event>) -> Self {
        Self { seq, at, hash, input, events, facts: Facts::default(), shared: Shared::default() }
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
        self.shared.logged.get_or_init(|| execution_log::lines(self))
    }

    /// Its time as RFC 3339 has it.
    pub(crate) fn time(&self) -> &str {
        self.shared.time.get_or_init(|| text::rfc3339(self.at))
    }

    /// The verdicts on the intent it accepted as JSON, in the order of the gates.
    pub(crate) fn verdicts_shown(&self) -> &RawValue {
        let write = || to_raw_value(&VerdictLines(self.verdicts())).expect("verdicts are JSON");
        self.shared.verdicts.get_or_init(write)
    }

    /// The verdicts on the intent it accepted; nothing where it accepted none.
    pub(crate) fn verdicts(&self) -> Option<&Verdicts> {
        self.events.iter().find_map(|event| match event {
            Event::IntentJudged { verdicts, .. } => Some(verdicts),
            _ => None,
        })
    }

    /// The outcomes and results of its events as JSON, in their order; results with the plan, which the journal keeps
    /// once, put back in.
    pub(crate) fn ends(&self) -> impl Iterator<Item = &RawValue> {
        self.shared.ends.get_or_init(|| self.write_ends()).iter().map(|end| &**end)
    }

    fn write_ends(&self) -> Vec<Box<RawValue>> {
        let plan = self.facts.intent.as_ref().map(|intent| Box::new(intent.plan.clone()));
        let end = |event: &Event| match event {
            Event::OutcomeRecorded { outcome } => Some(to_raw_value(outcome)),
            Event::IntentClosed { result, .. } => {
                Some(to_raw_value(&ExecutionResult { plan: plan.clone(), ..result.clone() }))
            }
            _ => None,
        };
        let ends = self.events.iter().filter_map(end);
        ends.map(|end| end.expect("outcomes and results are JSON")).collect()
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
        let denied = self.verdicts().and_then(Verdicts::refusal).is_some_and(is_denial);
        Disposition::of(result, intent.plan.constraints_applied, denied)
    }
}
