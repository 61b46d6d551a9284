//! Everything known at an entry: the fold that gives each entry its facts.

use crate::disposition::is_cut;
use crate::facts::{
    Facts, InSession, IntentFacts, OrderFacts, PositionChange, PositionPlace, Rules,
};
use crate::{ProjectedEntry, weight};
use fillwright_domain::{
    Ask, BookId, ExecutionOutcome, InstrumentId, IntentKey, Notional, OrderIntentId, Plane, Px,
    Qty, Quote, Ratio, Rounding, RunId, SessionId, Side, Text,
};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::{Event, Input, SessionEvent};
use fillwright_policy::SessionDefinition;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is open, held and in force. Bounded by that, whatever the length of the journal.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) seq: u64,
    pub(crate) rules: Option<Arc<Rules>>,
    pub(crate) runs: BTreeMap<RunId, Text>,
    pub(crate) intents: BTreeMap<IntentKey, Arc<IntentFacts>>,
    pub(crate) orders: BTreeMap<OrderIntentId, Arc<OrderFacts>>,
    pub(crate) positions: BTreeMap<PositionPlace, Qty>,
    pub(crate) marks: BTreeMap<InstrumentId, Px>,
    /// Sessions that are not over.
    pub(crate) sessions: BTreeMap<SessionId, OpenSession>,
    /// The active session of each book: follows from the sessions.
    pub(crate) by_book: Arc<BTreeMap<BookId, InSession>>,
    pub(crate) changed: Changed,
}

/// A session that is not over.
#[derive(Debug, Clone, Encode, Decode)]
pub(crate) struct OpenSession {
    #[n(0)]
    pub(crate) definition: SessionDefinition,
    /// Whether it has its books: running or suspended.
    #[n(1)]
    pub(crate) is_active: bool,
}

/// What changed since it was last stored. What opens and ends within one entry is never stored.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) rules: bool,
    pub(crate) runs: BTreeSet<RunId>,
    pub(crate) intents: BTreeSet<IntentKey>,
    pub(crate) orders: BTreeSet<OrderIntentId>,
    pub(crate) positions: BTreeSet<PositionPlace>,
    pub(crate) marks: BTreeSet<InstrumentId>,
    pub(crate) sessions: BTreeSet<SessionId>,
}

impl Known {
    /// Takes in the next entry and tells it what it refers to.
    pub(crate) fn resolve(&mut self, entry: &mut ProjectedEntry) {
        self.seq = entry.seq;
        let mut facts = Facts::default();
        self.accept(entry, &mut facts);
        for event in &entry.events {
            self.take(entry, event, &mut facts);
        }
        self.note_opened(entry.seq, &facts);
        facts.rules.clone_from(&self.rules);
        facts.sessions = Arc::clone(&self.by_book);
        facts.orders.sort_unstable_by_key(|facts| facts.order.order_intent_id);
        facts.orders.dedup_by_key(|facts| facts.order.order_intent_id);
        entry.facts = facts;
    }

    fn accept(&mut self, entry: &ProjectedEntry, facts: &mut Facts) {
        let Some(mut accepted) = accepted(entry) else { return };
        accepted.share = self.share(entry, &accepted);
        let run = accepted.source_run.as_ref().and_then(|run| self.runs.get(run));
        facts.manifest_hash = run.cloned();
        let accepted = Arc::new(accepted);
        self.intents.insert(accepted.intent_key, Arc::clone(&accepted));
        facts.intent = Some(accepted);
    }

    /// How much of the change of weight that was asked for the plan is.
    fn share(&self, entry: &ProjectedEntry, accepted: &IntentFacts) -> Option<Ratio> {
        let rebalance = accepted.rebalance.as_ref()?;
        if !is_cut(accepted.plan.constraints_applied) {
            return Some(Ratio::ONE);
        }
        let size = self.rules.as_ref()?.contract_size(&accepted.instrument_id)?;
        let asked = weight::Asked {
            rebalance,
            planned: accepted.plan.size,
            verdicts: entry.verdicts(),
            touch: touch(entry)?,
            contract_size: size,
        };
        asked.share().ok()
    }

