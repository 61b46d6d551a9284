//! All the kernel knows, made of events and nothing else.

use crate::Event;
use crate::answered::AnsweredIntents;
use crate::control::Control;
use crate::exposure::{Holding, Ledgers, Mark, Reserved};
use crate::intents::OpenIntent;
use crate::orders::Orders;
use fillwright_domain::{
    ExecutionOutcome, InstrumentId, IntentKey, OrderIntent, Plane, RunId, Text,
};
use fillwright_policy::Rulebook;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The state of one partition. Bounded by what is open and held, but for 32 bytes an intent in `answered`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct State {
    /// The partition; part of every derived id.
    #[n(0)]
    pub partition: Text,
    /// Steps taken so far, which is the sequence number of the last journal entry.
    #[n(1)]
    pub seq: u64,
    /// The rules in force.
    #[n(2)]
    pub rulebook: Option<Rulebook>,
    /// The entry that adopted them.
    #[n(3)]
    pub rulebook_seq: u64,
    /// The registry of audited runs, with the hashes of their manifests.
    #[n(4)]
    pub audited_runs: BTreeMap<RunId, Text>,
    /// What holdings are valued at.
    #[n(5)]
    pub marks: BTreeMap<InstrumentId, Mark>,
    /// The kill switch.
    #[n(6)]
    pub control: Control,
    /// Positions and exposure, by book and plane.
    #[n(7)]
    pub ledgers: Ledgers,
    /// Orders without an outcome.
    #[n(8)]
    pub orders: Orders,
    /// Intents whose orders are at work.
    #[n(9)]
    pub open_intents: BTreeMap<IntentKey, OpenIntent>,
    /// Every intent ever accepted.
    #[n(10)]
    pub answered: AnsweredIntents,
    #[cbor(skip)]
    passing: Passing,
}

impl State {
    /// The state of a partition that has seen nothing yet.
    pub(crate) fn new(partition: &str) -> Self {
        Self { partition: Text::new(partition), ..Self::default() }
    }

    /// Writes one fact into the state. Never refuses: whatever could be refused was refused when it was decided.
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::RulebookAdopted { rulebook, .. } => {
                self.rulebook = Some((**rulebook).clone());
                self.rulebook_seq = self.seq;
            }
            Event::RunRegistered { run_id, manifest_hash, .. } => {
                self.audited_runs.insert(run_id.clone(), manifest_hash.clone());
            }
            Event::MarkTaken { instrument_id, mark_px, as_of } => {
                let mark = Mark { mark_px: *mark_px, as_of: *as_of };
                self.marks.insert(instrument_id.clone(), mark);
                self.ledgers.mark(instrument_id, mark);
            }
            Event::IntentAccepted { intent_key, digest, .. } => {
                self.answered.accept(*intent_key, *digest, self.seq)
            }
            Event::PlanMade { intent_id, plan, decision_px, .. } => {
                let open =
                    || OpenIntent { intent_id: intent_id.clone(), decision_px: *decision_px };
                self.passing.planned = plan.skip_reason.is_none().then(open);
            }
            Event::OrderEmitted { order, intent_key } => self.emit(order, *intent_key),
            Event::OutcomeRecorded { outcome } => self.end(outcome),
            Event::IntentClosed { intent_key, result, .. } => {
                self.open_intents.remove(intent_key);
                self.answered.close(*intent_key, result.status);
                self.passing = Passing::default();
            }
            Event::KillSwitchEngaged { .. }
            | Event::KillSwitchReleaseRequested { .. }
            | Event::KillSwitchReleased { .. } => self.control.apply(event),
            Event::OrderStatusChanged { .. }
            | Event::FillBooked { .. }
            | Event::OrderCancelRequested { .. }
            | Event::OrderQueried { .. }
            | Event::OrderStranded { .. } => self.orders.apply(event),
            Event::InputRefused { .. }
            | Event::IntentDuplicated { .. }
            | Event::IntentConflicted { .. }
            | Event::IntentJudged { .. }
            | Event::ReportIgnored { .. } => {}
        }
    }

    /// Counts an order as working. On paper its outcome follows in the same step, so it only passes through.
    fn emit(&mut self, order: &OrderIntent, intent_key: IntentKey) {
        if order.plane == Plane::Paper {
            self.passing.on_paper = Some(Reserved::of(order));
            return;
        }
        self.open_intents.extend(self.passing.planned.take().map(|open| (intent_key, open)));
        let reserved = self.orders.insert(order, intent_key);
        let unheld = || Holding::unheld(&self.marks, self.rulebook.as_ref(), &order.market_id);
        self.ledgers.reserve(reserved, unheld);
    }

    /// Books what an order came to.
    fn end(&mut self, outcome: &ExecutionOutcome) {
        if let Some(order) = self.orders.remove(outcome.order_intent_id) {
            self.ledgers.settle(&order.reserved, outcome.filled_quantity);
        } else if let Some(order) = self.passing.on_paper.take() {
            let unheld =
                || Holding::unheld(&self.marks, self.rulebook.as_ref(), &order.instrument_id);
            self.ledgers.fill(&order, outcome.filled_quantity, unheld);
        }
    }
}

/// What one event of a step hands to a later one; empty between steps, and so no part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Passing {
    /// The intent whose plan was made.
    planned: Option<OpenIntent>,
    /// The order that was released on paper.
    on_paper: Option<Reserved>,
}
