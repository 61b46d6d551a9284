//! An independent witness: it sees every step and says what may never happen, whatever kernel and reference agree on.
//!
//! Figures are its own, kept as it goes along in exact rationals. The names in brackets are the invariants of
//! `reliability.md` section 3.

use crate::exact::{Exact, exact};
use crate::flow_witness::{FlowWitness, Released};
use crate::governance::{Around, Governance};
use crate::incident_witness::IncidentWitness;
use crate::routes::RouteWitness;
use crate::statement_witness::{AtWork, StatementWitness};
use fillwright_domain::{
    AccountId, ActionType, BookId, ExecId, ExecutionStatus, Instrument, InstrumentId, Intent,
    IntentId, LaneId, OrderIntent, OrderIntentId, OrderStatus, OrderType, Plane, Principal, Quote,
    ResultStatus, Scope, Side, Statement, Timestamp,
};
use fillwright_kernel::adoption::{PolicyEvent, Proposal};
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::incidents::{IncidentEvent, IncidentOrigin};
use fillwright_kernel::{
    Answer, Effect, Event, Gate, IgnoredReport, Input, ReconciliationEvent, Ruling, State, Verdict,
};
use fillwright_policy::{Book, GroupLimits, KillEffect, Limits, RestraintKind, Role, Rulebook};
use std::collections::{BTreeMap, BTreeSet};

/// Gates with a rule in force: no order without a verdict of each.
const IN_FORCE: &[Gate] = &[
    Gate::Rulebook,
    Gate::Book,
    Gate::Provenance,
    Gate::Strategy,
    Gate::Lane,
    Gate::Session,
    Gate::ModelStatus,
    Gate::Instrument,
    Gate::RestrictedList,
    Gate::Venue,
    Gate::Permission,
    Gate::TradingHours,
    Gate::Halt,
    Gate::VenueHealth,
    Gate::DataAge,
    Gate::Maintenance,
    Gate::KillSwitch,
    Gate::Cooldown,
    Gate::BlockingIncident,
    Gate::ReduceOnlyMode,
    Gate::RepeatThrottle,
    Gate::Mapping,
    Gate::Sizing,
    Gate::DecisionTable,
    Gate::CapitalPlan,
    Gate::OrderQuantity,
    Gate::OrderNotional,
    Gate::PositionLimit,
    Gate::Leverage,
    Gate::AssetExposure,
    Gate::GrossExposure,
    Gate::NetExposure,
    Gate::SectorExposure,
    Gate::ClusterExposure,
    Gate::OpenOrders,
    Gate::RegimeParity,
    Gate::Precision,
    Gate::OrderTypePolicy,
    Gate::SlippageBudget,
    Gate::Participation,
    Gate::Route,
    Gate::PriceCollar,
    Gate::SelfMatch,
    Gate::DuplicateWindow,
    Gate::Schedule,
    Gate::MessageRate,
];

/// What a witness says when something happened that may not.
pub type Finding = Result<(), String>;

/// Where a position is held.
pub type Place = (BookId, Plane, InstrumentId);

/// What it remembers of an order.
#[derive(Debug, Clone)]
struct Seen {
    order: OrderIntent,
    cum_qty: Exact,
    /// How much more its fills are by their corrections; below zero where they are less.
    corrected_by: Exact,
    /// What it came to, once it ended.
    filled: Option<Exact>,
    execs: BTreeSet<ExecId>,
    is_cancelling: bool,
    last_status: Option<OrderStatus>,
    has_outcome: bool,
}

/// How much was witnessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often each refusal, skip, ignored report and refused admin input came up.
    pub reasons: BTreeMap<String, u64>,
    /// Steps.
    pub steps: u64,
    /// Intents accepted.
    pub intents: u64,
    /// Intents that came again.
    pub duplicates: u64,
    /// Ids that came with other content.
    pub conflicts: u64,
    /// Intents refused.
    pub denied: u64,
    /// Intents that needed nothing.
    pub skipped: u64,
    /// Orders cut by a gate.
    pub reduced: u64,
    /// Orders released.
    pub orders: u64,
    /// Fills booked.
    pub fills: u64,
    /// Reports that changed nothing.
    pub ignored: u64,
    /// Halts.
    pub kills: u64,
    /// Halts of trading, cooldowns and modes.
    pub restraints: u64,
    /// Exits asked for.
    pub exits: u64,
    /// Changes of the rules.
    pub rulebooks: u64,
    /// Versions proposed.
    pub proposals: u64,
    /// Versions approved by a second person.
    pub approvals: u64,
    /// Incidents opened.
    pub incidents: u64,
    /// Differences from an executor's ledger.
    pub breaks: u64,
    /// Busts and corrections of fills.
    pub corrections: u64,
}

impl Tally {
    /// Adds what another run saw.
    pub fn add(&mut self, other: Self) {
        for (reason, times) in other.reasons {
            *self.reasons.entry(reason).or_default() += times;
        }
        self.steps += other.steps;
        self.intents += other.intents;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.denied += other.denied;
        self.skipped += other.skipped;
        self.reduced += other.reduced;
        self.orders += other.orders;
        self.fills += other.fills;
        self.ignored += other.ignored;
        self.kills += other.kills;
        self.restraints += other.restraints;
        self.exits += other.exits;
        self.rulebooks += other.rulebooks;
        self.proposals += other.proposals;
        self.approvals += other.approvals;
        self.incidents += other.incidents;
        self.breaks += other.breaks;
        self.corrections += other.corrections;
    }
}

/// The witness.
#[derive(Debug, Clone, Default)]
pub struct Oracle {
    rules: Option<Rulebook>,
    marks: BTreeMap<InstrumentId, Exact>,
    incidents: IncidentWitness,
    /// What was imposed and not ended, with its end.
    imposed: BTreeMap<(RestraintKind, Scope), Option<Timestamp>>,
    /// Exits that were asked for and have not come in.
    exits: BTreeSet<IntentId>,
    intents: BTreeMap<IntentId, Option<ResultStatus>>,
    orders: BTreeMap<OrderIntentId, Seen>,
    working: BTreeSet<OrderIntentId>,
    /// Requests, sessions, lanes and the regime.
    pub governance: Governance,
    positions: BTreeMap<Place, Exact>,
    /// The version of the rules that waits, and who approved it.
    waiting: Option<(Proposal, Option<Principal>)>,
    /// The version that comes into force in this step, and whether somebody approved it.
    coming: Option<(Box<Rulebook>, bool)>,
    were_in_force: Vec<Rulebook>,
    flow: FlowWitness,
    routes: RouteWitness,
    statements: StatementWitness,
    /// Where a correction could not be booked, because the rules did not know the place: a person has to.
    unplaced: BTreeSet<(BookId, InstrumentId)>,
    /// What each intent's plan is for, and what its orders may come to.
    planned: BTreeMap<IntentId, Exact>,
    committed: BTreeMap<IntentId, Exact>,
    /// How much it saw.
    pub tally: Tally,
}

macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($what)+));
        }
    };
}

