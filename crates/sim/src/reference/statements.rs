//! What an executor states of its ledger, beside everything that happened here.

use super::facts::{Child, Facts};
use super::{incidents, orders, restraints};
use crate::exact::{Exact, exact};
use fillwright_domain::{
    AccountId, ExecId, IncidentCategory, InstrumentId, Notional, OrderIntentId, Plane, Px, Qty,
    Scope, Severity, Side, Statement, Text, Timestamp,
};
use fillwright_kernel::event::Refusal;
use fillwright_kernel::incidents::IncidentOrigin;
use fillwright_kernel::reconciliation::{
    BREAKS_MAX, Break, BreakKind, BreakName, FILLS_KEPT, LedgerFigures, Subject,
};
use fillwright_kernel::{Event, ReconciliationEvent};
use fillwright_policy::{OnBreak, RestraintKind};

/// A fill as it was booked.
pub(super) struct Booked {
    pub(super) order: OrderIntentId,
    pub(super) exec_id: ExecId,
    plane: Plane,
    instrument: InstrumentId,
    pub(super) qty: Qty,
    pub(super) px: Px,
    pub(super) fee: Notional,
    at: Timestamp,
    pub(super) corrected_at: Option<Timestamp>,
}

/// Those that are remembered.
pub(super) fn kept(all: &[Booked]) -> &[Booked] {
    &all[all.len().saturating_sub(FILLS_KEPT)..]
}

pub(super) fn state(facts: &Facts, at: Timestamp, statement: &Statement) -> Vec<Event> {
    if let Some(why) = refusal(facts, at, statement) {
        return vec![Event::InputRefused { why, by: None }];
    }
    let before = standing(facts);
    let (mut found, unsettled) = differences(facts, statement);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    let new: Vec<&Break> =
        found.iter().filter(|one| !before.iter().any(|known| known.name == one.name)).collect();
    let room = BREAKS_MAX.saturating_sub(before.len());
    let mut said: Vec<ReconciliationEvent> = new
        .iter()
        .take(room)
        .map(|one| ReconciliationEvent::Found { found: Box::new((*one).clone()) })
        .collect();
    let ended = before.iter().filter(|known| {
        known.name.plane == statement.plane
            && is_covered(statement, known)
            && !unsettled.contains(&known.name.subject)
            && !found.iter().any(|one| one.name == known.name)
    });
    said.extend(ended.map(|known| ReconciliationEvent::Ended { name: known.name.clone() }));
    let mut events: Vec<Event> = said.into_iter().map(boxed).collect();
    events.extend(raised(facts, at, &new));
    events.extend(held_back(facts, at, &new));
    let mut asked: Vec<OrderIntentId> =
        found.iter().filter_map(|one| one.name.subject.order()).collect();
    asked.sort_unstable();
    asked.dedup();
    events.extend(asked.into_iter().flat_map(|order| ask_about(facts, order)));
    let number = |len: usize| u32::try_from(len).expect("a statement is short");
    events.push(boxed(ReconciliationEvent::Compared {
        plane: statement.plane,
        as_of: statement.as_of,
        orders: number(statement.orders.orders.len()),
        fills: number(statement.fills.fills.len()),
        positions: statement.positions.as_ref().map(|all| number(all.len())),
        differences: number(found.len()),
    }));
    events
}

/// Ask about an order at work, and about one that ended while one of its fills is remembered.
fn ask_about(facts: &Facts, order: OrderIntentId) -> Vec<Event> {
    let asked = orders::ask_about(facts, order);
    let all = booked(facts);
    let Some(fill) = kept(&all).iter().find(|fill| fill.order == order) else { return asked };
    if !asked.is_empty() {
        return asked;
    }
    let status = facts.events().rev().find_map(|event| match event {
        Event::OrderStatusChanged { order_intent_id, status, .. }
        | Event::FillBooked { order_intent_id, status, .. }
            if *order_intent_id == order =>
        {
            Some(*status)
        }
        _ => None,
    });
    let Some(status) = status else { return asked };
    let instrument_id = fill.instrument.clone();
    vec![Event::OrderQueried { order_intent_id: order, instrument_id, status }]
}

fn boxed(event: ReconciliationEvent) -> Event {
    Event::Reconciliation(Box::new(event))
}

fn refusal(facts: &Facts, at: Timestamp, statement: &Statement) -> Option<Refusal> {
    if statement.as_of > at {
        return Some(Refusal::StatementFromFuture);
    }
    let whole = facts.events().filter_map(|event| match event {
        Event::Reconciliation(said) => match &**said {
            ReconciliationEvent::Compared { plane, as_of, positions: Some(_), .. }
                if *plane == statement.plane =>
            {
                Some(*as_of)
            }
            _ => None,
        },
        _ => None,
    });
    whole.max().filter(|last| *last > statement.as_of).map(|_| Refusal::StatementOutOfOrder)
}

