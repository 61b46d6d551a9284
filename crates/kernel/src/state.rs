//! All the kernel knows, made of events and nothing else.

use crate::Event;
use crate::answered::AnsweredIntents;
use crate::control::Control;
use crate::exposure::{Holding, Ledgers, Mark};
use crate::intents::OpenIntent;
use crate::orders::Orders;
use fillwright_domain::{InstrumentId, IntentKey, RunId, Text};
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
}

impl State {
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
            Event::PlanMade { intent_id, intent_key, plan, decision_px } => {
                if plan.skip_reason.is_none() {
                    let open =
                        OpenIntent { intent_id: intent_id.clone(), decision_px: *decision_px };
                    self.open_intents.insert(*intent_key, open);
                }
            }
            Event::OrderEmitted { order, intent_key } => {
                let reserved = self.orders.insert(order, *intent_key);
                let unheld =
                    || Holding::unheld(&self.marks, self.rulebook.as_ref(), &order.market_id);
                self.ledgers.reserve(reserved, unheld);
            }
            Event::OutcomeRecorded { outcome } => {
                if let Some(order) = self.orders.remove(outcome.order_intent_id) {
                    self.ledgers.settle(&order.reserved, outcome.filled_quantity);
                }
            }
            Event::IntentClosed { intent_key, result, .. } => {
                self.open_intents.remove(intent_key);
                self.answered.close(*intent_key, result.status);
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
}