impl Oracle {
    /// Watches one step.
    ///
    /// # Errors
    ///
    /// Says what may not have happened.
    pub fn watch(
        &mut self,
        at: Timestamp,
        input: &Input,
        events: &[Event],
        effects: &[Effect],
    ) -> Finding {
        self.tally.steps += 1;
        self.governance.begin();
        let may_be_empty = matches!(input, Input::Resume | Input::Tick);
        must!(!events.is_empty() || may_be_empty, "a step recorded nothing");
        let mut verdicts = Vec::new();
        for event in events {
            if let Event::IntentJudged { verdicts: said, .. } = event {
                verdicts = said.iter().collect();
            }
            self.read(at, input, &verdicts, event)?;
        }
        if let Some(rules) = &self.rules {
            self.incidents.has_noticed(rules, events)?;
            self.cools_down(at, rules, events)?;
        }
        let has_corrections = events.iter().any(|event| matches!(event, Event::FillCorrected(_)));
        must!(
            !has_corrections || self.incidents.has_corrections(),
            "[R22] a correction is no incident"
        );
        if let Input::Statement(statement) = input {
            self.stated(statement, events)?;
        }
        Self::effects(events, effects)?;
        self.closed_in_step(events)
    }

    #[allow(clippy::too_many_lines, reason = "a table: one arm a kind of event")]
    fn read(
        &mut self,
        at: Timestamp,
        input: &Input,
        verdicts: &[Verdict],
        event: &Event,
    ) -> Finding {
        match event {
            Event::Policy(said) => self.version(at, said)?,
            Event::RulebookAdopted { rulebook, .. } => {
                self.adopted(rulebook)?;
                self.governance.adopted(rulebook);
                self.rules = Some((**rulebook).clone());
                self.flow.adopted(rulebook);
                self.tally.rulebooks += 1;
            }
            Event::Flow(event) => self.flow.happened(event)?,
            Event::MarkTaken { instrument_id, mark_px, as_of } => {
                self.flow.marked(instrument_id, *mark_px, *as_of);
                self.marks.insert(instrument_id.clone(), exact(mark_px.get()));
            }
            Event::KillSwitchEngaged { scope, .. } => {
                self.imposed.insert((RestraintKind::KillSwitch, scope.clone()), None);
                self.tally.kills += 1;
            }
            Event::KillSwitchReleased { by, requested_by, scope, .. } => {
                self.lifted(RestraintKind::KillSwitch, scope, [by, requested_by])?;
            }
            Event::RestraintImposed { kind, scope, until, .. } => {
                must!(until.is_none_or(|until| until > at), "{kind} on {scope} is over already");
                self.imposed.insert((*kind, scope.clone()), *until);
                self.tally.restraints += 1;
            }
            Event::RestraintLifted { kind, scope, by, requested_by, .. } => {
                self.lifted(*kind, scope, [by, requested_by])?;
            }
            Event::RestraintExpired { kind, scope } => {
                let until = self.imposed.remove(&(*kind, scope.clone())).flatten();
                must!(
                    until.is_some_and(|until| until <= at),
                    "{kind} on {scope} ended before its time"
                );
            }
            Event::ExitAsked { exit, .. } => {
                let is_known = self.intents.contains_key(&exit.intent_id);
                must!(!is_known, "exit {} is asked for after it came in", exit.intent_id);
                self.exits.insert(exit.intent_id.clone());
                self.tally.exits += 1;
            }
            Event::IntentAccepted { intent_id, .. } => {
                let known = self.intents.insert(intent_id.clone(), None);
                must!(known.is_none(), "[I1] intent {intent_id} was accepted twice");
                self.exits.remove(intent_id);
                self.tally.intents += 1;
            }
            Event::IntentDuplicated { intent_id, status, .. } => {
                let known = self.intents.get(intent_id);
                must!(
                    known == Some(status),
                    "duplicate {intent_id} answered {status:?}, known as {known:?}"
                );
                self.tally.duplicates += 1;
            }
            Event::IntentConflicted { intent_id, .. } => {
                must!(self.intents.contains_key(intent_id), "unknown {intent_id} conflicts");
                self.tally.conflicts += 1;
            }
            Event::IntentJudged { .. } => self.judged(verdicts)?,
            Event::OrderEmitted { order, .. } => self.emitted(at, input, verdicts, order)?,
            Event::OrderStatusChanged { order_intent_id, status, exec_id, .. } => {
                let order = self.working_order(*order_intent_id)?;
                order.last_status = Some(*status);
                order.is_cancelling = false;
                must!(
                    exec_id.iter().all(|exec| order.execs.insert(exec.clone())),
                    "[I3] report {exec_id:?} counted twice"
                );
            }
            Event::OrderStranded { order_intent_id, exec_id, .. } => {
                let order = self.working_order(*order_intent_id)?;
                must!(order.execs.insert(exec_id.clone()), "[I3] report {exec_id} counted twice");
            }
            Event::OrderCancelRequested { order_intent_id, .. } => {
                self.working_order(*order_intent_id)?.is_cancelling = true;
            }
            Event::OrderQueried { order_intent_id, .. } => {
                let known = self.orders.get_mut(order_intent_id);
                let Some(order) = known else {
                    return Err("a query of an unknown order".to_owned());
                };
                order.is_cancelling = false;
            }
            Event::FillBooked { order_intent_id, exec_id, last_qty, cum_qty, status, .. } => {
                self.tally.fills += 1;
                self.statements.filled(event);
                let order = self.working_order(*order_intent_id)?;
                let (last, cum) = (exact(last_qty.get()), exact(cum_qty.get()));
                must!(order.execs.insert(exec_id.clone()), "[I3] fill {exec_id} was booked twice");
                must!(
                    last.is_positive() && cum >= order.cum_qty,
                    "[I3] {cum_qty} filled in all is less than before"
                );
                let ordered = exact(order.order.requested_quantity.get());
                must!(
                    cum <= ordered,
                    "[I3] {cum_qty} filled of {}",
                    order.order.requested_quantity
                );
                order.cum_qty = cum;
                order.last_status = Some(*status);
            }
            Event::FillCorrected(correction) => self.corrected(correction)?,
            Event::ReportIgnored { order_intent_id, why, .. } => {
                self.tally.ignored += 1;
                if let (IgnoredReport::Unplaced, Some(seen)) =
                    (why, self.orders.get(order_intent_id))
                {
                    let (book, _, instrument) = place(&seen.order);
                    self.unplaced.insert((book, instrument));
                }
                self.count(format!("{why:?}"));
            }
            Event::InputRefused { why, .. } => self.count(format!("{why:?}")),
            Event::OutcomeRecorded { outcome } => self.ended(outcome)?,
            Event::IntentClosed { intent_id, result, .. } => {
                let known = self.intents.insert(intent_id.clone(), Some(result.status));
                must!(known.is_some(), "[I1] unknown intent {intent_id} was closed");
                must!(known == Some(None), "[I1] intent {intent_id} was closed twice");
                let traded = result.tokens_bought.is_some() || result.tokens_sold.is_some();
                let should = matches!(result.status, ResultStatus::Success | ResultStatus::Partial);
                must!(
                    traded == should,
                    "{intent_id} ended {:?} with traded = {traded}",
                    result.status
                );
            }
            Event::Incident(event) => {
                self.incidents.read(event)?;
                self.routes.read(event);
                self.tally.incidents += u64::from(matches!(event, IncidentEvent::Opened { .. }));
            }
            Event::Approval(event) => self.governance.approval(at, self.rules.as_ref(), event)?,
            Event::Session(event) => {
                let is_unseen = self.incidents.has_unseen();
                let around = Around { is_halted: self.is_halted(), is_unseen };
                self.governance.session(around, event)?;
            }
            Event::Deployment(event) => self.governance.deployment(event)?,
            Event::Reconciliation(event) => {
                self.statements.said(event)?;
                self.tally.breaks +=
                    u64::from(matches!(&**event, ReconciliationEvent::Found { .. }));
            }
            Event::BuildStated { build, is_allowed } => {
                let (is_live, names) = self.rules.as_ref().map_or((true, None), |rules| {
                    (rules.environment.as_str() == "live", Some(&rules.builds))
                });
                let is_named = names.is_some_and(|names| names.contains(build));
                let is_free = !is_live && names.is_some_and(BTreeSet::is_empty);
                must!(*is_allowed == (is_named || is_free), "[K1] {build} is taken for another");
            }
            Event::PlanMade { intent_id, plan, .. } => {
                self.planned.insert(intent_id.clone(), exact(plan.size.get()));
            }
            Event::RunRegistered { .. }
            | Event::KillSwitchReleaseRequested { .. }
            | Event::RestraintLiftRequested { .. }
            | Event::CancelsPaused { .. } => {}
        }
        Ok(())
    }

