//! All the kernel knows, made of events and nothing else.

use crate::adoption::Versions;
use crate::answered::AnsweredIntents;
use crate::control::{Control, Restraint};
use crate::exposure::{Holding, Ledgers, Mark, Reserved};
use crate::fact::{Fact, OrderFact, OutcomeFact};
use crate::flatten::{self, Exits};
use crate::flow::{Emitted, Flow, OrderShape};
use crate::incidents::Incidents;
use crate::intents::OpenIntent;
use crate::orders::Orders;
use crate::tree::Tree;
use fillwright_domain::{
    InstrumentId, IntentKey, OrderIntentId, Principal, Px, RunId, Text, Timestamp,
};
use fillwright_policy::{KillEffect, RestraintKind, Rulebook};
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
    /// What holds trading back.
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
    /// Exits that were asked for and have not come in yet.
    #[n(11)]
    #[cbor(default)]
    pub exits: Exits,
    /// Logical time of the last step.
    #[n(17)]
    pub at: Timestamp,
    /// The versions of the rules.
    #[n(25)]
    #[cbor(default)]
    pub versions: Versions,
    /// Incidents that are open, and what may become one.
    #[n(23)]
    #[cbor(default)]
    pub incidents: Incidents,
    /// Exposure at every level of the envelope; not stored, it follows from the rest.
    #[cbor(skip)]
    pub tree: Tree,
    /// What the flow of orders left behind.
    #[n(18)]
    pub flow: Flow,
    #[cbor(skip)]
    passing: Passing,
}

impl State {
    /// The state of a partition that has seen nothing yet.
    pub(crate) fn new(partition: &str) -> Self {
        Self { partition: Text::new(partition), ..Self::default() }
    }