/// Every break that was told and has not ended, by name.
pub(super) fn standing(facts: &Facts) -> Vec<Break> {
    let mut standing: Vec<Break> = Vec::new();
    for event in facts.events() {
        if let Event::Reconciliation(said) = event {
            match &**said {
                ReconciliationEvent::Found { found } => standing.push((**found).clone()),
                ReconciliationEvent::Ended { name } => standing.retain(|one| one.name != *name),
                ReconciliationEvent::Compared { .. } => {}
            }
        }
    }
    standing.sort_by(|one, other| one.name.cmp(&other.name));
    standing
}

fn is_covered(statement: &Statement, known: &Break) -> bool {
    match &known.name.subject {
        Subject::Order(order) => is_in_range(statement, *order),
        Subject::Fill(..) => is_in_span(statement, known.at),
        Subject::Position(..) => statement.positions.is_some(),
    }
}

fn is_in_range(statement: &Statement, order: OrderIntentId) -> bool {
    let (behind, to) = (statement.orders.behind, statement.orders.to);
    behind.is_none_or(|behind| order > behind) && to.is_none_or(|to| order <= to)
}

fn is_in_span(statement: &Statement, at: Timestamp) -> bool {
    !(at <= statement.fills.behind || at > statement.fills.to)
}

fn differences(facts: &Facts, statement: &Statement) -> (Vec<Break>, Vec<Subject>) {
    let mut seen = Seen { facts, statement, found: Vec::new(), unsettled: Vec::new() };
    seen.orders();
    seen.fills();
    seen.positions();
    (seen.found, seen.unsettled)
}

struct Seen<'a> {
    facts: &'a Facts<'a>,
    statement: &'a Statement,
    found: Vec<Break>,
    unsettled: Vec<Subject>,
}