    /// A fill that was booked is another: what was filled stays within what was ordered, and the position of an order that
    /// ended moves by exactly the difference. [R22]
    fn corrected(&mut self, correction: &Correction) -> Finding {
        self.tally.corrections += 1;
        self.statements.corrected(correction)?;
        let known = self.orders.get_mut(&correction.order_intent_id);
        let Some(seen) = known else {
            return Err("[R22] an unknown order is corrected".to_owned());
        };
        must!(
            seen.has_outcome != correction.is_open,
            "[R22] an order that is not where it is said"
        );
        must!(
            seen.execs.insert(correction.exec_id.clone()),
            "[R22] correction {} was booked twice",
            correction.exec_id
        );
        let more = exact(correction.after.qty.get()) - exact(correction.before.qty.get());
        seen.corrected_by = seen.corrected_by.clone() + more.clone();
        let filled =
            seen.filled.clone().unwrap_or_else(|| seen.cum_qty.clone() + seen.corrected_by.clone());
        let filled = if correction.is_open { filled } else { filled + more.clone() };
        let ordered = exact(seen.order.requested_quantity.get());
        must!(
            filled <= ordered && !filled.is_negative(),
            "[R22] {} is filled otherwise than was ordered",
            correction.order_intent_id
        );
        if !correction.is_open {
            seen.filled = Some(filled);
            let place = place(&seen.order);
            let position = self.positions.entry(place).or_insert_with(Exact::zero);
            *position = match correction.side {
                Side::Buy => position.clone() + more,
                Side::Sell => position.clone() - more,
            };
        }
        Ok(())
    }

    /// Whether a statement led to what it shows, and every break that was found is an incident. [R15]
    fn stated(&mut self, statement: &Statement, events: &[Event]) -> Finding {
        let grace_ms = self.rules.as_ref().map_or(0, |rules| rules.reconciliation.grace_ms);
        let working = self.working.iter().filter_map(|id| self.orders.get(id));
        let at_work: Vec<AtWork> = working
            .map(|seen| AtWork {
                order: &seen.order,
                cum_qty: seen.cum_qty.clone(),
                net_qty: seen.cum_qty.clone() + seen.corrected_by.clone(),
            })
            .collect();
        let mut held: BTreeMap<(AccountId, InstrumentId), Exact> = BTreeMap::new();
        let account = |book| {
            let book = self.rules.as_ref().and_then(|rules| rules.books.get(book));
            book.map_or_else(AccountId::main, |book| book.account.clone())
        };
        for ((book, plane, instrument), qty) in &self.positions {
            if *plane == statement.plane {
                let own =
                    held.entry((account(book), instrument.clone())).or_insert_with(Exact::zero);
                *own = own.clone() + qty.clone();
            }
        }
        for own in at_work.iter().filter(|own| own.order.plane == statement.plane) {
            let place = (account(&own.order.book_id), own.order.market_id.clone());
            let sum = held.entry(place).or_insert_with(Exact::zero);
            *sum = match own.order.side {
                Side::Buy => sum.clone() + own.net_qty.clone(),
                Side::Sell => sum.clone() - own.net_qty.clone(),
            };
        }
        self.statements.compared(statement, grace_ms, events, &at_work, &held)?;
        for event in events {
            if let Event::Reconciliation(said) = event
                && let ReconciliationEvent::Found { found } = &**said
            {
                let is_known = self.incidents.has_break(found.name.kind);
                must!(is_known, "[R15] {} is no incident", found.name.kind);
            }
        }
        Ok(())
    }

    /// What may become of a version: approved by another, never before its time. [I11]
    fn version(&mut self, at: Timestamp, said: &PolicyEvent) -> Finding {
        match said {
            PolicyEvent::Proposed { proposal, .. } => {
                must!(self.waiting.is_none(), "two versions of the rules wait");
                self.waiting = Some((proposal.clone(), None));
                self.tally.proposals += 1;
            }
            PolicyEvent::Approved(word) => {
                let Some((proposal, approved_by)) = &mut self.waiting else {
                    return Err("a version was approved that does not wait".to_owned());
                };
                let is_other = word.by != proposal.by && word.by != proposal.author;
                must!(is_other, "[I11] {} approved rules of their own", word.by);
                *approved_by = Some(word.by.clone());
                self.tally.approvals += 1;
            }
            PolicyEvent::CameInForce { approved_by, .. } => {
                let Some((proposal, approved)) = self.waiting.take() else {
                    return Err("a version came into force that did not wait".to_owned());
                };
                must!(*approved_by == approved, "other people approved than is said");
                let is_time = proposal.effective_at.is_none_or(|when| when <= at);
                must!(is_time, "a version came into force before its time");
                self.coming = Some((proposal.rulebook, approved.is_some()));
            }
            PolicyEvent::Withdrawn(_) | PolicyEvent::Lapsed { .. } => self.waiting = None,
        }
        Ok(())
    }