    /// Writes one fact into the state. Never refuses: whatever could be refused was refused when it was decided.
    pub(crate) fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::RulebookAdopted { rulebook, by } => {
                self.versions.note(&rulebook, self.seq, by);
                self.rulebook = Some(*rulebook);
                self.rulebook_seq = self.seq;
                self.rebuild_tree();
                self.incidents.begin_counting();
            }
            Fact::RunRegistered { run_id, manifest_hash } => {
                self.audited_runs.insert(run_id, manifest_hash);
            }
            Fact::MarkTaken { instrument_id, mark_px, as_of } => {
                let mark = Mark { mark_px, as_of };
                self.ledgers.mark(&instrument_id, mark, &mut self.tree);
                self.marks.insert(instrument_id, mark);
            }
            Fact::IntentAccepted { intent_key, digest } => {
                self.answered.accept(intent_key, digest, self.seq);
                if !self.exits.is_empty() {
                    self.exits.came_in(intent_key);
                }
            }
            Fact::PlanMade { decision_px } => self.passing.decision_px = decision_px,
            Fact::OrderEmitted { order } => self.emit(order),
            Fact::OutcomeRecorded { outcome } => self.end(&outcome),
            Fact::IntentClosed { intent_key, result } => {
                self.open_intents.remove(&intent_key);
                self.answered.close(intent_key, result.status);
                self.passing = Passing::default();
            }
            Fact::KillSwitchEngaged { by, reason, scope, effect } => {
                let restraint = Restraint { effect, ..self.restraint(Some(by), reason, None) };
                self.control.impose(RestraintKind::KillSwitch, scope, restraint);
            }
            Fact::RestraintImposed { kind, scope, until, by, reason } => {
                let restraint = self.restraint(by, reason, until);
                self.control.impose(kind, scope, restraint);
            }
            Fact::RestraintLiftRequested { kind, scope, by } => {
                self.control.change(kind, scope, |one| one.lift_requested_by = Some(by));
            }
            Fact::RestraintEnded { kind, scope } => self.control.end(kind, scope),
            Fact::CancelsPaused { scope, cancelled_to } => {
                let kind = RestraintKind::KillSwitch;
                self.control.change(kind, scope, |one| one.cancelled_to = cancelled_to);
            }
            Fact::ExitAsked { intent_key, exit } => flatten::note(self, intent_key, exit),
            Fact::Policy(event) => self.versions.apply(event),
            Fact::Incident(event) => self.incidents.apply(*event),
            Fact::Flow(event) => self.flow.apply(event),
            Fact::OrderCancelRequested { order_intent_id } => {
                self.count_cancel(order_intent_id);
                self.orders.apply(fact);
            }
            Fact::OrderStatusChanged { .. }
            | Fact::FillBooked { .. }
            | Fact::OrderQueried { .. }
            | Fact::OrderStranded { .. } => self.orders.apply(fact),
        }
    }

    /// A restraint as it is when it is imposed.
    fn restraint(
        &self,
        by: Option<Principal>,
        reason: Text,
        until: Option<Timestamp>,
    ) -> Restraint {
        Restraint {
            by,
            reason,
            since: self.at,
            until,
            effect: KillEffect::default(),
            lift_requested_by: None,
            cancelled_to: None,
            exits_asked_at: None,
        }
    }

    /// Works out anew what is not stored: after a snapshot was read, and when the rules changed.
    pub(crate) fn rebuild_tree(&mut self) {
        if let Some(rules) = &self.rulebook {
            self.tree = Tree::of(rules, &self.ledgers, &self.orders);
        }
    }

    /// Counts an order as working. On paper its outcome follows in the same step, so it only passes through.
    fn emit(&mut self, mut order: OrderFact) {
        let (id, intent_key) = (order.order_intent_id, order.intent_key);
        let decision_px = self.passing.decision_px.take();
        self.follow(&order, decision_px);
        let open = order.open.take().map(|intent_id| OpenIntent { intent_id, decision_px });
        let reserved = Reserved::from(order);
        let Some(open) = open else {
            self.passing.on_paper = Some(reserved);
            return;
        };
        self.open_intents.insert(intent_key, open);
        let unheld =
            || Holding::unheld(&self.marks, self.rulebook.as_ref(), &reserved.instrument_id);
        self.ledgers.reserve(&reserved, &mut self.tree, unheld);
        self.orders.insert(id, reserved, intent_key);
    }

    /// Remembers what the order leaves behind in the flow of orders.
    fn follow(&mut self, order: &OrderFact, decision_px: Option<Px>) {
        let Some(rulebook) = &self.rulebook else { return };
        let shape = OrderShape {
            qty: order.requested_quantity,
            limit_px: order.limit_px,
            side: order.side,
            instrument_id: order.market_id.clone(),
            book_id: order.book_id.clone(),
        };
        if let Some(book) = rulebook.books.get(&order.book_id).filter(|_| order.open.is_some()) {
            let (id, instrument) = (order.order_intent_id, &order.market_id);
            let account = &book.account;
            self.flow.resting.insert(id, account, instrument, order.side, order.limit_px);
        }
        self.flow.emitted(Emitted { at: self.at, shape, decision_px, rulebook });
    }

    /// Counts a cancel as a message.
    fn count_cancel(&mut self, order: OrderIntentId) {
        if let Some((order, rulebook)) = self.orders.get(order).zip(self.rulebook.as_ref()) {
            let Reserved { book_id, instrument_id, .. } = &order.reserved;
            self.flow.sent(self.at, book_id, instrument_id, rulebook);
        }
    }

    /// Books what an order came to.
    fn end(&mut self, outcome: &OutcomeFact) {
        if let Some(order) = self.orders.remove(outcome.order_intent_id) {
            self.ledgers.settle(&order.reserved, outcome.filled_quantity, &mut self.tree);
            self.flow.resting.remove(outcome.order_intent_id);
        } else if let Some(order) = self.passing.on_paper.take() {
            let unheld =
                || Holding::unheld(&self.marks, self.rulebook.as_ref(), &order.instrument_id);
            self.ledgers.fill(&order, outcome.filled_quantity, &mut self.tree, unheld);
        }
    }
}

/// What one event of a step hands to a later one; empty between steps, and so no part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Passing {
    /// Mid of the quote the plan was made by.
    decision_px: Option<Px>,
    /// The order that was released on paper.
    on_paper: Option<Reserved>,
}