impl Seen<'_> {
    /// Whether what moved then may still be under way.
    fn may_be_under_way(&mut self, moved_at: Timestamp, subject: &Subject) -> bool {
        let grace_ms = self.facts.rulebook().map_or(0, |(_, rules)| rules.reconciliation.grace_ms);
        let since = i128::from(self.statement.as_of.as_ns()) - i128::from(moved_at.as_ns());
        let may_be = since < i128::from(grace_ms) * 1_000_000;
        if may_be {
            self.unsettled.push(subject.clone());
        }
        may_be
    }

    fn differ(
        &mut self,
        kind: BreakKind,
        subject: Subject,
        instrument_id: &InstrumentId,
        ours: Option<LedgerFigures>,
        theirs: Option<LedgerFigures>,
        at: Timestamp,
    ) {
        let rules = self.facts.rulebook();
        let known = rules.and_then(|(_, rules)| rules.instruments.get(instrument_id));
        self.found.push(Break {
            name: BreakName { plane: self.statement.plane, subject, kind },
            instrument_id: instrument_id.clone(),
            venue: known.map(|known| known.venue.clone()),
            ours,
            theirs,
            at,
        });
    }

    fn orders(&mut self) {
        let facts = self.facts;
        let statement = self.statement;
        let working: Vec<Child> = facts
            .working()
            .into_iter()
            .filter(|child| child.order.plane == statement.plane)
            .collect();
        let stated: Vec<_> = statement
            .orders
            .orders
            .iter()
            .filter(|one| is_in_range(statement, one.order_intent_id))
            .collect();
        for one in &stated {
            let subject = Subject::Order(one.order_intent_id);
            if self.may_be_under_way(one.moved_at, &subject) {
                continue;
            }
            let ours = working
                .iter()
                .find(|child| child.order.order_intent_id == one.order_intent_id)
                .map(|child| order_figures(facts, child));
            let theirs =
                LedgerFigures { qty: one.cum_qty, ordered: Some(one.qty), px: None, fee: None };
            let kind = match ours {
                None if one.is_open => BreakKind::OrderUnknown,
                None => continue,
                Some(_) if !one.is_open => BreakKind::OrderMissing,
                Some(ours) if ours == theirs => continue,
                Some(_) => BreakKind::OrderDiffers,
            };
            let at = statement.as_of;
            self.differ(kind, subject, &one.instrument_id, ours, Some(theirs), at);
        }
        for child in &working {
            let id = child.order.order_intent_id;
            let subject = Subject::Order(id);
            if !is_in_range(statement, id)
                || stated.iter().any(|one| one.order_intent_id == id)
                || self.may_be_under_way(sent_at(facts, id), &subject)
            {
                continue;
            }
            let ours = Some(order_figures(facts, child));
            let (instrument, at) = (&child.order.market_id, statement.as_of);
            self.differ(BreakKind::OrderMissing, subject, instrument, ours, None, at);
        }
    }

    fn fills(&mut self) {
        let statement = self.statement;
        let all = booked(self.facts);
        let kept = kept(&all);
        let forgotten = &all[..all.len() - kept.len()];
        let forgotten_to = forgotten.iter().map(|fill| fill.at).max();
        let stated: Vec<_> = statement
            .fills
            .fills
            .iter()
            .filter(|one| is_in_span(statement, one.transact_at))
            .collect();
        for one in &stated {
            let subject = Subject::Fill(one.order_intent_id, one.exec_id.clone());
            if self.may_be_under_way(one.moved_at, &subject) {
                continue;
            }
            let ours = kept
                .iter()
                .find(|fill| fill.order == one.order_intent_id && fill.exec_id == one.exec_id)
                .map(|fill| fill_figures(fill.qty, fill.px, fill.fee));
            let theirs = fill_figures(one.last_qty, one.last_px, one.fee);
            let kind = match ours {
                None if one.last_qty.is_zero() => continue,
                None if forgotten_to.is_some_and(|to| one.transact_at <= to) => continue,
                None => BreakKind::FillMissing,
                Some(ours) if ours == theirs => continue,
                Some(ours) if ours.qty.is_zero() && theirs.qty.is_zero() => continue,
                Some(_) => BreakKind::FillChanged,
            };
            let at = one.transact_at;
            self.differ(kind, subject, &one.instrument_id, ours, Some(theirs), at);
        }
        for fill in kept.iter().filter(|fill| fill.plane == statement.plane) {
            let is_stated = |one: &&fillwright_domain::StatedFill| {
                one.order_intent_id == fill.order && one.exec_id == fill.exec_id
            };
            if is_in_span(statement, fill.at)
                && fill.qty.is_positive()
                && !stated.iter().copied().any(|one| is_stated(&one))
            {
                let subject = Subject::Fill(fill.order, fill.exec_id.clone());
                let ours = Some(fill_figures(fill.qty, fill.px, fill.fee));
                self.differ(BreakKind::FillExtra, subject, &fill.instrument, ours, None, fill.at);
            }
        }
    }

    fn positions(&mut self) {
        let Some(stated) = &self.statement.positions else { return };
        let ours = held(self.facts, self.statement.plane);
        let qty_of = |place: &(AccountId, InstrumentId)| {
            ours.iter()
                .find(|(own, _)| own == place)
                .map_or_else(Exact::zero, |(_, qty)| qty.clone())
        };
        let figures = |qty| LedgerFigures { qty, ordered: None, px: None, fee: None };
        for one in stated {
            let place = (one.account.clone(), one.instrument_id.clone());
            let own = qty_of(&place);
            let subject = Subject::Position(place.0, place.1);
            if !self.may_be_under_way(one.moved_at, &subject) && own != exact(one.qty.get()) {
                let own = in_units(&own).map(figures);
                let (theirs, at) = (Some(figures(one.qty)), self.statement.as_of);
                let kind = BreakKind::PositionDiffers;
                self.differ(kind, subject, &one.instrument_id, own, theirs, at);
            }
        }
        for (place, own) in &ours {
            let is_stated =
                stated.iter().any(|one| one.account == place.0 && one.instrument_id == place.1);
            if !is_stated && !own.is_zero() {
                let subject = Subject::Position(place.0.clone(), place.1.clone());
                let own = in_units(own).map(figures);
                let (theirs, at) = (Some(figures(Qty::ZERO)), self.statement.as_of);
                self.differ(BreakKind::PositionDiffers, subject, &place.1, own, theirs, at);
            }
        }
    }
}

fn in_units(value: &Exact) -> Option<Qty> {
    value.rounded(fillwright_domain::Rounding::Down).map(Qty::new)
}

fn fill_figures(qty: Qty, px: Px, fee: Notional) -> LedgerFigures {
    LedgerFigures { qty, ordered: None, px: Some(px), fee: Some(fee) }
}

fn order_figures(facts: &Facts, child: &Child) -> LedgerFigures {
    let story = facts.story(child.order.order_intent_id);
    let qty = story.map_or(Qty::ZERO, |story| story.cum_qty);
    LedgerFigures { qty, ordered: Some(child.order.requested_quantity), px: None, fee: None }
}

fn sent_at(facts: &Facts, id: OrderIntentId) -> Timestamp {
    let sent = |entry: &&super::Entry| {
        entry.events.iter().any(
            |event| matches!(event, Event::OrderEmitted { order } if order.order_intent_id == id),
        )
    };
    facts.history.iter().find(sent).map_or(Timestamp::MIN, |entry| entry.at)
}