    /// Rules that were in force come back only while trading is halted, and in live nobody changes rules alone. [K6]
    fn adopted(&mut self, rulebook: &Rulebook) -> Finding {
        let coming = self.coming.take();
        let is_same = coming.as_ref().is_none_or(|(coming, _)| **coming == *rulebook);
        must!(is_same, "other rules came into force than were proposed");
        let recent = self.were_in_force.iter().rev().take(64);
        let was_in_force = recent.into_iter().any(|rules| rules == rulebook);
        must!(self.is_halted() || !was_in_force, "[K6] back to earlier rules without a halt");
        let is_live =
            self.rules.iter().chain([rulebook]).any(|rules| rules.environment.as_str() == "live");
        let is_approved = coming.is_some_and(|(_, is_approved)| is_approved);
        let is_change = self.rules.as_ref().is_some_and(|old| {
            Rulebook { version: rulebook.version.clone(), ..old.clone() } != *rulebook
        });
        let is_bounded = self.rules.as_ref().is_some_and(|old| old.bounds.is_some());
        must!(
            !is_live || !is_change || is_bounded || is_approved,
            "[I11] the rules of live were changed by one person"
        );
        self.were_in_force.push(rulebook.clone());
        Ok(())
    }

    fn count(&mut self, reason: String) {
        *self.tally.reasons.entry(reason).or_default() += 1;
    }

    fn working_order(&mut self, id: OrderIntentId) -> Result<&mut Seen, String> {
        self.orders
            .get_mut(&id)
            .filter(|order| !order.has_outcome)
            .ok_or(format!("[I1] order {id} is not at work"))
    }

    fn judged(&mut self, verdicts: &[Verdict]) -> Finding {
        for (verdict, gate) in verdicts.iter().zip(IN_FORCE) {
            must!(verdict.gate == *gate, "the verdict of {gate:?} is missing");
        }
        let Some((last, before)) = verdicts.split_last() else {
            return Err("no verdicts at all".to_owned());
        };
        must!(before.iter().all(passes), "the chain went on after a refusal");
        must!(
            !passes(last) || verdicts.len() == IN_FORCE.len(),
            "the verdicts end after {:?}",
            last.gate
        );
        self.tally.reduced += u64::from(
            verdicts.iter().any(|verdict| matches!(verdict.ruling, Ruling::Reduce { .. })),
        );
        match last.ruling {
            Ruling::Deny { reason } => self.count(reason.code().to_owned()),
            Ruling::Skip { reason } => self.count(reason.code().to_owned()),
            _ => {}
        }
        self.tally.denied += u64::from(matches!(last.ruling, Ruling::Deny { .. }));
        self.tally.skipped += u64::from(matches!(last.ruling, Ruling::Skip { .. }));
        Ok(())
    }

    fn emitted(
        &mut self,
        at: Timestamp,
        input: &Input,
        verdicts: &[Verdict],
        order: &OrderIntent,
    ) -> Finding {
        self.tally.orders += 1;
        must!(
            verdicts.len() == IN_FORCE.len() && verdicts.iter().all(passes),
            "an order without every verdict"
        );
        let Input::SubmitIntent { intent, quote } = input else {
            return Err("an order without an intent".to_owned());
        };
        must!(order.intent_id == intent.intent_id, "an order for another intent");
        must!(
            self.intents.get(&order.intent_id) == Some(&None),
            "[I1] an order for an intent that is closed or unknown"
        );
        let planned = self.planned.get(&order.intent_id).cloned().unwrap_or_else(Exact::zero);
        let committed = self.committed.entry(order.intent_id.clone()).or_insert_with(Exact::zero);
        *committed = committed.clone() + exact(order.requested_quantity.get());
        must!(
            *committed <= planned,
            "[K3] the orders of {} are more than its plan",
            order.intent_id
        );
        must!(
            order.parent_quantity.map(|qty| exact(qty.get())) == Some(planned),
            "[K3] {} does not say what its plan is for",
            order.intent_id
        );
        self.allowed(at, intent, quote.as_ref(), order)?;
        let session = self.governance.active(&order.book_id).map(|session| &session.lane);
        let stopped = self
            .rules
            .as_ref()
            .is_some_and(|rules| self.incidents.stops(rules, session, input, order));
        must!(
            !stopped || intent.action() == ActionType::EmergencyExit,
            "[E4] {} passed an incident that blocks",
            order.intent_id
        );
        let at_work = self.working.iter().filter_map(|id| self.orders.get(id));
        let at_work = at_work.map(|seen| seen.order.clone()).collect::<Vec<_>>();
        let Some(quote) = quote else { return Err("an order without a quote".to_owned()) };
        let at_work = at_work.iter().collect();
        self.flow.released(&Released { at, intent, quote, order, at_work })?;
        let rules = self.rules.as_ref().ok_or("an order without rules")?;
        self.routes.released(rules, order)?;
        let seen = Seen {
            order: order.clone(),
            cum_qty: Exact::zero(),
            corrected_by: Exact::zero(),
            filled: None,
            execs: BTreeSet::new(),
            is_cancelling: false,
            last_status: None,
            has_outcome: false,
        };
        let known = self.orders.insert(order.order_intent_id, seen);
        must!(known.is_none(), "[I2] order {} was released twice", order.order_intent_id);
        self.working.insert(order.order_intent_id);
        self.statements.sent(at, order.order_intent_id);
        Ok(())
    }

    /// Whether an order may be sent: grid, halt, reduce-only, and every limit at worst case. [I6, I8]
    fn allowed(
        &self,
        at: Timestamp,
        intent: &Intent,
        quote: Option<&Quote>,
        order: &OrderIntent,
    ) -> Finding {
        let Some(rules) = &self.rules else { return Err("an order without rules".to_owned()) };
        let (Some(book), Some(instrument)) =
            (rules.books.get(&order.book_id), rules.instruments.get(&order.market_id))
        else {
            return Err("an order in an unknown book or instrument".to_owned());
        };
        let Some(quote) = quote else { return Err("an order without a quote".to_owned()) };
        let is_decided = rules.decisions.is_some() || rules.environment.as_str() != "live";
        must!(
            is_decided || intent.action() == ActionType::EmergencyExit,
            "an order in live without a table of decisions"
        );
        must!(book.enabled && instrument.enabled, "an order in a disabled book or instrument");
        let age_ns = i128::from(at.as_ns()) - i128::from(quote.as_of.as_ns());
        let age_max_ns = (i128::from(rules.execution.quote_age_max_ms) + 1) * 1_000_000;
        must!((0..age_max_ns).contains(&age_ns), "an order on a quote {age_ns} ns old");
        on_grid(instrument, order)?;
        let (before, after) = self.worst_case(order);
        self.governance.order(at, rules, intent, order, self.may_be_long(order))?;
        let is_safety_exit = intent.action() == ActionType::EmergencyExit;
        let held_back = self.held_back(at, order);
        must!(!held_back.contains(&RestraintKind::Halt), "[I6] an order while trading is halted");
        let only_modes = held_back
            .iter()
            .all(|kind| matches!(kind, RestraintKind::Degraded | RestraintKind::ReduceOnly));
        must!(is_safety_exit || only_modes, "[I6] an order after {held_back:?}");
        if !held_back.is_empty() || is_safety_exit || intent.reduce_only() {
            must!(self.only_reduces(order), "[I6] {} adds risk", order.intent_id);
            return Ok(());
        }
        must!(
            after <= before || self.within_capital(rules, instrument, quote, order),
            "[R17] {} takes its session beyond its capital",
            order.intent_id
        );
        must!(
            after <= before || self.within_limits(rules, book, instrument, quote, intent, order),
            "[I8] {} breaks a limit",
            order.intent_id
        );
        must!(
            after <= before || self.within_envelope(rules, quote, order),
            "[I8] {} takes a level of the envelope above what it states",
            order.intent_id
        );
        must!(
            self.orders_within_envelope(rules, order),
            "[I8] {} is one order too many",
            order.intent_id
        );
        let qty = order.requested_quantity;
        must!(
            self.levels(rules, book, order)
                .iter()
                .filter_map(|limits| limits.max_order_qty)
                .all(|cap| qty <= cap),
            "[I8] {} is larger than one order may be",
            order.intent_id
        );
        let worth = touch(quote, order.side)
            * exact(order.requested_quantity.get())
            * exact(instrument.contract_size.get());
        let levels = self.levels(rules, book, order);
        must!(
            levels[0].max_order_notional.is_some(),
            "[I8] {} has no limit at all",
            order.intent_id
        );
        must!(
            levels
                .iter()
                .filter_map(|limits| limits.max_order_notional)
                .all(|cap| worth <= exact(cap.get())),
            "[I8] {} is worth more than one order may be",
            order.intent_id
        );
        Ok(())
    }