    fn take(&mut self, entry: &ProjectedEntry, event: &Event, facts: &mut Facts) {
        match event {
            Event::RulebookAdopted { rulebook, .. } => {
                let rules = Rules::new(entry.seq, self.rules.is_none(), (**rulebook).clone());
                self.rules = Some(Arc::new(rules));
                self.changed.rules = true;
            }
            Event::RunRegistered { run_id, manifest_hash, .. } => {
                self.runs.insert(run_id.clone(), manifest_hash.clone());
                self.changed.runs.insert(run_id.clone());
            }
            Event::OrderEmitted { order } => {
                let Some(intent) = self.intents.get(&order.intent_key()) else { return };
                let emitted =
                    OrderFacts::new(order.clone(), Arc::clone(intent), entry.seq, entry.at);
                self.orders.insert(order.order_intent_id, Arc::new(emitted));
                self.refer(order.order_intent_id, facts);
            }
            Event::OrderStatusChanged { order_intent_id, .. }
            | Event::FillBooked { order_intent_id, .. }
            | Event::OrderCancelRequested { order_intent_id, .. }
            | Event::OrderQueried { order_intent_id, .. }
            | Event::OrderStranded { order_intent_id, .. }
            | Event::ReportIgnored { order_intent_id, .. } => self.refer(*order_intent_id, facts),
            Event::FillCorrected(correction) => self.correct(correction, facts),
            Event::OutcomeRecorded { outcome } => self.settle(entry.seq, outcome, facts),
            Event::IntentClosed { intent_key, .. } => self.close(entry.seq, *intent_key, facts),
            Event::MarkTaken { instrument_id, mark_px, .. } => {
                self.marks.insert(instrument_id.clone(), *mark_px);
                self.changed.marks.insert(instrument_id.clone());
            }
            Event::Session(event) => {
                // One that ends lets go of its books: what it had at stake is seen before.
                let mut stakes = self.stakes();
                self.session(event);
                stakes.extend(self.stakes());
                facts.stakes = Some(stakes);
            }
            Event::InputRefused { .. }
            | Event::IntentAccepted { .. }
            | Event::IntentDuplicated { .. }
            | Event::IntentConflicted { .. }
            | Event::IntentJudged { .. }
            | Event::PlanMade { .. }
            | Event::KillSwitchEngaged { .. }
            | Event::KillSwitchReleaseRequested { .. }
            | Event::KillSwitchReleased { .. }
            | Event::RestraintImposed { .. }
            | Event::RestraintLiftRequested { .. }
            | Event::RestraintLifted { .. }
            | Event::RestraintExpired { .. }
            | Event::ExitAsked { .. }
            | Event::CancelsPaused { .. }
            | Event::Policy(_)
            | Event::Incident(_)
            | Event::Flow(_)
            | Event::Approval(_)
            | Event::Deployment(_)
            | Event::Reconciliation(_)
            | Event::BuildStated { .. } => {}
        }
    }

    fn session(&mut self, event: &SessionEvent) {
        let session_id = match event {
            SessionEvent::Scheduled { definition, .. } => {
                let session = OpenSession { definition: definition.clone(), is_active: false };
                self.sessions.insert(definition.session_id.clone(), session);
                &definition.session_id
            }
            SessionEvent::Moved { session_id, to, .. } if to.is_over() => {
                self.sessions.remove(session_id);
                session_id
            }
            SessionEvent::Moved { session_id, to, .. } => {
                if let Some(session) = self.sessions.get_mut(session_id) {
                    session.is_active = to.is_active();
                }
                session_id
            }
        };
        self.changed.sessions.insert(session_id.clone());
        self.find_books();
    }

