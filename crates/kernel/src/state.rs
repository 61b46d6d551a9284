//! All the kernel knows, made of events and nothing else.

use crate::adoption::Versions;
use crate::answered::AnsweredIntents;
use crate::approvals::Approvals;
use crate::by_name::ByName;
use crate::control::{Control, Restraint};
use crate::corrections::Correction;
use crate::deployment::Deployment;
use crate::directory::{Directory, Slot};
use crate::exposure::{Holding, Ledgers, Mark, Reserved, checked};
use crate::fact::{Fact, OrderFact, OutcomeFact};
use crate::flatten::{self, Exits};
use crate::flow::{Emitted, Flow};
use crate::incidents::Incidents;
use crate::intents::OpenIntent;
use crate::orders::Orders;
use crate::reconciliation::{BookedFill, Reconciliation, ReconciliationEvent};
use crate::sessions::{SessionEvent, Sessions};
use crate::tree::{Exposure, Tree};
use fillwright_domain::{
    InstrumentId, IntentKey, NumberError, OrderIntentId, Plane, Principal, Px, Qty, RunId, Text,
    Timestamp,
};
use fillwright_policy::{KillEffect, Level, RestraintKind, Rulebook};
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
    pub marks: ByName<InstrumentId, Mark>,
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
    /// Who is who under the rules in force; not stored, it follows from them.
    #[cbor(skip)]
    pub(crate) directory: Directory,
    /// Exposure at every level of the envelope; not stored, it follows from the rest.
    #[cbor(skip)]
    pub(crate) tree: Tree,
    /// What the flow of orders left behind.
    #[n(18)]
    pub flow: Flow,
    /// Requests that are open, or approved and not yet used.
    #[n(20)]
    #[cbor(default)]
    pub approvals: Approvals,
    /// Sessions.
    #[n(21)]
    #[cbor(default)]
    pub sessions: Sessions,
    /// What lanes admit, how far models are trusted, and the regime.
    #[n(22)]
    #[cbor(default)]
    pub deployment: Deployment,
    /// What is known of the executors' own ledgers.
    #[n(30)]
    #[cbor(default)]
    pub reconciliation: Reconciliation,
    /// The program that started last, where it said which it is.
    #[n(31)]
    pub build: Option<Text>,
    #[cbor(skip)]
    passing: Passing,
}

impl State {
    /// The state of a partition that has seen nothing yet.
    pub(crate) fn new(partition: &str) -> Self {
        Self { partition: Text::new(partition), ..Self::default() }
    }