    /// A rule that cools down what its incident concerns holds trading back there as long as it says. [E3]
    fn cools_down(&self, at: Timestamp, rules: &Rulebook, events: &[Event]) -> Finding {
        for event in events {
            let Event::Incident(IncidentEvent::Opened { incident }) = event else { continue };
            let IncidentOrigin::Rule(name) = &incident.origin else { continue };
            let rule = rules.incident_rules.rules.get(name);
            let Some(lasts_s) = rule.and_then(|rule| rule.cooldown_s) else { continue };
            let until = self.imposed.get(&(RestraintKind::Cooldown, incident.scope.clone()));
            let least_ns = i64::from(lasts_s) * 1_000_000_000;
            let is_long = |until: &Option<Timestamp>| {
                until.is_none_or(|until| until.as_ns() - at.as_ns() >= least_ns)
            };
            must!(until.is_some_and(is_long), "[E3] {name} does not cool {} down", incident.scope);
        }
        Ok(())
    }

    /// Whether everything is halted.
    fn is_halted(&self) -> bool {
        self.imposed.contains_key(&(RestraintKind::KillSwitch, Scope::Global))
    }

    /// Two people end a restraint, one of them answering for risk. [I11]
    fn lifted(&mut self, kind: RestraintKind, scope: &Scope, by: [&Principal; 2]) -> Finding {
        let [second, first] = by;
        must!(first != second, "[I11] {first} lifted {kind} alone");
        let rules = self.rules.as_ref().ok_or("a restraint lifted without rules")?;
        let holds = |name: &Principal, role: Option<Role>| {
            rules.people.get(name).is_some_and(|person| {
                person.enabled && role.is_none_or(|role| person.roles.contains(&role))
            })
        };
        let are_known = holds(first, None) && holds(second, None);
        let has_risk = holds(first, Some(Role::Risk)) || holds(second, Some(Role::Risk));
        must!(are_known && has_risk, "[I11] {first} and {second} lifted {kind}");
        let was = self.imposed.remove(&(kind, scope.clone()));
        must!(was.is_some(), "{kind} on {scope} was lifted and never imposed");
        Ok(())
    }

    /// The kinds of restraint that cover an order now.
    fn held_back(&self, at: Timestamp, order: &OrderIntent) -> BTreeSet<RestraintKind> {
        let holding = self.imposed.iter().filter(|((_, scope), until)| {
            until.is_none_or(|until| at < until) && self.is_within(scope, order)
        });
        holding.map(|((kind, _), _)| *kind).collect()
    }

    /// Whether an order is within a scope, by the scope's text.
    fn is_within(&self, scope: &Scope, order: &OrderIntent) -> bool {
        let Some(rules) = &self.rules else { return false };
        let book = rules.books.get(&order.book_id);
        let text = scope.to_string();
        let (kind, name) = text.split_once(':').unwrap_or((&text, ""));
        let is = |known: Option<&str>| known == Some(name);
        match kind {
            "global" | "environment" => true,
            "lane" => {
                let rules = self.rules.as_ref();
                is(rules.and_then(|rules| self.lane_of(rules, &order.book_id)).map(LaneId::as_str))
            }
            "account" => is(book.map(|book| book.account.as_str())),
            "strategy" => is(book.map(|book| book.strategy_id.as_str())),
            "venue" => {
                is(rules.instruments.get(&order.market_id).map(|known| known.venue.as_str()))
            }
            _ => is(Some(order.market_id.as_str())),
        }
    }

    /// Whether an order, with all others at work on its side, only takes from the position.
    fn only_reduces(&self, order: &OrderIntent) -> bool {
        let position = self.positions.get(&place(order)).cloned().unwrap_or_else(Exact::zero);
        let against =
            if order.side == Side::Buy { position.is_negative() } else { position.is_positive() };
        let at_work =
            self.at_work(&place(order), order.side) + exact(order.requested_quantity.get());
        against && at_work <= position.abs()
    }

    fn at_work(&self, place: &Place, side: Side) -> Exact {
        let working = self.working.iter().filter_map(|id| self.orders.get(id));
        let same =
            working.filter(|seen| self::place(&seen.order) == *place && seen.order.side == side);
        same.fold(Exact::zero(), |sum, seen| sum + exact(seen.order.requested_quantity.get()))
    }

    /// The largest position without and with the order.
    fn worst_case(&self, order: &OrderIntent) -> (Exact, Exact) {
        let place = place(order);
        let before = self.worst_of(&place, None);
        (before, self.worst_of(&place, Some(order)))
    }

    fn worst_of(&self, place: &Place, more: Option<&OrderIntent>) -> Exact {
        let position = self.positions.get(place).cloned().unwrap_or_else(Exact::zero);
        let with = |side| {
            let extra = more
                .filter(|order| order.side == side)
                .map(|order| exact(order.requested_quantity.get()));
            self.at_work(place, side) + extra.unwrap_or_else(Exact::zero)
        };
        let (long, short) =
            ((position.clone() + with(Side::Buy)).abs(), (position - with(Side::Sell)).abs());
        if long > short { long } else { short }
    }