    /// Finds the active session of each book.
    pub(crate) fn find_books(&mut self) {
        let active = self.sessions.values().filter(|session| session.is_active);
        let books = active.flat_map(|session| {
            let OpenSession { definition, .. } = session;
            let session_id = &definition.session_id;
            definition.books.iter().map(move |book_id| {
                let (session_id, lane) = (session_id.clone(), definition.lane.clone());
                (book_id.clone(), InSession { session_id, lane })
            })
        });
        self.by_book = Arc::new(books.collect());
    }

    /// What every active session has at stake, where all its books hold has a mark: the worst case of each holding, every
    /// open order counted in full, added up on the plane on which that is most.
    pub(crate) fn stakes(&self) -> BTreeMap<SessionId, Notional> {
        let active = self.sessions.values().filter(|session| session.is_active);
        let reached = self.reached();
        let stakes = active.filter_map(|session| {
            let stake = self.stake(&reached, &session.definition)?;
            Some((session.definition.session_id.clone(), stake))
        });
        stakes.collect()
    }

    /// Every holding with the longest and the shortest it can become.
    fn reached(&self) -> BTreeMap<PositionPlace, (Qty, Qty)> {
        let mut reached: BTreeMap<PositionPlace, (Qty, Qty)> = BTreeMap::new();
        let in_session = |book_id: &BookId| self.by_book.contains_key(book_id);
        for (place, qty) in self.positions.iter().filter(|(place, _)| in_session(&place.book_id)) {
            reached.insert(place.clone(), (*qty, *qty));
        }
        for facts in self.orders.values().filter(|facts| in_session(&facts.order.book_id)) {
            let order = &facts.order;
            let place = PositionPlace {
                plane: order.plane,
                book_id: order.book_id.clone(),
                instrument_id: order.market_id.clone(),
            };
            let (long, short) = reached.entry(place).or_default();
            let end = match order.side {
                Side::Buy => long.checked_add(order.requested_quantity).map(|all| *long = all),
                Side::Sell => short.checked_sub(order.requested_quantity).map(|all| *short = all),
            };
            end.expect("the kernel has checked every order it lets out");
        }
        reached
    }

    fn stake(
        &self,
        reached: &BTreeMap<PositionPlace, (Qty, Qty)>,
        session: &SessionDefinition,
    ) -> Option<Notional> {
        let mut planes: BTreeMap<Plane, Notional> = BTreeMap::new();
        let own = reached.iter().filter(|(place, _)| session.books.contains(&place.book_id));
        for (place, (long, short)) in own {
            let size = self.rules.as_ref()?.contract_size(&place.instrument_id)?;
            let worst = long.checked_abs().ok()?.max(short.checked_abs().ok()?);
            let mark = self.marks.get(&place.instrument_id)?;
            let worth = mark.notional_of(worst, size, Rounding::Up).ok()?;
            let sum = planes.entry(place.plane).or_default();
            *sum = sum.checked_add(worth).ok()?;
        }
        Some(planes.into_values().max().unwrap_or_default())
    }

    fn refer(&self, order: OrderIntentId, facts: &mut Facts) {
        facts.orders.extend(self.orders.get(&order).cloned());
    }

    fn settle(&mut self, seq: u64, outcome: &ExecutionOutcome, facts: &mut Facts) {
        let Some(order) = self.orders.remove(&outcome.order_intent_id) else { return };
        if order.emitted_seq != seq {
            self.changed.orders.insert(outcome.order_intent_id);
        }
        if outcome.filled_quantity.is_positive() {
            facts.positions.push(self.book(outcome, &order));
        }
        facts.orders.push(order);
    }

    /// A correction of a fill whose order has ended puts the position right; of others the outcome has it in.
    fn correct(&mut self, correction: &Correction, facts: &mut Facts) {
        self.refer(correction.order_intent_id, facts);
        if !correction.is_open {
            let place = PositionPlace {
                plane: correction.plane,
                book_id: correction.book_id.clone(),
                instrument_id: correction.instrument_id.clone(),
            };
            let (side, change) = (correction.side, correction.change());
            facts.positions.push(self.move_position(
                correction.order_intent_id,
                place,
                side,
                change,
            ));
        }
    }