    /// Writes one fact into the state. Never refuses: whatever could be refused was refused when it was decided.
    ///
    /// What every order brings is read where it lies; the rest is copied first.
    pub(crate) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::IntentAccepted { intent_key, digest } => {
                self.answered.accept(*intent_key, *digest, self.seq);
                if !self.exits.is_empty() {
                    self.exits.came_in(*intent_key);
                }
            }
            Fact::PlanMade { decision_px } => self.passing.decision_px = *decision_px,
            Fact::OrderEmitted { order } => self.emit(order),
            Fact::OutcomeRecorded { outcome } => self.end(outcome),
            Fact::IntentClosed { intent_key, result } => {
                self.open_intents.remove(intent_key);
                self.answered.close(*intent_key, result.status);
                self.passing = Passing::default();
            }
            seldom => self.apply_seldom(seldom.clone()),
        }
    }

    fn apply_seldom(&mut self, fact: Fact) {
        match fact {
            Fact::RulebookAdopted { rulebook, by } => {
                self.versions.note(&rulebook, self.seq, by);
                self.rulebook_seq = self.seq;
                self.go_by(*rulebook);
            }
            Fact::RunRegistered { run_id, manifest_hash } => {
                self.audited_runs.insert(run_id, manifest_hash);
            }
            Fact::MarkTaken { instrument_id, mark_px, as_of } => {
                let mark = Mark { mark_px, as_of };
                self.ledgers.mark(&instrument_id, mark, &self.directory, &mut self.tree);
                self.marks.insert(instrument_id, mark);
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
            Fact::Approval(event) => self.approvals.apply(*event),
            Fact::Session(event) => self.follow_session(*event),
            Fact::Deployment(event) => self.deployment.apply(*event),
            Fact::BuildStated { build } => self.build = Some(build),
            Fact::FillCorrected(correction) => self.correct(&correction),
            Fact::Reconciliation(event) => {
                if let ReconciliationEvent::Found { found } = &*event {
                    self.incidents.seen_break(found);
                }
                self.reconciliation.apply(*event);
            }
            Fact::FillBooked { .. } => {
                self.remember_fill(&fact);
                self.orders.apply(fact);
            }
            Fact::OrderStatusChanged { .. }
            | Fact::OrderQueried { .. }
            | Fact::OrderStranded { .. } => self.orders.apply(fact),
            Fact::IntentAccepted { .. }
            | Fact::PlanMade { .. }
            | Fact::OrderEmitted { .. }
            | Fact::OutcomeRecorded { .. }
            | Fact::IntentClosed { .. } => {}
        }
    }

    /// The state as it would be under other rules.
    pub(crate) fn under(&self, rulebook: &Rulebook) -> Self {
        let mut state = self.clone();
        state.go_by(rulebook.clone());
        state.versions.forget_pending();
        state
    }

    /// Goes by these rules from here on: what they no longer know is forgotten, and what follows from them counted anew.
    fn go_by(&mut self, rulebook: Rulebook) {
        self.deployment.follow(&rulebook);
        self.rulebook = Some(rulebook);
        self.count_anew();
        self.incidents.begin_counting();
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

    /// A session that moves may take its books into a lane, or out of it.
    fn follow_session(&mut self, event: SessionEvent) {
        let moves = matches!(event, SessionEvent::Moved { .. });
        self.sessions.apply(self.seq, event);
        if moves {
            self.count_anew();
        }
    }

    /// Works out anew what is not stored: after a snapshot was read, and when the rules or the lanes of books changed.
    pub(crate) fn count_anew(&mut self) {
        if let Some(rules) = &self.rulebook {
            self.directory = Directory::of(rules, &self.sessions);
            self.tree = Tree::of(&self.directory, &self.ledgers, &self.orders);
        }
    }

    /// Exposure of a level on a plane; nothing where the rules do not know the level.
    pub fn exposure(&self, plane: Plane, level: Level) -> Option<&Exposure> {
        self.directory.number(level).map(|number| self.tree.levels(plane).get(number))
    }

    /// Counts an order as working. On paper its outcome follows in the same step, so it only passes through.
    fn emit(&mut self, order: &OrderFact) {
        let decision_px = self.passing.decision_px.take();
        let slot = self.follow(order, decision_px);
        let (id, intent_key, open) = (order.order_intent_id, order.intent_key, &order.open);
        let reserved = Reserved::from(order);
        let Some(intent_id) = open.clone() else {
            self.passing.on_paper = Some((reserved, slot));
            return;
        };
        let open = self.open_intents.entry(intent_key).or_insert_with(|| OpenIntent {
            intent_id,
            decision_px,
            committed: Qty::ZERO,
        });
        open.committed = checked(open.committed.checked_add(reserved.qty));
        let unheld = unheld(&self.marks, &self.directory, &reserved.instrument_id);
        self.ledgers.reserve(&reserved, &slot, &mut self.tree, unheld);
        self.orders.insert(id, reserved, intent_key, self.at);
    }

    /// Remembers what the order leaves behind in the flow of orders; where it counts.
    fn follow(&mut self, order: &OrderFact, decision_px: Option<Px>) -> Slot {
        let (Some(found), Some(rulebook)) =
            (self.directory.find(&order.book_id, &order.market_id), &self.rulebook)
        else {
            panic!("an order of {} in {} without rules", order.book_id, order.market_id);
        };
        if order.open.is_some() {
            let (id, instrument) = (order.order_intent_id, &order.market_id);
            let account = &found.book().account;
            self.flow.resting.insert(id, account, instrument, order.side, order.limit_px);
        }
        let policy = &rulebook.flow;
        self.flow.emitted(&Emitted { at: self.at, order, decision_px, found, policy });
        found.slot
    }

    /// Counts a cancel as a message.
    fn count_cancel(&mut self, order: OrderIntentId) {
        let Some((order, rulebook)) = self.orders.get(order).zip(self.rulebook.as_ref()) else {
            return;
        };
        let Reserved { book_id, instrument_id, .. } = &order.reserved;
        if let Some(found) = self.directory.find(book_id, instrument_id) {
            self.flow.sent(self.at, &found, &rulebook.flow);
        }
    }

    /// Keeps a fill beyond its order.
    fn remember_fill(&mut self, fact: &Fact) {
        let Fact::FillBooked {
            order_intent_id, exec_id, last_qty, last_px, fee, transact_at, ..
        } = fact
        else {
            return;
        };
        let Some(order) = self.orders.get(*order_intent_id) else { return };
        let fill = BookedFill {
            of: order.reserved.clone(),
            last_qty: *last_qty,
            last_px: *last_px,
            fee: *fee,
            transact_at: *transact_at,
            corrected_at: None,
        };
        self.reconciliation.fills.remember((*order_intent_id, exec_id.clone()), fill);
    }

    /// A fill is another: its order goes on with it, or, where it has ended, the position is put right.
    fn correct(&mut self, correction: &Correction) {
        let name = (correction.order_intent_id, correction.of.clone());
        let fill = self.reconciliation.fills.get(&name).cloned();
        self.reconciliation.fills.correct(correction);
        self.incidents.seen_correction(&correction.scope());
        if correction.is_open {
            self.orders.apply(Fact::FillCorrected(Box::new(correction.clone())));
        } else if let Some(BookedFill { of, .. }) = fill {
            let slot = self.directory.slot(&of.book_id, &of.instrument_id);
            let unheld = unheld(&self.marks, &self.directory, &of.instrument_id);
            self.ledgers.fill(&of, correction.change(), &slot, &mut self.tree, unheld);
        }
    }

    /// Whether a position can be moved by so much, in figures that can be held.
    pub(crate) fn can_move(
        &self,
        order: &Reserved,
        change: Qty,
        slot: &Slot,
    ) -> Result<(), NumberError> {
        let unheld = unheld(&self.marks, &self.directory, &order.instrument_id);
        self.ledgers.can_fill(order, change, slot, &self.tree, unheld)
    }

    /// Books what an order came to.
    fn end(&mut self, outcome: &OutcomeFact) {
        let filled = outcome.filled_quantity;
        if let Some(order) = self.orders.remove(outcome.order_intent_id) {
            let of = &order.reserved;
            let slot = self.directory.slot(&of.book_id, &of.instrument_id);
            self.ledgers.settle(of, filled, &slot, &mut self.tree);
            if let Some(open) = self.open_intents.get_mut(&order.intent_key) {
                // Nothing more can come of what was not filled.
                let left = checked(of.qty.checked_sub(filled));
                open.committed = checked(open.committed.checked_sub(left));
            }
            self.flow.resting.remove(outcome.order_intent_id);
            self.reconciliation.fills.end(outcome.order_intent_id, filled, order.status);
            self.count_in_session(of, outcome);
        } else if let Some((order, slot)) = self.passing.on_paper.take() {
            let unheld = unheld(&self.marks, &self.directory, &order.instrument_id);
            self.ledgers.fill(&order, filled, &slot, &mut self.tree, unheld);
            self.count_in_session(&order, outcome);
        }
    }

    fn count_in_session(&mut self, order: &Reserved, outcome: &OutcomeFact) {
        self.sessions.order_ended(&order.book_id, outcome.filled_quantity.is_zero());
    }
}

/// What is known of an instrument before anything of it is held.
fn unheld<'a>(
    marks: &'a ByName<InstrumentId, Mark>,
    directory: &'a Directory,
    instrument_id: &'a InstrumentId,
) -> impl FnOnce() -> Holding + 'a {
    move || {
        let instrument = directory.instrument(instrument_id);
        instrument.map_or_else(Holding::default, |known| Holding::unheld(marks, known))
    }
}

/// What one event of a step hands to a later one; empty between steps, and so no part of the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Passing {
    /// Mid of the quote the plan was made by.
    decision_px: Option<Px>,
    /// The order that was released on paper, and where it counts.
    on_paper: Option<(Reserved, Slot)>,
}