    fn within_limits(
        &self,
        rules: &Rulebook,
        book: &Book,
        instrument: &Instrument,
        quote: &Quote,
        intent: &Intent,
        order: &OrderIntent,
    ) -> bool {
        let levels = self.levels(rules, book, order);
        if levels[0].max_leverage.is_none() || levels[0].max_asset_exposure.is_none() {
            return false;
        }
        let equity = exact(book.equity.get());
        let own_place = place(order);
        let own = touch(quote, order.side)
            * self.worst_of(&own_place, Some(order))
            * exact(instrument.contract_size.get());
        let Some(others) = self.gross_besides(rules, &own_place) else { return false };
        let shares = levels.iter().filter_map(|limits| limits.max_asset_exposure);
        let mut leverages =
            levels.iter().filter_map(|limits| limits.max_leverage).chain(intent.max_leverage());
        shares.into_iter().all(|share| own <= exact(share.get()) * equity.clone())
            && leverages
                .all(|cap| own.clone() + others.clone() <= exact(cap.get()) * equity.clone())
    }

    /// Every level and group an order counts in and that states something.
    fn reaches<'a>(&'a self, rules: &'a Rulebook, order: &'a OrderIntent) -> Vec<Reach<'a>> {
        let envelope = &rules.envelope;
        let (sector, cluster) =
            (rules.sector_of(&order.market_id), rules.cluster_of(&order.market_id));
        let sectors = std::iter::once(&envelope.every_sector).chain(envelope.sectors.get(&sector));
        let clusters =
            std::iter::once(&envelope.every_cluster).chain(envelope.clusters.get(&cluster));
        let of_sectors = sectors.map(|limits| {
            let sector = sector.clone();
            Reach::group(limits, move |place| rules.sector_of(&place.2) == sector)
        });
        let of_clusters = clusters.map(|limits| {
            let cluster = cluster.clone();
            Reach::group(limits, move |place| rules.cluster_of(&place.2) == cluster)
        });
        let Some(book) = rules.books.get(&order.book_id) else { return Vec::new() };
        let same = |of: fn(&Book, &Book) -> bool| {
            move |place: &Place| rules.books.get(&place.0).is_some_and(|other| of(book, other))
        };
        let lane = self.lane_of(rules, &order.book_id);
        let of_lane = move |place: &Place| self.lane_of(rules, &place.0) == lane;
        let levels = [
            Some(Reach::level(&envelope.firm, |_| true)),
            envelope
                .accounts
                .get(&book.account)
                .map(|own| Reach::level(own, same(|one, other| one.account == other.account))),
            lane.and_then(|lane| envelope.lanes.get(lane)).map(|own| Reach::level(own, of_lane)),
            envelope.strategies.get(&book.strategy_id).map(|own| {
                Reach::level(own, same(|one, other| one.strategy_id == other.strategy_id))
            }),
            envelope
                .books
                .get(&order.book_id)
                .map(|own| Reach::level(own, |place: &Place| place.0 == order.book_id)),
            envelope
                .instruments
                .get(&order.market_id)
                .map(|own| Reach::level(own, |place: &Place| place.2 == order.market_id)),
        ];
        levels.into_iter().flatten().chain(of_sectors).chain(of_clusters).collect()
    }

    /// The limits an order stands under, the firm's first.
    fn levels<'a>(&self, rules: &'a Rulebook, book: &Book, order: &OrderIntent) -> Vec<&'a Limits> {
        let envelope = &rules.envelope;
        let lane = self.lane_of(rules, &order.book_id);
        let below = [
            envelope.accounts.get(&book.account),
            lane.and_then(|lane| envelope.lanes.get(lane)),
            envelope.strategies.get(&book.strategy_id),
            envelope.books.get(&order.book_id),
            envelope.instruments.get(&order.market_id),
        ];
        std::iter::once(&envelope.firm).chain(below.into_iter().flatten()).collect()
    }

    /// The lane of a book: its own, otherwise the one of the session that has it.
    fn lane_of<'a>(&'a self, rules: &'a Rulebook, book_id: &BookId) -> Option<&'a LaneId> {
        let own = rules.books.get(book_id)?.lane.as_ref();
        own.or_else(|| self.governance.active(book_id).map(|session| &session.lane))
    }

    /// Every place on a plane where something is held or at work.
    fn places(&self, plane: Plane) -> BTreeSet<Place> {
        let held = self.positions.iter().filter(|(_, position)| !position.is_zero());
        let working = self.working.iter().filter_map(|id| self.orders.get(id));
        held.map(|(place, _)| place.clone())
            .chain(working.map(|seen| place(&seen.order)))
            .filter(|place| place.1 == plane)
            .collect()
    }

    /// Whether every level and group keeps to what it states of position, gross and net exposure with the order at work.
    fn within_envelope(&self, rules: &Rulebook, quote: &Quote, order: &OrderIntent) -> bool {
        let reaches = self.reaches(rules, order);
        reaches.iter().all(|reach| self.keeps(rules, quote, order, reach).unwrap_or(false))
    }

    fn keeps(
        &self,
        rules: &Rulebook,
        quote: &Quote,
        order: &OrderIntent,
        reach: &Reach,
    ) -> Option<bool> {
        let own = place(order);
        let mut places = self.places(order.plane);
        places.insert(own.clone());
        let (mut position, mut gross) = (Exact::zero(), Exact::zero());
        let (mut before, mut after) = (Ends::default(), Ends::default());
        for place in places.iter().filter(|place| (reach.counts)(place)) {
            let more = (*place == own).then_some(order);
            let px = match more {
                Some(_) => touch(quote, order.side),
                None => self.marks.get(&place.2)?.clone(),
            };
            let unit = px * exact(rules.instruments.get(&place.2)?.contract_size.get());
            let worst = self.worst_of(place, more);
            gross = gross + unit.clone() * worst.clone();
            if place.2 == own.2 {
                position = position + worst;
            }
            before.add(&unit, self.ends_of(place, None));
            after.add(&unit, self.ends_of(place, more));
        }
        let slack = Exact::int(1).over(&Exact::int(1_000_000_000_000))?;
        let keeps_net =
            |cap: &Exact| after.worst() <= *cap || after.worst() <= before.worst() + slack.clone();
        Some(
            reach.max_position.as_ref().is_none_or(|cap| position <= *cap)
                && reach.max_gross.as_ref().is_none_or(|cap| gross <= *cap)
                && reach.max_net.as_ref().is_none_or(keeps_net),
        )
    }

    /// What a place holds if every buy at work is done, and if every sell is, one more order counted.
    fn ends_of(&self, place: &Place, more: Option<&OrderIntent>) -> (Exact, Exact) {
        let position = self.positions.get(place).cloned().unwrap_or_else(Exact::zero);
        let with = |side| {
            let extra = more.filter(|order| order.side == side);
            let extra = extra.map(|order| exact(order.requested_quantity.get()));
            self.at_work(place, side) + extra.unwrap_or_else(Exact::zero)
        };
        (position.clone() + with(Side::Buy), position - with(Side::Sell))
    }

    /// Whether every level keeps to the number of orders it states, this one counted.
    fn orders_within_envelope(&self, rules: &Rulebook, order: &OrderIntent) -> bool {
        let working: Vec<Place> = self
            .working
            .iter()
            .filter_map(|id| self.orders.get(id))
            .map(|seen| place(&seen.order))
            .filter(|place| place.1 == order.plane)
            .collect();
        self.reaches(rules, order).iter().all(|reach| {
            let at_work = working.iter().filter(|place| (reach.counts)(place)).count();
            reach.max_open_orders.is_none_or(|cap| at_work < cap as usize)
        })
    }

    /// Whether every buy at work, with this order, would leave the book long.
    fn may_be_long(&self, order: &OrderIntent) -> bool {
        let place = place(order);
        let position = self.positions.get(&place).cloned().unwrap_or_else(Exact::zero);
        let bought = self.at_work(&place, Side::Buy) + exact(order.requested_quantity.get());
        (position + bought).is_positive()
    }

    /// Whether everything the order's session holds on its plane, with the order, is within the session's capital.
    fn within_capital(
        &self,
        rules: &Rulebook,
        instrument: &Instrument,
        quote: &Quote,
        order: &OrderIntent,
    ) -> bool {
        let Some(session) = self.governance.running(&order.book_id) else { return true };
        let mut with = touch(quote, order.side)
            * self.worst_of(&place(order), Some(order))
            * exact(instrument.contract_size.get());
        for book in &session.books {
            let mut own = place(order);
            if *book != order.book_id {
                own = (book.clone(), order.plane, InstrumentId::default());
            }
            let Some(others) = self.gross_besides(rules, &own) else { return false };
            with = with + others;
        }
        with <= exact(session.capital.get())
    }

    /// Worst-case exposure of everything else in the book; nothing where a holding has no mark.
    fn gross_besides(&self, rules: &Rulebook, own: &Place) -> Option<Exact> {
        let held = self
            .positions
            .iter()
            .filter(|(_, position)| !position.is_zero())
            .map(|(place, _)| place.clone());
        let working =
            self.working.iter().filter_map(|id| self.orders.get(id)).map(|seen| place(&seen.order));
        let places: BTreeSet<Place> =
            held.chain(working).filter(|place| is_beside(place, own)).collect();
        let mut gross = Exact::zero();
        for place in places {
            let size = rules.instruments.get(&place.2)?.contract_size;
            gross = gross
                + self.marks.get(&place.2)?.clone()
                    * self.worst_of(&place, None)
                    * exact(size.get());
        }
        Some(gross)
    }

    fn ended(&mut self, outcome: &fillwright_domain::ExecutionOutcome) -> Finding {
        let order = self.working_order(outcome.order_intent_id)?;
        let (filled, ordered) =
            (exact(outcome.filled_quantity.get()), exact(order.order.requested_quantity.get()));
        must!(
            filled >= order.cum_qty.clone() + order.corrected_by.clone() && filled <= ordered,
            "[I3] an outcome of {}",
            outcome.filled_quantity
        );
        let right = match outcome.status {
            ExecutionStatus::Filled => filled == ordered,
            ExecutionStatus::PartiallyFilled => filled.is_positive() && filled < ordered,
            ExecutionStatus::Failed => filled.is_zero(),
        };
        must!(right, "{:?} with {} filled", outcome.status, outcome.filled_quantity);
        let is_final = order.last_status.is_some_and(OrderStatus::is_final)
            || order.order.plane == Plane::Paper;
        must!(is_final, "an outcome of an order that is {:?}", order.last_status);
        order.has_outcome = true;
        order.filled = Some(filled.clone());
        let unfilled = ordered.clone() - filled.clone();
        let intent_id = order.order.intent_id.clone();
        let (place, side) = (place(&order.order), order.order.side);
        let position = self.positions.entry(place).or_insert_with(Exact::zero);
        *position =
            if side == Side::Buy { position.clone() + filled } else { position.clone() - filled };
        self.working.remove(&outcome.order_intent_id);
        if let Some(committed) = self.committed.get_mut(&intent_id) {
            *committed = committed.clone() - unfilled;
        }
        Ok(())
    }

    /// An order that reached its end has its outcome and its intent's result in the same step; a halt cancels all.
    fn closed_in_step(&self, events: &[Event]) -> Finding {
        for event in events {
            let ended = match event {
                Event::OrderStatusChanged { order_intent_id, status, .. }
                | Event::FillBooked { order_intent_id, status, .. } => {
                    status.is_final().then_some(order_intent_id)
                }
                Event::OutcomeRecorded { outcome } => Some(&outcome.order_intent_id),
                Event::OrderEmitted { order, .. } if order.plane == Plane::Paper => {
                    Some(&order.order_intent_id)
                }
                _ => None,
            };
            if let Some(seen) = ended.and_then(|id| self.orders.get(id)) {
                let closed = self.intents.get(&seen.order.intent_id).is_some_and(Option::is_some);
                must!(
                    seen.has_outcome && closed,
                    "[I1] {} ended without outcome or result",
                    seen.order.intent_id
                );
            }
        }
        let cancelling = events.iter().filter_map(|event| match event {
            Event::KillSwitchEngaged { scope, effect, .. } if *effect != KillEffect::Block => {
                Some(scope)
            }
            _ => None,
        });
        for scope in cancelling {
            let working = self.working.iter().filter_map(|id| self.orders.get(id));
            let left =
                working.filter(|seen| !seen.is_cancelling && self.is_within(scope, &seen.order));
            if let Some(seen) = left.into_iter().next() {
                return Err(format!("[I6] the halt leaves {} at work", seen.order.intent_id));
            }
        }
        Ok(())
    }

    /// Effects are what the events ask for: each once, nothing else. [I2]
    fn effects(events: &[Event], effects: &[Effect]) -> Finding {
        let mut asked = effects.iter();
        for event in events {
            let wanted = match event {
                Event::OrderEmitted { order, .. } if order.plane == Plane::Paper => continue,
                Event::OrderEmitted { order, .. } => Effect::PlaceOrder(Box::new(order.clone())),
                Event::OrderCancelRequested { order_intent_id, instrument_id } => {
                    Effect::CancelOrder {
                        order_intent_id: *order_intent_id,
                        instrument_id: instrument_id.clone(),
                    }
                }
                Event::OrderQueried { order_intent_id, instrument_id, .. } => Effect::QueryOrder {
                    order_intent_id: *order_intent_id,
                    instrument_id: instrument_id.clone(),
                },
                Event::IntentClosed { intent_id, result, .. } => Effect::Reply {
                    intent_id: intent_id.clone(),
                    answer: Answer::Closed(result.status),
                },
                Event::IntentDuplicated { intent_id, first_seq, status } => Effect::Reply {
                    intent_id: intent_id.clone(),
                    answer: Answer::Duplicate { first_seq: *first_seq, status: *status },
                },
                Event::IntentConflicted { intent_id, first_seq } => Effect::Reply {
                    intent_id: intent_id.clone(),
                    answer: Answer::Conflict { first_seq: *first_seq },
                },
                Event::ExitAsked { exit, .. } => {
                    let Some(Effect::SubmitIntent(intent)) = asked.next() else {
                        return Err(format!("[I2] exit {} is not submitted", exit.intent_id));
                    };
                    must!(
                        intent.intent_id == exit.intent_id
                            && intent.book_id == exit.book_id
                            && intent.instrument_id == exit.instrument_id
                            && intent.action() == ActionType::EmergencyExit,
                        "[I6] exit {} comes as something else",
                        exit.intent_id
                    );
                    continue;
                }
                _ => continue,
            };
            must!(asked.next() == Some(&wanted), "[I2] the events ask for {wanted:?}");
        }
        must!(asked.next().is_none(), "[I2] an effect that no event asks for");
        Ok(())
    }

    /// Whether a kernel's positions and working orders are those of the events. [I3]
    ///
    /// # Errors
    ///
    /// Names what differs.
    pub fn agrees_with(&self, state: &State) -> Finding {
        must!(
            state.orders.iter().map(|(id, _)| id).eq(self.working.iter().copied()),
            "other orders are at work"
        );
        let mut held: BTreeMap<Place, Exact> = self.positions.clone();
        held.retain(|_, position| !position.is_zero());
        for (book, plane, ledger) in state.ledgers.iter() {
            for (instrument, holding) in
                ledger.holdings().filter(|(_, holding)| !holding.position.is_zero())
            {
                let known = held.remove(&(book.clone(), plane, instrument.clone()));
                let agree = known == Some(exact(holding.position.get()));
                must!(
                    agree,
                    "[I3] {book} holds {} {instrument}, not the sum of outcomes",
                    holding.position
                );
            }
        }
        must!(held.is_empty(), "[I3] a position is missing: {:?}", held.keys().next());
        self.statements.agrees_with(state)?;
        self.incidents.agrees_with(state)
    }

    /// What has to be true once faults have stopped and everything was answered.
    ///
    /// # Errors
    ///
    /// Names the first intent or order that never ended.
    pub fn all_ended(&self) -> Finding {
        if let Some(id) = self.working.first() {
            return Err(format!(
                "[I9] order {id} of {} never ended",
                self.orders[id].order.intent_id
            ));
        }
        if let Some(exit) = self.exits.first() {
            return Err(format!("[I6] exit {exit} was asked for and never came in"));
        }
        match self.intents.iter().find(|(_, status)| status.is_none()) {
            Some((intent, _)) => Err(format!("[I1] intent {intent} was accepted and never closed")),
            None => Ok(()),
        }
    }

    /// What outcomes add up to in the live-stub plane.
    pub fn live_positions(&self) -> BTreeMap<(BookId, InstrumentId), Exact> {
        let live = self
            .positions
            .iter()
            .filter(|((_, plane, _), held)| *plane == Plane::LiveStub && !held.is_zero());
        live.map(|((book, _, instrument), held)| ((book.clone(), instrument.clone()), held.clone()))
            .collect()
    }

    /// Where a correction waits for a person.
    pub fn unplaced(&self) -> &BTreeSet<(BookId, InstrumentId)> {
        &self.unplaced
    }

    /// Every fill that was booked.
    pub fn fill_names(&self) -> Vec<(OrderIntentId, ExecId)> {
        self.statements.fill_names().cloned().collect()
    }

    /// Whether a fill was booked.
    pub fn knows_fill(&self, order: OrderIntentId, exec_id: &ExecId) -> bool {
        self.statements.knows(order, exec_id)
    }

    /// Orders without an outcome.
    pub fn orders_at_work(&self) -> Vec<OrderIntent> {
        self.working
            .iter()
            .filter_map(|id| self.orders.get(id))
            .map(|seen| seen.order.clone())
            .collect()
    }

    /// Whether it ever saw this order released.
    pub fn knows_order(&self, order: OrderIntentId) -> bool {
        self.orders.contains_key(&order)
    }
}