    fn book(&mut self, outcome: &ExecutionOutcome, order: &OrderFacts) -> PositionChange {
        let place = PositionPlace {
            plane: outcome.plane,
            book_id: order.order.book_id.clone(),
            instrument_id: outcome.market_id.clone(),
        };
        self.move_position(outcome.order_intent_id, place, outcome.side, outcome.filled_quantity)
    }

    fn move_position(
        &mut self,
        order_intent_id: OrderIntentId,
        place: PositionPlace,
        side: Side,
        filled: Qty,
    ) -> PositionChange {
        let held = self.positions.get(&place).copied().unwrap_or_default();
        let qty = match side {
            Side::Buy => held.checked_add(filled),
            Side::Sell => held.checked_sub(filled),
        };
        let qty = qty.expect("the kernel has checked every position it lets happen");
        self.changed.positions.insert(place.clone());
        if qty.is_zero() {
            self.positions.remove(&place);
        } else {
            self.positions.insert(place.clone(), qty);
        }
        PositionChange { order_intent_id, place, qty }
    }

    fn close(&mut self, seq: u64, key: IntentKey, facts: &mut Facts) {
        let Some(intent) = self.intents.remove(&key) else { return };
        if intent.seq != seq {
            self.changed.intents.insert(key);
        }
        facts.intent = Some(intent);
    }

    /// Notes what the entry opened and left open.
    fn note_opened(&mut self, seq: u64, facts: &Facts) {
        let opened = facts.intent.iter().filter(|intent| intent.seq == seq);
        let open =
            opened.map(|intent| intent.intent_key).filter(|key| self.intents.contains_key(key));
        self.changed.intents.extend(open);
        let emitted = facts.orders.iter().filter(|order| order.emitted_seq == seq);
        let open = emitted.map(|order| order.order.order_intent_id);
        self.changed.orders.extend(open.filter(|id| self.orders.contains_key(id)));
    }
}

/// The intent an entry accepted, but for its share.
fn accepted(entry: &ProjectedEntry) -> Option<IntentFacts> {
    let Input::SubmitIntent { intent, .. } = &entry.input else { return None };
    let (plan, decision_px) = entry.events.iter().find_map(|event| match event {
        Event::PlanMade { plan, decision_px, .. } => Some((plan, *decision_px)),
        _ => None,
    })?;
    entry.events.iter().find_map(|event| match event {
        Event::IntentAccepted {
            intent_id, intent_key, digest, strategy_id, source_run, ..
        } => Some(IntentFacts {
            seq: entry.seq,
            at: entry.at,
            intent_id: intent_id.clone(),
            intent_key: *intent_key,
            digest: *digest,
            strategy_id: strategy_id.clone(),
            book_id: intent.book_id.clone(),
            instrument_id: intent.instrument_id.clone(),
            source_run: source_run.clone(),
            plan: plan.clone(),
            decision_px,
            rebalance: match &intent.ask {
                Ask::Rebalance(rebalance) => Some((**rebalance).clone()),
                Ask::Execution(_) => None,
            },
            share: None,
        }),
        _ => None,
    })
}

/// The price the order of this entry was valued at: the touch it would trade against.
fn touch(entry: &ProjectedEntry) -> Option<fillwright_domain::Px> {
    let Input::SubmitIntent { quote: Some(Quote { bid_px, ask_px, .. }), .. } = &entry.input else {
        return None;
    };
    entry.events.iter().find_map(|event| match event {
        Event::OrderEmitted { order, .. } => Some(match order.side {
            Side::Buy => *ask_px,
            Side::Sell => *bid_px,
        }),
        _ => None,
    })
}