/// Every fill ever booked, in the order of booking, as it stands.
pub(super) fn booked(facts: &Facts) -> Vec<Booked> {
    let children = facts.children();
    let mut all = as_booked(facts, &children);
    for event in facts.events() {
        let Event::FillCorrected(correction) = event else { continue };
        let (order, of) = (correction.order_intent_id, &correction.of);
        for fill in all.iter_mut().filter(|fill| fill.order == order && fill.exec_id == *of) {
            fill.qty = correction.after.qty;
            fill.px = correction.after.px.unwrap_or_default();
            fill.fee = correction.after.fee.unwrap_or_default();
            fill.corrected_at = Some(correction.transact_at);
        }
    }
    all
}

fn as_booked(facts: &Facts, children: &[Child]) -> Vec<Booked> {
    let fills = facts.events().filter_map(|event| match event {
        Event::FillBooked {
            order_intent_id, exec_id, last_qty, last_px, fee, transact_at, ..
        } => {
            let own = |child: &&Child| child.order.order_intent_id == *order_intent_id;
            let order = children.iter().find(own)?.order;
            Some(Booked {
                order: *order_intent_id,
                exec_id: exec_id.clone(),
                plane: order.plane,
                instrument: order.market_id.clone(),
                qty: *last_qty,
                px: *last_px,
                fee: *fee,
                at: *transact_at,
                corrected_at: None,
            })
        }
        _ => None,
    });
    fills.collect()
}

/// What accounts hold on a plane, with what working orders have filled.
fn held(facts: &Facts, plane: Plane) -> Vec<((AccountId, InstrumentId), Exact)> {
    let mut held: Vec<((AccountId, InstrumentId), Exact)> = Vec::new();
    for child in facts.children().iter().filter(|child| child.order.plane == plane) {
        let filled = if let Some(outcome) = child.outcome {
            exact(outcome.filled_quantity.get()) + exact(child.since)
        } else {
            let story = facts.story(child.order.order_intent_id);
            let corrected_by = story.map_or_else(Exact::zero, |story| story.corrected_by());
            exact(order_figures(facts, child).qty.get()) + corrected_by
        };
        let signed = match child.order.side {
            Side::Buy => filled,
            Side::Sell => -filled,
        };
        let own = (account_of(facts, child), child.order.market_id.clone());
        match held.iter_mut().find(|(known, _)| *known == own) {
            Some((_, qty)) => *qty = qty.clone() + signed,
            None => held.push((own, signed)),
        }
    }
    held
}

fn account_of(facts: &Facts, child: &Child) -> AccountId {
    let book = facts.rulebook().and_then(|(_, rules)| rules.books.get(&child.order.book_id));
    book.map_or_else(AccountId::main, |book| book.account.clone())
}

fn raised(facts: &Facts, at: Timestamp, new: &[&Break]) -> Vec<Event> {
    let open = incidents::open(facts);
    let mut raised: Vec<(BreakKind, Scope, u64)> = Vec::new();
    for one in new {
        let (kind, scope) = (one.name.kind, place(one));
        if open.iter().any(|own| own.origin == IncidentOrigin::Break(kind) && own.scope == scope) {
            continue;
        }
        match raised.iter_mut().find(|own| own.0 == kind && own.1 == scope) {
            Some(own) => own.2 += 1,
            None => raised.push((kind, scope, 1)),
        }
    }
    raised.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let numbered = raised.into_iter().zip(1..);
    numbered
        .map(|((kind, scope, hits), n)| {
            let begun = incidents::Begun {
                origin: IncidentOrigin::Break(kind),
                category: IncidentCategory::Execution,
                severity: Severity::High,
                scope,
                blocks: false,
                summary: Text::new(kind.sentence()),
                hits,
            };
            Event::Incident(incidents::opened(facts, at, n, begun))
        })
        .collect()
}

fn place(one: &Break) -> Scope {
    match &one.venue {
        Some(venue) => Scope::Venue(venue.clone()),
        None => Scope::Global,
    }
}

fn held_back(facts: &Facts, at: Timestamp, new: &[&Break]) -> Vec<Event> {
    let on_break = facts.rulebook().map(|(_, rules)| rules.reconciliation.on_break);
    let kind = match on_break.unwrap_or(OnBreak::Incident) {
        OnBreak::Incident => return Vec::new(),
        OnBreak::ReduceOnly => RestraintKind::ReduceOnly,
        OnBreak::Halt => RestraintKind::Halt,
    };
    let stands = restraints::standing(facts);
    let mut scopes: Vec<(Scope, BreakKind)> = Vec::new();
    for one in new {
        let scope = place(one);
        let is_held = stands.iter().any(|own| {
            own.kind == kind && *own.scope == scope && own.until.is_none_or(|until| until > at)
        });
        if !is_held && !scopes.iter().any(|(own, _)| *own == scope) {
            scopes.push((scope, one.name.kind));
        }
    }
    scopes.sort();
    scopes
        .into_iter()
        .map(|(scope, why)| Event::RestraintImposed {
            kind,
            scope,
            until: None,
            by: None,
            reason: Text::new(why.sentence()),
        })
        .collect()
}