fn passes(verdict: &Verdict) -> bool {
    matches!(verdict.ruling, Ruling::Allow | Ruling::Reduce { .. } | Ruling::Bypass)
}

fn place(order: &OrderIntent) -> Place {
    (order.book_id.clone(), order.plane, order.market_id.clone())
}

/// Whether two places are in the same book and plane but another instrument.
fn is_beside(one: &Place, other: &Place) -> bool {
    one.0 == other.0 && one.1 == other.1 && one.2 != other.2
}

/// Both ends of what a level is worth.
struct Ends {
    long: Exact,
    short: Exact,
}

impl Default for Ends {
    fn default() -> Self {
        Self { long: Exact::zero(), short: Exact::zero() }
    }
}

impl Ends {
    fn add(&mut self, unit: &Exact, (long, short): (Exact, Exact)) {
        self.long = self.long.clone() + unit.clone() * long;
        self.short = self.short.clone() + unit.clone() * short;
    }

    fn worst(&self) -> Exact {
        let (long, short) = (self.long.abs(), self.short.abs());
        if long > short { long } else { short }
    }
}

/// A level or group an order counts in: which places do, and what it states.
struct Reach<'a> {
    counts: Box<dyn Fn(&Place) -> bool + 'a>,
    max_position: Option<Exact>,
    max_gross: Option<Exact>,
    max_net: Option<Exact>,
    max_open_orders: Option<u32>,
}

impl<'a> Reach<'a> {
    fn level(limits: &Limits, counts: impl Fn(&Place) -> bool + 'a) -> Self {
        Self {
            counts: Box::new(counts),
            max_position: limits.max_position.map(|cap| exact(cap.get())),
            max_gross: limits.max_gross_exposure.map(|cap| exact(cap.get())),
            max_net: limits.max_net_exposure.map(|cap| exact(cap.get())),
            max_open_orders: limits.max_open_orders,
        }
    }

    fn group(limits: &GroupLimits, counts: impl Fn(&Place) -> bool + 'a) -> Self {
        Self {
            max_gross: limits.max_exposure.map(|cap| exact(cap.get())),
            ..Self::level(&Limits::default(), counts)
        }
    }
}

fn touch(quote: &Quote, side: Side) -> Exact {
    exact(if side == Side::Buy { quote.ask_px.get() } else { quote.bid_px.get() })
}

fn on_grid(instrument: &Instrument, order: &OrderIntent) -> Finding {
    let whole = |value: &Exact, step: Exact| {
        value.to_step(&step, fillwright_domain::Rounding::Down).as_ref() == Some(value)
    };
    let qty = exact(order.requested_quantity.get());
    must!(qty.is_positive(), "an order for {}", order.requested_quantity);
    let on_lot = whole(&qty, exact(instrument.lot_size.get()))
        && whole(&qty, exact(instrument.step_size.get()));
    must!(on_lot, "{} is not on the lot grid", order.requested_quantity);
    must!(
        instrument.max_qty.is_none_or(|most| order.requested_quantity <= most),
        "an order above the venue's largest"
    );
    must!(
        order.limit_px.is_some() == (order.order_type == OrderType::Limit),
        "{:?} at {:?}",
        order.order_type,
        order.limit_px
    );
    let on_tick =
        order.limit_px.is_none_or(|px| whole(&exact(px.get()), exact(instrument.tick_size.get())));
    must!(on_tick, "{:?} is not on the tick grid", order.limit_px);
    Ok(())
}
